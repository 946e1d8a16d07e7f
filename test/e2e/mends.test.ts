// What goes wrong before a gateway runs: the text names key, line or file, says what to do, and the exit code is right.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'foyer-mends-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
vi.setConfig({ testTimeout: 60_000 })

/** Runs a command in a clean environment to its end; the default ports are not used. */
function foyer(args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      {
        cwd: folder,
        // A gateway that starts against all expectation stays nowhere.
        timeout: 50_000,
        killSignal: 'SIGKILL',
        env: {
          PATH: process.env.PATH ?? '',
          FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
          FOYER_HTTP__LISTEN: '127.0.0.1:0',
          // Keys take their time, and are in nobody's way here.
          FOYER_RETROSHARE: 'null',
          ...env,
        },
      },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })
}

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('wrong usage ends with 2, and the usage of the command', () => {
  test.each([
    ['stauts', /there is no command `stauts`: is `status` meant\?/],
    ['friend ad', /there is no `friend ad`: is `friend add` meant\?\n {2}foyer friend {2}add INVITE/],
    ['lobby', /missing: one of list, .*\n {2}foyer lobby/],
    ['start --dta x', /there is no option --dta here: is --data meant\?\n {2}foyer start/],
    ['friend add', /missing: INVITE/],
    ['status now', /this is too much: now/],
  ])('%s', async (words, told) => {
    const { code, out, err } = await foyer(words.split(' '))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(told)
    expect(err).toMatch(/See `foyer help`\.\n$/)
  })

  test('and whoever asks a command for help is told its usage alone', async () => {
    expect(await foyer(['friend', '--help'])).toEqual({
      code: 0,
      err: '',
      out: expect.stringMatching(/^ {2}foyer friend {2}add .*\n$/),
    })
  })
})

describe('what cannot start ends with 1, the code, and what to do', () => {
  test.each<[string, { args?: string[]; env?: Record<string, string> }, RegExp]>([
    [
      'a misspelt key of a file',
      { args: ['--config', file('typo.yaml', 'xmpp:\n  admin: [ann@example.org]\n')] },
      /typo\.yaml:2:3: xmpp\.admin: no key of this name: is xmpp\.admins meant\? \[CONFIG_INVALID\]/,
    ],
    [
      'bad YAML',
      { args: ['--config', file('tab.yaml', 'xmpp:\n\tdomain: a\n')] },
      /tab\.yaml:2:1: Tabs are not allowed/,
    ],
    [
      'a configuration that is not there',
      { args: ['--config', 'nowhere.yaml'] },
      /nowhere\.yaml: there is no such file or folder \(ENOENT\).*--config.*\[CONFIG_UNREADABLE\]/,
    ],
    [
      'a secret that is not there',
      { env: { FOYER_HTTP__TOKEN_FILE: '/nowhere' } },
      /FOYER_HTTP__TOKEN_FILE: http\.token: cannot read \/nowhere: there is no such file/,
    ],
    [
      'a listener for all without token',
      { env: { FOYER_HTTP__LISTEN: '0.0.0.0:0' } },
      /FOYER_HTTP__TOKEN: http\.token: is required, .*openssl rand -hex 32/,
    ],
    [
      'a file in place of the data folder',
      { args: ['--data', file('file', '')] },
      /data: \S*\/file: a file is in the way: name another place.*\[DATA_UNUSABLE\]/,
    ],
    [
      'a database that is none',
      {
        env: {
          FOYER_ARCHIVE__URL: `sqlite:${file('junk.db', 'x'.repeat(4096))}`,
          FOYER_DATA: join(folder, 'junk'),
        },
      },
      /junk\.db cannot be opened: .*: restore it from a backup, or move it away .*\[ARCHIVE_UNREADABLE\]/,
    ],
    [
      'a certificate that is none',
      {
        env: {
          FOYER_XMPP__SERVER__TLS__CERT: file('cert.pem', 'x'),
          FOYER_XMPP__SERVER__TLS__KEY: file('key.pem', 'x'),
          FOYER_DATA: join(folder, 'certificate'),
        },
      },
      /xmpp\.server\.tls\.cert: \S*cert\.pem has no certificate in PEM.*\[XMPP_TLS_UNUSABLE\]/,
    ],
  ])('%s', async (_what, { args = [], env = {} }, told) => {
    const { code, out, err } = await foyer(['start', ...args], env)
    expect(err).toMatch(told)
    expect({ code, out: out.includes('"msg":"ready"') }).toEqual({ code: 1, out: false })
  })

  test.each(['xmpp.server.listen', 'http.listen'])('a port for %s that is taken', async (key) => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`
    const variable = `FOYER_${key.toUpperCase().replaceAll('.', '__')}`
    const { code, err } = await foyer(['start', '--data', join(folder, key)], { [variable]: taken })
    other.close()
    expect(err).toContain(`${key}: ${taken} is taken by another program: end that program`)
    expect(err).toContain(`or set ${key} to another port`)
    expect(code).toBe(1)
  })

  test('damaged keys of the node, which are not overwritten', async () => {
    const data = join(folder, 'damaged')
    const path = join(data, 'retroshare/node-identity.json')
    mkdirSync(join(data, 'retroshare'), { recursive: true })
    writeFileSync(path, '{')
    const { code, err } = await foyer(['start', '--data', data], { FOYER_RETROSHARE: '{}' })
    expect(err).toMatch(/node-identity\.json: .*restore it from a backup.*\[IDENTITY_UNREADABLE\]/)
    expect(code).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe('{')
  })
})

test('a command without a gateway says how to start one, and where it looked', async () => {
  const { code, err } = await foyer(['status', '--data', join(folder, 'none')])
  expect(err).toMatch(/none\/admin\.sock: start it with `foyer start`, or name its folder with --data/)
  expect(code).toBe(1)
})

describe('beside a gateway that runs', () => {
  let gateway: FoyerProcess
  beforeAll(async () => {
    gateway = await FoyerProcess.start({ FOYER_LOG__LEVEL: 'info' })
  }, 60_000)
  afterAll(() => gateway.dispose())

  test('a second one with its folder is refused, and told to take another', async () => {
    const { code, err } = await foyer(['start', '--data', gateway.data])
    expect(err).toMatch(
      /foyer\.db is in use by another process: stop the gateway .* --data \[ARCHIVE_LOCKED\]/,
    )
    expect(code).toBe(1)
  })

  test.each([
    ['friend add nonsense', /this is no whole invitation: copy it anew/],
    ['lobby create Tea --network tox', /there is no network tox here, only: retroshare/],
    ['lobby join 12', /expected a lobby id of 16 hex digits, not 12; `foyer lobby list` shows all/],
    ['user remove nobody', /there is no account nobody; `foyer user list` shows all/],
    ['backup /proc/nowhere/at-all', /\/proc\/nowhere\/at-all: there is no such file or folder/],
  ])('%s is refused with what to do', async (words, told) => {
    const { code, err } = await foyer([...words.split(' '), '--data', gateway.data])
    expect(err).toMatch(told)
    expect(code).toBe(1)
  })
})
