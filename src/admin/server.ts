/** The Unix socket on which a running gateway takes the CLI's commands. Mode 0600: its owner only. */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { GatewayError } from '../util/errors.ts'
import { type AdminReply, MAX_ADMIN_LINE_BYTES, parseRequest } from './protocol.ts'

/** Carries a command out. A thrown `GatewayError` is told to the caller with its code; others are bugs. */
export type AdminHandler = (command: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>

const MAX_CONNECTIONS = 32
const IDLE_MS = 60_000

/** Listens on `path`, replacing a socket that nobody answers on. Resolves when it listens. */
export async function startAdminServer(
  path: string,
  handle: AdminHandler,
): Promise<{ stop(): Promise<void> }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, handle))
  server.maxConnections = MAX_CONNECTIONS
  rmSync(path, { force: true })
  await listen(server, path)
  chmodSync(path, 0o600)
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new GatewayError('ADMIN_SOCKET', `cannot listen on ${path}: ${cause.message}`, { cause }))
    })
    // Between creation and chmod nobody else may connect.
    const mask = process.umask(0o177)
    server.listen(path, resolve)
    process.umask(mask)
  })
}

function serve(socket: Socket, handle: AdminHandler): void {
  let text = ''
  let isTaken = false
  socket.setEncoding('utf8')
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    if (isTaken) return
    text += chunk
    if (text.length > MAX_ADMIN_LINE_BYTES) socket.destroy()
    const end = text.indexOf('\n')
    if (end === -1) return
    isTaken = true
    socket.setTimeout(0)
    void answer(text.slice(0, end), handle).then((reply) => socket.end(`${JSON.stringify(reply)}\n`))
  })
}

async function answer(line: string, handle: AdminHandler): Promise<AdminReply> {
  const request = parseRequest(line)
  if (!request)
    return { ok: false, code: 'ADMIN_REQUEST', message: 'expected one line of JSON: {command, args}' }
  try {
    return { ok: true, value: (await handle(request.command, request.args)) ?? null }
  } catch (error) {
    if (error instanceof GatewayError) return { ok: false, code: error.code, message: error.message }
    return { ok: false, code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) }
  }
}
