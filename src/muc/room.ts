/** The state of one room and what others may read of it: XEP-0045 §4 and §5. */
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { ArchiveId, ParticipantId } from '../util/ids.ts'
import { MAX_OCCUPANTS, MAX_SENT_MEMORY, MAX_SLOW_MODE_SECONDS, SENT_MEMORY_MS } from './limits.ts'
import type { MessageRate } from './message-rate.ts'
import { idOfAccount, idOfParticipant } from './occupant-id.ts'
import { emptyRecent, type Recent } from './recent.ts'
import { seesAddresses } from './role.ts'
import { configOf } from './room-config.ts'
import type {
  RoomDescription,
  RoomEffect,
  RoomEnv,
  RoomEvent,
  RoomIdentity,
  RoomPolicy,
  RoomSubject,
} from './room-port.ts'
import {
  type Affiliation,
  type AffiliationRecord,
  EMPTY_STATE,
  type Role,
  type RoomConfig,
  type RoomSettings,
  type RoomState,
  type StateWrite,
} from './room-state.ts'

/** One full JID in the room. */
export interface Session {
  readonly full: string
  occupant: LocalOccupant
  /** What the client says in its presence: show, status, caps and the like. */
  payload: readonly Element[]
  /** The client is the Ethora chat component, and gets messages in its form. */
  isEthora: boolean
}

/** Presence as others get it, prepared once until it changes. */
interface Shown {
  anonymous: PreparedStanza | undefined
  /** With the address behind the nick, for those who may see it. */
  disclosed: PreparedStanza | undefined
}

/** An XMPP account under one nick, with one session or several. */
export interface LocalOccupant {
  readonly side: 'local'
  nick: string
  /** Bare JID. */
  readonly account: string
  readonly occupantId: string
  readonly sinceMs: number
  affiliation: Affiliation
  role: Role
  /** The one whose presence was set last comes last and speaks for the occupant. */
  readonly sessions: Session[]
  /** When it spoke last, or came; ms since 1970. */
  activeAtMs: number
  /** When the lobby was last told that this occupant types; 0 when it has spoken since. */
  typingToldAtMs: number
  readonly shown: Shown
}

/** A participant of the lobby. */
export interface LobbyOccupant {
  readonly side: 'remote'
  nick: string
  readonly participant: ParticipantId
  readonly occupantId: string
  readonly sinceMs: number
  /** When it spoke last, or came; ms since 1970. */
  activeAtMs: number
  readonly affiliation: 'none'
  role: 'participant' | 'visitor'
  readonly shown: Shown
}

/** A participant that was kicked or banned here: nothing of it is shown. */
export interface MutedParticipant {
  nick: string
  readonly sinceMs: number
}

/** A place in the lobby whose holder is not here. */
export interface KeptPlace {
  readonly nick: string
  readonly sinceMs: number
}

export type Occupant = LocalOccupant | LobbyOccupant

/** Full JIDs of sessions; each list is replaced, never changed, when somebody comes or goes. */
export interface Audience {
  readonly everybody: readonly string[]
  /** Those who see the addresses behind nicks. */
  readonly informed: readonly string[]
  readonly others: readonly string[]
  /** Those of everybody that get messages in the form of the Ethora chat component. */
  readonly ethora: ReadonlySet<string>
}

/** Who sent a message that a network may yet refuse. */
export interface SentMessage {
  readonly session: string
  /** Id that the client gave it. */
  readonly id: string | undefined
}

/** A change of what is kept: it is stored first, and then made. */
export interface Change {
  readonly write: StateWrite
  /** Makes the change and tells of it. */
  make(env: RoomEnv): RoomEffect[]
  /** It could not be stored. */
  fail(error: StanzaError): RoomEffect[]
}

/** What may change, or tell, what is kept, and is stepped later. */
export type WaitingEvent = Extract<RoomEvent, { kind: 'stanza' | 'account-removed' }>

/** A room. Only this folder changes it. */
export interface Room {
  readonly identity: RoomIdentity
  readonly policy: RoomPolicy
  /** Address of the room. */
  readonly bare: string
  description: RoomDescription
  /** Bare JID of who made it. */
  createdBy: string | null
  /** Bare JIDs that own it by configuration. */
  gatewayAdmins: ReadonlySet<string>
  /** What its owners have decided. */
  settings: RoomSettings
  /** What is in force. */
  config: RoomConfig
  /** By address. */
  readonly affiliations: Map<string, AffiliationRecord>
  /** Registered nicks and the addresses they belong to. */
  readonly reserved: Map<string, string>
  /** Accounts that asked to keep their place in the lobby, and the nicks that they registered for it. */
  readonly staying: Map<string, string>
  /** Those of them that are in the lobby and not here, with the nick that they have there. */
  readonly away: Map<string, KeptPlace>
  subject: string
  /** When the subject was set; undefined when that was before this room was loaded. */
  subjectAtMs: number | undefined
  /** Changes of the subject that wait for the archive, who joined meanwhile, and the last one that was stored. */
  readonly changing: {
    pending: number
    hasFailed: boolean
    readonly shownTo: Set<string>
    stored: RoomSubject
  }
  /** Since when the lobby is not heard; null while it is. */
  deafSinceMs: number | null
  /** It does not exist yet for anybody but its creator (XEP-0045 §10.1). */
  isLocked: boolean
  /** It is no more. */
  isClosed: boolean
  /** The node has left the lobby, and nobody has entered since. */
  isWithdrawn: boolean
  /** Somebody has been here since it was loaded. */
  isUsed: boolean
  /** What is being stored now. */
  saving: Change | undefined
  /** What waits until it is. */
  readonly waiting: WaitingEvent[]
  readonly occupants: Map<string, Occupant>
  readonly sessions: Map<string, Session>
  /** How many of them each account has. */
  readonly sessionsOf: Map<string, number>
  readonly participants: Map<ParticipantId, LobbyOccupant>
  /** Participants that are in the lobby and not shown here. */
  readonly muted: Map<ParticipantId, MutedParticipant>
  audience: Audience | undefined
  /** Participants that type, and until when that holds. */
  readonly typing: Map<ParticipantId, number>
  readonly sent: ExpiringMap<ArchiveId, SentMessage>
  readonly recent: Recent
  /** When accounts spoke last, in ms, while there is a slow mode. */
  readonly lastSpoken: ExpiringMap<string, number>
  /** Counted since somebody spoke here or asked. */
  rate: MessageRate | undefined
}

/** Nobody is here or keeps a place, nothing is being decided: what is kept says all about the room. */
export const isQuiet = (room: Room): boolean =>
  room.sessions.size === 0 && room.staying.size === 0 && !room.saving && !room.isLocked && !room.isClosed

/** A room without occupants. */
export function createRoom(
  identity: RoomIdentity,
  policy: RoomPolicy,
  description: RoomDescription,
  state: RoomState = EMPTY_STATE,
): Room {
  const room: Room = {
    identity,
    policy,
    bare: identity.jid.bare,
    description,
    createdBy: description.createdBy,
    gatewayAdmins: new Set(description.owners),
    settings: state.settings,
    config: configOf(state.settings, description),
    affiliations: new Map(),
    subject: description.subject,
    subjectAtMs: undefined,
    changing: {
      pending: 0,
      hasFailed: false,
      shownTo: new Set(),
      stored: { text: description.subject, atMs: undefined },
    },
    deafSinceMs: null,
    isLocked: identity.isNew,
    isClosed: false,
    isWithdrawn: false,
    isUsed: false,
    saving: undefined,
    waiting: [],
    muted: new Map(),
    reserved: new Map(),
    staying: new Map(),
    away: new Map(),
    occupants: new Map(),
    sessions: new Map(),
    sessionsOf: new Map(),
    participants: new Map(),
    audience: undefined,
    typing: new Map(),
    sent: new ExpiringMap(SENT_MEMORY_MS, MAX_SENT_MEMORY),
    recent: emptyRecent(),
    lastSpoken: new ExpiringMap(MAX_SLOW_MODE_SECONDS * 1000, MAX_OCCUPANTS),
    rate: undefined,
  }
  putRecords(room, state.affiliations)
  return room
}

/** What is kept of a room, but for what became of it. */
export const stateOf = (room: Room): Pick<RoomState, 'settings' | 'affiliations'> => ({
  settings: room.settings,
  affiliations: [...room.affiliations.values()],
})

/** Takes over what is kept of some addresses, and forgets others. */
export function putRecords(
  room: Room,
  records: readonly AffiliationRecord[],
  forgotten: readonly string[] = [],
): void {
  for (const address of [...forgotten, ...records.map((record) => record.address)]) {
    const nick = room.affiliations.get(address)?.nick ?? ''
    if (room.reserved.get(nick) === address) room.reserved.delete(nick)
    room.affiliations.delete(address)
    room.staying.delete(address)
  }
  for (const record of records) {
    room.affiliations.set(record.address, record)
    if (record.nick !== '') room.reserved.set(record.nick, record.address)
    if (record.nick !== '' && record.isStaying) room.staying.set(record.address, record.nick)
  }
}

/** An occupant as the presence map shows it. */
export interface OccupantView {
  readonly side: 'local' | 'remote'
  readonly nick: string
  readonly occupantId: string
  /** Null for XMPP users. */
  readonly participant: ParticipantId | null
  /** Ms since 1970. */
  readonly sinceMs: number
  /** 0 for participants of the lobby. */
  readonly sessions: number
  /** Not shown in the room, by order of a moderator. */
  readonly isMuted: boolean
  /** In the lobby, and not in the room: the place is kept. */
  readonly isAway: boolean
}

/** All occupants, in the order in which they took their nicks, then those in the lobby that are muted here or away. */
export const occupantsOf = (room: Room): OccupantView[] => [
  ...[...room.occupants.values()].map((occupant) => ({
    side: occupant.side,
    nick: occupant.nick,
    occupantId: occupant.occupantId,
    participant: occupant.side === 'remote' ? occupant.participant : null,
    sinceMs: occupant.sinceMs,
    sessions: occupant.side === 'local' ? occupant.sessions.length : 0,
    isMuted: false,
    isAway: false,
  })),
  ...[...room.muted].map(([participant, { nick, sinceMs }]) => ({
    side: 'remote' as const,
    nick,
    occupantId: idOfParticipant(room.identity.occupantKey, participant),
    participant,
    sinceMs,
    sessions: 0,
    isMuted: true,
    isAway: false,
  })),
  ...[...room.away].map(([account, { nick, sinceMs }]) => ({
    side: 'local' as const,
    nick,
    occupantId: idOfAccount(room.identity.occupantKey, account),
    participant: null,
    sinceMs,
    sessions: 0,
    isMuted: false,
    isAway: true,
  })),
]

/** Who gets what is sent to the room. */
export function audienceOf(room: Room): Audience {
  if (room.audience) return room.audience
  const everybody = [...room.sessions.keys()]
  const isInformed = (full: string): boolean => {
    const occupant = room.sessions.get(full)?.occupant
    return occupant !== undefined && seesAddresses(room, occupant)
  }
  const informed = everybody.filter(isInformed)
  const others = informed.length === 0 ? everybody : everybody.filter((full) => !isInformed(full))
  const ethora = new Set(everybody.filter((full) => room.sessions.get(full)?.isEthora))
  room.audience = { everybody, informed, others, ethora }
  return room.audience
}

/** Puts a session into the room, the last of its occupant; `occupant` is already, or now comes, under its nick. */
export function addSession(room: Room, session: Session): void {
  const { occupant } = session
  room.isUsed = true
  room.isWithdrawn = false
  room.occupants.set(occupant.nick, occupant)
  occupant.sessions.push(session)
  room.sessions.set(session.full, session)
  countSessions(room, occupant.account, 1)
  room.audience = room.audience && audienceWith(room, room.audience, session)
  forgetShown(occupant)
}

function audienceWith(room: Room, audience: Audience, { full, occupant, isEthora }: Session): Audience {
  const everybody = [...audience.everybody, full]
  const ethora = isEthora ? new Set([...audience.ethora, full]) : audience.ethora
  if (seesAddresses(room, occupant))
    return { ...audience, everybody, ethora, informed: [...audience.informed, full] }
  const others = audience.informed.length === 0 ? everybody : [...audience.others, full]
  return { ...audience, everybody, ethora, others }
}

function countSessions(room: Room, account: string, change: 1 | -1): void {
  const count = (room.sessionsOf.get(account) ?? 0) + change
  if (count > 0) room.sessionsOf.set(account, count)
  else room.sessionsOf.delete(account)
}

/** The session turns out to be the Ethora chat component. */
export function speakEthora(room: Room, session: Session): void {
  if (session.isEthora) return
  session.isEthora = true
  room.audience = undefined
}

/** Takes a session out, and its occupant with the last one. */
export function removeSession(room: Room, session: Session): void {
  const { occupant } = session
  occupant.sessions.splice(occupant.sessions.indexOf(session), 1)
  room.sessions.delete(session.full)
  countSessions(room, occupant.account, -1)
  if (occupant.sessions.length === 0) room.occupants.delete(occupant.nick)
  room.audience = undefined
  forgetShown(occupant)
}

/** Gives an occupant a nick that is free. */
export function moveToNick(room: Room, occupant: Occupant, nick: string): void {
  room.occupants.delete(occupant.nick)
  occupant.nick = nick
  room.occupants.set(nick, occupant)
  forgetShown(occupant)
}

/** To be called when something that presence shows has changed. */
export function forgetShown(occupant: Occupant): void {
  occupant.shown.anonymous = undefined
  occupant.shown.disclosed = undefined
}
