/** A TCP proxy on loopback, for tests that break connections without a word. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a port that can be cut, as often as wanted. */
export async function cuttable(to: number): Promise<{ port: number; cut: () => void; close: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      server.close()
      cut()
    },
  }
}
