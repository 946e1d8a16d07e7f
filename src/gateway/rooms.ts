/** All rooms: found by address, loaded when needed, fed by XMPP users on one side and by lobbies on the other. */
import type { RoomRow, Store } from '../archive/store.ts'
import type { LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import type { RoomTombstone, StateWrite } from '../muc/room-state.ts'
import {
  answerAbsentRoom,
  answerAlias,
  answerDestroyedRoom,
  answerMalformedAddress,
  isJoinRequest,
  type ListedRoom,
  refuseJoin,
} from '../muc/service.ts'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import type { Element } from '../stanza/xml.ts'
import type { LobbyId, NetworkId } from '../util/ids.ts'
import { LoadedRoom, type RoomSurroundings } from './loaded-room.ts'
import { LoadedRooms } from './loaded-rooms.ts'
import { Memberships } from './memberships.ts'
import {
  ADDRESS_TAKEN,
  foundRoom,
  NO_MORE_LOBBIES,
  plannedRoom,
  refusesCreation,
  remadeLobby,
} from './room-creation.ts'
import { listedRoom } from './room-list.ts'
import { RoomRecords } from './room-records.ts'
import { ARCHIVE_BEHIND, NOT_STORED, RoomStates } from './room-states.ts'
import { ServiceDesk } from './service-desk.ts'

/** Rooms on record at most. When it is reached, found ones that nobody ever used are forgotten (docs/limits.md). */
export const MAX_ROOMS = 20_000

export interface RoomsOptions {
  readonly version: string
  readonly store: Pick<Store, 'rooms' | 'nicks' | 'roomStates'>
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  /** How long messages are kept, in ms; 0 for ever. */
  retentionMs(): number
  /** Where people read how the service is when it is down. */
  statusUrls(): readonly string[]
  /** What every room shares. */
  readonly around: RoomSurroundings
}

export class Rooms {
  readonly #options: RoomsOptions
  readonly #records: RoomRecords
  readonly #loaded = new LoadedRooms()
  readonly memberships = new Memberships()
  /** Called when a session (full JID) may have come, gone or changed in the room (localpart). */
  onMembership: (room: string, session: string) => void = () => undefined
  /** Called when an account (bare JID) has left the room (localpart). */
  onLeft: (room: string, account: string) => void = () => undefined
  readonly #states: RoomStates
  readonly #service: ServiceDesk

  constructor(options: RoomsOptions) {
    this.#options = options
    const { around, version, networks } = options
    this.#records = new RoomRecords(options.store.rooms, options.store.nicks, around.log)
    this.#states = new RoomStates(options.store.roomStates, around.log)
    this.#service = new ServiceDesk({
      domain: around.domain,
      rooms: {
        isJoined: (room, full) => this.#at(room)?.hasSession(full) ?? false,
        mayEnter: (room, account) => this.#at(room)?.mayEnter(account) ?? false,
      },
      listed: () => this.listed(),
      about: () => ({
        version,
        networks: [...networks.keys()],
        retentionMs: options.retentionMs(),
        statusUrls: options.statusUrls(),
      }),
      env: () => around.ports.env(),
      send: (to, stanza) => around.send(to, stanza),
    })
  }

  /** Reads the table; before anything else. */
  async load(): Promise<void> {
    await this.#records.load()
    await this.#states.load()
    this.#loaded.watch(() => this.unloadUnused())
  }

  get size(): number {
    return this.#records.size
  }

  get loadedCount(): number {
    return this.#loaded.size
  }

  loaded(): Iterable<LoadedRoom> {
    return this.#loaded.open()
  }

  countOccupants(): { local: number; remote: number } {
    return this.#loaded.countOccupants()
  }

  /** Bare JID of a lobby's room. */
  addressOf(lobby: LobbyId): string {
    return `${this.#records.localpartOf(lobby) ?? lobby}@${this.#options.around.domain}`
  }

  /** The room of a lobby, or undefined when the lobby has none. */
  rowOf(lobby: LobbyId): RoomRow | undefined {
    return this.#records.get(this.#records.localpartOf(lobby) ?? '')
  }

  row(localpart: string): RoomRow | undefined {
    return this.#records.get(this.#records.aliasTarget(localpart) ?? localpart)
  }

  /** Gives a room a second, shorter name. False when the name is taken. */
  alias(row: RoomRow, alias: string): Promise<boolean> {
    return this.#records.alias(row, alias)
  }

  /** A stanza of an XMPP user to the service, a room or an occupant. */
  onStanza(from: Jid, stanza: Element): void {
    const to = parseJid(String(stanza.attrs.to))
    if (!to) this.#reply(from, answerMalformedAddress(stanza))
    else if (to.local === '') this.#service.onStanza(from, stanza)
    else this.#onRoomStanza(from, to, stanza)
  }

  /** A session's stream is gone, or nobody can be reached there any more: its rooms see it leave. */
  onSessionEnded(session: string, kind: 'session-ended' | 'session-unreachable' = 'session-ended'): void {
    for (const room of this.memberships.end(session)) {
      room.dispatch({ kind, session })
      this.onMembership(room.localpart, session)
    }
    this.#service.onSessionEnded(session)
  }

  onUpdate(network: LobbyNetwork, update: LobbyUpdate): void {
    switch (update.kind) {
      case 'lobby':
      case 'invited':
        this.#onLobby(network, update.lobby)
        break
      case 'entered':
      case 'left':
      case 'renamed':
      case 'said':
      case 'typing':
      case 'not-sent':
        this.#roomOf(network, update.lobby)?.onUpdate(update)
        break
      case 'lobby-vanished':
        this.#loaded.get(this.#records.localpartOf(update.lobby) ?? '')?.loseLobby()
        break
      case 'friend':
      case 'friend-said':
      case 'friend-typing':
      case 'speaking-as':
        break
    }
  }

  /** What a network knows already: rooms of joined lobbies are loaded, so that nothing said there is missed; and those that somebody stays in. */
  adopt(network: LobbyNetwork): void {
    for (const lobby of network.snapshot().lobbies) this.#onLobby(network, lobby)
    for (const localpart of this.#states.held())
      if (this.#records.get(localpart)?.network === network.id) this.#find(localpart, true)
  }

  /** Owners may have changed. */
  describeAll(): void {
    for (const room of this.#loaded.all()) room.describe()
  }

  /** An account (bare JID) is no more: what rooms kept of it must not fall to whoever takes its name. */
  forgetAccount(account: string): void {
    for (const row of this.#records.all()) {
      const room = this.#loaded.get(row.localpart)
      if (room) room.dispatch({ kind: 'account-removed', account })
      else this.#states.forgetAccount(row.localpart, account, row.createdBy === account)
    }
  }

  /** The node is about to leave a lobby by order of an operator: who is in its room is put out. */
  withdraw(lobby: LobbyId): void {
    this.#loaded.get(this.#records.localpartOf(lobby) ?? '')?.dispatch({ kind: 'withdrawn' })
  }

  /** Rooms that nobody has used for a while leave memory; what is kept of them does not. */
  unloadUnused(): void {
    for (const room of this.#loaded.takeUnused(this.#options.around.ports.env().nowMs)) {
      this.#states.giveBack(room.localpart, room.state)
      this.#records.putHolders(room.localpart, room.holders)
      room.end()
    }
  }

  /** Tells everybody that the service shuts down (332), after all that was said before. */
  async shutdown(): Promise<void> {
    this.#loaded.stop()
    await Promise.all([...this.#loaded.all()].map((room) => room.shutdown()))
  }

  #onRoomStanza(from: Jid, to: Jid, stanza: Element): void {
    const target = this.#records.aliasTarget(to.local)
    if (target !== undefined) {
      this.#reply(from, answerAlias(stanza, `${target}@${this.#options.around.domain}`))
      return
    }
    const isJoin = isJoinRequest(stanza)
    if (this.#isGone(from, to.local, stanza, isJoin)) return
    const room = this.#find(to.local, isJoin) ?? (isJoin ? this.#createFor(from, to, stanza) : undefined)
    if (!room) {
      if (!isJoin) this.#reply(from, answerAbsentRoom(stanza))
      return
    }
    if (room.isCongested && stanza.attrs.type !== 'unavailable') {
      this.#refuse(from, stanza, ARCHIVE_BEHIND)
      return
    }
    room.dispatch({ kind: 'stanza', from, stanza })
    if (stanza.name === 'presence' || stanza.attrs.type === 'error') this.note(from.full, room)
  }

  /** The room has taken something of this session (full JID) that may have let it in or out. */
  note(session: string, room: LoadedRoom): void {
    this.memberships.note(session, room)
    this.onMembership(room.localpart, session)
  }

  /** The room with this localpart, loaded now if it can be. */
  roomAt(localpart: string): LoadedRoom | undefined {
    return this.#find(localpart)
  }

  /** A loaded room, or one that can be loaded now: its lobby is visible or joined, or who joins makes it again. */
  #find(localpart: string, isJoin = false): LoadedRoom | undefined {
    const loaded = this.#loaded.get(localpart)
    if (loaded) return loaded
    const row = this.#records.get(localpart)
    const network = row && this.#options.networks.get(row.network)
    if (!row || !network) return undefined
    const lobby = network.lobby(row.lobby) ?? (isJoin ? this.#remake(row, network) : undefined)
    return lobby && (this.#loaded.get(localpart) ?? this.#load(row, network, lobby, false))
  }

  /** A lobby made here that the network does not have: not yet, left, or made just before the process was killed. */
  #remake(row: RoomRow, network: LobbyNetwork): LobbyInfo | undefined {
    return remadeLobby(network, row, this.#states.lobbyOf(row.localpart))
  }

  /** Answers for a destroyed room. An owner who joins brings it back. */
  #isGone(from: Jid, localpart: string, stanza: Element, isJoin: boolean): boolean {
    const tombstone = this.#states.tombstone(localpart)
    const row = this.#records.get(localpart)
    if (!tombstone || !row) return false
    const isBack = isJoin && this.#states.mayRevive(row, from.bare, this.#options.around.admins())
    if (isBack) this.#states.revive(localpart)
    else this.#reply(from, answerDestroyedRoom(stanza, tombstone))
    return !isBack
  }

  /** Joining an address that does not exist makes a room, and a lobby once the room is opened, unless the address is of a lobby not seen from here. */
  #createFor(from: Jid, to: Jid, stanza: Element): LoadedRoom | undefined {
    const network = this.#options.networks.values().next().value
    const error = refusesCreation(to, network, {
      isKnown: this.#records.get(to.local) !== undefined,
      isFull: this.#records.size >= MAX_ROOMS && !this.#forgetUnused(),
    })
    if (!error && network) {
      const { nowMs } = this.#options.around.ports.env()
      const { row, lobby } = plannedRoom(network, { from, to, nowMs })
      return this.#load(row, network, lobby, true)
    }
    this.#options.around.send(from.full, refuseJoin(stanza, error ?? NO_MORE_LOBBIES))
    return undefined
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
    this.#loaded.delete(localpart)
    this.memberships.drop(room)
    if (!tombstone) return
    this.#states.bury(localpart, room.state, tombstone)
    this.#records.putHolders(localpart, room.holders)
    network.send({ kind: 'leave', lobby: row.lobby })
  }

  #onLobby(network: LobbyNetwork, lobby: LobbyInfo): void {
    const known = this.rowOf(lobby.id)
    if (!known && this.#records.size >= MAX_ROOMS && !this.#forgetUnused()) return
    const row = known ?? this.#store(network.id, lobby)
    const room = this.#loaded.get(row.localpart)
    if (room) room.describe(lobby)
    else if (this.#states.isHeld(row.localpart) || (lobby.isJoined && !this.#states.tombstone(row.localpart)))
      this.#load(row, network, lobby, false)
  }

  /** Makes place by forgetting the oldest room that was found, is not visible now, and never had participants. */
  #forgetUnused(): boolean {
    return this.#records.forgetOldest(
      ({ localpart, lobby, network }) =>
        this.#loaded.has(localpart) ||
        this.#states.has(localpart) ||
        this.#options.networks.get(network)?.lobby(lobby) !== undefined,
    )
  }

  /** The loaded room with this address (bare JID). */
  #at(address: string): LoadedRoom | undefined {
    return this.#loaded.get(address.slice(0, address.lastIndexOf('@')))
  }

  #roomOf(network: LobbyNetwork, lobby: LobbyId): LoadedRoom | undefined {
    const info = network.lobby(lobby)
    if (!info) return undefined
    if (!this.rowOf(lobby)) this.#onLobby(network, info)
    const localpart = this.#records.localpartOf(lobby) ?? ''
    return this.#states.tombstone(localpart) ? undefined : this.#find(localpart)
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
        onSaid: () => this.#service.onSaid(room.jid),
        onLeft: (account) => {
          this.#service.onLeft(room.jid, account)
          this.onLeft(localpart, account)
        },
      },
      this.#options.around,
    )
    this.#loaded.set(localpart, room)
    room.dispatch({ kind: 'loaded' })
    return room
  }

  /** Rooms whose lobby can be seen from here now. */
  *listed(): Generator<ListedRoom> {
    for (const row of this.#records.all()) {
      const lobby = this.#options.networks.get(row.network)?.lobby(row.lobby)
      if (!lobby) continue
      const state = this.#states.of(row.localpart)
      const loaded = this.#loaded.get(row.localpart)
      if (!state.tombstone)
        yield listedRoom(row, lobby, { loaded, state, admins: this.#options.around.admins() })
    }
  }

  #reply(from: Jid, replies: readonly Element[]): void {
    for (const reply of replies) this.#options.around.send(from.full, reply)
  }

  #refuse(from: Jid, stanza: Element, error: StanzaError): void {
    if (stanza.attrs.type === 'error' || stanza.attrs.type === 'result') return
    this.#options.around.send(from.full, errorReply(stanza, error, { withMuc: stanza.name === 'presence' }))
  }
}
