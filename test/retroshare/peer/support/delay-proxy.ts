/** TCP with a delay: everything, the connect and the close included, takes `delayMs` one way. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Endpoint } from '../../../../src/retroshare/wire/invite.ts'

export interface DelayProxy {
  readonly address: Endpoint
  /** Connections that neither side has closed. */
  readonly live: number
  close(): void
}

export async function delayProxy(to: Endpoint, delayMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>()
  let live = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    live++
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true, autoSelectFamily: false })
    // The far side sees the connect late; what comes meanwhile waits behind it.
    const later = (act: () => void): void => void setTimeout(act, delayMs)
    let open = 2
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => later(() => !into.destroyed && into.write(chunk)))
      from.on('end', () => later(() => into.end()))
      from.on('error', () => later(() => into.destroy()))
      from.on('close', () => {
        sockets.delete(from)
        later(() => into.destroy())
        if (--open === 0) live--
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    get live() {
      return live
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
