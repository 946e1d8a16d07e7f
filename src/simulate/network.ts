/** Many lobby routers on one virtual clock, joined by links that delay, break and come back. */
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { NoteCode, RouterEffect, RouterEnv, RouterEvent } from '../retroshare/routing/router-port.ts'
import { encodeItem } from '../retroshare/wire/codec.ts'
import type { BouncedItem, Item, LobbyControl } from '../retroshare/wire/item.ts'
import type { FriendId } from '../util/ids.ts'
import type { Random } from './random.ts'
import { foyerRules, type NodeRules } from './rules.ts'
import { Timeline } from './timeline.ts'

/** The virtual clock begins here: any time that is far from zero. */
export const START_MS = 1_700_000_000_000

export interface SimulatedNode {
  readonly index: number
  readonly id: FriendId
  readonly rules: NodeRules
  readonly links: Map<FriendId, SimulatedLink>
  /** Over how many links each message came that was taken here first; 0 for own ones. */
  readonly hops: Map<string, number>
  wakeAtMs: number
}

export interface SimulatedLink {
  readonly a: SimulatedNode
  readonly b: SimulatedNode
  readonly latencyMs: number
  /** Carries bytes. A link may be broken long before its ends notice. */
  isAlive: boolean
  /** Grows when the link breaks; what was under way then is lost. */
  breaks: number
}

/** What goes over links, for statistics. */
export interface Transmission {
  readonly from: SimulatedNode
  readonly to: SimulatedNode
  readonly item: Item
  readonly bytes: number
}

export interface Observer {
  /** A node has made an item of its own. */
  onOwn?(node: SimulatedNode, item: BouncedItem, nowMs: number): void
  onUpdate?(node: SimulatedNode, update: LobbyUpdate, nowMs: number): void
  onTransmission?(transmission: Transmission): void
  onNote?(node: SimulatedNode, code: NoteCode): void
}

/** What may be changed about a network. */
export interface NetworkOptions {
  /** Each item is late by up to this much more, so that items overtake each other. */
  readonly jitterMs?: number
  /** By which rules a node takes part. */
  readonly rules?: (self: FriendId) => NodeRules
  /** Items of these kinds get lost on the way. */
  readonly lost?: ReadonlySet<Item['kind']>
}

/** Signatures are all good and made at once: what is studied here is routing. */
export class SimulatedNetwork {
  readonly timeline = new Timeline(START_MS)
  readonly nodes: SimulatedNode[] = []
  readonly links: SimulatedLink[] = []
  readonly #random: Random
  readonly #observer: Observer
  readonly #jitterMs: number
  readonly #rules: (self: FriendId) => NodeRules
  readonly #lost: ReadonlySet<Item['kind']>
  #trace = 0x811c9dc5

  constructor(random: Random, observer: Observer, options: NetworkOptions = {}) {
    this.#random = random
    this.#observer = observer
    this.#jitterMs = options.jitterMs ?? 0
    this.#rules = options.rules ?? foyerRules
    this.#lost = options.lost ?? new Set()
  }

  /** A digest of every item that arrived, when and where: equal runs have equal traces. Eight hex digits. */
  get trace(): string {
    return (this.#trace >>> 0).toString(16).padStart(8, '0')
  }

  addNode(): SimulatedNode {
    const index = this.nodes.length
    const id = (index + 1).toString(16).padStart(32, '0') as FriendId
    const rules = this.#rules(id)
    const node = { index, id, rules, links: new Map(), hops: new Map(), wakeAtMs: Number.POSITIVE_INFINITY }
    this.nodes.push(node)
    return node
  }

  /** A new link, alive, of which both ends know. */
  link(a: SimulatedNode, b: SimulatedNode, latencyMs: number): SimulatedLink {
    const link = { a, b, latencyMs, isAlive: false, breaks: 0 }
    a.links.set(b.id, link)
    b.links.set(a.id, link)
    this.links.push(link)
    this.restore(link)
    return link
  }

  /** The link stops to carry anything. The ends learn of it by `notice` or when it is restored. */
  cut(link: SimulatedLink): void {
    link.isAlive = false
    link.breaks += 1
  }

  /** One end finds out that the link is dead. */
  notice(link: SimulatedLink, end: SimulatedNode): void {
    this.step(end, { kind: 'friend-down', friend: otherEnd(link, end).id })
  }

  restore(link: SimulatedLink): void {
    link.isAlive = true
    link.breaks += 1
    this.step(link.a, { kind: 'friend-up', friend: link.b.id })
    this.step(link.b, { kind: 'friend-up', friend: link.a.id })
  }

  /** Gives a node an event and carries out what it wants done. */
  step(node: SimulatedNode, event: RouterEvent): void {
    for (const effect of node.rules.step(event, this.#env())) this.#carryOut(node, effect)
  }

  #env(): RouterEnv {
    return {
      nowMs: Math.floor(this.timeline.nowMs),
      randomBytes: (count) => this.#random.bytes(count),
      judge: () => ({ signature: 'good', isLinked: true }),
    }
  }

  #carryOut(node: SimulatedNode, effect: RouterEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#transmit(node, effect.friend, effect.item, encodeItem(effect.item))
        return
      case 'forward':
        for (const friend of effect.friends) this.#transmit(node, friend, effect.item, effect.raw)
        return
      case 'sign': {
        const item = { ...effect.item, signature: SIGNATURE }
        if (item.kind === 'lobby-message') node.hops.set(item.messageId, 0)
        this.#observer.onOwn?.(node, item, this.timeline.nowMs)
        this.step(node, { kind: 'signed', token: effect.token, item, raw: encodeItem(item) })
        return
      }
      case 'wake':
        this.#wakeAt(node, effect.atMs)
        return
      case 'update':
        this.#observer.onUpdate?.(node, effect.update, this.timeline.nowMs)
        return
      case 'note':
        this.#observer.onNote?.(node, effect.code)
        return
      // Nothing is kept over restarts, and identities are known to all.
      case 'save':
      case 'save-barred':
      case 'save-invitations':
      case 'forget':
      case 'want-identity':
      case 'finished':
        return
    }
  }

  #wakeAt(node: SimulatedNode, atMs: number): void {
    node.wakeAtMs = atMs
    this.timeline.at(atMs, () => {
      if (node.wakeAtMs === atMs) this.step(node, { kind: 'wake' })
    })
  }

  #transmit(from: SimulatedNode, friend: FriendId, item: Item, raw: Uint8Array): void {
    const link = from.links.get(friend)
    if (!link) throw new Error(`${from.id} has no link to ${friend}`)
    const to = otherEnd(link, from)
    this.#observer.onTransmission?.({ from, to, item, bytes: raw.length })
    if (!link.isAlive || this.#lost.has(item.kind)) return
    const { breaks } = link
    const hops = 'messageId' in item ? (from.hops.get(item.messageId) ?? 0) + 1 : 0
    const lateMs = this.#jitterMs > 0 ? this.#random.below(this.#jitterMs) : 0
    this.timeline.at(this.timeline.nowMs + link.latencyMs + lateMs, () => {
      if (link.breaks === breaks) this.#deliver({ from, to, item, raw, hops })
    })
  }

  #deliver({ from, to, item, raw, hops }: Parcel): void {
    for (const number of [this.timeline.nowMs, from.index, to.index]) this.#digest(number)
    if (isBounced(item)) {
      for (let i = 0; i < item.messageId.length; i++) this.#digest(item.messageId.charCodeAt(i))
      if (item.kind === 'lobby-message' && !to.hops.has(item.messageId)) to.hops.set(item.messageId, hops)
      this.step(to, { kind: 'bounced', friend: from.id, item, raw })
    } else this.step(to, { kind: 'control', friend: from.id, item: item as LobbyControl })
  }

  /** One step of FNV-1a, with 32 bits of a number in place of a byte. */
  #digest(number: number): void {
    this.#trace = Math.imul(this.#trace ^ number, 0x01000193)
  }
}

interface Parcel {
  readonly from: SimulatedNode
  readonly to: SimulatedNode
  readonly item: Item
  readonly raw: Uint8Array
  readonly hops: number
}

const SIGNATURE = new Uint8Array(256)

/** The end of a link that is not `end`. */
export const otherEnd = (link: SimulatedLink, end: SimulatedNode): SimulatedNode =>
  link.a === end ? link.b : link.a

const isBounced = (item: Item): item is BouncedItem =>
  item.kind === 'lobby-message' || item.kind === 'lobby-event'
