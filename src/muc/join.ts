/** Entering a room, and the same again for a client that lost track of it: XEP-0045 §7.1 and §7.2. */

import { isFromEthora } from '../stanza/ethora.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, elements, serialize } from '../stanza/xml.ts'
import { refusesAccount } from './access.ts'
import { affiliationOf, isAdmin } from './affiliation.ts'
import { sendAffiliations } from './affiliation-versions.ts'
import { requestHistory } from './history.ts'
import { MAX_OCCUPANTS, MAX_SESSIONS_PER_NICK } from './limits.ts'
import { idOfAccount } from './occupant-id.ts'
import { presencePayload, selfPresence, shownTo, tellOthers, tellOwn } from './presence-stanza.ts'
import { isReservedFor } from './register.ts'
import { refusal, refuse } from './reply.ts'
import { defaultRole, isShown, seesAddresses } from './role.ts'
import type { LocalOccupant, Room, Session } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import { addSession, forgetShown, speakEthora } from './room-sessions.ts'
import { showSubject } from './subject.ts'

/** Presence sent to an occupant address of the room. */
export interface PresenceRequest {
  readonly from: Jid
  readonly stanza: Element
  readonly nick: string
  /** `nick` is not quite what was asked for (status 210). */
  readonly isNickRewritten: boolean
}

/** Why the account `account` cannot have this nick, or undefined. */
export function refusesNick(room: Room, account: string, nick: string): StanzaError | undefined {
  const holder = room.occupants.get(nick)
  if (holder && !(holder.side === 'local' && holder.account === account))
    return refusal(room, 'cancel', 'conflict', `The nickname ${nick} is taken in this room.`)
  if (isReservedFor(room, account, nick))
    return refusal(room, 'cancel', 'conflict', `The nickname ${nick} belongs to somebody else.`)
  return room.policy.refusesNick(room.policy.fittingNick(nick))
}

/** Why a join with this password, or without one, is refused (§7.2.6); undefined when it is right. */
function refusesPassword(room: Room, stanza: Element): StanzaError | undefined {
  const given = elements(childOf(stanza, 'x', NS.muc) ?? stanza).find(
    (child) => child.getName() === 'password',
  )
  return room.config.password === '' || given?.getText() === room.config.password
    ? undefined
    : refusal(room, 'auth', 'not-authorized', 'This room asks for a password.')
}

/** As many XMPP users are in the room as its owners want; they and admins come in all the same (§7.2.9). */
const isCrowded = (room: Room, account: string): boolean =>
  room.config.maxUsers < MAX_OCCUPANTS &&
  room.occupants.size - room.participants.size >= room.config.maxUsers &&
  !isAdmin(room, account)

/** Why nobody of this account can come in under this nick now, or undefined. */
export function refusesEntry(room: Room, account: string, nick: string): StanzaError | undefined {
  const holder = room.occupants.get(nick)
  const isFull =
    room.sessions.size >= MAX_OCCUPANTS ||
    room.occupants.size >= MAX_OCCUPANTS ||
    (holder?.side === 'local' ? holder.sessions.length >= MAX_SESSIONS_PER_NICK : isCrowded(room, account))
  return (
    refusesAccount(room, account) ??
    refusesNick(room, account, nick) ??
    (isFull ? refusal(room, 'wait', 'service-unavailable', 'This room is full.') : undefined)
  )
}

/** A session that is not in the room enters it, as a new occupant or one more session of its account's. */
export function enterRoom(room: Room, request: PresenceRequest, env: RoomEnv): RoomEffect[] {
  const { from, stanza, nick } = request
  const error =
    refusesAccount(room, from.bare) ?? refusesPassword(room, stanza) ?? refusesEntry(room, from.bare, nick)
  if (error) return refuse(room, from, stanza, error)
  const holder = room.occupants.get(nick)
  const present = holder?.side === 'local' ? holder : undefined
  const occupant = present ?? newOccupant(room, from.bare, nick, env.nowMs)
  const session: Session = {
    full: from.full,
    occupant,
    payload: presencePayload(room, stanza),
    isEthora: isFromEthora(stanza),
    versions: undefined,
  }
  const payloadBefore = present && payloadText(present)
  const hasNews = payloadBefore !== textOf(session.payload)
  addSession(room, session)
  return [
    ...sendAffiliations(room, session, stanza),
    ...sendRoster(room, session, request, codesOnEntry(room)),
    ...(hasNews ? tellChange(room, session) : []),
    ...sendRoomState(room, session, stanza, env.nowMs),
    ...(present || room.isLocked ? [] : [{ kind: 'local-entered' as const, account: from.bare, nick }]),
  ]
}

/** A session that is in the room joins again under its nick: it gets all that a join gets. */
export function resync(room: Room, session: Session, request: PresenceRequest, nowMs: number): RoomEffect[] {
  const before = payloadText(session.occupant)
  updatePayload(room, session, request.stanza)
  if (isFromEthora(request.stanza)) speakEthora(room, session)
  return [
    ...sendAffiliations(room, session, request.stanza),
    ...sendRoster(room, session, request, codesOnEntry(room)),
    ...(before === payloadText(session.occupant) ? [] : tellChange(room, session)),
    ...sendRoomState(room, session, request.stanza, nowMs),
  ]
}

/** An occupant says how available it is (XEP-0045 §7.7). */
export function updatePresence(room: Room, session: Session, request: PresenceRequest): RoomEffect[] {
  updatePayload(room, session, request.stanza)
  return [...tellChange(room, session), ...tellSelf(room, session, request)]
}

/** Available presence of the session's occupant to everybody but the session. */
export const tellChange = (room: Room, session: Session): RoomEffect[] => [
  ...tellOthers(room, session.occupant, (isInformed) => shownTo(room, session.occupant, isInformed)),
  ...tellOwn(room, session.occupant, session),
]

/** Self-presence to the session that brought it about, with the id of its stanza. */
export const tellSelf = (room: Room, session: Session, request: PresenceRequest): RoomEffect[] => [
  { kind: 'burst', to: session.full, stanzas: [ownPresence(room, session, request, [110])] },
]

/** Takes over what a client says in its presence; its session now speaks for the occupant. */
export function updatePayload(room: Room, session: Session, stanza: Element): void {
  const { sessions } = session.occupant
  session.payload = presencePayload(room, stanza)
  sessions.splice(sessions.indexOf(session), 1)
  sessions.push(session)
  forgetShown(session.occupant)
}

/** An occupant without sessions, not yet in the room. */
export function newOccupant(room: Room, account: string, nick: string, nowMs: number): LocalOccupant {
  const affiliation = affiliationOf(room, account)
  return {
    side: 'local',
    nick,
    account,
    occupantId: idOfAccount(room.identity.occupantKey, account),
    sinceMs: nowMs,
    activeAtMs: nowMs,
    affiliation,
    role: defaultRole(room, affiliation),
    sessions: [],
    typingToldAtMs: 0,
    shown: { anonymous: undefined, disclosed: undefined },
  }
}

const textOf = (payload: readonly Element[]): string => payload.map(serialize).join('')
const payloadText = (occupant: LocalOccupant): string => textOf(occupant.sessions.at(-1)?.payload ?? [])

/** What a client must know on the way in: 100 everybody sees addresses, 170 messages are kept, 201 the room is new. */
const codesOnEntry = ({ config, isLocked }: Room): number[] => [
  110,
  ...(config.whois === 'anyone' ? [100] : []),
  ...(config.isLogged ? [170] : []),
  ...(isLocked ? [201] : []),
]

const ownPresence = (
  room: Room,
  session: Session,
  request: PresenceRequest,
  codes: readonly number[],
): ReturnType<typeof selfPresence> =>
  selfPresence(room, session.occupant, {
    codes: request.isNickRewritten ? [...codes, 210] : codes,
    id: request.stanza.attrs.id,
    isAnswer: true,
  })

/** All other occupants, then the session itself (XEP-0045 §7.1). */
function sendRoster(
  room: Room,
  session: Session,
  request: PresenceRequest,
  codes: readonly number[],
): RoomEffect[] {
  const { occupant } = session
  const isInformed = seesAddresses(room, occupant)
  const stanzas = []
  for (const other of room.occupants.values())
    if (other !== occupant && isShown(room, other)) stanzas.push(shownTo(room, other, isInformed))
  stanzas.push(ownPresence(room, session, request, codes))
  return [{ kind: 'burst', to: session.full, stanzas }]
}

/** History, then the subject, which every join gets (XEP-0045 §7.2.15). */
function sendRoomState(room: Room, session: Session, stanza: Element, nowMs: number): RoomEffect[] {
  const join = childOf(stanza, 'x', NS.muc)
  return [
    // The Ethora chat component reads the archive; history would show it corrections beside what they correct.
    ...(join && !isFromEthora(stanza) ? requestHistory(room, session.full, join, nowMs) : []),
    ...showSubject(room, session.full),
  ]
}
