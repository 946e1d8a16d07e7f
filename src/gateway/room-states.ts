/** What owners have decided of rooms that are not loaded, and which rooms were destroyed; and how all of it is stored. */
import type { Logger } from 'pino'
import type { RoomRow, RoomStateTable } from '../archive/store.ts'
import { withoutAccount } from '../muc/account-removed.ts'
import { isOwner } from '../muc/affiliation.ts'
import {
  EMPTY_STATE,
  type LobbyWishes,
  type RoomState,
  type RoomTombstone,
  type StateWrite,
} from '../muc/room-state.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'

/** What an asker is told when the database does not take it. */
export const NOT_STORED: StanzaError = {
  type: 'wait',
  condition: 'internal-server-error',
  text: 'This could not be stored, and was not done. Try again later.',
}

/** What a sender is told when too much waits for the archive. */
export const ARCHIVE_BEHIND: StanzaError = {
  type: 'wait',
  condition: 'resource-constraint',
  text: 'The archive is behind; try again soon.',
}

export class RoomStates {
  readonly #table: RoomStateTable
  readonly #log: Logger
  #states = new Map<string, RoomState>()
  /** What lobbies were made as, of loaded rooms too. */
  readonly #lobbies = new Map<string, LobbyWishes>()

  constructor(table: RoomStateTable, log: Logger) {
    this.#table = table
    this.#log = log
  }

  /** Reads the table; before anything else. */
  async load(): Promise<void> {
    this.#states = new Map(await this.#table.all())
    for (const [localpart, { lobby }] of this.#states) if (lobby) this.#lobbies.set(localpart, lobby)
  }

  /** Somebody stays in the lobby of a room that is not loaded. `stays`: who does by configuration, and has not declined. */
  isHeld(localpart: string, stays: ReadonlyMap<string, string>): boolean {
    const { tombstone, affiliations } = this.of(localpart)
    if (tombstone !== null) return false
    const chosen = new Map(affiliations.map(({ address, isStaying }) => [address, isStaying]))
    return (
      [...chosen.values()].includes(true) ||
      [...stays.keys()].some((account) => chosen.get(account) !== false)
    )
  }

  /** What is kept of a room that is not loaded. */
  of(localpart: string): RoomState {
    return this.#states.get(localpart) ?? EMPTY_STATE
  }

  has(localpart: string): boolean {
    return this.#states.has(localpart)
  }

  /** The room was destroyed. */
  tombstone(localpart: string): RoomTombstone | null {
    return this.of(localpart).tombstone
  }

  /** Whether an account (bare JID) may bring a destroyed room back: its owners may. */
  mayRevive({ localpart, createdBy }: RoomRow, account: string, admins: readonly string[]): boolean {
    const affiliations = new Map(this.of(localpart).affiliations.map((record) => [record.address, record]))
    return isOwner({ affiliations, createdBy, gatewayAdmins: new Set(admins) }, account)
  }

  /** A destroyed room is there again. */
  revive(localpart: string): void {
    this.#states.set(localpart, { ...this.of(localpart), tombstone: null })
    void this.save(localpart, { tombstone: null, records: [], forgotten: [] })
  }

  /** What is kept goes to the loaded room, which knows it best from now on. */
  take(localpart: string): RoomState {
    const state = this.of(localpart)
    this.#states.delete(localpart)
    return state
  }

  /** The same of a room that is no longer in memory. */
  giveBack(localpart: string, state: Pick<RoomState, 'settings' | 'affiliations'>): void {
    if (Object.keys(state.settings).length === 0 && state.affiliations.length === 0) return
    this.#states.set(localpart, { ...state, lobby: this.lobbyOf(localpart) ?? null, tombstone: null })
  }

  /** Takes away what an account (bare JID) had in a room that is not loaded. */
  forgetAccount(localpart: string, account: string, isCreator: boolean): void {
    const state = this.of(localpart)
    const record = state.affiliations.find(({ address }) => address === account)
    const write = withoutAccount(account, record, isCreator)
    if (!write) return
    const others = state.affiliations.filter(({ address }) => address !== account)
    this.#states.set(localpart, { ...state, affiliations: [...others, ...write.records] })
    void this.save(localpart, write)
  }

  /** What a destroyed room leaves behind. */
  bury(
    localpart: string,
    state: Pick<RoomState, 'settings' | 'affiliations'>,
    tombstone: RoomTombstone,
  ): void {
    this.#states.set(localpart, { ...state, lobby: this.lobbyOf(localpart) ?? null, tombstone })
  }

  /** What the lobby of a room was made as, if it was made through the room. */
  lobbyOf(localpart: string): LobbyWishes | undefined {
    return this.#lobbies.get(localpart)
  }

  /** Forgets all of a room that did not come to be. */
  remove(localpart: string): void {
    this.#lobbies.delete(localpart)
    this.#table.remove(localpart).catch((error: unknown) => this.#report(localpart, error))
  }

  /** Null when it is durable. */
  async save(localpart: string, write: StateWrite): Promise<StanzaError | null> {
    try {
      await this.#table.save(localpart, write)
      if (write.lobby) this.#lobbies.set(localpart, write.lobby)
      return null
    } catch (error) {
      this.#report(localpart, error)
      return NOT_STORED
    }
  }

  #report(room: string, error: unknown): void {
    this.#log.error({ code: 'ROOM_WRITE', room, err: error }, 'room not stored')
  }
}
