// The admin socket: commands reach the handler, errors keep their code, and only the owner may connect.

import { once } from 'node:events'
import { mkdtempSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askGateway } from '../../src/admin/client.ts'
import { startAdminServer } from '../../src/admin/server.ts'
import { GatewayError } from '../../src/util/errors.ts'

const log = pino({ level: 'silent' })
let path: string
let stop: () => Promise<void>

beforeEach(async () => {
  path = join(mkdtempSync(join(tmpdir(), 'foyer-admin-')), 'admin.sock')
  const server = await startAdminServer(path, log, async (command, args) => {
    if (command === 'wait') await new Promise(() => undefined)
    if (command === 'refuse') throw new GatewayError('NO_SUCH_LOBBY', 'there is no lobby 12')
    if (command === 'break') throw new TypeError('a bug')
    return { command, args }
  })
  stop = () => server.stop()
})
afterEach(() => stop())

test('a command and its arguments reach the handler, and its value comes back', async () => {
  expect(await askGateway(path, 'lobby create', { name: 'Lobby ü\n2' })).toEqual({
    command: 'lobby create',
    args: { name: 'Lobby ü\n2' },
  })
})

test('a refusal keeps its code and message', async () => {
  await expect(askGateway(path, 'refuse')).rejects.toMatchObject({
    code: 'NO_SUCH_LOBBY',
    message: 'there is no lobby 12',
  })
})

test('a bug in a command is told to the caller and the server lives on', async () => {
  await expect(askGateway(path, 'break')).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(await askGateway(path, 'again')).toEqual({ command: 'again', args: {} })
})

test('a line that is no request is answered, not swallowed', async () => {
  const socket = connect(path)
  socket.end('no json\n')
  expect(JSON.parse(await text(socket))).toMatchObject({ ok: false, code: 'ADMIN_REQUEST' })
})

test('only the owner of the process can open the socket', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('without a gateway the error says how to get one', async () => {
  await stop()
  stop = async () => undefined
  await expect(askGateway(path, 'status')).rejects.toMatchObject({ code: 'NOT_RUNNING' })
})

test('a socket left behind by a process that was killed does not keep a new one from listening', async () => {
  const left = join(mkdtempSync(join(tmpdir(), 'foyer-admin-')), 'admin.sock')
  writeFileSync(left, '')
  const server = await startAdminServer(left, log, async () => 'here')
  expect(await askGateway(left, 'who')).toBe('here')
  await server.stop()
})

test('a second gateway on the same socket is refused, and the first goes on answering', async () => {
  await expect(startAdminServer(path, log, async () => 'second')).rejects.toMatchObject({
    code: 'ADMIN_SOCKET',
    message: expect.stringContaining('another gateway'),
  })
  expect(await askGateway(path, 'first')).toMatchObject({ command: 'first' })
})

test('a stop waits neither for a client that says nothing nor for a command that does not end', async () => {
  const silent = connect(path)
  await once(silent, 'connect')
  const asked = askGateway(path, 'wait')
  // Answered in the order of connecting: the one before is being carried out now.
  await askGateway(path, 'reached')
  await stop()
  await expect(asked).rejects.toMatchObject({ code: 'NO_ANSWER' })
})

test('only where nobody listens there is no gateway', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-admin-'))
  const left = join(folder, 'left')
  const none = createServer()
  await new Promise<void>((resolve) => none.listen(left, resolve))
  renameSync(left, join(folder, 'kept'))
  await new Promise((resolve) => none.close(resolve))
  for (const name of ['kept', 'nothing'])
    await expect(askGateway(join(folder, name), 'list')).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  const silent = join(folder, 'silent')
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(silent, resolve))
  await expect(askGateway(silent, 'list', {}, 10)).rejects.toMatchObject({ code: 'NO_ANSWER' })
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
  await expect(askGateway(join(path, 'x'), 'list')).rejects.toMatchObject({ code: 'NO_ANSWER' })
})

test('an answer that breaks off is an error, not half a value', async () => {
  const broken = join(mkdtempSync(join(tmpdir(), 'foyer-admin-')), 'admin.sock')
  const server = createServer((socket) => socket.once('data', () => socket.end('{"ok":true,"value":[1,')))
  await new Promise<void>((resolve) => server.listen(broken, resolve))
  await expect(askGateway(broken, 'list')).rejects.toMatchObject({ code: 'NO_ANSWER' })
  await new Promise((resolve) => server.close(resolve))
})

test('a path that no socket can have is refused, rather than cut', async () => {
  const long = join(mkdtempSync(join(tmpdir(), 'foyer-admin-')), 'x'.repeat(100))
  await expect(startAdminServer(long, log, async () => null)).rejects.toMatchObject({
    code: 'ADMIN_SOCKET',
    message: expect.stringContaining('103 bytes'),
  })
})
