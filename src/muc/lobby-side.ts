/** Participants of the lobby as occupants: they come, go, change names, speak and type. */

import { normalizeResource } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { type Element, el, prepare } from '../stanza/xml.ts'
import type { ParticipantId } from '../util/ids.ts'
import { archivable } from './archived-stanza.ts'
import { MAX_OCCUPANTS, TYPING_FROM_LOBBY_MS } from './limits.ts'
import { forwardMentions, NO_URIS } from './mentions.ts'
import { countMessage, rateOf } from './message-rate.ts'
import { isMuted } from './mute.ts'
import { idOfParticipant } from './occupant-id.ts'
import { announce, presenceStanza, tellOthers } from './presence-stanza.ts'
import { remember } from './recent.ts'
import { tellOldNickGone } from './rename.ts'
import { hasVoice } from './role.ts'
import type { LobbyOccupant, Room } from './room.ts'
import type { RemoteOccupant, RoomEffect, RoomEnv, RoomEvent } from './room-port.ts'
import { moveToNick } from './room-sessions.ts'
import { fileElements } from './shared-files.ts'
import { occupantIdElement, stanzaIdElement } from './stanza-parts.ts'
import { tellEverybody } from './tell.ts'
import { wake } from './wake.ts'

/** The nick given, or one made from it and the identity when it cannot be had: nobody is hidden by a name. */
function availableNick(room: Room, id: ParticipantId, wanted: string): string {
  const nick = normalizeResource(wanted) ?? id
  const isFree = (candidate: string): boolean => {
    const holder = room.occupants.get(candidate)
    const isFit = normalizeResource(candidate) === candidate
    const isReserved = room.reserved.has(candidate)
    return (
      isFit &&
      !isReserved &&
      (holder === undefined || (holder.side === 'remote' && holder.participant === id))
    )
  }
  if (isFree(nick)) return nick
  for (let digits = 4; digits <= id.length; digits += 4) {
    const candidate = `${nick} (${id.slice(0, digits)})`
    if (isFree(candidate)) return candidate
  }
  let last: string = id
  while (!isFree(last)) last += '*'
  return last
}

/** A participant takes part; one that is known already only gets its nick right. */
export function enterFromLobby(room: Room, who: RemoteOccupant, env: RoomEnv): RoomEffect[] {
  if (room.participants.has(who.id)) return renameFromLobby(room, who.id, who.nick)
  if (isMuted(room, who.id)) {
    if (room.muted.size < MAX_OCCUPANTS || room.muted.has(who.id))
      room.muted.set(who.id, { nick: who.nick, sinceMs: room.muted.get(who.id)?.sinceMs ?? env.nowMs })
    return []
  }
  if (room.occupants.size >= MAX_OCCUPANTS) return []
  const occupant: LobbyOccupant = {
    side: 'remote',
    nick: availableNick(room, who.id, who.nick),
    participant: who.id,
    occupantId: idOfParticipant(room.identity.occupantKey, who.id),
    sinceMs: env.nowMs,
    activeAtMs: env.nowMs,
    affiliation: 'none',
    role: 'participant',
    shown: { anonymous: undefined, disclosed: undefined },
  }
  room.occupants.set(occupant.nick, occupant)
  room.participants.set(who.id, occupant)
  return announce(room, occupant)
}

/** A participant is gone, or was not heard of for long. */
export function leaveFromLobby(room: Room, id: ParticipantId): RoomEffect[] {
  // Whoever was kicked may come again.
  room.muted.delete(id)
  const occupant = room.participants.get(id)
  if (!occupant) return []
  room.participants.delete(id)
  room.occupants.delete(occupant.nick)
  room.typing.delete(id)
  const gone = prepare(presenceStanza(room, occupant, { type: 'unavailable', isGone: true }))
  return tellOthers(room, occupant, () => gone)
}

/** A participant has another name (XEP-0045 §7.6). */
export function renameFromLobby(room: Room, id: ParticipantId, wanted: string): RoomEffect[] {
  const muted = room.muted.get(id)
  if (muted) muted.nick = wanted
  const occupant = room.participants.get(id)
  if (!occupant) return []
  const nick = availableNick(room, id, wanted)
  if (nick === occupant.nick) return []
  const goodbye = tellOldNickGone(room, occupant, nick)
  moveToNick(room, occupant, nick)
  return [...goodbye, ...announce(room, occupant)]
}

/** A participant speaks. Stored first; the archive stops a second copy by the network's id. */
export function hearFromLobby(
  room: Room,
  said: Pick<RoomEvent & { readonly kind: 'remote-said' }, 'occupant' | 'body' | 'files' | 'networkId'>,
  env: RoomEnv,
): RoomEffect[] {
  const { body, files, networkId } = said
  if (body === '') return []
  const { id: participant, nick: givenNick } = said.occupant
  const present = room.participants.get(participant)
  if (isMuted(room, participant) || (present && !hasVoice(present))) return []
  if (present) present.activeAtMs = env.nowMs
  const nick = present?.nick ?? availableNick(room, participant, givenNick)
  const occupantId = present?.occupantId ?? idOfParticipant(room.identity.occupantKey, participant)
  const hasTyped = room.typing.delete(participant)
  const id = env.nextArchiveId()
  const message = el(
    'message',
    { from: `${room.bare}/${nick}`, type: 'groupchat', id: networkId },
    el('body', {}, body),
    ...fileElements(body, files),
    hasTyped && el('active', { xmlns: NS.chatStates }),
    room.config.isLogged && stanzaIdElement(room.bare, id),
    occupantIdElement(occupantId),
  )
  const { xml, stanza } = archivable(message)
  const words = files.reduce((text, { url }) => text.replaceAll(url, '[image]'), body)
  remember(room.recent, { occupantId, nick, body: words, ids: [id, networkId] }, env.nowMs)
  countMessage(rateOf(room, env.nowMs), env.nowMs)
  if (!room.config.isLogged) return tellEverybody(room, stanza, { message })
  return [
    {
      kind: 'archive',
      entry: {
        id,
        room: room.identity.jid.local,
        atMs: env.nowMs,
        occupantId,
        nick,
        kind: 'message',
        body,
        xml,
        networkId,
      },
      stored: [
        ...tellEverybody(room, stanza, { message, id }),
        ...forwardMentions(room, { message, id, nick, body, atMs: env.nowMs, uris: NO_URIS }),
      ],
      failed: [{ kind: 'lobby-missed', atMs: env.nowMs }],
    },
  ]
}

const typingMessage = (room: Room, occupant: LobbyOccupant, state: 'composing' | 'active'): Element =>
  el(
    'message',
    { from: `${room.bare}/${occupant.nick}`, type: 'groupchat' },
    el(state, { xmlns: NS.chatStates }),
    el('no-store', { xmlns: NS.hints }),
    occupantIdElement(occupant.occupantId),
  )

function sendTyping(room: Room, occupant: LobbyOccupant, state: 'composing' | 'active'): RoomEffect[] {
  const message = typingMessage(room, occupant, state)
  return tellEverybody(room, prepare(message), { message })
}

/** A participant types (XEP-0085): said once, taken back when no sign of it comes for TYPING_FROM_LOBBY_MS. */
export function typeFromLobby(room: Room, id: ParticipantId, nowMs: number): RoomEffect[] {
  const occupant = room.participants.get(id)
  if (!occupant || !hasVoice(occupant)) return []
  const isNews = !room.typing.has(id)
  const isTimed = room.typing.size > 0
  const untilMs = nowMs + TYPING_FROM_LOBBY_MS
  room.typing.set(id, untilMs)
  return [...(isNews ? sendTyping(room, occupant, 'composing') : []), ...(isTimed ? [] : wake(room))]
}

/** Takes back what is not true any more of who types. */
export function expireTyping(room: Room, nowMs: number): RoomEffect[] {
  const effects: RoomEffect[] = []
  for (const [id, untilMs] of room.typing) {
    if (untilMs > nowMs) continue
    room.typing.delete(id)
    const occupant = room.participants.get(id)
    if (occupant) effects.push(...sendTyping(room, occupant, 'active'))
  }
  return [...effects, ...wake(room)]
}
