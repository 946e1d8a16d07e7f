/** Everything that outlives the process but keys: the archive and the small tables beside it. */
import type { RoomState, StateWrite } from '../muc/room-state.ts'
import type { LobbyId, NetworkId, ParticipantId } from '../util/ids.ts'
import type { AccountStore } from '../xmpp/account-port.ts'
import type { Archive } from './archive.ts'

/** A room and the lobby that it shows. */
export interface RoomRow {
  /** Of the room's address; never changes. */
  readonly localpart: string
  readonly network: NetworkId
  readonly lobby: LobbyId
  /** Name of the lobby when last seen. */
  readonly name: string
  /** Bare JID of the XMPP user who created it; null for a lobby that was found. */
  readonly createdBy: string | null
  /** Subject of the room; empty when none was set. */
  readonly subject: string
  readonly createdAtMs: number
}

/** The mapping of rooms to lobbies. A localpart, a lobby and an alias are each there once. */
export interface RoomTable {
  /** All rooms, by localpart. */
  all(): Promise<readonly RoomRow[]>
  /** False when the localpart (as room or alias) or the lobby is taken; then nothing changes. */
  add(row: RoomRow): Promise<boolean>
  /** False when there is no such room. */
  update(localpart: string, changes: { readonly name?: string; readonly subject?: string }): Promise<boolean>
  /** Forgets a room that has no alias; its messages stay. False when there is no such room. */
  remove(localpart: string): Promise<boolean>
  /** Short names: alias to localpart. */
  aliases(): Promise<ReadonlyMap<string, string>>
  /** Adds an alias or points it to another room; `taken` when a room has this localpart. */
  putAlias(alias: string, localpart: string): Promise<'stored' | 'taken' | 'no-room'>
}

/** Who holds a nick in a room without addition; `null` for nobody any longer. */
export interface NickClaim {
  readonly nick: string
  readonly participant: ParticipantId | null
}

/** First holders of nicks, so that names are the same after a restart. */
export interface NickStore {
  /** Holders in a room, longest unchanged first. */
  holders(room: string): Promise<readonly { readonly nick: string; readonly participant: ParticipantId }[]>
  /** Applies changes in order, all or none. */
  apply(room: string, claims: readonly NickClaim[]): Promise<void>
}

/** How well the lobby of a room was heard. Rooms whose lobby was never heard have no row. */
export interface HearingRow {
  /** Localpart of the room. */
  readonly room: string
  /** Since when the lobby is not heard, in ms since 1970; null while it is. */
  readonly deafSinceMs: number | null
  /** Gaps in the room's history that have ended. */
  readonly gaps: number
  /** The latest of them; null when there was none. */
  readonly lastGap: { readonly fromMs: number; readonly toMs: number } | null
}

/** When lobbies were not heard, so that gaps in histories are known after a restart. */
export interface HearingTable {
  all(): Promise<readonly HearingRow[]>
  /** Adds or replaces the row of a room. */
  put(row: HearingRow): Promise<void>
  /** Nothing is heard since `atMs`: sets `deafSinceMs` wherever it is null. */
  silence(atMs: number): Promise<void>
}

/** A session behind a host server that is in a room. */
export interface OccupantRow {
  /** Localpart of the room. */
  readonly room: string
  /** Full JID. */
  readonly session: string
  readonly nick: string
  /** Its presence in the room as XML, without addresses. */
  readonly presence: string
}

/** Who is in the rooms from outside, for the next start. One row for each session in a room. */
export interface OccupantTable {
  all(): Promise<readonly OccupantRow[]>
  /** Adds or replaces rows, and removes others; all or nothing. */
  apply(put: readonly OccupantRow[], removed: readonly Pick<OccupantRow, 'room' | 'session'>[]): Promise<void>
  clear(): Promise<void>
}

/** What owners and admins have decided of rooms. */
export interface RoomStateTable {
  /** Of all rooms of which anything was decided, by localpart. */
  all(): Promise<ReadonlyMap<string, RoomState>>
  /** Changes all or nothing, durably: when this resolves it outlives a crash. */
  save(room: string, write: StateWrite): Promise<void>
  /** Forgets all of a room. */
  remove(room: string): Promise<void>
}

/** Stanzas that wait for accounts that are away. */
export interface MailTable {
  /** Bare JIDs of all for whom something waits. */
  accounts(): Promise<readonly string[]>
  /** What waits for an account, oldest first; places grow. */
  of(account: string): Promise<readonly { readonly place: number; readonly xml: string }[]>
  /** Adds one, and drops the oldest of what is too much; how many that were. */
  add(
    account: string,
    xml: string,
    most: { readonly stanzas: number; readonly characters: number },
  ): Promise<number>
  /** Removes what waits up to this place. */
  remove(account: string, place: number): Promise<void>
  /** Removes all that waits for an account. */
  clear(account: string): Promise<void>
}

/** Single values, for example the gateway's secret. */
export interface MetaTable {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}

/**
 * One open database. Calls take effect in the order in which they are made; a rejection is a `GatewayError`
 * ARCHIVE_FAILED, and nothing of that call took effect. Only a change of a table on PostgreSQL may have, if the connection
 * was lost during its commit and did not come back in time; entries of the archive are then taken back.
 */
export interface Store {
  readonly archive: Archive
  readonly rooms: RoomTable
  readonly nicks: NickStore
  readonly accounts: AccountStore
  readonly hearing: HearingTable
  readonly occupants: OccupantTable
  readonly roomStates: RoomStateTable
  /** Notices of mentions, and what friends write to operators. */
  readonly mentions: MailTable
  readonly operatorMail: MailTable
  readonly meta: MetaTable
  /** Why the database is out of reach now, for operators; undefined while it is not. */
  problem(): string | undefined
  /**
   * Writes a copy of the database, as it is now, to a file that does not exist; work goes on meanwhile. Null where the
   * database has backups of its own.
   */
  readonly copyTo: ((file: string) => Promise<void>) | null
  /** Folds the log into the database and lets go of it. Nothing may be asked afterwards. */
  close(): Promise<void>
}
