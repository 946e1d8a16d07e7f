/** Events that a room takes and effects that it returns: everything the room model exchanges with the world. */
import type { Jid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import type { Env } from '../util/env.ts'
import type { ArchiveId, ParticipantId } from '../util/ids.ts'
import type { ArchiveAnswer, ArchiveMetadata, ArchiveQuery, ArchiveWrite } from './archive-port.ts'
import type { RoomTombstone, StateWrite } from './room-state.ts'

/** `Env` plus archive ids: 16 digits, growing, never the same twice. */
export interface RoomEnv extends Env {
  nextArchiveId(): ArchiveId
}

/** What is fixed about a room while it is loaded. */
export interface RoomIdentity {
  /** Address of the room, bare. */
  readonly jid: Jid
  /** Key of occupant-ids (XEP-0421), 32 bytes, one per room, the same after a restart. */
  readonly occupantKey: Uint8Array
  /**
   * The room was made by whoever is about to join. It is locked (XEP-0045 §10.1): its creator is told so (status 201),
   * to all others it does not exist, and neither does its lobby until a `save` opens it.
   */
  readonly isNew: boolean
}

/** Rules that come from outside the room: what the lobby's network can carry. */
export interface RoomPolicy {
  /** Why this cannot be said, or undefined. */
  refusesText(body: string, manner: Manner): StanzaError | undefined
  /** As much of a nick as the network carries: nearly always all of it. */
  fittingNick(nick: string): string
  /** Why this nick cannot be had, or undefined. */
  refusesNick(nick: string): StanzaError | undefined
  /**
   * Books a place for one message of an occupant on its way to the lobby, or says why there is none now. Asked
   * last, once a message: what is admitted is going to be said.
   */
  admits(account: string, nick: string): StanzaError | undefined
  /** How far apart two messages of one occupant must be now, in ms, so that the lobby can take all; 0 while it can. */
  paceMs(): number
  /** Why this account (bare JID) cannot register a nick, or undefined. */
  refusesRegistration(account: string): StanzaError | undefined
}

/** What the room shows of its lobby; changes come as `described`. */
export interface RoomDescription {
  readonly name: string
  readonly description: string
  readonly isPublic: boolean
  /** Only members may enter, unless an owner decides otherwise. */
  readonly isMembersOnly: boolean
  /** Bare JID of who made the room: its owner, unless that was taken back. Null when the lobby was found. */
  readonly createdBy: string | null
  /** Bare JIDs that own every room of this gateway (`xmpp.admins`); no room can change that. */
  readonly owners: readonly string[]
  /** Accounts (bare JIDs) that stay in the lobby while away by configuration, unless they chose otherwise, and their nicks. */
  readonly stays: ReadonlyMap<string, string>
  /** Current subject; empty when none was set. */
  readonly subject: string
  /** Extra lines for people in `muc#roominfo_description`: that history is kept, that moderation is local. */
  readonly network: string
  readonly lobby: LobbyFacts
}

/** What is fixed about a lobby. */
export interface LobbyFacts {
  readonly network: string
  readonly id: string
  readonly isPrivate: boolean
  /** Only identities linked to a profile may speak. */
  readonly isSigned: boolean
}

/** A subject, and when it was set; undefined when that was before the room was loaded. */
export interface RoomSubject {
  readonly text: string
  readonly atMs: number | undefined
}

/** A foreign participant as an occupant. `nick` is already unique in the room (bridge/nicks). */
export interface RemoteOccupant {
  readonly id: ParticipantId
  readonly nick: string
}

/** A message that another one refers to. */
export interface Mention {
  readonly nick: string
  /** Its first words; may be empty. */
  readonly excerpt: string
}

/** How a message of a local occupant is meant. Reactions and retractions have no body. */
export type Manner =
  | { readonly kind: 'plain' }
  | { readonly kind: 'correction' }
  | { readonly kind: 'reply'; readonly to: Mention }
  /** Those that are new. `to` is undefined when the message is not remembered. */
  | { readonly kind: 'reaction'; readonly reactions: readonly string[]; readonly to: Mention | undefined }
  | { readonly kind: 'retraction' }

/** A file that a message shows; `url` stands in its body. XEP-0447, XEP-0446. */
export interface SharedFile {
  readonly url: string
  readonly name: string
  readonly mediaType: string
  /** In bytes. */
  readonly size: number
  /** In pixels. */
  readonly width: number
  readonly height: number
  readonly sha256: Uint8Array
}

/** A local occupant as author of a message. */
export interface Speaker {
  /** Bare JID. */
  readonly account: string
  readonly nick: string
  readonly occupantId: string
}

/** Why a query was made; comes back with its answer. Plain data. */
export type QueryContext =
  /** `maxChars`: characters of complete stanzas at most (XEP-0045 §7.2.14); undefined: no such limit. */
  | { readonly kind: 'join-history'; readonly session: string; readonly maxChars: number | undefined }
  | {
      readonly kind: 'mam'
      /** The IQ that asked: addresses and id for the reply. */
      readonly iq: Element
      readonly queryId: string | undefined
      /** XEP-0313 flip-page. */
      readonly flip: boolean
      /** For the Ethora chat component, in its form. */
      readonly isFolded?: boolean
      /** The page goes into a gap that has no end yet. */
      readonly reachesGap: 'yes' | 'no' | 'if-complete'
    }
  | { readonly kind: 'mam-metadata'; readonly iq: Element }
  /** A message that corrects or takes back an earlier one; `id` and `atMs` are its own, given when it came. */
  | {
      readonly kind: 'reference'
      readonly from: Jid
      readonly stanza: Element
      readonly speaker: Speaker
      readonly id: ArchiveId
      readonly atMs: number
    }
  /** A moderator, of this nick and occupant-id, takes back the message `id`. */
  | {
      readonly kind: 'moderation'
      readonly from: Jid
      readonly iq: Element
      readonly id: ArchiveId
      /** Empty when none was given. */
      readonly reason: string
      readonly nick: string
      readonly occupantId: string
    }

/** A session that was in the room before the service was restarted. */
export interface KnownSession {
  /** Full. */
  readonly jid: Jid
  readonly nick: string
  /** What its presence said. */
  readonly payload: readonly Element[]
}

export type RoomEvent =
  /**
   * A stanza of an XMPP user to the room or an occupant; `from` is the full JID of a session, and the stanza's
   * own `from` and `to` are set, `to` to this room.
   */
  | { readonly kind: 'stanza'; readonly from: Jid; readonly stanza: Element }
  /** The session's stream is gone without unavailable presence. */
  | { readonly kind: 'session-ended'; readonly session: string }
  /** The session cannot be reached: it is out, and may hear of it (333). */
  | { readonly kind: 'session-unreachable'; readonly session: string }
  /** The same for all of these, full JIDs, at once. */
  | { readonly kind: 'sessions-unreachable'; readonly sessions: readonly string[] }
  /** Sessions that were in the room when the process ended: in they are again. */
  | { readonly kind: 'sessions-restored'; readonly sessions: readonly KnownSession[] }
  | { readonly kind: 'remote-entered'; readonly occupant: RemoteOccupant }
  | { readonly kind: 'remote-left'; readonly id: ParticipantId }
  | { readonly kind: 'remote-renamed'; readonly id: ParticipantId; readonly nick: string }
  /** `networkId`: the network's message id. The author need not be an occupant (unseen before): `occupant` says who. */
  | {
      readonly kind: 'remote-said'
      readonly occupant: RemoteOccupant
      readonly body: string
      readonly files: readonly SharedFile[]
      readonly sentAtMs: number
      readonly networkId: string
    }
  | { readonly kind: 'remote-typing'; readonly id: ParticipantId }
  /** Since when the lobby is not heard; null: it is, and nothing was missed. */
  | { readonly kind: 'hearing'; readonly deafSinceMs: number | null }
  /** The lobby is heard again; what was said there in between is missing. */
  | { readonly kind: 'gap'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'described'; readonly description: RoomDescription }
  /** The network did not take what an occupant said; tell them. `ref` is the archive id of the message. */
  | { readonly kind: 'not-sent'; readonly ref: ArchiveId; readonly error: StanzaError }
  | { readonly kind: 'answer'; readonly context: QueryContext; readonly answer: ArchiveAnswer }
  | {
      readonly kind: 'metadata'
      readonly context: QueryContext
      readonly metadata: ArchiveMetadata | null | 'failed'
    }
  /** The archive has taken a change of the subject; null: it has not. */
  | { readonly kind: 'subject-settled'; readonly stored: RoomSubject | null }
  /** What a `save` effect asked for is durable, or (with an error) was not done. */
  | { readonly kind: 'saved'; readonly error: StanzaError | null }
  /** A time asked for by a `wake` effect has come. */
  | { readonly kind: 'wake' }
  /** The room is loaded: whose place in the lobby is kept takes it. */
  | { readonly kind: 'loaded' }
  /** An account (bare JID) is no more. */
  | { readonly kind: 'account-removed'; readonly account: string }
  /** The node is about to leave the lobby, by order of an operator. */
  | { readonly kind: 'withdrawn' }
  /** An operator of the gateway puts an XMPP user out, mutes a participant, has it shown again. Without `reason` a standard one is told. */
  | { readonly kind: 'operator-kicked'; readonly nick: string; readonly reason: string }
  | { readonly kind: 'operator-muted'; readonly id: ParticipantId; readonly reason: string }
  | { readonly kind: 'operator-unmuted'; readonly id: ParticipantId }
  /** The service shuts down: 332 and 110 to everybody (XEP-0045 §17.x). */
  | { readonly kind: 'shutdown' }

/**
 * Effects are carried out strictly in order within one room: an `archive` or an ordered `query` holds back
 * everything that comes after it, of this and of later steps, until it has its answer. The room itself does not
 * wait: events are stepped as they come, and what they bring forth queues behind the barrier. What answers the
 * barrier takes the barrier's own place: `stored` or `failed` of an archive, and for an ordered query the effects
 * of the step of its `answer` event, are carried out before all that was held back. So the step of a join returns
 * presences, the history query and the subject in one list. The step of an ordered query's answer returns no
 * ordered query.
 */
export type RoomEffect =
  | { readonly kind: 'send'; readonly to: string; readonly stanza: Element }
  /** One serialisation to many full JIDs. */
  | { readonly kind: 'fanout'; readonly stanza: PreparedStanza; readonly to: readonly string[] }
  /** Many serialisations to one full JID, in this order. */
  | { readonly kind: 'burst'; readonly to: string; readonly stanzas: readonly PreparedStanza[] }
  /** Store; `stored` when durable, `failed` when not, neither when the archive already had this networkId. */
  | {
      readonly kind: 'archive'
      readonly entry: ArchiveWrite
      readonly stored: readonly RoomEffect[]
      readonly failed: readonly RoomEffect[]
    }
  /** Answered by an `answer` event. `isOrdered`: hold back what follows (join history); MAM need not. */
  | {
      readonly kind: 'query'
      readonly query: ArchiveQuery
      readonly context: QueryContext
      readonly isOrdered: boolean
    }
  /** Answered by a `metadata` event. */
  | { readonly kind: 'query-metadata'; readonly context: QueryContext }
  /** A local occupant appeared. `account` is the bare JID. Bound for the lobby, as are the next five. */
  | { readonly kind: 'local-entered'; readonly account: string; readonly nick: string }
  | { readonly kind: 'local-left'; readonly account: string; readonly nick: string }
  /** Nobody of the account is here any longer, and its place in the lobby is kept: nothing is bound for the lobby. */
  | { readonly kind: 'local-away'; readonly account: string; readonly nick: string }
  /** For an account (bare JID) that is away: it was mentioned. To be kept until it can be delivered. */
  | { readonly kind: 'mentioned'; readonly account: string; readonly stanza: Element }
  | {
      readonly kind: 'local-renamed'
      readonly account: string
      readonly oldNick: string
      readonly nick: string
    }
  | {
      readonly kind: 'local-said'
      readonly account: string
      readonly nick: string
      readonly body: string
      readonly manner: Manner
      readonly ref: ArchiveId
    }
  | { readonly kind: 'local-typing'; readonly account: string; readonly nick: string }
  /** What was said in the lobby could not be stored, and nobody saw it. */
  | { readonly kind: 'lobby-missed'; readonly atMs: number }
  /** A gap is in the archive now. */
  | { readonly kind: 'gap-told'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'gap-untold'; readonly fromMs: number }
  | { readonly kind: 'subject-changed'; readonly subject: string }
  /**
   * An occupant invites an address. What cannot be done is to be answered to `from`, by an error to `stanza`.
   * `invitation` is what an XMPP user gets; friend nodes are invited to the lobby if `isOwner` says so.
   */
  | {
      readonly kind: 'local-invited'
      readonly from: string
      readonly isOwner: boolean
      readonly address: string
      readonly stanza: Element
      readonly invitation: Element
    }
  /** Step this event next; what comes of it goes behind all that is in line. */
  | { readonly kind: 'afterwards'; readonly event: RoomEvent }
  /**
   * Keep this, durably; answered by one `saved` event. The room asks for the next one only then. When the write has a
   * lobby, the room and that lobby begin to exist with it.
   */
  | { readonly kind: 'save'; readonly write: StateWrite }
  /** Nobody is in the room any longer, and it is no more: its creator did not want it, or it was destroyed. */
  | { readonly kind: 'closed'; readonly tombstone: RoomTombstone | null }
  /** Call back with `wake` at this time; a later `wake` replaces an earlier one. */
  | { readonly kind: 'wake'; readonly atMs: number }
