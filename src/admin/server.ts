/** The Unix socket on which a running gateway takes the CLI's commands. Mode 0600: its owner only. */
import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'
import { type AdminHandler, answer } from './answer.ts'
import { MAX_ADMIN_LINE_BYTES } from './protocol.ts'

const MAX_CONNECTIONS = 32
const IDLE_MS = 60_000
/** Addresses of Unix sockets are cut at 104 to 108 bytes, according to the system. */
const MAX_PATH_BYTES = 103

/**
 * Listens on `path`, replacing a socket that nobody answers on. Resolves when it listens; rejects with
 * `ADMIN_SOCKET`. `stop` waits for nobody: commands that are being carried out lose their answer.
 */
export async function startAdminServer(
  path: string,
  log: Logger,
  handle: AdminHandler,
): Promise<{ stop(): Promise<void> }> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new GatewayError(
      'ADMIN_SOCKET',
      `${path}: longer than the ${MAX_PATH_BYTES} bytes of a socket's path: name a folder with a shorter path with --data`,
    )
  if (await isAnswered(path))
    throw new GatewayError(
      'ADMIN_SOCKET',
      `${path}: another gateway runs with this data folder: stop it, or name another folder with --data`,
    )
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, log, handle)
  })
  server.maxConnections = MAX_CONNECTIONS
  rmSync(path, { force: true })
  await listen(server, path)
  chmodSync(path, 0o600)
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (cause) => {
      reject(new GatewayError('ADMIN_SOCKET', `cannot listen on ${path}: ${refusalOf(cause)}`, { cause }))
    })
    // Between creation and chmod nobody else may connect.
    const mask = process.umask(0o177)
    server.listen(path, resolve)
    process.umask(mask)
  })
}

function serve(socket: Socket, log: Logger, handle: AdminHandler): void {
  let text = ''
  let isTaken = false
  socket.setEncoding('utf8')
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    if (isTaken) return
    const end = chunk.indexOf('\n')
    text += end === -1 ? chunk : chunk.slice(0, end)
    if (text.length > MAX_ADMIN_LINE_BYTES) socket.destroy()
    else if (end !== -1) {
      isTaken = true
      socket.setTimeout(0)
      void answer(text, log, handle).then((reply) => socket.end(`${JSON.stringify(reply)}\n`))
    }
  })
}
