/** The room model: one event in, the effects that it has out. Pure; `env` is all it knows of the world. */
import { removeAccount } from './account-removed.ts'
import { isOwner } from './affiliation.ts'
import { tellAffiliations } from './affiliation-versions.ts'
import { kickByOperator, muteByOperator, unmuteByOperator } from './by-operator.ts'
import { describe } from './described.ts'
import { endIfEmpty } from './destroy.ts'
import { setHearing, tellGap } from './gap.ts'
import { endGhost, loseSessions, restoreSessions } from './ghosts.ts'
import { reportNotSent } from './groupchat.ts'
import { sendHistory } from './history.ts'
import { receiveIq } from './iq.ts'
import { endSession, shutDown } from './leave.ts'
import {
  enterFromLobby,
  expireTyping,
  hearFromLobby,
  leaveFromLobby,
  renameFromLobby,
  typeFromLobby,
} from './lobby-side.ts'
import { sendMetadata, sendPage } from './mam.ts'
import { receiveMessage } from './message.ts'
import { answerModeration } from './moderation.ts'
import { receivePresence } from './presence.ts'
import { answerReference } from './revision.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv, RoomEvent } from './room-port.ts'
import { finishSaving, waitFor } from './saving.ts'
import { answerAbsentRoom } from './service.ts'
import { followPace } from './slow-mode.ts'
import { settlePlaces } from './staying.ts'
import { settleSubject } from './subject.ts'
import { withdraw } from './withdraw.ts'

/** Takes an event in and says what is to be done, in this order. The state of `room` changes in place. */
export function stepRoom(room: Room, event: RoomEvent, env: RoomEnv): RoomEffect[] {
  const effects = takeEvent(room, event, env)
  if (room.isShutDown) return effects
  effects.push(...tellAffiliations(room), ...settlePlaces(room, env.nowMs))
  // What could not be stored is not tried again in the same moment.
  const hasFailed = event.kind === 'saved' && event.error !== null
  return hasFailed ? effects : [...effects, ...endIfEmpty(room)]
}

function takeEvent(room: Room, event: RoomEvent, env: RoomEnv): RoomEffect[] {
  switch (event.kind) {
    case 'stanza':
      return receiveStanza(room, event, env)
    case 'session-ended': {
      const session = room.sessions.get(event.session)
      return session ? endSession(room, session) : []
    }
    case 'session-unreachable': {
      const session = room.sessions.get(event.session)
      return session ? endGhost(room, session) : []
    }
    case 'sessions-unreachable':
      return loseSessions(room, event.sessions)
    case 'sessions-restored':
      return restoreSessions(room, event.sessions, env.nowMs)
    case 'remote-entered':
      return enterFromLobby(room, event.occupant, env)
    case 'remote-left':
      return leaveFromLobby(room, event.id)
    case 'remote-renamed':
      return renameFromLobby(room, event.id, event.nick)
    case 'remote-said':
      return hearFromLobby(room, event, env)
    case 'remote-typing':
      return typeFromLobby(room, event.id, env.nowMs)
    case 'hearing':
      return setHearing(room, event.deafSinceMs)
    case 'gap':
      return tellGap(room, event, env)
    case 'described':
      return describe(room, event.description, env)
    case 'not-sent':
      return reportNotSent(room, event.ref, event.error, env.nowMs)
    case 'answer':
      return receiveAnswer(room, event, env)
    case 'metadata':
      return sendMetadata(room, event)
    case 'subject-settled':
      return settleSubject(room, event.stored)
    case 'saved':
      return finishSaving(room, event.error, env, (waiting) => takeEvent(room, waiting, env))
    case 'wake':
      return [...followPace(room, env.nowMs), ...expireTyping(room, env.nowMs)]
    case 'loaded':
      return []
    case 'account-removed':
      if (!room.saving) return removeAccount(room, event.account)
      room.waiting.push(event)
      return []
    case 'withdrawn':
      return withdraw(room)
    case 'operator-kicked':
      return kickByOperator(room, event)
    case 'operator-muted':
      return muteByOperator(room, event)
    case 'operator-unmuted':
      return unmuteByOperator(room, event.id, env)
    case 'shutdown':
      return shutDown(room)
    default:
      return event satisfies never
  }
}

type IncomingStanza = Extract<RoomEvent, { kind: 'stanza' }>

function receiveStanza(room: Room, { from, stanza }: IncomingStanza, env: RoomEnv): RoomEffect[] {
  if (room.isClosed || (room.isLocked && !isOwner(room, from.bare)))
    return answerAbsentRoom(stanza).map((reply) => ({ kind: 'send', to: from.full, stanza: reply }))
  return waitFor(room, from, stanza) ?? dispatchStanza(room, { kind: 'stanza', from, stanza }, env)
}

function dispatchStanza(room: Room, { from, stanza }: IncomingStanza, env: RoomEnv): RoomEffect[] {
  switch (stanza.name) {
    case 'presence':
      return receivePresence(room, from, stanza, env)
    case 'message':
      return receiveMessage(room, from, stanza, env)
    case 'iq':
      return receiveIq(room, from, stanza, env)
    default:
      return []
  }
}

function receiveAnswer(
  room: Room,
  event: RoomEvent & { readonly kind: 'answer' },
  env: RoomEnv,
): RoomEffect[] {
  const { context, answer } = event
  switch (context.kind) {
    case 'join-history':
      return sendHistory(room, context, answer)
    case 'mam':
      return sendPage(room, context, answer)
    case 'reference':
      return answerReference(room, context, answer)
    case 'moderation':
      return answerModeration(room, context, answer, env)
    case 'mam-metadata':
      return []
    default:
      return context satisfies never
  }
}
