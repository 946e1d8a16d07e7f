// How long-running commands end: while they start, when a port is taken, again on the same data, with nothing left.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-lifetime-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const FREE_PORTS = {
  FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
  FOYER_HTTP__LISTEN: '127.0.0.1:0',
  FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
}

/** What the process makes for its own use goes into `folder`. */
const foyer = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH ?? '', TMPDIR: folder, ...FREE_PORTS },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const ended = async (child: ChildProcess): Promise<unknown> => (await once(child, 'exit'))[0]

async function ready(child: ChildProcess): Promise<void> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
    if (line.includes('"msg":"ready"')) return
  throw new Error('ended before it was ready')
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s while the gateway still starts ends it with 0',
  async (signal) => {
    const begun = once(watch(folder), 'change')
    const child = foyer('start', '--data', join(folder, 'data'))
    await begun
    child.kill(signal)
    expect(await ended(child)).toBe(0)
  },
)

test('SIGHUP while the gateway still starts does not end it', async () => {
  const begun = once(watch(folder), 'change')
  const child = foyer('start', '--data', join(folder, 'data'))
  await begun
  child.kill('SIGHUP')
  await ready(child)
  child.kill('SIGTERM')
  expect(await ended(child)).toBe(0)
})

test('the demo ends with 0 at one Ctrl-C that comes twice, and leaves nothing behind', async () => {
  const child = foyer('demo', '--port-base', '0')
  await ready(child)
  expect(readdirSync(folder)).toHaveLength(1)
  child.kill('SIGINT')
  child.kill('SIGTERM')
  expect(await ended(child)).toBe(0)
  expect(readdirSync(folder)).toEqual([])
})

test('the demo begins again on the data of an earlier one', async () => {
  for (let run = 0; run < 2; run++) {
    const child = foyer('demo', '--port-base', '0', '--data', join(folder, 'demo'))
    await ready(child)
    child.kill('SIGTERM')
    expect(await ended(child)).toBe(0)
  }
}, 60_000)

test('a port that is taken ends the demo with 1 and its key, and leaves nothing behind', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const child = foyer('demo', '--port-base', String(port - 1))
  const [code, err] = await Promise.all([ended(child), text(child.stderr as NodeJS.ReadableStream)])
  expect(code).toBe(1)
  expect(err).toMatch(/: 127\.0\.0\.1:\d+ is taken by another program/)
  expect(readdirSync(folder)).toEqual([])
  taken.close()
})
