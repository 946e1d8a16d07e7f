/** The state of one room and what others may read of it: XEP-0045 §4 and §5. */
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { ArchiveId, ParticipantId } from '../util/ids.ts'
import type { AffiliationView, VersionedLists } from './affiliation-versions.ts'
import { MAX_OCCUPANTS, MAX_SENT_MEMORY, MAX_SLOW_MODE_SECONDS, SENT_MEMORY_MS } from './limits.ts'
import type { MessageRate } from './message-rate.ts'
import { emptyRecent, type Recent } from './recent.ts'
import { putRecords } from './records.ts'
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
  /** What the client, if it keeps lists of affiliations, has of them and is told of. */
  versions: AffiliationView | undefined
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
  /** The lists of affiliations by version, since somebody asked for that. */
  readonly versions: Map<AffiliationView, VersionedLists>
  /** They may have changed. */
  areListsStale: boolean
  /** Registered nicks and the addresses they belong to. */
  readonly reserved: Map<string, string>
  /** Accounts that keep their place in the lobby while away, and the nicks that they have there. */
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
  /** The service ends; the room does not, and is there again after the next start. */
  isShutDown: boolean
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
  /** The slow mode that follows from the pace of the lobby: 0 s while it takes what is said; looked at again then. */
  pace: { readonly seconds: number; readonly untilMs: number }
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
    versions: new Map(),
    areListsStale: false,
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
    isShutDown: false,
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
    pace: { seconds: 0, untilMs: 0 },
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
