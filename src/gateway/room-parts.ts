/** What a room in memory is made of: what it shares with all others, and what is its own. */
import type { Logger } from 'pino'
import type { NickClaim, RoomRow } from '../archive/store.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import type { RoomState, RoomTombstone, StateWrite } from '../muc/room-state.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { Element, PreparedStanza } from '../stanza/xml.ts'
import type { LobbyId, ParticipantId } from '../util/ids.ts'
import type { Hearing } from './hearing.ts'
import type { Pictures } from './pictures.ts'
import type { SharedPorts } from './room-ports.ts'

/** What every room shares. */
export interface RoomSurroundings {
  /** Domain of the MUC service. */
  readonly domain: string
  /** The gateway's secret, root of the keys of occupant-ids. */
  readonly secret: Buffer
  readonly ports: SharedPorts
  readonly log: Logger
  readonly pictures: Pictures
  /** Users of other servers than the embedded one may be in the rooms. */
  readonly hasOtherServers: boolean
  readonly hearing: Hearing
  /** Bare JIDs that own every room. */
  admins(): readonly string[]
  /** Whether an account (bare JID) may make rooms by joining. */
  mayMakeRooms(account: string): boolean
  /** Accounts (bare JIDs) that stay in the lobby while away by configuration, and their nicks. */
  staysIn(lobby: LobbyId): ReadonlyMap<string, string>
  /** An account (bare JID) whose identities outlive the process. */
  isKept(account: string): boolean
  /** Whether a message to this account (bare) would be delivered now. */
  isReachable(account: string): boolean
  /** To an account (bare JID) that is away: delivered now, or kept until it can be. */
  mail(account: string, stanza: Element): void
  send(to: string, stanza: Element): void
  fanout(stanza: PreparedStanza, to: readonly string[]): void
  /** `seconds`: since it was written, by its author's clock (`in`), or since it came here. */
  onMessage(direction: 'in' | 'out' | 'local', seconds: number): void
  /** Somebody came, went or is called differently. */
  onPresence(): void
}

/** What one room is made of, and how it stores what changes. */
export interface RoomParts {
  readonly row: RoomRow
  readonly network: LobbyNetwork
  readonly lobby: LobbyInfo
  /** Made by whoever is about to join. */
  readonly isNew: boolean
  readonly holders: readonly { readonly nick: string; readonly participant: ParticipantId }[]
  readonly state: RoomState
  /** Keeps what was decided; opens the room when the write has a lobby. Null when it is durable. */
  save(write: StateWrite): Promise<StanzaError | null>
  /** The room is no more. */
  close(tombstone: RoomTombstone | null): void
  update(changes: { readonly name?: string; readonly subject?: string }): void
  claim(claims: readonly NickClaim[]): void
  /** Something was said that everybody in the room hears. */
  onSaid(): void
  /** An occupant of this account (bare JID) is gone. */
  onLeft(account: string): void
}
