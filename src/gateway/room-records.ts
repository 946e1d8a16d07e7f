/** The table of rooms in memory: by address, by lobby and by alias; and how it is stored. */
import type { Logger } from 'pino'
import type { NickClaim, NickStore, RoomRow, RoomTable } from '../archive/store.ts'
import type { LobbyId, ParticipantId } from '../util/ids.ts'

/** First holders of nicks in a room, oldest first. */
export type Holders = readonly { readonly nick: string; readonly participant: ParticipantId }[]

export class RoomRecords {
  readonly #table: RoomTable
  readonly #nicks: NickStore
  readonly #log: Logger
  readonly #rows = new Map<string, RoomRow>()
  readonly #aliases = new Map<string, string>()
  readonly #byLobby = new Map<LobbyId, string>()
  /** Of rooms that are not loaded. */
  readonly #holders = new Map<string, Holders>()

  constructor(table: RoomTable, nicks: NickStore, log: Logger) {
    this.#table = table
    this.#nicks = nicks
    this.#log = log
  }

  /** Reads the tables; before anything else. */
  async load(): Promise<void> {
    for (const row of await this.#table.all()) {
      this.#index(row)
      this.putHolders(row.localpart, await this.#nicks.holders(row.localpart))
    }
    for (const [alias, localpart] of await this.#table.aliases()) this.#aliases.set(alias, localpart)
  }

  get size(): number {
    return this.#rows.size
  }

  all(): Iterable<RoomRow> {
    return this.#rows.values()
  }

  /** By the localpart of the room itself. */
  get(localpart: string): RoomRow | undefined {
    return this.#rows.get(localpart)
  }

  /** Localpart of a lobby's room. */
  localpartOf(lobby: LobbyId): string | undefined {
    return this.#byLobby.get(lobby)
  }

  /** Localpart of the room that an alias means. */
  aliasTarget(alias: string): string | undefined {
    return this.#aliases.get(alias)
  }

  #hasAlias(localpart: string): boolean {
    for (const target of this.#aliases.values()) if (target === localpart) return true
    return false
  }

  /** Gives a room a second, shorter name. False when the name is taken. */
  async alias(row: RoomRow, alias: string): Promise<boolean> {
    if ((await this.#table.putAlias(alias, row.localpart)) !== 'stored') return false
    this.#aliases.set(alias, row.localpart)
    return true
  }

  /** Puts a room on record, behind the back of whoever waits for an answer. */
  add(row: RoomRow): void {
    this.#index(row)
    this.#write(row.localpart, this.#table.add(row))
  }

  /** The same for a room whose maker waits: false when the address is taken; then nothing changes. */
  async addNow(row: RoomRow): Promise<boolean> {
    if (!(await this.#table.add(row))) return false
    this.#index(row)
    return true
  }

  /** First holders of nicks go to the loaded room, which knows them best from now on. */
  takeHolders(localpart: string): Holders {
    const holders = this.#holders.get(localpart) ?? []
    this.#holders.delete(localpart)
    return holders
  }

  /** The same of a room that is not loaded any longer. */
  putHolders(localpart: string, holders: Holders): void {
    if (holders.length > 0) this.#holders.set(localpart, holders)
  }

  /** Changes who holds nicks. */
  claim(localpart: string, claims: readonly NickClaim[]): void {
    this.#write(localpart, this.#nicks.apply(localpart, claims))
  }

  update(row: RoomRow, changes: { readonly name?: string; readonly subject?: string }): void {
    this.#index({ ...(this.#rows.get(row.localpart) ?? row), ...changes })
    this.#write(row.localpart, this.#table.update(row.localpart, changes))
  }

  /** Forgets the oldest room that was found, nobody of the lobby has been in, and nothing else needs. False: there is none. */
  forgetOldest(isNeeded: (row: RoomRow) => boolean): boolean {
    for (const row of this.#rows.values()) {
      const { localpart, createdBy } = row
      if (createdBy !== null || this.#holders.has(localpart) || isNeeded(row) || this.#hasAlias(localpart))
        continue
      this.remove(row)
      return true
    }
    return false
  }

  remove({ localpart, lobby }: RoomRow): void {
    this.#rows.delete(localpart)
    this.#byLobby.delete(lobby)
    this.#write(localpart, this.#table.remove(localpart))
  }

  /** A failure is an operator's matter. */
  #write(room: string, written: Promise<unknown>): void {
    written.catch((error: unknown) => {
      this.#log.error({ code: 'ROOM_WRITE', room, err: error }, 'room not stored')
    })
  }

  #index(row: RoomRow): void {
    this.#rows.set(row.localpart, row)
    this.#byLobby.set(row.lobby, row.localpart)
  }
}
