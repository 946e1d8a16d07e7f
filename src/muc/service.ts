/** The MUC service where no room is: its bare domain (XEP-0045 §6, XEP-0030, 0092, 0199, 0202) and absent rooms. */

import { formElement } from '../stanza/data-form.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import {
  type ErrorCondition,
  type ErrorType,
  errorReply,
  iqResult,
  type StanzaError,
} from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import type { Env } from '../util/env.ts'
import { answerSearch, type FoundRoom } from './channel-search.ts'
import { policyForms } from './data-policy.ts'
import { formatDateTime } from './date-time.ts'
import { MAX_DISCO_ITEMS, MAX_USER_ROOMS } from './limits.ts'
import { pictureAttributes } from './room-pictures.ts'
import type { RoomTombstone } from './room-state.ts'
import { pageOfList, readPageRequest } from './rsm.ts'

/** A room as the service lists it. */
export interface ListedRoom {
  readonly localpart: string
  readonly name: string
  readonly description: string
  /** XMPP users and participants of the lobby. */
  readonly occupants: number
  /** Hidden rooms are not listed. */
  readonly isListed: boolean
  /** Anybody can enter, without a password. */
  readonly isOpen: boolean
  /** Everybody in it sees the addresses of XMPP users. */
  readonly showsAddresses: boolean
  /** The gateway takes part in its lobby. */
  readonly isJoined: boolean
  /** Addresses of its pictures; empty when there are none. */
  readonly thumbnail: string
  readonly background: string
  /** Whether this account (bare JID) is member, admin or owner. */
  isMember(account: string): boolean
}

/** What the service can tell. */
export interface ServiceView {
  /** Version of the gateway. */
  readonly version: string
  /** Networks behind the gateway: `retroshare`, `tox`. */
  readonly networks: readonly string[]
  /** How long messages are kept, in ms; 0 for ever. */
  readonly retentionMs: number
  /** Where people read how the service is when it cannot tell them itself; none: nowhere. */
  readonly statusUrls: readonly string[]
  /** In any order. Iterated only when the list is asked for, so it may be lazy. */
  readonly rooms: Iterable<ListedRoom>
}

const SERVICE_NAME = 'Foyer'

const FEATURES: readonly string[] = [
  NS.discoInfo,
  NS.discoItems,
  NS.rsm,
  NS.muc,
  NS.mucStableId,
  NS.ping,
  NS.version,
  NS.time,
  NS.search,
  NS.activity,
  NS.commands,
]

/** The answer to a stanza for the service itself, none when none is due. `from` is who asks. */
export function answerService(stanza: Element, from: Jid, view: ServiceView, env: Env): Element[] {
  const reply = replyOf(stanza, from, view, env)
  if (!reply) return []
  reply.attrs.to = from.full
  return [reply]
}

function replyOf(stanza: Element, from: Jid, view: ServiceView, env: Env): Element | undefined {
  const { type } = stanza.attrs
  if (stanza.name === 'iq') {
    if (type === 'result' || type === 'error') return undefined
    const [payload, ...more] = elements(stanza)
    if ((type !== 'get' && type !== 'set') || !payload || more.length > 0) {
      const text = 'A request is of type get or set and has one child element.'
      return refuse(stanza, 'modify', 'bad-request', text)
    }
    return answerRequest({ iq: stanza, payload, from }, view, env)
  }
  if (stanza.name === 'message')
    return type === 'error'
      ? undefined
      : refuse(stanza, 'cancel', 'service-unavailable', 'Messages go to rooms, not to the service.')
  // Nobody subscribes to a service that has no presence; other presence says nothing to it.
  if (stanza.name === 'presence' && type === 'subscribe')
    return el('presence', { type: 'unsubscribed', from: stanza.attrs.to, id: stanza.attrs.id })
  return undefined
}

const refuse = (stanza: Element, type: ErrorType, condition: ErrorCondition, text: string): Element =>
  errorReply(stanza, { type, condition, text, by: stanza.attrs.to })

/** A request and who sent it. */
interface Request {
  readonly iq: Element
  readonly payload: Element
  readonly from: Jid
}

function answerRequest({ iq, payload, from }: Request, view: ServiceView, env: Env): Element {
  switch (`${iq.attrs.type} {${payload.getNS() ?? ''}}${payload.getName()}`) {
    case `get {${NS.discoInfo}}query`:
      return payload.attrs.node === undefined ? describeService(iq, view) : refuseNode(iq)
    case `get {${NS.discoItems}}query`:
      return payload.attrs.node === undefined ? listRooms(iq, payload, view) : refuseNode(iq)
    case `get {${NS.userRooms}}query`:
      return listUserRooms(iq, from, view)
    case `get {${NS.search}}search`:
      return answerSearch(iq, payload, foundRooms(iq, view))
    case `get {${NS.ping}}ping`:
      return iqResult(iq)
    case `get {${NS.version}}query`:
      return iqResult(
        iq,
        el('query', { xmlns: NS.version }, el('name', {}, SERVICE_NAME), el('version', {}, view.version)),
      )
    case `get {${NS.time}}time`:
      return iqResult(
        iq,
        el(
          'time',
          { xmlns: NS.time },
          // The service is in no place: its time is UTC.
          el('tzo', {}, '+00:00'),
          el('utc', {}, formatDateTime(env.nowMs)),
        ),
      )
    default:
      return refuse(iq, 'cancel', 'service-unavailable', 'This is not served here.')
  }
}

const refuseNode = (iq: Element): Element =>
  refuse(iq, 'cancel', 'item-not-found', 'The service has no such node.')

const describeService = (iq: Element, view: ServiceView): Element =>
  iqResult(
    iq,
    el(
      'query',
      { xmlns: NS.discoInfo },
      // Of no other category: Gajim makes no rooms in what is a gateway as well.
      el('identity', { category: 'conference', type: 'text', name: SERVICE_NAME }),
      ...FEATURES.map((name) => el('feature', { var: name })),
      ...policyForms(view),
      view.statusUrls.length > 0 &&
        formElement('result', NS.outage, [
          { name: 'external-status-addresses', type: 'list-multi', values: view.statusUrls },
        ]),
    ),
  )

/** Rooms that a search may find: those that are listed. */
function* foundRooms(iq: Element, view: ServiceView): Generator<FoundRoom> {
  for (const { localpart, isListed, ...room } of view.rooms)
    if (isListed) yield { ...room, address: `${localpart}@${iq.attrs.to}` }
}

/** Public rooms in the order of their addresses, so that pages stay in place while rooms come and go. */
function listRooms(iq: Element, payload: Element, view: ServiceView): Element {
  const request = readPageRequest(payload)
  if (!request.ok) return errorReply(iq, { ...request.error, by: iq.attrs.to })
  const rooms = [...view.rooms].filter((room) => room.isListed)
  const jidOf = (room: ListedRoom): string => `${room.localpart}@${iq.attrs.to}`
  const page = pageOfList(rooms, jidOf, request.value, MAX_DISCO_ITEMS)
  return iqResult(
    iq,
    el('query', { xmlns: NS.discoItems }, ...page.items.map((room) => roomItem(room, jidOf(room))), page.set),
  )
}

/** A room in a list; clients leave aside what they do not know. */
const roomItem = (room: ListedRoom, jid: string): Element =>
  el('item', { jid, name: room.name, users_cnt: room.occupants, ...pictureAttributes(room) })

/** Rooms for the Ethora chat component (docs/ethora.md). */
function listUserRooms(iq: Element, from: Jid, view: ServiceView): Element {
  const items = roomsFor(from.bare, view.rooms).map((room) =>
    roomItem(room, `${room.localpart}@${iq.attrs.to}`),
  )
  return iqResult(iq, el('query', { xmlns: NS.userRooms }, ...items))
}

/**
 * Rooms for the Ethora chat component, which enters them all: those that `user` (bare JID) belongs to, then those that
 * are listed and open, first where the gateway is and where most people are. `user` is undefined for anybody.
 */
export const roomsFor = (user: string | undefined, rooms: Iterable<ListedRoom>): ListedRoom[] =>
  [...rooms]
    .map((room) => ({ room, isOwn: user !== undefined && room.isMember(user) }))
    .filter(({ room, isOwn }) => isOwn || (room.isListed && room.isOpen))
    .sort(
      (a, b) =>
        Number(b.isOwn) - Number(a.isOwn) ||
        Number(b.room.isJoined) - Number(a.room.isJoined) ||
        b.room.occupants - a.room.occupants ||
        (a.room.localpart < b.room.localpart ? -1 : 1),
    )
    .slice(0, MAX_USER_ROOMS)
    .map(({ room }) => room)

const bareOf = (address: unknown): string => String(address ?? '').split('/')[0] ?? ''

/** Whether a stanza is to be answered at all: not an error, not a result, not a mere goodbye. */
function wantsAnswer(stanza: Element): boolean {
  const { type } = stanza.attrs
  if (stanza.name === 'iq') return type !== 'result' && type !== 'error'
  return stanza.name === 'presence' ? type === undefined : type !== 'error'
}

const refuseAs = (stanza: Element, type: ErrorType, condition: ErrorCondition, text: string): Element =>
  errorReply(
    stanza,
    { type, condition, text, by: bareOf(stanza.attrs.to) },
    { withMuc: stanza.name === 'presence' },
  )

/** Whether presence asks to join: the gateway then makes the room or refuses. */
export const isJoinRequest = (stanza: Element): boolean =>
  stanza.name === 'presence' && stanza.attrs.type === undefined && childOf(stanza, 'x', NS.muc) !== undefined

/** The refusal of a join, as clients understand it. `error.by` may name another entity than the room. */
export const refuseJoin = (stanza: Element, error: StanzaError): Element =>
  errorReply(stanza, { by: bareOf(stanza.attrs.to), ...error }, { withMuc: true })

/** The answer to a stanza for a room that does not exist; none when none is due. */
export function answerAbsentRoom(stanza: Element): Element[] {
  if (!wantsAnswer(stanza)) return []
  const isSelfPing =
    stanza.name === 'iq' &&
    String(stanza.attrs.to).includes('/') &&
    childOf(stanza, 'ping', NS.ping) !== undefined
  // To a self-ping `item-not-found` would mean that the occupant changed its nick (XEP-0410 §3.2).
  return isSelfPing
    ? [refuseAs(stanza, 'cancel', 'not-acceptable', 'You are not in this room.')]
    : [refuseAs(stanza, 'cancel', 'item-not-found', 'There is no such room.')]
}

/** The answer to a stanza for a second name of the room `jid`; none when none is due. */
export const answerAlias = (stanza: Element, jid: string): Element[] =>
  wantsAnswer(stanza)
    ? [
        errorReply(
          stanza,
          { type: 'cancel', condition: 'gone', text: `This room is ${jid}.`, uri: `xmpp:${jid}` },
          { withMuc: stanza.name === 'presence' },
        ),
      ]
    : []

/** The answer to a stanza for a room that was destroyed: where to go instead (XEP-0045 §10.9). */
export function answerDestroyedRoom(stanza: Element, tombstone: RoomTombstone): Element[] {
  if (!wantsAnswer(stanza)) return []
  const { kind, reason, alternate } = tombstone
  if (kind === 'ended') return answerAbsentRoom(stanza)
  const error: StanzaError = {
    type: 'cancel',
    condition: 'gone',
    text: reason === '' ? 'This room was destroyed.' : `This room was destroyed: ${reason}`,
    by: bareOf(stanza.attrs.to),
    ...(alternate !== null && { uri: `xmpp:${alternate}?join` }),
  }
  return [errorReply(stanza, error, { withMuc: stanza.name === 'presence' })]
}

/** The answer to a stanza whose address is no room's and cannot be; none when none is due. */
export const answerMalformedAddress = (stanza: Element): Element[] =>
  wantsAnswer(stanza) ? [refuseAs(stanza, 'modify', 'jid-malformed', 'No room can have this address.')] : []
