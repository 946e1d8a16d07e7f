/** Runs the services of all links and the GXS exchange: bytes of friends in, items for the lobby router out. */
import type { FriendId, ParticipantId } from '../../util/ids.ts'
import type { DecodeFailure } from '../../util/result.ts'
import { decodeItem, encodeItem } from '../wire/codec.ts'
import type { ChatItem, ContactItem, Item, WireAddress } from '../wire/item.ts'
import { SERVICE } from '../wire/item.ts'
import { countUp } from './counters.ts'
import type { SelfContact } from './discovery.ts'
import type { GxsEvent, GxsExchange, ServedRecord } from './gxs-exchange.ts'
import { startGxsExchange, stepGxs } from './gxs-exchange.ts'
import { wroteChat } from './rtt.ts'
import { PRIORITY } from './send-queue.ts'
import type { ServicesEffect, ServicesEvent, ServicesState } from './services.ts'
import { serviceOf, startServices, stepServices } from './services.ts'

/** What is to be known of a friend when its link comes up. */
export interface LinkedFriend {
  readonly id: FriendId
  readonly pgpId: string
  /** Only a short invite is known. */
  readonly needsKey: boolean
  /** As seen from here. */
  readonly address: WireAddress
}

/** What the services need of the rest of the node. */
export interface FriendServicesPort {
  /** Milliseconds since 1970. */
  now(): number
  self(): SelfContact
  /** Queues bytes for a friend; false when there was no room or no link. */
  send(friend: FriendId, bytes: Uint8Array, priority: number): boolean
  /** The friend sent what no node may send. */
  cut(friend: FriendId, failure: DecodeFailure): void
  /** Chat works with the friend, or ceased to. */
  onChatOpen(friend: FriendId): void
  onChatClosed(friend: FriendId): void
  /** `raw` is the item as it came. */
  onChat(friend: FriendId, item: ChatItem, raw: Uint8Array): void
  /** What the friend says of its user; see docs/retroshare.md §5.6 for the numbers. */
  onStatus(friend: FriendId, status: number): void
  onContact(friend: FriendId, contact: ContactItem): void
  onMeasured(friend: FriendId, rttMs: number, clockOffsetMs: number): void
  /** Takes the friend's key; resolves to false when it is not the right one. */
  learnKey(friend: FriendId, key: Uint8Array): Promise<boolean>
  /** A record that was asked for came; false when it is not genuine. */
  takeRecord(data: Uint8Array, meta: Uint8Array): boolean
  /** The record held here, own or foreign. */
  record(id: ParticipantId): ServedRecord | undefined
  /** Own identities that friends may know of. */
  ownIdentities(): ReadonlySet<ParticipantId>
}

/** What happened; keys of `dropped` are codes. */
export class ServiceCounters {
  chatIn = 0
  recordsTaken = 0
  recordsRefused = 0
  /** Items not sent because the friend's queue was full or its service closed. */
  notSent = 0
  readonly dropped = new Map<string, number>()
}

interface RunningLink {
  readonly friend: LinkedFriend
  readonly state: ServicesState
}

/** One instance per node. */
export class FriendServices {
  readonly #port: FriendServicesPort
  readonly #gxs: GxsExchange
  readonly #links = new Map<FriendId, RunningLink>()
  readonly counters = new ServiceCounters()

  /** `firstTransaction`: a random u32. */
  constructor(port: FriendServicesPort, firstTransaction: number) {
    this.#port = port
    this.#gxs = startGxsExchange(firstTransaction, port.now())
  }

  /** A link is up. If there was one already, it was replaced: everything begins again. */
  up(friend: LinkedFriend): void {
    this.down(friend.id)
    const { state, effects } = startServices(friend, this.#port.now())
    const link = { friend, state }
    this.#links.set(friend.id, link)
    this.#carryOut(link, effects)
  }

  down(id: FriendId): void {
    const link = this.#links.get(id)
    if (!link) return
    this.#links.delete(id)
    for (const service of link.state.open) this.#closed(id, service)
  }

  /** Takes an item of a friend. */
  take(id: FriendId, bytes: Uint8Array): void {
    const link = this.#links.get(id)
    if (!link) return
    const item = decodeItem(bytes)
    if (!item.ok) {
      countUp(this.counters.dropped, item.error.code)
      this.#port.cut(id, item.error)
      return
    }
    this.#step(link, { kind: 'item', item: item.value }, bytes)
  }

  /** To be called about once a second, and when own identities are new. */
  tick(): void {
    for (const link of this.#links.values()) this.#step(link, { kind: 'tick' })
    this.#stepGxs({ kind: 'tick' })
  }

  /** An own identity is new or was signed again. */
  ownIdentityChanged(): void {
    this.#stepGxs({ kind: 'own-changed' })
    this.tick()
  }

  /** Asks a friend for the records of identities. */
  fetch(friend: FriendId, ids: readonly ParticipantId[]): void {
    this.#stepGxs({ kind: 'fetch', friend, ids })
  }

  /** Encodes and queues; false when the service is not open or there is no room. */
  send(id: FriendId, item: Item): boolean {
    const service = serviceOf(item)
    if (service !== undefined) return this.#write(id, service, encodeItem(item), priorityOf(item))
    this.counters.notSent++
    return false
  }

  /** Queues a chat item as it is. */
  sendChat(id: FriendId, raw: Uint8Array): boolean {
    return this.#write(id, SERVICE.chat, raw, PRIORITY.chat)
  }

  #write(id: FriendId, service: number, bytes: Uint8Array, priority: number): boolean {
    const state = this.#links.get(id)?.state
    const isSent = state?.open.has(service) === true && this.#port.send(id, bytes, priority)
    if (!isSent) this.counters.notSent++
    else if (service === SERVICE.chat) wroteChat(state.rtt, this.#port.now())
    return isSent
  }

  #step(link: RunningLink, event: ServicesEvent, raw?: Uint8Array): void {
    const env = {
      nowMs: this.#port.now(),
      self: this.#port.self(),
      friendAddress: link.friend.address,
      ownIdentities: this.#port.ownIdentities(),
    }
    this.#carryOut(link, stepServices(link.state, event, env), raw)
  }

  #carryOut(link: RunningLink, effects: readonly ServicesEffect[], raw?: Uint8Array): void {
    const { id } = link.friend
    for (const effect of effects) {
      // Sending may cut the link; what belongs to it ends with it.
      if (this.#links.get(id) !== link) return
      switch (effect.kind) {
        case 'send':
          if (!this.#port.send(id, encodeItem(effect.item), priorityOf(effect.item))) this.counters.notSent++
          break
        case 'opened':
          if (effect.service === SERVICE.chat) this.#port.onChatOpen(id)
          if (effect.service === SERVICE.gxsId) this.#stepGxs({ kind: 'opened', friend: id })
          break
        case 'closed':
          this.#closed(id, effect.service)
          break
        case 'chat':
          this.counters.chatIn++
          if (raw) this.#port.onChat(id, effect.item, raw)
          break
        case 'gxs':
          this.#stepGxs({ kind: 'item', friend: id, item: effect.item })
          break
        case 'status':
          this.#port.onStatus(id, effect.status)
          break
        case 'measured':
          this.#port.onMeasured(id, effect.sample.rttMs, effect.sample.clockOffsetMs)
          break
        case 'contact':
          this.#port.onContact(id, effect.contact)
          break
        case 'key':
          void this.#learnKey(link, effect.key)
          break
        case 'identities':
          this.fetch(
            id,
            effect.ids.filter((one) => !this.#port.record(one)),
          )
          break
        case 'not-open':
          countUp(this.counters.dropped, 'SERVICE_NOT_OPEN')
          break
      }
    }
  }

  async #learnKey(link: RunningLink, key: Uint8Array): Promise<void> {
    if (await this.#port.learnKey(link.friend.id, key)) this.#step(link, { kind: 'key-known' })
    else countUp(this.counters.dropped, 'FRIEND_KEY_WRONG')
  }

  #closed(id: FriendId, service: number): void {
    if (service === SERVICE.chat) this.#port.onChatClosed(id)
    if (service === SERVICE.gxsId) this.#stepGxs({ kind: 'closed', friend: id })
  }

  #stepGxs(event: GxsEvent): void {
    const effects = stepGxs(this.#gxs, event, {
      nowMs: this.#port.now(),
      record: (id) => this.#port.record(id),
      ownIdentities: this.#port.ownIdentities(),
    })
    for (const effect of effects)
      switch (effect.kind) {
        case 'send':
          this.send(effect.friend, effect.item)
          break
        case 'record':
          if (this.#port.takeRecord(effect.data, effect.meta)) this.counters.recordsTaken++
          else this.counters.recordsRefused++
          break
        case 'refused':
          countUp(this.counters.dropped, 'EXCHANGE_REFUSED')
          break
      }
  }
}

function priorityOf(item: Item): number {
  // In line with chat, for its answer tells what of that was read.
  if (item.kind === 'rtt-ping') return PRIORITY.chat
  switch (serviceOf(item)) {
    case SERVICE.rtt:
      return PRIORITY.rtt
    case SERVICE.serviceInfo:
      return PRIORITY.serviceInfo
    case SERVICE.heartbeat:
      return PRIORITY.heartbeat
    case SERVICE.chat:
      return PRIORITY.chat
    case SERVICE.gxsId:
      return PRIORITY.gxs
    case SERVICE.disc:
      return PRIORITY.discovery
    default:
      return PRIORITY.status
  }
}
