/** All links to one friend as one: it is up or down, takes items in order, and writes on the link that lives. */
import type { TLSSocket } from 'node:tls'
import type { FriendId } from '../../util/ids.ts'
import type { PeerCertificate } from '../identity/certificate.ts'
import type { Endpoint } from '../wire/invite.ts'
import type { PeerCounters } from './counters.ts'
import { type CloseReason, Link } from './link.ts'
import {
  type LinkRole,
  mayOpenDial,
  type PairEffect,
  type PairEnv,
  type PairEvent,
  startPair,
  stepPair,
  wakeAtMs,
  writerOf,
} from './link-pair.ts'
import { SendQueue } from './send-queue.ts'
import type { Timings } from './timings.ts'

/** Bytes that may wait for one friend; what would exceed them closes its links. */
export const MAX_QUEUE_BYTES = 2_097_152
/** Bytes handed to the socket at a time, so that what is urgent can overtake the rest. */
const WRITE_BYTES = 65_536

/** What is known of the connection to a friend that is up. */
export interface LinkInfo {
  readonly role: LinkRole
  readonly remote: Endpoint
  readonly protocol: string
  /** When the friend went up. */
  readonly sinceMs: number
}

export interface SessionHandlers {
  onUp(link: LinkInfo): void
  onItem(bytes: Uint8Array): void
  onDown(reason: CloseReason): void
  /** The last link is gone, whether the friend was up on it (for how long) or never. */
  onAlone(upMs: number | undefined, reason: CloseReason): void
}

export interface SessionOptions {
  readonly own: FriendId
  readonly friend: FriendId
  readonly timings: Timings
  readonly counters: PeerCounters
  readonly handlers: SessionHandlers
}

/** Up from the first byte on the first link to the end of the last one. */
export class FriendSession {
  readonly #options: SessionOptions
  readonly #links = new Map<number, Link>()
  readonly #pair = startPair()
  readonly #queue = new SendQueue(MAX_QUEUE_BYTES)
  #nextLink = 1
  #isFlushPlanned = false
  #wake: NodeJS.Timeout | undefined
  #info: LinkInfo | undefined
  #upAtMs: number | undefined
  #lastReason: CloseReason = { code: 'PEER_CLOSED', detail: '' }

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Undefined while the friend is down. */
  get info(): LinkInfo | undefined {
    return this.#info
  }

  /** What waits for the friend to read. */
  get waitingBytes(): number {
    return this.#queue.bytes
  }

  get hasLinks(): boolean {
    return this.#links.size > 0
  }

  /** Verified links: one, two during a simultaneous dial. */
  get linkCount(): number {
    return this.#links.size
  }

  /** Certificates presented on the links that live. */
  get certificates(): readonly PeerCertificate[] {
    return [...this.#links.values()].map(({ certificate }) => certificate)
  }

  /** Whether a dial whose handshake just ended may be used. */
  get mayOpenDial(): boolean {
    return mayOpenDial(this.#pair)
  }

  /** Takes a verified connection, which is read from now on. */
  open(socket: TLSSocket, role: LinkRole, certificate: PeerCertificate): void {
    const id = this.#nextLink++
    const { timings, counters, handlers } = this.#options
    const link = new Link(socket, {
      role,
      certificate,
      timings,
      counters,
      handlers: {
        onHeard: () => this.#step({ kind: 'heard', link: id }),
        onItem: (bytes) => handlers.onItem(bytes),
        onWritable: () => this.#flush(),
        onClosed: (reason) => this.#closed(id, reason),
      },
    })
    this.#links.set(id, link)
    this.#step({ kind: 'verified', link: id, role })
    link.start()
  }

  /**
   * Queues a whole item. What is sent in one turn goes in one write. False when the friend is down; a friend that does
   * not read is cut with `PEER_QUEUE_FULL` rather than that an item be lost in silence.
   */
  send(item: Uint8Array, priority: number): boolean {
    if (!this.#info) return false
    if (!this.#queue.push(item, priority)) {
      this.cut('PEER_QUEUE_FULL', `${this.#queue.bytes} bytes wait, at most ${MAX_QUEUE_BYTES} may`)
      return false
    }
    if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true
      setImmediate(() => {
        this.#isFlushPlanned = false
        this.#flush()
      })
    }
    return true
  }

  /** Closes all links at once. */
  cut(code: string, detail: string): void {
    for (const link of [...this.#links.values()]) link.close(code, detail)
  }

  /** Writes what waits and ends all links in order; they are gone `closeMs` later at the latest. */
  end(code: string, detail: string): void {
    const link = this.#writer() ?? [...this.#links.values()].at(-1)
    if (link && this.#queue.bytes > 0) link.send(this.#queue.take(Number.POSITIVE_INFINITY))
    for (const each of [...this.#links.values()]) each.end(code, detail, this.#options.timings.closeMs)
  }

  #step(event: PairEvent): void {
    const env = this.#env()
    for (const effect of stepPair(this.#pair, event, env)) this.#perform(effect)
    clearTimeout(this.#wake)
    const atMs = wakeAtMs(this.#pair, env)
    if (atMs !== undefined)
      this.#wake = setTimeout(() => this.#step({ kind: 'wake' }), Math.ceil(atMs - env.nowMs))
    this.#flush()
  }

  #perform(effect: PairEffect): void {
    switch (effect.kind) {
      case 'close':
        this.#links.get(effect.link)?.close('PEER_REPLACED', 'the friend opened a newer link')
        return
      case 'retire':
        this.#retire(effect.link)
        return
      case 'up':
        this.#goUp(effect.link)
        return
      case 'down':
        this.#goDown()
    }
  }

  /** Nothing is written until the friend has read all of this link, so that nothing is lost or overtaken. */
  #retire(id: number): void {
    const detail = 'one link of a simultaneous dial is enough'
    this.#links.get(id)?.end('PEER_DUPLICATE', detail, this.#options.timings.firstBytesMs)
  }

  #goUp(id: number): void {
    const link = this.#links.get(id)
    if (!link) return
    const { role, remote, protocol } = link
    this.#info = { role, remote, protocol, sinceMs: Date.now() }
    this.#upAtMs = performance.now()
    this.#options.handlers.onUp(this.#info)
  }

  #goDown(): void {
    if (!this.#info) return
    this.#info = undefined
    this.#options.counters.itemsDropped += this.#queue.clear()
    this.#options.handlers.onDown(this.#lastReason)
  }

  #closed(id: number, reason: CloseReason): void {
    this.#links.delete(id)
    this.#lastReason = reason
    this.#step({ kind: 'closed', link: id })
    if (this.#links.size > 0) return
    clearTimeout(this.#wake)
    const upMs = this.#upAtMs === undefined ? undefined : performance.now() - this.#upAtMs
    this.#upAtMs = undefined
    this.#options.handlers.onAlone(upMs, reason)
  }

  #flush(): void {
    const link = this.#writer()
    while (link?.isWritable && this.#queue.bytes > 0) link.send(this.#queue.take(WRITE_BYTES))
  }

  #writer(): Link | undefined {
    const id = writerOf(this.#pair, this.#env())
    return id === undefined ? undefined : this.#links.get(id)
  }

  #env(): PairEnv {
    const { own, friend, timings } = this.#options
    return { nowMs: performance.now(), isLower: own < friend, timings }
  }
}
