/** Which rooms there are and which are in memory: finds, makes, loads and closes them, and stores what is kept. */
import type { RoomRow, Store } from '../archive/store.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import type { RoomTombstone, StateWrite } from '../muc/room-state.ts'
import type { ListedRoom } from '../muc/service.ts'
import type { Jid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { LobbyId, NetworkId } from '../util/ids.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { LoadedRoom } from './loaded-room.ts'
import { LoadedRooms } from './loaded-rooms.ts'
import {
  ADDRESS_TAKEN,
  foundRoom,
  NO_MORE_LOBBIES,
  plannedRoom,
  refusesCreation,
  remadeLobby,
} from './room-creation.ts'
import { listedRoom } from './room-list.ts'
import type { RoomParts, RoomSurroundings } from './room-parts.ts'
import { RoomRecords } from './room-records.ts'
import { NOT_STORED, RoomStates } from './room-states.ts'

/** Rooms on record at most. When it is reached, found ones that nobody ever used are forgotten (docs/limits.md). */
export const MAX_ROOMS = 20_000

export interface RoomKeeperOptions {
  readonly store: Pick<Store, 'rooms' | 'nicks' | 'roomStates'>
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  readonly around: RoomSurroundings
  /** What a room reports of itself. */
  reports(room: RoomRow): Pick<RoomParts, 'onSaid' | 'onLeft'>
  /** The room is no more. */
  onClosed(room: LoadedRoom): void
}

export class RoomKeeper {
  readonly #options: RoomKeeperOptions
  readonly #records: RoomRecords
  readonly #states: RoomStates
  /** Those in memory. */
  readonly loaded = new LoadedRooms()

  constructor(options: RoomKeeperOptions) {
    const { store, around } = options
    this.#options = options
    this.#records = new RoomRecords(store.rooms, store.nicks, around.log)
    this.#states = new RoomStates(store.roomStates, around.log)
  }

  /** Reads the tables; before anything else. */
  async load(): Promise<void> {
    await this.#records.load()
    await this.#states.load()
    this.loaded.watch(() => this.unloadUnused())
  }

  /** Rooms on record. */
  get size(): number {
    return this.#records.size
  }

  /** Of the room itself. */
  row(localpart: string): RoomRow | undefined {
    return this.#records.get(localpart)
  }

  localpartOf(lobby: LobbyId): string | undefined {
    return this.#records.localpartOf(lobby)
  }

  /** Localpart of the room that an alias means. */
  aliasTarget(alias: string): string | undefined {
    return this.#records.aliasTarget(alias)
  }

  /** Gives a room a second, shorter name. False when the name is taken. */
  alias(row: RoomRow, alias: string): Promise<boolean> {
    return this.#records.alias(row, alias)
  }

  /** The loaded room of a lobby. */
  loadedOf(lobby: LobbyId): LoadedRoom | undefined {
    return this.loaded.get(this.#records.localpartOf(lobby) ?? '')
  }

  /** A loaded room, or one that can be loaded now: its lobby is visible or joined, or who joins makes it again. */
  find(localpart: string, isJoin = false): LoadedRoom | undefined {
    const loaded = this.loaded.get(localpart)
    if (loaded) return loaded
    const row = this.#records.get(localpart)
    const network = row && this.#options.networks.get(row.network)
    if (!row || !network) return undefined
    const lobby = network.lobby(row.lobby) ?? (isJoin ? this.#remake(row, network) : undefined)
    return lobby && (this.loaded.get(localpart) ?? this.#load(row, network, lobby, false))
  }

  /** The room of a lobby, loaded if need be; undefined when it was destroyed. */
  findFor(network: LobbyNetwork, lobby: LobbyId): LoadedRoom | undefined {
    const info = network.lobby(lobby)
    if (!info) return undefined
    if (this.#records.localpartOf(lobby) === undefined) this.show(network, info)
    const localpart = this.#records.localpartOf(lobby) ?? ''
    return this.#states.tombstone(localpart) ? undefined : this.find(localpart)
  }

  /** A lobby is seen, or has changed: it has a room, which is loaded if something may be said there. */
  show(network: LobbyNetwork, lobby: LobbyInfo): void {
    const known = this.#records.get(this.#records.localpartOf(lobby.id) ?? '')
    if (!known && this.#records.size >= MAX_ROOMS && !this.#forgetUnused()) return
    const row = known ?? this.#store(network.id, lobby)
    const room = this.loaded.get(row.localpart)
    if (room) room.describe(lobby)
    else if (this.#isHeld(row) || (lobby.isJoined && !this.#states.tombstone(row.localpart)))
      this.#load(row, network, lobby, false)
  }

  /** What a network knows already: rooms of joined lobbies are loaded, so that nothing said there is missed; and those that somebody stays in. */
  adopt(network: LobbyNetwork): void {
    for (const lobby of network.snapshot().lobbies) this.show(network, lobby)
    for (const row of this.#records.all())
      if (row.network === network.id && this.#isHeld(row)) this.find(row.localpart, true)
  }

  /** What a destroyed room left behind; null when it is there. An owner who joins brings it back. */
  tombstoneFor(from: Jid, localpart: string, isJoin: boolean): RoomTombstone | null {
    const tombstone = this.#states.tombstone(localpart)
    const row = this.#records.get(localpart)
    if (!tombstone || !row) return null
    if (!isJoin || !this.#states.mayRevive(row, from.bare, this.#options.around.admins())) return tombstone
    this.#states.revive(localpart)
    return null
  }

  /** Joining an address that does not exist makes a room, and a lobby once the room is opened, unless the address is of a lobby not seen from here. */
  make(from: Jid, to: Jid): Result<LoadedRoom, StanzaError> {
    const network = this.#options.networks.values().next().value
    const error = refusesCreation(to, network, {
      isKnown: this.#records.get(to.local) !== undefined,
      isAllowed: this.#options.around.mayMakeRooms(from.bare),
      isFull: () => this.#records.size >= MAX_ROOMS && !this.#forgetUnused(),
    })
    if (error || !network) return fail(error ?? NO_MORE_LOBBIES)
    const { nowMs } = this.#options.around.ports.env()
    const { row, lobby } = plannedRoom(network, { from, to, nowMs })
    return ok(this.#load(row, network, lobby, true))
  }

  /** An account (bare JID) is no more: what rooms kept of it must not fall to whoever takes its name. */
  forgetAccount(account: string): void {
    for (const row of this.#records.all()) {
      const room = this.loaded.get(row.localpart)
      if (room) room.dispatch({ kind: 'account-removed', account })
      else this.#states.forgetAccount(row.localpart, account, row.createdBy === account)
    }
  }

  /** Rooms that nobody has used for a while leave memory; what is kept of them does not. */
  unloadUnused(): void {
    for (const room of this.loaded.takeUnused(this.#options.around.ports.env().nowMs)) {
      this.#states.giveBack(room.localpart, room.state)
      this.#records.putHolders(room.localpart, room.holders)
      room.end()
    }
  }

  /** Rooms whose lobby can be seen from here now. */
  *listed(): Generator<ListedRoom> {
    for (const row of this.#records.all()) {
      const lobby = this.#options.networks.get(row.network)?.lobby(row.lobby)
      if (!lobby) continue
      const state = this.#states.of(row.localpart)
      const loaded = this.loaded.get(row.localpart)
      if (!state.tombstone)
        yield listedRoom(row, lobby, { loaded, state, admins: this.#options.around.admins() })
    }
  }

  #isHeld({ localpart, lobby }: RoomRow): boolean {
    return this.#states.isHeld(localpart, this.#options.around.staysIn(lobby))
  }

  /** A lobby made here that the network does not have: not yet, left, or made just before the process was killed. */
  #remake(row: RoomRow, network: LobbyNetwork): LobbyInfo | undefined {
    return remadeLobby(network, row, this.#states.lobbyOf(row.localpart))
  }

  /** A room that its creator has taken comes on record, then its lobby is made. Null when both are there. */
  async #open(row: RoomRow, network: LobbyNetwork, write: StateWrite): Promise<StanzaError | null> {
    if (this.#records.size >= MAX_ROOMS && !this.#forgetUnused()) return NO_MORE_LOBBIES
    const { localpart } = row
    const error = await this.#states.save(localpart, write)
    if (error) return error
    const isFree = await this.#records.addNow(row).catch(() => undefined)
    // The network tells of the lobby before it returns: by now the lobby has its room.
    if (isFree && this.#remake(row, network)) return null
    this.#states.remove(localpart)
    if (isFree) this.#records.remove(row)
    return isFree === undefined ? NOT_STORED : isFree ? NO_MORE_LOBBIES : ADDRESS_TAKEN
  }

  /** A room is no more: what is kept waits for an owner who brings it back. One that was never on record is forgotten. */
  #close(room: LoadedRoom, row: RoomRow, network: LobbyNetwork, tombstone: RoomTombstone | null): void {
    const { localpart } = row
    this.loaded.delete(localpart)
    this.#options.onClosed(room)
    if (!tombstone) return
    this.#states.bury(localpart, room.state, tombstone)
    this.#records.putHolders(localpart, room.holders)
    network.send({ kind: 'leave', lobby: row.lobby })
  }

  /** Makes place by forgetting the oldest room that was found, is not visible now, and never had participants. */
  #forgetUnused(): boolean {
    return this.#records.forgetOldest(
      ({ localpart, lobby, network }) =>
        this.loaded.has(localpart) ||
        this.#states.has(localpart) ||
        this.#options.networks.get(network)?.lobby(lobby) !== undefined,
    )
  }

  /** Puts the room of a lobby that was found on record. */
  #store(network: NetworkId, lobby: LobbyInfo): RoomRow {
    const row = foundRoom(network, lobby, this.#options.around.ports.env().nowMs)
    this.#records.add(row)
    return row
  }

  #load(row: RoomRow, network: LobbyNetwork, lobby: LobbyInfo, isNew: boolean): LoadedRoom {
    const { localpart } = row
    const room: LoadedRoom = new LoadedRoom(
      {
        row,
        network,
        lobby,
        isNew,
        state: this.#states.take(localpart),
        save: (write) =>
          write.lobby
            ? this.#open({ ...row, name: write.lobby.name }, network, write)
            : this.#states.save(localpart, write),
        close: (tombstone) => this.#close(room, row, network, tombstone),
        holders: this.#records.takeHolders(localpart),
        update: (changes) => this.#records.update(row, changes),
        claim: (claims) => this.#records.claim(localpart, claims),
        ...this.#options.reports(row),
      },
      this.#options.around,
    )
    this.loaded.set(localpart, room)
    room.dispatch({ kind: 'loaded' })
    return room
  }
}
