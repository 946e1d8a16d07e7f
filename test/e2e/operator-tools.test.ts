// What an operator does beside chatting: log level at run time, tracing one JID, the doctor, backup and restore, keys.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const ROOM = 'tools@lobbies.localhost'
const folder = mkdtempSync(join(tmpdir(), 'foyer-tools-'))
let foyer: FoyerProcess
let ann: XmppUser

beforeAll(async () => {
  foyer = await FoyerProcess.start({ FOYER_LOG__LEVEL: 'info' })
  ann = await XmppUser.login(foyer.ports.c2s)
  await ann.join(ROOM, 'Ann')
}, 60_000)
afterAll(async () => {
  await ann.quit()
  await foyer.dispose()
  rmSync(folder, { recursive: true })
})

const said = async (body: string): Promise<void> => {
  const id = await ann.say(ROOM, body)
  await ann.when(({ attrs }) => attrs.id === id && attrs.from === `${ROOM}/Ann`)
}

/** Who a node is for its friends. */
async function idOf(node: FoyerProcess): Promise<string | undefined> {
  const map = await (await node.http('/api/map')).json()
  return (map as { networks: { self: { id: string } }[] }).networks[0]?.self.id
}

/** A command that is to fail; what it says. */
const refusal = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { PATH: process.env.PATH ?? '' } },
      (error, _out, err) => (error ? resolve(err) : reject(new Error('done'))),
    )
  })

test('the level of the log is changed while it runs, and only to one that there is', async () => {
  await foyer.cli('log', 'level', 'debug')
  const bob = await XmppUser.login(foyer.ports.c2s)
  await bob.quit()
  await foyer.cli('log', 'level', 'info')
  await expect(foyer.cli('log', 'level', 'loud')).rejects.toThrow(/one of fatal, error.*not loud/)
})

test('a trace shows what passes between one user and the gateway, without texts', async () => {
  const trace = spawn(process.execPath, [MAIN, 'trace', ann.jid, '--data', foyer.data], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const isShown = new Promise<void>((resolve) => {
    createInterface({ input: trace.stdout }).on('line', (line) => {
      lines.push(line)
      if (/ to {3}<message .*type="groupchat".*<body>…<\/body>/.test(line)) resolve()
    })
  })
  await foyer.logged('stanza trace begins')
  await said('a secret')
  await isShown
  trace.kill()
  await once(trace, 'exit')
  expect(lines.some((line) => / from <message .*<body>…<\/body>/.test(line))).toBe(true)
  expect(lines.join()).not.toContain('secret')
}, 60_000)

test('a backup is made while people talk, and is a data folder that starts', async () => {
  for (let n = 0; n < 5; n++) await said(`before ${n}`)
  const copy = join(folder, 'backup')
  const backup = foyer.cli('backup', copy)
  for (let n = 0; n < 20; n++) await said(`meanwhile ${n}`)
  expect(await backup).toMatch(/^\d+ files, \d+ bytes in /)
  expect(statSync(copy).mode & 0o777).toBe(0o700)
  expect(existsSync(join(copy, 'admin.sock'))).toBe(false)
  await said('after')

  const restored = await FoyerProcess.startIn(copy)
  try {
    expect(await idOf(restored)).toBe(await idOf(foyer))
    const bodies = (await restored.cli('archive', 'export', ROOM)).split('\n').map((l) => JSON.parse(l).body)
    for (let n = 0; n < 5; n++) expect(bodies).toContain(`before ${n}`)
    expect(bodies).not.toContain('after')
  } finally {
    await restored.stop()
  }

  // The one that was copied goes on, holds its database alone, and has lost nothing.
  expect(await refusal('start', '--data', foyer.data)).toMatch(/ARCHIVE_LOCKED/)
  await foyer.stop('SIGKILL')
  await foyer.start()
  const bodies = (await foyer.cli('archive', 'export', ROOM)).split('\n').map((l) => JSON.parse(l).body)
  for (const body of ['before 0', 'meanwhile 0', 'meanwhile 19', 'after']) expect(bodies).toContain(body)
}, 60_000)

test('the doctor finds nothing wrong with a gateway that runs, and much with one that cannot', async () => {
  const findings = await foyer.json<{ check: string; verdict: string }[]>('doctor')
  expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([])
  expect(findings.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual(
    expect.arrayContaining(['gateway ok', 'ports ok', 'clock warn', 'disk ok', 'permissions ok']),
  )
  const env = { PATH: process.env.PATH ?? '', FOYER_HTTP__LISTEN: `127.0.0.1:${foyer.ports.http}` }
  const data = join(folder, 'sick')
  const sick = await new Promise<{ code: unknown; out: string }>((resolve) => {
    execFile(process.execPath, [MAIN, 'doctor', '--data', data], { env }, (error, out) =>
      resolve({ code: error?.code, out }),
    )
  })
  expect(sick.code).toBe(1)
  expect(sick.out).toMatch(
    /fail {2}ports: http\.listen.* taken by another program\n {6}end that program .*, or set http\.listen/,
  )
})

test('a backup overwrites nothing', async () => {
  const full = join(folder, 'full')
  mkdirSync(full)
  writeFileSync(join(full, 'x'), '')
  await expect(foyer.cli('backup', full)).rejects.toThrow(/not empty/)
  await expect(foyer.cli('backup', join(foyer.data, 'backup'))).rejects.toThrow(/in the data folder/)
})

test('keys go from one data folder to another, which is then the same node, and replace none', async () => {
  const file = join(folder, 'keys.json')
  await foyer.cli('keys', 'export', file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const data = join(folder, 'moved')
  expect(await refusal('keys', 'export', '-', '--data', data)).toMatch(/no keys yet.*KEYS_UNUSABLE/)
  const moved = await FoyerProcess.startIn(data, { beforehand: ['keys', 'import', file] })
  try {
    expect(await idOf(moved)).toBe(await idOf(foyer))
  } finally {
    await moved.stop()
  }
  expect(await refusal('keys', 'import', file, '--data', data)).toMatch(
    /exists: this data folder is of another/,
  )
  writeFileSync(file, '{}')
  expect(await refusal('keys', 'import', file, '--data', join(folder, 'none'))).toMatch(
    /holds no keys of a node: it has location, profile, /,
  )
}, 60_000)
