/** All rooms: found by address, loaded when needed, fed by XMPP users on one side and by lobbies on the other. */
import type { RoomRow, Store } from '../archive/store.ts'
import { roomLocalpart } from '../bridge/room-address.ts'
import type { LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import {
  answerAbsentRoom,
  answerMalformedAddress,
  isJoinRequest,
  type ListedRoom,
  refuseJoin,
} from '../muc/service.ts'
import { type Jid, parseJid, unescapeLocal } from '../stanza/jid.ts'
import { errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import type { Element } from '../stanza/xml.ts'
import type { LobbyId, NetworkId, ParticipantId } from '../util/ids.ts'
import { LoadedRoom, type RoomSurroundings } from './loaded-room.ts'
import { Memberships } from './memberships.ts'
import { makeLobby, NO_MORE_LOBBIES, refusesCreation } from './room-creation.ts'
import { ServiceDesk } from './service-desk.ts'

/** Rooms on record at most. When it is reached, found ones that nobody ever used are forgotten (docs/limits.md). */
export const MAX_ROOMS = 20_000

export interface RoomsOptions {
  readonly version: string
  readonly store: Pick<Store, 'rooms' | 'nicks'>
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  /** How long messages are kept, in ms; 0 for ever. */
  retentionMs(): number
  /** Where people read how the service is when it is down. */
  statusUrls(): readonly string[]
  /** What every room shares. */
  readonly around: RoomSurroundings
}

type Holders = readonly { readonly nick: string; readonly participant: ParticipantId }[]

/** Name and maker (bare JID) of a room; null for a lobby that was found. */
interface MadeRoom {
  readonly localpart: string
  readonly createdBy: string | null
}

export class Rooms {
  readonly #options: RoomsOptions
  readonly #rows = new Map<string, RoomRow>()
  readonly #aliases = new Map<string, string>()
  readonly #byLobby = new Map<LobbyId, string>()
  readonly #loaded = new Map<string, LoadedRoom>()
  /** First holders of nicks, by room. */
  readonly #holders = new Map<string, Holders>()
  readonly memberships = new Memberships()
  /** Called when a session (full JID) may have come, gone or changed in the room (localpart). */
  onMembership: (room: string, session: string) => void = () => undefined
  /** Called when an account (bare JID) has left the room (localpart). */
  onLeft: (room: string, account: string) => void = () => undefined
  /** The room that is being made while its lobby is. */
  #making: MadeRoom | undefined
  readonly #service: ServiceDesk

  constructor(options: RoomsOptions) {
    this.#options = options
    const { around, version, networks } = options
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
    for (const row of await this.#options.store.rooms.all()) {
      this.#index(row)
      const holders = await this.#options.store.nicks.holders(row.localpart)
      if (holders.length > 0) this.#holders.set(row.localpart, holders)
    }
    for (const [alias, localpart] of await this.#options.store.rooms.aliases())
      this.#aliases.set(alias, localpart)
  }

  get size(): number {
    return this.#rows.size
  }

  get loadedCount(): number {
    return this.#loaded.size
  }

  loaded(): Iterable<LoadedRoom> {
    return this.#loaded.values()
  }

  countOccupants(): { local: number; remote: number } {
    const count = { local: 0, remote: 0 }
    for (const room of this.#loaded.values()) {
      const { local, remote } = room.countOccupants()
      count.local += local
      count.remote += remote
    }
    return count
  }

  /** Bare JID of a lobby's room. */
  addressOf(lobby: LobbyId): string {
    return `${this.#byLobby.get(lobby) ?? lobby}@${this.#options.around.domain}`
  }

  /** The room of a lobby, or undefined when the lobby has none. */
  rowOf(lobby: LobbyId): RoomRow | undefined {
    return this.#rows.get(this.#byLobby.get(lobby) ?? '')
  }

  row(localpart: string): RoomRow | undefined {
    return this.#rows.get(this.#aliases.get(localpart) ?? localpart)
  }

  /** Gives a room a second, shorter name. False when the name is taken. */
  async alias(row: RoomRow, alias: string): Promise<boolean> {
    if ((await this.#options.store.rooms.putAlias(alias, row.localpart)) !== 'stored') return false
    this.#aliases.set(alias, row.localpart)
    return true
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
        this.#loaded.get(this.#byLobby.get(update.lobby) ?? '')?.loseLobby()
        break
      case 'friend':
      case 'friend-said':
      case 'friend-typing':
      case 'speaking-as':
        break
    }
  }

  /** What a network knows already: rooms of joined lobbies are loaded, so that nothing said there is missed. */
  adopt(network: LobbyNetwork): void {
    for (const lobby of network.snapshot().lobbies) this.#onLobby(network, lobby)
  }

  /** Owners may have changed. */
  describeAll(): void {
    for (const room of this.#loaded.values()) room.describe()
  }

  /** Tells everybody that the service shuts down (332), after all that was said before. */
  async shutdown(): Promise<void> {
    await Promise.all([...this.#loaded.values()].map((room) => room.shutdown()))
  }

  #onRoomStanza(from: Jid, to: Jid, stanza: Element): void {
    const target = this.#aliases.get(to.local)
    if (target !== undefined) {
      this.#answerAlias(from, stanza, target)
      return
    }
    const isJoin = isJoinRequest(stanza)
    const room = this.#find(to.local, isJoin) ?? (isJoin ? this.#createFor(from, to, stanza) : undefined)
    if (!room) {
      if (!isJoin) this.#reply(from, answerAbsentRoom(stanza))
      return
    }
    if (room.isCongested && stanza.attrs.type !== 'unavailable') {
      this.#refuse(from, stanza, {
        type: 'wait',
        condition: 'resource-constraint',
        text: 'The archive is behind; try again soon.',
      })
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
    const row = this.#rows.get(localpart)
    const network = row && this.#options.networks.get(row.network)
    if (!row || !network) return undefined
    const lobby = network.lobby(row.lobby) ?? (isJoin ? this.#remake(row, network) : undefined)
    return lobby && (this.#loaded.get(localpart) ?? this.#load(row, network, lobby, false))
  }

  /** A lobby made here that the network has lost: left, or made just before the process was killed. */
  #remake(row: RoomRow, network: LobbyNetwork): LobbyInfo | undefined {
    return row.createdBy === null
      ? undefined
      : makeLobby(network, { id: row.lobby, name: row.name, topic: row.subject })
  }

  /** Joining an address that does not exist makes a lobby, unless the address is of a lobby not seen from here. */
  #createFor(from: Jid, to: Jid, stanza: Element): LoadedRoom | undefined {
    const network = this.#options.networks.values().next().value
    const isKnown = this.#rows.has(to.local)
    const error = refusesCreation(to, network, {
      isKnown,
      isFull: this.#rows.size >= MAX_ROOMS && !this.#forgetUnused(),
    })
    // The network tells of the lobby before it returns: `#onLobby` must know that the room has its name already.
    this.#making = { localpart: to.local, createdBy: from.bare }
    const lobby =
      error || !network ? undefined : makeLobby(network, { name: unescapeLocal(to.local), topic: '' })
    this.#making = undefined
    const room = lobby && this.#loaded.get(to.local)
    if (!room) this.#options.around.send(from.full, refuseJoin(stanza, error ?? NO_MORE_LOBBIES))
    return room
  }

  #answerAlias(from: Jid, stanza: Element, localpart: string): void {
    if (
      stanza.attrs.type === 'error' ||
      stanza.attrs.type === 'result' ||
      stanza.attrs.type === 'unavailable'
    )
      return
    const jid = `${localpart}@${this.#options.around.domain}`
    this.#refuse(from, stanza, {
      type: 'cancel',
      condition: 'gone',
      text: `This room is ${jid}.`,
      uri: `xmpp:${jid}`,
    })
  }

  #onLobby(network: LobbyNetwork, lobby: LobbyInfo): void {
    const known = this.#rows.get(this.#byLobby.get(lobby.id) ?? '')
    if (!known && this.#rows.size >= MAX_ROOMS && !this.#forgetUnused()) return
    const made = known ? undefined : this.#making
    const row =
      known ?? this.#store(network.id, lobby, made ?? { localpart: roomLocalpart(lobby), createdBy: null })
    const room = this.#loaded.get(row.localpart)
    if (room) room.describe(lobby)
    else if (lobby.isJoined) this.#load(row, network, lobby, made !== undefined)
  }

  /** Makes place by forgetting the oldest room that was found, is not visible now, and never had participants. */
  #forgetUnused(): boolean {
    const aliased = new Set(this.#aliases.values())
    for (const { localpart, lobby, network, createdBy } of this.#rows.values()) {
      const isUsed = createdBy !== null || this.#loaded.has(localpart) || this.#holders.has(localpart)
      if (isUsed || aliased.has(localpart) || this.#options.networks.get(network)?.lobby(lobby)) continue
      this.#rows.delete(localpart)
      this.#byLobby.delete(lobby)
      this.#write(localpart, this.#options.store.rooms.remove(localpart))
      return true
    }
    return false
  }

  /** The loaded room with this address (bare JID). */
  #at(address: string): LoadedRoom | undefined {
    return this.#loaded.get(address.slice(0, address.lastIndexOf('@')))
  }

  #roomOf(network: LobbyNetwork, lobby: LobbyId): LoadedRoom | undefined {
    const info = network.lobby(lobby)
    if (!info) return undefined
    if (!this.#byLobby.has(lobby)) this.#onLobby(network, info)
    return this.#find(this.#byLobby.get(lobby) ?? '')
  }

  #store(network: NetworkId, lobby: LobbyInfo, { localpart, createdBy }: MadeRoom): RoomRow {
    const row: RoomRow = {
      localpart,
      network,
      lobby: lobby.id,
      name: lobby.name,
      createdBy,
      subject: lobby.topic,
      createdAtMs: this.#options.around.ports.env().nowMs,
    }
    this.#index(row)
    this.#write(row.localpart, this.#options.store.rooms.add(row))
    return row
  }

  /** Rooms are stored behind the back of whoever waits for an answer; a failure is an operator's matter. */
  #write(room: string, written: Promise<unknown>): void {
    written.catch((error: unknown) => {
      this.#options.around.log.error({ code: 'ROOM_WRITE', room, err: error }, 'room not stored')
    })
  }

  #index(row: RoomRow): void {
    this.#rows.set(row.localpart, row)
    this.#byLobby.set(row.lobby, row.localpart)
  }

  #load(row: RoomRow, network: LobbyNetwork, lobby: LobbyInfo, isNew: boolean): LoadedRoom {
    const { localpart } = row
    const { rooms, nicks } = this.#options.store
    const room = new LoadedRoom(
      {
        row,
        network,
        lobby,
        isNew,
        holders: this.#holders.get(localpart) ?? [],
        update: (changes) => {
          this.#index({ ...(this.#rows.get(localpart) ?? row), ...changes })
          this.#write(localpart, rooms.update(localpart, changes))
        },
        claim: (claims) => this.#write(localpart, nicks.apply(localpart, claims)),
        onSaid: () => this.#service.onSaid(room.jid),
        onLeft: (account) => {
          this.#service.onLeft(room.jid, account)
          this.onLeft(localpart, account)
        },
      },
      this.#options.around,
    )
    this.#holders.delete(localpart)
    this.#loaded.set(localpart, room)
    return room
  }

  /** Rooms whose lobby can be seen from here now. */
  *listed(): Generator<ListedRoom> {
    for (const row of this.#rows.values()) {
      const lobby = this.#options.networks.get(row.network)?.lobby(row.lobby)
      if (!lobby) continue
      const here = this.#loaded.get(row.localpart)?.countOccupants()
      const occupants = here ? here.local + here.remote : lobby.participants
      yield {
        localpart: row.localpart,
        name: lobby.name,
        description: lobby.topic,
        occupants,
        isListed: !lobby.isPrivate,
        isOpen: !lobby.isPrivate,
      }
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
