// Starting and stopping a whole gateway: what fails half-way leaves nothing behind.
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askGateway } from '../../src/admin/client.ts'
import { adminSocket } from '../../src/admin/protocol.ts'
import { type Config, loadConfig } from '../../src/config.ts'
import { startGateway } from '../../src/gateway.ts'

const log = pino({ level: 'silent' })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-gateway-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const NETWORK = { FOYER_RETROSHARE: '{}', FOYER_RETROSHARE__LISTEN: '127.0.0.1:0' }
const configOf = (env: Record<string, string> = {}): Config =>
  loadConfig({
    dataOverride: join(folder, 'data'),
    env: {
      FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
      FOYER_HTTP__LISTEN: '127.0.0.1:0',
      FOYER_RETROSHARE: 'null',
      ...env,
    },
  })

test('a start that fails at its last listener leaves nothing open, and the next one succeeds', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  await expect(
    startGateway(configOf({ ...NETWORK, FOYER_HTTP__LISTEN: `127.0.0.1:${port}` }), log),
  ).rejects.toMatchObject({
    code: 'HTTP_LISTEN',
  })
  await new Promise((resolve) => taken.close(resolve))
  const gateway = await startGateway(configOf({ ...NETWORK, FOYER_HTTP__LISTEN: `127.0.0.1:${port}` }), log)
  expect(gateway.ports).toEqual({ c2s: expect.any(Number), http: port, retroshare: expect.any(Number) })
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
  expect(await ready.json()).toEqual({ ready: true, problems: [] })
  await gateway.stop()
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  expect(existsSync(adminSocket(join(folder, 'data')))).toBe(false)
})

test('a second start on the same data is refused with its reason, and the first goes on', async () => {
  const first = await startGateway(configOf(), log)
  const socket = adminSocket(join(folder, 'data'))
  for (const [env, code] of [
    [{}, 'ARCHIVE_LOCKED'],
    [{ FOYER_ARCHIVE__URL: 'sqlite:other.db' }, 'ADMIN_SOCKET'],
  ] as const)
    await expect(startGateway(configOf(env), log)).rejects.toMatchObject({
      code,
    })
  expect(await askGateway(socket, 'status')).toMatchObject({ ports: first.ports, networks: [], problems: [] })
  await first.stop()
})

test('a data folder that cannot be is refused by its key', async () => {
  writeFileSync(join(folder, 'data'), '')
  await expect(startGateway(configOf(), log)).rejects.toMatchObject({
    code: 'DATA_UNUSABLE',
    message: expect.stringMatching(/^data: .*a file is in the way/),
  })
})

test('a stop waits for nobody: neither for clients that do not read nor for watchers', async () => {
  const gateway = await startGateway(configOf(NETWORK), log)
  const { c2s, http, retroshare } = gateway.ports
  const sockets: Socket[] = [
    ...[c2s, http, retroshare].map((port) => connect(port as number, '127.0.0.1')),
    connect(adminSocket(join(folder, 'data'))),
  ]
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const [xmpp, watcher] = sockets as [Socket, Socket]
  xmpp.write(
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>",
  )
  watcher.write('GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n')
  await Promise.all([once(xmpp, 'readable'), once(watcher, 'readable')])
  const startedAtMs = performance.now()
  await gateway.stop()
  expect(performance.now() - startedAtMs).toBeLessThan(4000)
  for (const socket of sockets) socket.destroy()
})
