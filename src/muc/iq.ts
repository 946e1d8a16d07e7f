/** Requests to a room or to an occupant. Every get and set gets exactly one answer: RFC 6120 §8.2.3. */
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { type Element, el, elements } from '../stanza/xml.ts'
import { mayRead } from './access.ts'
import { receiveAdminIq } from './admin-iq.ts'
import { describeRoom, listOccupants } from './disco.ts'
import { handleBounce } from './ghosts.ts'
import { describeArchive, queryArchive } from './mam.ts'
import { moderate } from './moderation.ts'
import { receiveOwnerIq } from './owner-iq.ts'
import { receiveRegistration } from './register.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { LobbyOccupant, Room } from './room.ts'
import { listMembers } from './room-members.ts'
import { setPictures } from './room-pictures.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'

export function receiveIq(room: Room, from: Jid, iq: Element, env: RoomEnv): RoomEffect[] {
  const { type, to } = iq.attrs
  if (type === 'result') return []
  if (type === 'error') {
    const session = room.sessions.get(from.full)
    return session ? handleBounce(room, session, iq) : []
  }
  const [payload, ...more] = elements(iq)
  if ((type !== 'get' && type !== 'set') || !payload || more.length > 0) {
    const text = 'A request is of type get or set and has one child element.'
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', text))
  }
  const address = parseJid(String(to))
  if (!address) {
    const text = 'No occupant has such an address.'
    return refuse(room, from, iq, refusal(room, 'modify', 'jid-malformed', text))
  }
  const effects =
    address.resource === ''
      ? answerForRoom(room, from, { iq, payload }, env)
      : answerForOccupant(room, from, iq, { payload, nick: address.resource })
  return effects ?? refuseUnknown(room, from, iq)
}

const refuseUnknown = (room: Room, from: Jid, iq: Element): RoomEffect[] =>
  refuse(room, from, iq, refusal(room, 'cancel', 'service-unavailable', 'This is not served here.'))

const refuseReading = (room: Room, from: Jid, iq: Element): RoomEffect[] =>
  refuse(
    room,
    from,
    iq,
    refusal(room, 'auth', 'forbidden', 'The archive is for those who may enter this room.'),
  )

/** `get {namespace}name`: what tells one request from another. */
const requestKey = (iq: Element, payload: Element): string =>
  `${iq.attrs.type} {${payload.getNS() ?? ''}}${payload.getName()}`

function answerForRoom(
  room: Room,
  from: Jid,
  { iq, payload }: { readonly iq: Element; readonly payload: Element },
  env: RoomEnv,
): RoomEffect[] | undefined {
  switch (requestKey(iq, payload)) {
    case `get {${NS.discoInfo}}query`:
      return describeRoom(room, from, { iq, query: payload }, env.nowMs)
    case `get {${NS.discoItems}}query`:
      return listOccupants(room, from, iq, payload)
    case `get {${NS.ping}}ping`:
      return answer(from, iqResult(iq))
    case `get {${NS.mam}}query`:
    case `get {${NS.mam}}metadata`:
    case `set {${NS.mam}}query`:
      if (!mayRead(room, from)) return refuseReading(room, from, iq)
      return iq.attrs.type === 'set' ? queryArchive(room, from, iq, payload) : describeArchive(from, iq)
    case `set {${NS.moderation}}moderate`:
    case `set {${NS.fasten}}apply-to`:
      return moderate(room, from, iq, payload)
    case `get {${NS.mucAdmin}}query`:
    case `set {${NS.mucAdmin}}query`:
      return receiveAdminIq(room, from, { iq, query: payload }, env)
    case `get {${NS.mucOwner}}query`:
    case `set {${NS.mucOwner}}query`:
      return receiveOwnerIq(room, from, iq, payload)
    case `get {${NS.register}}query`:
    case `set {${NS.register}}query`:
      return receiveRegistration(room, from, iq, payload)
    case `get {${NS.roomMembers}}query`:
      return listMembers(room, from, iq)
    case `set {${NS.roomPictures}}query`:
      return setPictures(room, from, iq, payload)
    default:
      return undefined
  }
}

/** Requests to occupants are answered by the room: they reach no client and no network. */
function answerForOccupant(
  room: Room,
  from: Jid,
  iq: Element,
  asked: { readonly payload: Element; readonly nick: string },
): RoomEffect[] | undefined {
  const key = requestKey(iq, asked.payload)
  const session = room.sessions.get(from.full)
  if (!session) {
    // XEP-0045 §6.6; everything else, self-pings above all, learns that it comes from outside (XEP-0410 §3.3).
    const isDisco = key === `get {${NS.discoInfo}}query` || key === `get {${NS.discoItems}}query`
    const error = isDisco
      ? refusal(room, 'modify', 'bad-request', 'Only occupants may ask about occupants.')
      : refusal(room, 'cancel', 'not-acceptable', 'You are not in this room.')
    return refuse(room, from, iq, error)
  }
  const target = room.occupants.get(asked.nick)
  if (!target) {
    const text = `Nobody here has the nickname ${asked.nick}.`
    return refuse(room, from, iq, refusal(room, 'cancel', 'item-not-found', text))
  }
  if (target.side === 'remote') return answerForParticipant(room, from, iq, { key, target })
  const isSelfPing = target === session.occupant && key === `get {${NS.ping}}ping`
  return isSelfPing ? answer(from, iqResult(iq)) : undefined
}

/** What can be said for somebody whose program is out of reach. */
function answerForParticipant(
  room: Room,
  from: Jid,
  iq: Element,
  asked: { readonly key: string; readonly target: LobbyOccupant },
): RoomEffect[] | undefined {
  switch (asked.key) {
    case `get {${NS.ping}}ping`:
      return answer(from, iqResult(iq))
    case `get {${NS.discoInfo}}query`:
      return answer(
        from,
        iqResult(
          iq,
          el(
            'query',
            { xmlns: NS.discoInfo },
            el('identity', { category: 'client', type: 'pc', name: asked.target.nick }),
            el('feature', { var: NS.discoInfo }),
            el('feature', { var: NS.ping }),
          ),
        ),
      )
    case `get {${NS.discoItems}}query`:
      return answer(from, iqResult(iq, el('query', { xmlns: NS.discoItems })))
    case `get {${NS.vcard}}vCard`: {
      const text = `${asked.target.nick} has no vCard here.`
      return refuse(room, from, iq, refusal(room, 'cancel', 'item-not-found', text))
    }
    default:
      return undefined
  }
}
