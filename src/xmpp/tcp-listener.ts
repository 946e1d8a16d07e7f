/** A TCP port on which clients are accepted. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { GatewayError } from '../util/errors.ts'
import { listenRefusal } from '../util/refusal.ts'

/** Where to listen; port 0 takes any free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** A port that is open. */
export interface TcpListener {
  /** Really bound. */
  readonly port: number
  /** Resolves when no connection is accepted any more and those that were are gone. */
  close(): Promise<void>
}

/**
 * Listens until it is closed; sockets may be half open. Rejects with `XMPP_LISTEN_FAILED`, which names the `key` of the
 * configuration.
 */
export function listenTcp(
  key: string,
  address: ListenAddress,
  accept: (socket: Socket) => void,
): Promise<TcpListener> {
  const server = createServer({ allowHalfOpen: true }, accept)
  return new Promise((resolve, reject) => {
    server.on('error', (cause) => {
      const { text, mend } = listenRefusal(key, address, cause)
      reject(new GatewayError('XMPP_LISTEN_FAILED', `${text}: ${mend}`, { cause }))
    })
    server.listen(address.port, address.host, 1024, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => new Promise((closed) => server.close(() => closed())),
      }),
    )
  })
}
