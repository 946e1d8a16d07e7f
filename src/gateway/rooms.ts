/** All rooms: fed by XMPP users on one side and by lobbies on the other. */
import type { RoomRow } from '../archive/store.ts'
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
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
import type { LobbyId } from '../util/ids.ts'
import type { LoadedRoom } from './loaded-room.ts'
import { Memberships } from './memberships.ts'
import { RoomKeeper, type RoomKeeperOptions } from './room-keeper.ts'
import { ARCHIVE_BEHIND } from './room-states.ts'
import { ServiceDesk } from './service-desk.ts'

export interface RoomsOptions extends Pick<RoomKeeperOptions, 'store' | 'networks' | 'around'> {
  readonly version: string
  /** How long messages are kept, in ms; 0 for ever. */
  retentionMs(): number
  /** Where people read how the service is when it is down. */
  statusUrls(): readonly string[]
}

export class Rooms {
  readonly #options: RoomsOptions
  readonly #keeper: RoomKeeper
  readonly memberships = new Memberships()
  /** Called when a session (full JID) may have come, gone or changed in the room (localpart). */
  onMembership: (room: string, session: string) => void = () => undefined
  /** Called when an account (bare JID) has left the room (localpart). */
  onLeft: (room: string, account: string) => void = () => undefined
  readonly #service: ServiceDesk

  constructor(options: RoomsOptions) {
    this.#options = options
    const { store, around, version, networks } = options
    const addressOf = (localpart: string): string => `${localpart}@${around.domain}`
    this.#keeper = new RoomKeeper({
      store,
      networks,
      around,
      reports: ({ localpart }) => ({
        onSaid: () => this.#service.onSaid(addressOf(localpart)),
        onLeft: (account) => {
          this.#service.onLeft(addressOf(localpart), account)
          this.onLeft(localpart, account)
        },
      }),
      onClosed: (room) => this.memberships.drop(room),
    })
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

  /** Reads what is stored; before anything else. */
  load(): Promise<void> {
    return this.#keeper.load()
  }

  get size(): number {
    return this.#keeper.size
  }

  get loadedCount(): number {
    return this.#keeper.loaded.size
  }

  loaded(): Iterable<LoadedRoom> {
    return this.#keeper.loaded.open()
  }

  countOccupants(): { local: number; remote: number } {
    return this.#keeper.loaded.countOccupants()
  }

  /** Rooms whose lobby can be seen from here now. */
  listed(): Iterable<ListedRoom> {
    return this.#keeper.listed()
  }

  /** Bare JID of a lobby's room. */
  addressOf(lobby: LobbyId): string {
    return `${this.#keeper.localpartOf(lobby) ?? lobby}@${this.#options.around.domain}`
  }

  /** The room of a lobby, or undefined when the lobby has none. */
  rowOf(lobby: LobbyId): RoomRow | undefined {
    return this.#keeper.row(this.#keeper.localpartOf(lobby) ?? '')
  }

  /** By the localpart of the room or by an alias. */
  row(localpart: string): RoomRow | undefined {
    return this.#keeper.row(this.#keeper.aliasTarget(localpart) ?? localpart)
  }

  /** The room with this localpart, loaded now if it can be. */
  roomAt(localpart: string): LoadedRoom | undefined {
    return this.#keeper.find(localpart)
  }

  /** Gives a room a second, shorter name. False when the name is taken. */
  alias(row: RoomRow, alias: string): Promise<boolean> {
    return this.#keeper.alias(row, alias)
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
        this.#keeper.show(network, update.lobby)
        break
      case 'entered':
      case 'left':
      case 'renamed':
      case 'said':
      case 'typing':
      case 'not-sent':
        this.#keeper.findFor(network, update.lobby)?.onUpdate(update)
        break
      case 'lobby-vanished':
        this.#keeper.loadedOf(update.lobby)?.loseLobby()
        break
      case 'friend':
      case 'friend-said':
      case 'friend-typing':
      case 'speaking-as':
        break
    }
  }

  /** What a network knows already, before it has said anything. */
  adopt(network: LobbyNetwork): void {
    this.#keeper.adopt(network)
  }

  /** Owners may have changed. */
  describeAll(): void {
    for (const room of this.#keeper.loaded.all()) room.describe()
  }

  /** An account (bare JID) is no more. */
  forgetAccount(account: string): void {
    this.#keeper.forgetAccount(account)
  }

  /** The node is about to leave a lobby by order of an operator: who is in its room is put out. */
  withdraw(lobby: LobbyId): void {
    this.#keeper.loadedOf(lobby)?.dispatch({ kind: 'withdrawn' })
  }

  /** Rooms that nobody has used for a while leave memory. */
  unloadUnused(): void {
    this.#keeper.unloadUnused()
  }

  /** Tells everybody that the service shuts down (332), after all that was said before. */
  async shutdown(): Promise<void> {
    const { loaded } = this.#keeper
    loaded.stop()
    await Promise.all([...loaded.all()].map((room) => room.shutdown()))
  }

  /** The room has taken something of this session (full JID) that may have let it in or out. */
  note(session: string, room: LoadedRoom): void {
    this.memberships.note(session, room)
    this.onMembership(room.localpart, session)
  }

  #onRoomStanza(from: Jid, to: Jid, stanza: Element): void {
    const target = this.#keeper.aliasTarget(to.local)
    if (target !== undefined) {
      this.#reply(from, answerAlias(stanza, `${target}@${this.#options.around.domain}`))
      return
    }
    const isJoin = isJoinRequest(stanza)
    const tombstone = this.#keeper.tombstoneFor(from, to.local, isJoin)
    if (tombstone) {
      this.#reply(from, answerDestroyedRoom(stanza, tombstone))
      return
    }
    const room = this.#keeper.find(to.local, isJoin) ?? (isJoin ? this.#make(from, to, stanza) : undefined)
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

  /** The room that somebody makes by joining; who cannot is told why. */
  #make(from: Jid, to: Jid, stanza: Element): LoadedRoom | undefined {
    const made = this.#keeper.make(from, to)
    if (made.ok) return made.value
    this.#reply(from, [refuseJoin(stanza, made.error)])
    return undefined
  }

  /** The loaded room with this address (bare JID). */
  #at(address: string): LoadedRoom | undefined {
    return this.#keeper.loaded.get(address.slice(0, address.lastIndexOf('@')))
  }

  #reply(from: Jid, replies: readonly Element[]): void {
    for (const reply of replies) this.#options.around.send(from.full, reply)
  }

  #refuse(from: Jid, stanza: Element, error: StanzaError): void {
    if (stanza.attrs.type === 'error' || stanza.attrs.type === 'result') return
    this.#options.around.send(from.full, errorReply(stanza, error, { withMuc: stanza.name === 'presence' }))
  }
}
