// Configuration: defaults, the file, variables, secrets in files, the rules between keys, and how problems are told.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exampleFile, withTables } from '../scripts/configuration.ts'
import { type Config, isLoopback, loadConfig, loadDataFolder, loadStoreLocation } from '../src/config.ts'
import { CONFIG_KEYS } from '../src/config-keys.ts'
import { GatewayError } from '../src/util/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'foyer-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function fileOf(text: string): string {
  const path = join(folder, `${files++}.yaml`)
  writeFileSync(path, text)
  return path
}
const load = (text: string, env: Record<string, string> = {}): Config =>
  loadConfig({ file: fileOf(text), env })

/** The lines of the refusal, without the folder. */
function problems(text: string, env: Record<string, string> = {}): string[] {
  try {
    load(text, env)
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    expect((error as GatewayError).code).toBe('CONFIG_INVALID')
    return (error as Error).message.split('\n').map((line) => line.replace(/^\S*\/\d+\.yaml/, 'FILE'))
  }
  throw new Error('accepted')
}

test('defaults alone give a gateway on loopback', () => {
  expect(loadConfig({ env: {} })).toEqual({
    data: resolve('data'),
    archive: { location: { kind: 'sqlite', file: resolve('data/foyer.db') }, retentionMs: 365 * 86_400_000 },
    xmpp: {
      domain: 'lobbies.localhost',
      roomCreation: 'everybody',
      admins: [],
      statusUrls: [],
      server: {
        domain: 'localhost',
        listen: { host: '127.0.0.1', port: 5222 },
        directTls: null,
        tls: null,
        auth: 'anonymous',
        registration: false,
      },
      component: null,
    },
    http: {
      listen: { host: '127.0.0.1', port: 5280 },
      publicUrl: null,
      origins: [],
      token: null,
      ethora: false,
    },
    retroshare: {
      name: 'Foyer',
      listen: { host: '127.0.0.1', port: 7812 },
      advertise: null,
      autojoin: [],
      acceptInvites: [],
      staying: {},
      identities: { default: 'anonymous', lobbies: {} },
    },
    limits: { files: 256 * 1024 * 1024, uploads: 256 * 1024 * 1024 },
    log: { level: 'info' },
  })
})

test('an empty file is the defaults', () => {
  expect(load('# nothing\n')).toEqual(loadConfig({ env: {} }))
})

describe('the example', () => {
  const path = 'config/foyer.example.yaml'
  test('says the defaults', () => {
    expect(loadConfig({ file: path, env: {} })).toEqual(loadConfig({ env: {} }))
  })
  test('is what the schema says: `npm run docs` brings it up to date', () => {
    expect(readFileSync(path, 'utf8')).toBe(exampleFile())
  })
  test('has every key, in its place, those of sections that are off as comments', () => {
    const text = readFileSync(path, 'utf8').replace(
      /^( *)\w+: null\n((?:\1# (?:\w+:| {2}.*)\n)+)/gm,
      (_, _indent: string, comments: string) => comments.replace(/^( *)# /gm, '$1'),
    )
    const tree = parse(text)
    for (const { path } of CONFIG_KEYS) {
      let node = tree
      for (const name of path) node = node[name]
      expect(node, path.join('.')).not.toBe(undefined)
    }
  })
})

test('docs/configuration.md is what the schema says: `npm run docs` brings it up to date', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  expect(text).toBe(withTables(text))
  for (const { path } of CONFIG_KEYS)
    expect(text).toMatch(new RegExp(`\`${path.join('.')}\`|^### ${path.join('.')}$`, 'm'))
})

test('every key says what it is for, what it takes and its default, or that it must be given', () => {
  for (const key of CONFIG_KEYS) {
    const name = key.path.join('.')
    expect(key.description, name).toMatch(/^\S.*[.]$/)
    const isSection = CONFIG_KEYS.some(({ path }) => path.slice(0, -1).join('.') === name)
    if (isSection) continue
    expect(key.expected, name).toMatch(/^(?!.*undefined)./)
    if (key.default === undefined && name !== 'tox.listen') expect(key.isRequired, name).toBe(true)
  }
})

describe('variables', () => {
  test('win over the file; --data wins over both', () => {
    const file = fileOf('data: /from-file\nxmpp: { domain: a.example }\n')
    const env = { FOYER_CONFIG: file, FOYER_XMPP__DOMAIN: 'b.example', FOYER_DATA: '/from-env' }
    expect(loadConfig({ env }).xmpp.domain).toBe('b.example')
    expect(loadConfig({ env }).data).toBe('/from-env')
    expect(loadConfig({ env, dataOverride: '/from-option' }).data).toBe('/from-option')
    expect(loadConfig({ env: { FOYER_CONFIG: file } }).data).toBe('/from-file')
  })
  test('reach keys deep down, also below a section that the file turned off', () => {
    expect(
      load('', { FOYER_XMPP__SERVER__LISTEN: '[::1]:0', FOYER_XMPP__ADMINS: '[Ann@Example.org]' }).xmpp,
    ).toMatchObject({ admins: ['ann@example.org'], server: { listen: { host: '::1', port: 0 } } })
    expect(load('retroshare: null\n', { FOYER_RETROSHARE__NAME: 'N' }).retroshare?.name).toBe('N')
    expect(load('', { FOYER_RETROSHARE: 'null' }).retroshare).toBe(null)
  })
  test('take a secret from a file', () => {
    const secret = fileOf('12345\n')
    expect(load('', { FOYER_HTTP__TOKEN_FILE: secret }).http.token).toBe('12345')
    expect(problems('', { FOYER_HTTP__TOKEN_FILE: secret, FOYER_HTTP__TOKEN: 'x' })).toEqual([
      'FOYER_HTTP__TOKEN_FILE: http.token: set twice: FOYER_HTTP__TOKEN and FOYER_HTTP__TOKEN_FILE',
    ])
    expect(problems('', { FOYER_HTTP__TOKEN_FILE: '/nowhere' })).toEqual([
      'FOYER_HTTP__TOKEN_FILE: http.token: cannot read /nowhere: there is no such file or folder (ENOENT)',
    ])
  })
  test('of no key are errors, other programs’ variables are not', () => {
    expect(problems('', { FOYER_HTTP__TOKN: 'x', HOME: '/' })).toEqual([
      'FOYER_HTTP__TOKN: no key of this name: is FOYER_HTTP__TOKEN meant?',
    ])
  })
  test('that hold something wrong are named', () => {
    expect(problems('http: { listen: "::1" }\n', { FOYER_LOG__LEVEL: 'loud' })).toEqual([
      'FILE:1:9: http.listen: expected host:port, such as 127.0.0.1:5222 or [::1]:5222',
      'FOYER_LOG__LEVEL: log.level: expected fatal, error, warn, info, debug, trace or silent',
    ])
  })
})

describe('problems', () => {
  test('are told all at once, each with file, line, column and key', () => {
    expect(
      problems(`archive:
  retention: 3w
  size: 1
xmpp:
  admins: [ann@example.org, bob]
  server:
    listen: localhost:99999
retroshare:
  autojoin:
    - 00112233445566778
http: here
`),
    ).toEqual([
      'FILE:2:3: archive.retention: expected days or hours, such as 365d or 12h, or 0 for ever',
      'FILE:3:3: archive.size: no key of this name',
      'FILE:5:29: xmpp.admins.1: expected a bare JID, such as ann@example.org',
      'FILE:7:5: xmpp.server.listen: expected host:port, such as 127.0.0.1:5222 or [::1]:5222',
      'FILE:11:1: http: expected a section: keys below it',
      'FILE:10:7: retroshare.autojoin.0: expected a lobby id of 16 hex digits',
    ])
  })
  test('of YAML are told with their place', () => {
    expect(problems('xmpp:\n  domain: a\n  domain: b\n')).toEqual([
      expect.stringMatching(/^FILE:3:3: .*unique/),
    ])
    expect(problems('- 1\n')).toEqual(['FILE:1:1: expected a section: keys below it'])
    expect(problems('a: [1\n')[0]).toMatch(/^FILE:\d+:\d+: /)
  })
  test('never show a secret', () => {
    const told = problems(
      'archive: { url: "postgres://foyer:hunter2@db/foyer?mode=hunter2" }\nhttp: { token: "hunter2 " }\n',
    )
    expect(told).toHaveLength(2)
    expect(told.join()).not.toContain('hunter2')
  })
  test('a file that cannot be read is told as such', () => {
    expect(() => loadConfig({ file: '/nowhere.yaml', env: {} })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNREADABLE',
        message: expect.stringContaining('/nowhere.yaml'),
      }),
    )
  })
  test('name the key that may be meant: a like one in this place, or this one in another', () => {
    expect(
      problems('retroshare: { adverise: "a:1", secret: x, listn: "a:1", colour: red }\nlisten: "a:1"\n'),
    ).toEqual([
      'FILE:1:15: retroshare.adverise: no key of this name: is retroshare.advertise meant?',
      'FILE:1:32: retroshare.secret: no key of this name: is xmpp.component.secret meant?',
      'FILE:1:43: retroshare.listn: no key of this name: is retroshare.listen meant?',
      'FILE:1:57: retroshare.colour: no key of this name',
      'FILE:2:1: listen: no key of this name',
    ])
  })
  test('a key that every object has is no key here', () => {
    expect(problems('constructor: 1\nhttp: { __proto__: { token: x } }\n')).toEqual([
      'FILE:2:9: http.__proto__: no key of this name',
      'FILE:1:1: constructor: no key of this name',
    ])
  })
})

describe('whoever asks a running gateway', () => {
  const place = (text: string, env: Record<string, string> = {}) => ({ file: fileOf(text), env })

  test('needs no secret, and nothing right but the data folder', () => {
    const text = 'data: /state\narchive: { url: "sqlite:a.db" }\nxmpp: { server: null, component: {} }\n'
    expect(() => loadConfig(place(text))).toThrow('xmpp.component.secret')
    const secret = { FOYER_XMPP__COMPONENT__SECRET_FILE: '/nowhere/secret' }
    expect(loadDataFolder(place(text, secret))).toBe('/state')
    expect(loadStoreLocation(place(text, secret))).toEqual({ kind: 'sqlite', file: '/state/a.db' })
    expect(loadDataFolder({ ...place(text), dataOverride: '/other' })).toBe('/other')
    expect(loadDataFolder({ env: {} })).toBe(resolve('data'))
  })

  test.each([
    ['a misspelt key', 'date: /state\n', {}, 'date: no key of this name: is data meant?'],
    ['a misspelt variable', '', { FOYER_DAT: '/state' }, 'FOYER_DAT: no key of this name'],
    ['broken YAML', 'data: [\n', {}, ':1: '],
    ['no folder', 'data: [a]\n', {}, 'data: expected'],
  ])('is told of %s', (_what, text, env, told) => {
    expect(() => loadDataFolder(place(text, env as Record<string, string>))).toThrow(told)
  })
})

describe('rules', () => {
  test('off loopback anonymous is refused, and anything without TLS', () => {
    expect(problems('xmpp: { server: { listen: "0.0.0.0:5222" } }\n')).toEqual([
      'FILE:1:9: xmpp.server.auth: anonymous is refused, as xmpp.server.listen is 0.0.0.0, which is not loopback: set it to accounts',
      'FILE:1:9: xmpp.server.tls: is required, as xmpp.server.listen is 0.0.0.0, which is not loopback: name certificate and key, see docs/operating.md#tls',
    ])
    expect(problems('xmpp: { server: { listen: "0.0.0.0:5222", auth: accounts } }\n')).toHaveLength(1)
    expect(problems('xmpp: { server: { directTls: "0.0.0.0:5223", auth: both } }\n')).toEqual([
      'FILE:1:19: xmpp.server.directTls: needs xmpp.server.tls',
      'FILE:1:46: xmpp.server.auth: both is refused, as xmpp.server.directTls is 0.0.0.0, which is not loopback: set it to accounts',
    ])
    const good =
      'xmpp: { server: { listen: "0.0.0.0:5222", directTls: "[::]:5223", auth: accounts, tls: { cert: a, key: /b } } }\n'
    expect(load(good).xmpp.server).toMatchObject({
      directTls: { host: '::', port: 5223 },
      tls: { cert: join(process.cwd(), 'a'), key: '/b' },
    })
    expect(problems('xmpp: { server: { tls: { cert: a } } }\n')).toEqual([
      'FILE:1:19: xmpp.server.tls.key: is required: a file',
    ])
  })
  test('off loopback HTTP needs a token', () => {
    expect(problems('http: { listen: "192.0.2.1:80" }\n')).toEqual([
      'FILE:1:1: http.token: is required, as http.listen is 192.0.2.1, which is not loopback: set it to a long random text, such as `openssl rand -hex 32` prints',
    ])
    expect(load('http: { listen: "192.0.2.1:80", token: abc }\n').http.token).toBe('abc')
  })
  test('what variables leave out is told with the variable that sets it', () => {
    const env = { FOYER_HTTP__LISTEN: '192.0.2.1:80', FOYER_XMPP__SERVER__TLS__CERT: 'a' }
    expect(() => loadConfig({ env })).toThrow(
      /^FOYER_XMPP__SERVER__TLS__KEY: xmpp\.server\.tls\.key: is required: a file\nFOYER_HTTP__TOKEN: http\.token: is required/,
    )
  })
  test('something must speak XMPP', () => {
    expect(problems('xmpp: { server: null }\n')[0]).toMatch(
      /^FILE:1:9: xmpp\.server: null needs xmpp\.component/,
    )
  })
  test('a component needs a secret and has defaults for the rest; its secret comes from a file', () => {
    const secret = fileOf('s3cret\n')
    expect(
      load('xmpp: { server: null }\n', { FOYER_XMPP__COMPONENT__SECRET_FILE: secret }).xmpp,
    ).toMatchObject({
      server: null,
      component: { host: '127.0.0.1', port: 5347, secret: 's3cret' },
    })
    expect(problems('xmpp: { component: { port: 5347 } }\n')).toEqual([
      'FILE:1:9: xmpp.component.secret: is required: the one that the host server has for this component',
    ])
    expect(problems('xmpp: { component: { secret: "" } }\n')).toEqual([
      'FILE:1:22: xmpp.component.secret: must not be empty',
    ])
  })
  test.each(['localhost', '127.1.2.3', '::1'])('a component on this machine is fine: %s', (host) => {
    expect(load(`xmpp: { component: { host: "${host}", secret: s } }\n`).xmpp.component?.host).toBe(host)
  })
  test('the secret does not leave this machine in clear, nor into an error', () => {
    expect(problems('xmpp: { component: { host: xmpp.example, port: 99999, secret: hush } }\n')).toEqual([
      'FILE:1:22: xmpp.component.host: must be this machine (127.0.0.1, ::1 or localhost): the link has no TLS; use a tunnel',
      'FILE:1:42: xmpp.component.port: expected a port from 1 to 65535',
    ])
  })
  test('the service and the server cannot have one domain', () => {
    expect(problems('xmpp: { domain: localhost }\n')).toEqual([
      'FILE:1:9: xmpp.domain: must differ from xmpp.server.domain: accounts are at localhost, rooms for example at lobbies.localhost',
    ])
  })
  test.each([
    ['tox: { listen: "127.0.0.1:33445" }', 'tox'],
    ['links: [{}]', 'links'],
  ])('what this version cannot do is refused: %s', (text, key) => {
    expect(problems(text)).toEqual([expect.stringMatching(`: ${key}: .*is not available in this version`)])
  })
})

test('ids and secrets that look like numbers stay as they were written', () => {
  const config = load(
    'retroshare: { autojoin: [0012345678901234, 12e4567890123456, ABCDEF0123456789] }\nhttp: { token: 0x10 }\n',
  )
  expect(config.retroshare?.autojoin).toEqual(['0012345678901234', '12e4567890123456', 'abcdef0123456789'])
  expect(config.http.token).toBe('0x10')
})

test.each([
  ['0', 0],
  ['64KiB', 65_536],
  ['2GiB', 2_147_483_648],
])('files of %s are %i bytes', (text, bytes) => {
  expect(load(`limits: { files: ${text} }\n`).limits.files).toBe(bytes)
})

test.each(['256', '1.5GiB', '-1MiB', '64MB', 'x'])('files of %s are refused', (text) => {
  expect(problems(`limits: { files: "${text}" }\n`)).toEqual([
    'FILE:1:11: limits.files: expected KiB, MiB or GiB, such as 256MiB, or 0 for none',
  ])
})

test.each([
  ['https://Chat.example.org', 'https://chat.example.org'],
  ['http://localhost:5280/', 'http://localhost:5280'],
  ['https://example.org/foyer/', 'https://example.org/foyer'],
])('the public address %s is %s', (text, url) => {
  expect(load(`http: { publicUrl: "${text}" }\n`).http.publicUrl).toBe(url)
})

test.each([
  'chat.example.org',
  'ftp://x.org',
  'https://',
  'https://x.org/?a',
  'https://x.org/#a',
  'https://u@x.org',
])('the public address %s is refused', (text) => {
  expect(problems(`http: { publicUrl: "${text}" }\n`)).toEqual([
    'FILE:1:9: http.publicUrl: expected an http or https address, such as https://chat.example.org',
  ])
})

test.each([
  ['https://Chat.example.org', 'https://chat.example.org'],
  ['http://example.org:8080/', 'http://example.org:8080'],
  ['https://example.org:443', 'https://example.org'],
])('pages of %s are of the origin %s', (text, origin) => {
  expect(load(`http: { origins: ["${text}"] }\n`).http.origins).toEqual([origin])
})

test.each(['example.org', '*', 'null', 'https://x.org/chat', 'https://x.org/?a', 'https://u@x.org'])(
  'the origin %s is refused',
  (text) => {
    expect(problems(`http: { origins: ["${text}"] }\n`)[0]).toContain('http.origins')
  },
)

test.each([
  ['0', 0],
  ['12h', 43_200_000],
  ['1d', 86_400_000],
])('a retention of %s is %i ms', (text, ms) => {
  expect(load(`archive: { retention: ${text} }\n`).archive.retentionMs).toBe(ms)
})

test.each([
  ['sqlite:chat.db', '/d/chat.db'],
  ['sqlite:/var/chat.db', '/var/chat.db'],
  ['sqlite:///var/chat.db', '/var/chat.db'],
])('%s is the file %s', (url, file) => {
  expect(load(`data: /d\narchive: { url: "${url}" }\n`).archive.location).toEqual({ kind: 'sqlite', file })
})

test('a database of PostgreSQL is named by URL, its password best in a file', () => {
  const named = load('archive: { url: "postgres://foyer:p%40ss@db:5433/chat?sslmode=require" }\n')
  const location = {
    kind: 'postgres',
    postgres: {
      host: 'db',
      port: 5433,
      database: 'chat',
      user: 'foyer',
      password: 'p@ss',
      sslMode: 'require',
      sslRootCert: null,
      sslCert: null,
      sslKey: null,
    },
  }
  expect(named.archive.location).toEqual(location)
  const file = join(folder, 'url')
  writeFileSync(file, 'postgresql://foyer:p%40ss@db:5433/chat?sslmode=require\n')
  expect(load('', { FOYER_ARCHIVE__URL_FILE: file }).archive.location).toEqual(location)
})

test.each([
  ['mysql://u@h/d', 'expected sqlite:FILE or postgres://user:password@host:port/database'],
  ['postgres:u@h/d', 'expected postgres://user:password@host:port/database'],
  ['postgres://u:secret@h:99999/d', 'expected postgres://user:password@host:port/database'],
  ['postgres://h/d', 'names no user: postgres://user:password@host:port/database'],
  ['postgres://u:secret@h', 'names no database: postgres://user:password@host:port/database'],
  ['postgres://u:secret@h/d?sslmode=on', 'sslmode is disable, prefer, require, verify-ca, verify-full'],
])('the archive %s is refused with the reason', (url, reason) => {
  expect(problems(`archive: { url: "${url}" }\n`)).toEqual([`FILE:1:12: archive.url: ${reason}`])
})

test('loopback is this machine and nothing else', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '127.example.org', '10.0.0.1', 'localhost.example.org'].some(isLoopback)).toBe(
    false,
  )
})

test('invitations are accepted from all, or from friends by id', () => {
  const accepted = (value: string) =>
    load(`retroshare: { acceptInvites: ${value} }\n`).retroshare?.acceptInvites
  expect(accepted('all')).toBe('all')
  expect(accepted(`[${'AB'.repeat(16)}, 12345678901234567890123456789012]`)).toEqual([
    'ab'.repeat(16),
    '12345678901234567890123456789012',
  ])
  expect(loadConfig({ env: { FOYER_RETROSHARE__ACCEPTINVITES: 'all' } }).retroshare?.acceptInvites).toBe(
    'all',
  )
  for (const wrong of ['some', '[all]', '[0011]', '{}'])
    expect(() => accepted(wrong)).toThrow('acceptInvites')
})

test('accounts can be made by their users only where accounts log in', () => {
  expect(load('xmpp: { server: { auth: both, registration: true } }\n').xmpp.server?.registration).toBe(true)
  expect(problems('xmpp: { server: { registration: true } }\n')).toEqual([
    'FILE:1:19: xmpp.server.registration: needs xmpp.server.auth accounts or both',
  ])
  expect(problems('xmpp: { server: { registration: maybe } }\n')).toEqual([
    'FILE:1:19: xmpp.server.registration: expected true or false',
  ])
})

test('who stays in which lobby is said by lobby and account, each nickname once', () => {
  const staying = (lines: string): string => `retroshare:\n  staying:\n${lines}`
  expect(
    load(staying('    00000000000000AA: { Ann@Example.org: Ann, bob@example.org: B }\n')).retroshare?.staying,
  ).toEqual({ '00000000000000aa': { 'ann@example.org': 'Ann', 'bob@example.org': 'B' } })
  expect(problems(staying('    "12": {}\n'))).toHaveLength(1)
  expect(problems(staying('    00000000000000aa: { ann: Ann }\n'))).toHaveLength(1)
  const long = 'n'.repeat(31)
  expect(problems(staying(`    00000000000000aa: { ann@example.org: ${long} }\n`))).toEqual([
    expect.stringContaining('expected a nickname of up to 30 characters and 50 bytes'),
  ])
  expect(problems(staying('    00000000000000aa: { ann@a.org: Ann, bob@a.org: Ann }\n'))).toEqual([
    expect.stringContaining('expected each nickname once'),
  ])
})

test('identities are linked by lobby, and by default', () => {
  const identities = (text: string) => load(`retroshare: { identities: ${text} }\n`).retroshare?.identities
  expect(identities('{ default: never, lobbies: { 00000000000000aa: linked } }')).toEqual({
    default: 'never',
    lobbies: { '00000000000000aa': 'linked' },
  })
  expect(() => identities('{ lobbies: { 00000000000000aa: maybe } }')).toThrow('00000000000000aa')
  expect(() => identities('{ lobbies: { garden: linked } }')).toThrow('garden')
})
