/** The state of one room and what others may read of it: XEP-0045 §4 and §5. */
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { ArchiveId, ParticipantId } from '../util/ids.ts'
import { MAX_SENT_MEMORY, SENT_MEMORY_MS } from './limits.ts'
import { emptyRecent, type Recent } from './recent.ts'
import { seesAddresses } from './role.ts'
import { configOf } from './room-config.ts'
import type { RoomDescription, RoomIdentity, RoomPolicy, RoomSubject } from './room-port.ts'
import {
  type Affiliation,
  type AffiliationRecord,
  EMPTY_STATE,
  type Role,
  type RoomConfig,
  type RoomSettings,
  type RoomState,
} from './room-state.ts'

/** One full JID in the room. */
export interface Session {
  readonly full: string
  occupant: LocalOccupant
  /** What the client says in its presence: show, status, caps and the like. */
  payload: readonly Element[]
}

/** Presence as others get it, prepared once until it changes. */
interface Shown {
  anonymous: PreparedStanza | undefined
  /** With the address behind the nick, for those who may see it. The same as `anonymous` for participants of the lobby. */
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
  readonly affiliation: 'none'
  role: 'participant' | 'visitor'
  readonly shown: Shown
}

export type Occupant = LocalOccupant | LobbyOccupant

/** Full JIDs of sessions; each list is replaced, never changed, when somebody comes or goes. */
export interface Audience {
  readonly everybody: readonly string[]
  /** Those who see the addresses behind nicks. */
  readonly informed: readonly string[]
  readonly others: readonly string[]
}

/** Who sent a message that a network may yet refuse. */
export interface SentMessage {
  readonly session: string
  /** Id that the client gave it. */
  readonly id: string | undefined
}

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
  /** Nobody has joined since it was made. */
  isNew: boolean
  /** Since when the lobby is not heard; null while it is. */
  deafSinceMs: number | null
  readonly occupants: Map<string, Occupant>
  readonly sessions: Map<string, Session>
  readonly participants: Map<ParticipantId, LobbyOccupant>
  audience: Audience | undefined
  /** Participants that type, and until when that holds. */
  readonly typing: Map<ParticipantId, number>
  readonly sent: ExpiringMap<ArchiveId, SentMessage>
  readonly recent: Recent
}

/** A room without occupants. */
export function createRoom(
  identity: RoomIdentity,
  policy: RoomPolicy,
  description: RoomDescription,
  state: RoomState = EMPTY_STATE,
): Room {
  return {
    identity,
    policy,
    bare: identity.jid.bare,
    description,
    createdBy: description.createdBy,
    gatewayAdmins: new Set(description.owners),
    settings: state.settings,
    config: configOf(state.settings, description),
    affiliations: new Map(state.affiliations.map((record) => [record.address, record])),
    subject: description.subject,
    subjectAtMs: undefined,
    changing: {
      pending: 0,
      hasFailed: false,
      shownTo: new Set(),
      stored: { text: description.subject, atMs: undefined },
    },
    isNew: identity.isNew,
    deafSinceMs: null,
    occupants: new Map(),
    sessions: new Map(),
    participants: new Map(),
    audience: undefined,
    typing: new Map(),
    sent: new ExpiringMap(SENT_MEMORY_MS, MAX_SENT_MEMORY),
    recent: emptyRecent(),
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
}

/** All occupants, in the order in which they took their nicks. */
export const occupantsOf = (room: Room): OccupantView[] =>
  [...room.occupants.values()].map((occupant) => ({
    side: occupant.side,
    nick: occupant.nick,
    occupantId: occupant.occupantId,
    participant: occupant.side === 'remote' ? occupant.participant : null,
    sinceMs: occupant.sinceMs,
    sessions: occupant.side === 'local' ? occupant.sessions.length : 0,
  }))

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
  room.audience = { everybody, informed, others }
  return room.audience
}

/** Puts a session into the room, the last of its occupant; `occupant` is already, or now comes, under its nick. */
export function addSession(room: Room, session: Session): void {
  const { occupant } = session
  room.occupants.set(occupant.nick, occupant)
  occupant.sessions.push(session)
  room.sessions.set(session.full, session)
  room.audience = room.audience && audienceWith(room, room.audience, session)
  forgetShown(occupant)
}

function audienceWith(room: Room, audience: Audience, { full, occupant }: Session): Audience {
  const everybody = [...audience.everybody, full]
  if (seesAddresses(room, occupant)) return { ...audience, everybody, informed: [...audience.informed, full] }
  const others = audience.informed.length === 0 ? everybody : [...audience.others, full]
  return { ...audience, everybody, others }
}

/** Takes a session out, and its occupant with the last one. */
export function removeSession(room: Room, session: Session): void {
  const { occupant } = session
  occupant.sessions.splice(occupant.sessions.indexOf(session), 1)
  room.sessions.delete(session.full)
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
