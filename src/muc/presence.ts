/** What a room does with presence that comes to it: XEP-0045 §7.1, §7.6, §7.7, §7.14 and §17.2. */
import { isFromEthora } from '../stanza/ethora.ts'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, el } from '../stanza/xml.ts'
import { affiliationOf } from './affiliation.ts'
import { handleBounce } from './ghosts.ts'
import { enterRoom, type PresenceRequest, resync, updatePresence } from './join.ts'
import { leave } from './leave.ts'
import { changeNick } from './rename.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'

/** Nothing that anybody could see. */
const INVISIBLE = /^[\s\p{Cf}\p{Z}]*$/u

export function receivePresence(room: Room, from: Jid, stanza: Element, env: RoomEnv): RoomEffect[] {
  const session = room.sessions.get(from.full)
  switch (stanza.attrs.type) {
    case undefined:
      return receiveAvailable(room, from, stanza, env)
    case 'unavailable':
      return session ? leave(room, session, stanza) : []
    case 'error':
      return session ? handleBounce(room, session, stanza) : []
    default:
      // Probes and subscriptions are neither joins nor leaves (§17.2), and a room has no roster.
      return []
  }
}

/**
 * Nicks are cut to what the lobby carries, as the service may do (§7.2.3, §7.6: status 210). The Ethora chat component
 * knows itself by its nick: it keeps it, here, and so does whoever of its account has it.
 */
const keepsNick = (room: Room, from: Jid, stanza: Element, nick: string): boolean => {
  const holder = room.occupants.get(nick)
  return isFromEthora(stanza) || (holder?.side === 'local' && holder.account === from.bare)
}

function receiveAvailable(room: Room, from: Jid, stanza: Element, env: RoomEnv): RoomEffect[] {
  const address = String(stanza.attrs.to)
  const asked = parseJid(address)?.resource ?? ''
  const nick = keepsNick(room, from, stanza, asked) ? asked : room.policy.fittingNick(asked)
  if (from.resource === '')
    return refuse(room, from, stanza, refusal(room, 'modify', 'bad-request', 'Only a full JID can join.'))
  if (asked === '')
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'modify', 'jid-malformed', 'Join as room@service/nickname.'),
    )
  if (INVISIBLE.test(nick))
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'modify', 'not-acceptable', 'This nickname is invisible.'),
    )
  const isNickRewritten = !address.endsWith(`/${nick}`)
  const request: PresenceRequest = { from, stanza, nick, isNickRewritten }
  const session = room.sessions.get(from.full)
  const isJoin = childOf(stanza, 'x', NS.muc) !== undefined
  if (session && session.occupant.nick !== nick) return changeNick(room, session, request)
  if (session)
    return isJoin ? resync(room, session, request, env.nowMs) : updatePresence(room, session, request)
  return isJoin ? enterRoom(room, request, env) : putOut(room, from, stanza)
}

/** Presence of somebody outside that does not ask to enter: its client believes to be inside, and is put right (§7.2.17). */
function putOut(room: Room, from: Jid, stanza: Element): RoomEffect[] {
  const item = el(
    'item',
    { affiliation: affiliationOf(room, from.bare), role: 'none' },
    el('reason', {}, 'You are not in this room.'),
  )
  const extension = el(
    'x',
    { xmlns: NS.mucUser },
    item,
    ...[110, 307, 333].map((code) => el('status', { code })),
  )
  const { id, to } = stanza.attrs
  return answer(from, el('presence', { type: 'unavailable', from: to, to: from.full, id }, extension))
}
