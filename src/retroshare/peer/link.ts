/** One verified TLS connection: items in, items out, and the rules by which it ends. Source: docs/retroshare.md §1.7, §3. */
import type { TLSSocket } from 'node:tls'
import type { PeerCertificate } from '../identity/certificate.ts'
import { Framer, SLICE_PROBE } from '../wire/framer.ts'
import type { Endpoint } from '../wire/invite.ts'
import { SERVICE } from '../wire/item.ts'
import { countUp, type PeerCounters } from './counters.ts'
import type { LinkRole } from './link-pair.ts'
import type { Timings } from './timings.ts'

/** Why a link or a friend went: a code of docs/errors.md and a text for the log. */
export interface CloseReason {
  readonly code: string
  readonly detail: string
}

/** What the owner of a link is told. */
export interface LinkHandlers {
  /** The first byte came. */
  onHeard(): void
  onItem(bytes: Uint8Array): void
  /** More can be written. */
  onWritable(): void
  /** Once; nothing comes after it. */
  onClosed(reason: CloseReason): void
}

export interface LinkOptions {
  readonly role: LinkRole
  readonly certificate: PeerCertificate
  readonly timings: Timings
  readonly counters: PeerCounters
  readonly handlers: LinkHandlers
}

/**
 * Owns the socket. Writes the slice probe at once, then what `send` is given; reads until the peer ends. Closes with
 * `PEER_SILENT` (no first byte), `PEER_IDLE`, `PEER_MALFORMED`, `PEER_CLOSED` (by the peer or the network), or what
 * `close` and `end` are given.
 */
export class Link {
  readonly role: LinkRole
  readonly certificate: PeerCertificate
  readonly remote: Endpoint
  /** `TLSv1.3` or `TLSv1.2`. */
  readonly protocol: string
  readonly #socket: TLSSocket
  readonly #timings: Timings
  readonly #counters: PeerCounters
  readonly #handlers: LinkHandlers
  readonly #framer = new Framer()
  #isHeard = false
  #lastHeartbeatMs: number
  #lastItemMs: number
  #lastProbeMs = Number.NEGATIVE_INFINITY
  #ending: CloseReason | undefined
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(socket: TLSSocket, { role, certificate, timings, counters, handlers }: LinkOptions) {
    this.role = role
    this.certificate = certificate
    this.remote = { host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 }
    this.protocol = socket.getProtocol() ?? ''
    this.#socket = socket
    this.#timings = timings
    this.#counters = counters
    this.#handlers = handlers
    this.#lastHeartbeatMs = this.#lastItemMs = performance.now()
  }

  /** Begins to read and writes the first byte; to be called once, in the same turn as the constructor. */
  start(): void {
    const socket = this.#socket
    socket.setNoDelay(true)
    socket.on('error', (error) => this.#closed({ code: 'PEER_CLOSED', detail: error.message }))
    socket.on('close', () =>
      this.#closed(this.#ending ?? { code: 'PEER_CLOSED', detail: 'closed by the peer' }),
    )
    socket.on('drain', () => {
      if (!this.#isClosed) this.#handlers.onWritable()
    })
    socket.on('data', (chunk) => this.#read(chunk))
    this.#timer = setTimeout(
      () => this.close('PEER_SILENT', `nothing came in ${this.#timings.firstBytesMs} ms`),
      this.#timings.firstBytesMs,
    )
    this.send([])
  }

  /** False while the socket holds what the peer does not read, and when the link ends. */
  get isWritable(): boolean {
    return !this.#ending && !this.#isClosed && !this.#socket.writableNeedDrain
  }

  /** Writes whole items in one go, with the slice probe before them when it is due. */
  send(items: readonly Uint8Array[]): void {
    const nowMs = performance.now()
    const isProbeDue = nowMs - this.#lastProbeMs >= this.#timings.probeMs
    if (isProbeDue) this.#lastProbeMs = nowMs
    const bytes = Buffer.concat(isProbeDue ? [SLICE_PROBE, ...items] : items)
    this.#counters.itemsOut += items.length
    this.#counters.bytesOut += bytes.length
    this.#socket.write(bytes)
  }

  /** Ends in order: what was sent still goes out, what comes is read until the peer closes, `limitMs` at most. */
  end(code: string, detail: string, limitMs: number): void {
    if (this.#ending || this.#isClosed) return
    this.#ending = { code, detail }
    this.#socket.end()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.close(code, detail), limitMs)
  }

  /** Ends at once. */
  close(code: string, detail: string): void {
    this.#closed({ code, detail })
  }

  #read(chunk: Uint8Array): void {
    if (this.#isClosed) return
    this.#counters.bytesIn += chunk.length
    const items = this.#framer.push(chunk)
    if (!items.ok) {
      this.close('PEER_MALFORMED', `${items.error.code}: ${items.error.detail}`)
      return
    }
    if (!this.#isHeard) this.#hear()
    for (const item of items.value) {
      if (this.#isClosed) return
      this.#counters.itemsIn++
      this.#lastItemMs = performance.now()
      if (serviceOf(item) === SERVICE.heartbeat) this.#lastHeartbeatMs = this.#lastItemMs
      this.#handlers.onItem(item)
    }
  }

  #hear(): void {
    this.#isHeard = true
    if (!this.#ending) {
      clearTimeout(this.#timer)
      this.#watch()
    }
    this.#handlers.onHeard()
  }

  /** No heartbeat for `heartbeatMs` and nothing for `silenceMs` ends the link. */
  #watch(): void {
    const { heartbeatMs, silenceMs } = this.#timings
    const idleAtMs = Math.max(this.#lastHeartbeatMs + heartbeatMs, this.#lastItemMs + silenceMs)
    const leftMs = idleAtMs - performance.now()
    if (leftMs <= 0) this.close('PEER_IDLE', `no heartbeat in ${heartbeatMs} ms, nothing in ${silenceMs} ms`)
    else this.#timer = setTimeout(() => this.#watch(), Math.ceil(leftMs))
  }

  #closed(reason: CloseReason): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket.destroy()
    countUp(this.#counters.closed, reason.code)
    this.#handlers.onClosed(reason)
  }
}

/** Service number of a whole item. */
const serviceOf = (item: Uint8Array): number => ((item[1] ?? 0) << 8) | (item[2] ?? 0)

/** An IPv4 address without the prefix that dual-stack sockets put before it. */
export const plainHost = (host: string | undefined): string => (host ?? '').replace(/^::ffff:(?=\d+\.)/, '')
