/** Takes the dials of others: one TLS listener, with bounds on what is not judged yet. docs/retroshare.md §1.7. */
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import { GatewayError } from '../../util/errors.ts'
import { listenRefusal } from '../../util/refusal.ts'
import type { Endpoint } from '../wire/invite.ts'
import type { PeerCounters } from './counters.ts'
import { plainHost } from './link.ts'
import type { Timings } from './timings.ts'
import { ANY_CERTIFICATE } from './tls.ts'

/** Connections that may be in their handshake at a time; the oldest makes room for one more. */
export const MAX_HANDSHAKES = 64

export interface ListenerOptions {
  readonly context: SecureContextOptions
  readonly timings: Timings
  readonly counters: PeerCounters
  /** The handshake is over, the peer still to be judged; the socket is paused until it is read. */
  readonly onSocket: (socket: TLSSocket) => void
  readonly onFailed: (remote: Endpoint, reason: string) => void
}

/** Listens from `start` to `stop`. */
export class Listener {
  readonly #options: ListenerOptions
  readonly #server: Server
  /** Connections in their handshake, oldest first, by remote host and port. */
  readonly #handshakes = new Map<string, Socket>()

  constructor(options: ListenerOptions) {
    this.#options = options
    const { context, timings, counters } = options
    this.#server = createServer({
      ...context,
      ...ANY_CERTIFICATE,
      handshakeTimeout: timings.handshakeMs,
    })
    this.#server.on('connection', (socket: Socket) => this.#begin(socket))
    this.#server.on('secureConnection', (socket) => {
      this.#handshakes.delete(keyOf(socket))
      // The owner listens for errors when it has judged the peer.
      socket.on('error', () => {})
      options.onSocket(socket)
    })
    this.#server.on('tlsClientError', (error, socket) => {
      counters.handshakeFailures++
      options.onFailed(remoteOf(socket), error.message)
      // After a time-out the connection would stay open.
      socket.destroy()
    })
  }

  /** Resolves to the port bound. Rejects with `PEER_LISTEN_FAILED`. */
  start(endpoint: Endpoint): Promise<number> {
    return new Promise((resolve, reject) => {
      const failed = (cause: Error): void => {
        const { text, mend } = listenRefusal('retroshare.listen', endpoint, cause)
        reject(new GatewayError('PEER_LISTEN_FAILED', `${text}: ${mend}`, { cause }))
      }
      this.#server.once('error', failed)
      this.#server.listen(endpoint.port, endpoint.host, () => {
        this.#server.off('error', failed)
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** Whether a connection from this host is in its handshake. */
  isHandshaking(host: string): boolean {
    for (const socket of this.#handshakes.values()) if (plainHost(socket.remoteAddress) === host) return true
    return false
  }

  /** Takes no more connections and ends those in their handshake; judged ones belong to others. */
  stop(): void {
    this.#server.close()
    for (const socket of this.#handshakes.values()) socket.destroy()
  }

  #begin(socket: Socket): void {
    this.#options.counters.connections++
    const key = keyOf(socket)
    this.#handshakes.set(key, socket)
    socket.once('close', () => {
      if (this.#handshakes.get(key) === socket) this.#handshakes.delete(key)
    })
    const [oldest] = this.#handshakes.values()
    if (oldest && this.#handshakes.size > MAX_HANDSHAKES) oldest.destroy()
  }
}

const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

const remoteOf = ({ remoteAddress, remotePort }: Socket): Endpoint => ({
  host: plainHost(remoteAddress),
  port: remotePort ?? 0,
})
