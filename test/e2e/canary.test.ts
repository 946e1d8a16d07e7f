// The canary: an ordinary client that is heard in its room and, with a far end on another node, through the lobby.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CanaryProcess } from '../support/canary-process.ts'
import { befriend, FoyerProcess } from '../support/foyer-process.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'foyer-canary-'))
const password = join(folder, 'password')
let near: FoyerProcess
let far: FoyerProcess
let room: string
let ends: string[]

interface MapView {
  readonly networks: readonly {
    readonly lobbies: readonly { readonly id: string; readonly room: string }[]
  }[]
}

/** A canary to its end. */
const fly = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, 'canary', ...args],
      { env: { PATH: process.env.PATH ?? '' } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

beforeAll(async () => {
  near = await FoyerProcess.start({ FOYER_XMPP__SERVER__AUTH: 'both' })
  far = await FoyerProcess.start()
  await befriend(near, far)
  const lobby = await near.cli('lobby', 'create', 'Canaries')
  await far.cli('lobby', 'join', lobby)
  const roomAt = async (foyer: FoyerProcess): Promise<string> => {
    const find = ({ networks }: MapView) => networks[0]?.lobbies.find(({ id }) => id === lobby)
    return find(await foyer.mapWhen<MapView>((map) => find(map) !== undefined))?.room ?? ''
  }
  room = await roomAt(near)
  writeFileSync(password, 'yellow\n')
  await near.cliWith('yellow\n', 'user', 'add', 'tweety', '--password-stdin')
  const service = (foyer: FoyerProcess): string => `xmpp://127.0.0.1:${foyer.ports.c2s}`
  const login = ['--service', service(near), '--account', 'tweety@localhost', '--password-file', password]
  ends = [room, ...login, '--far', await roomAt(far), '--far-service', service(far)]
}, 90_000)
afterAll(async () => {
  await near.dispose()
  await far.dispose()
  rmSync(folder, { recursive: true })
})

test('comes through the lobby and back, and tells how long it took', async () => {
  const { code, out } = await fly(...ends, '--json')
  expect(code).toBe(0)
  const { roomSec, lobbySec } = JSON.parse(out)
  expect(roomSec).toBeGreaterThan(0)
  expect(lobbySec).toBeGreaterThan(roomSec)
}, 60_000)

test('says which step failed, and what use is wrong', async () => {
  const gone = await fly(room, '--service', 'xmpp://127.0.0.1:1')
  expect([gone.code, gone.err]).toEqual([1, expect.stringMatching(/cannot log in at xmpp.*CANARY_FAILED/)])
  const refused = await fly(`friend.${'0'.repeat(32)}@lobbies.localhost`, ...ends.slice(1, 7))
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/refuses: .*CANARY_FAILED/)])
  for (const wrong of [
    ['no room'],
    [room, '--service', 'http://x'],
    [room, '--every', '0'],
    [room, '--listen', 'x'],
  ])
    expect((await fly(...wrong)).code).toBe(2)
}, 60_000)

test('makes no room, and is a guest of the domain that it is told', async () => {
  const noRoom = await fly('cellar@lobbies.localhost', ...ends.slice(1, 7))
  expect([noRoom.code, noRoom.err]).toEqual([1, expect.stringMatching(/there is no room cellar@/)])
  expect((await near.cli('lobby', 'list')).includes('cellar')).toBe(false)
  const guest = await fly(...ends, '--far-account', 'localhost')
  expect(guest.code).toBe(0)
  const elsewhere = await fly(...ends, '--far-account', 'b.localhost')
  expect([elsewhere.code, elsewhere.err]).toEqual([1, expect.stringContaining('cannot log in')])
}, 60_000)

test('flies again and again, and its metrics tell when it falls', async () => {
  const canary = await CanaryProcess.start(...ends)
  try {
    await canary.round()
    expect(await canary.round()).toMatchObject({ lobbySec: expect.any(Number) })
    const text = await canary.metrics()
    expect(text).toMatch(/^foyer_canary_up 1$/m)
    expect(text).toMatch(/^foyer_canary_round_trip_seconds_count\{through="lobby"\} [2-9]$/m)
  } finally {
    expect(await canary.stop()).toBe(0)
  }
}, 90_000)
