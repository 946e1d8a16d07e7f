// The command line against a running gateway: shapes of the JSON, exit codes, signals, accounts.
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FoyerProcess } from '../support/foyer-process.ts'
import { XmppUser } from '../support/xmpp-user.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command to its end, whatever that is. */
function foyer(
  args: string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { PATH: process.env.PATH ?? '', ...env } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
    child.stdin?.end(input)
  })
}

describe('a running gateway', () => {
  let gateway: FoyerProcess
  const configFile = join(mkdtempSync(join(tmpdir(), 'foyer-cli-')), 'foyer.yaml')

  beforeAll(async () => {
    writeFileSync(configFile, 'xmpp:\n  server:\n    auth: both\n')
    gateway = await FoyerProcess.start({ FOYER_CONFIG: configFile })
  }, 30_000)
  afterAll(() => gateway.dispose())

  const cli = (...args: string[]) => foyer([...args, '--data', gateway.data])

  test('tells its status as one JSON document', async () => {
    const status = await gateway.json<Record<string, unknown>>('status')
    expect(status).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptimeSec: expect.any(Number),
      ports: { c2s: gateway.ports.c2s, http: gateway.ports.http, retroshare: gateway.ports.retroshare },
      networks: [{ id: 'retroshare', friends: 0 }],
      rooms: expect.any(Number),
      occupants: expect.any(Number),
      archive: { messages: 0, bytes: expect.any(Number) },
    })
  })

  test('makes a lobby and prints its id alone; the list shows it with its room', async () => {
    const id = await gateway.cli('lobby', 'create', 'Tea & Cake', '--topic', 'Scones')
    expect(id).toMatch(/^[0-9a-f]{16}$/)
    const lobbies = await gateway.json<Record<string, unknown>[]>('lobby', 'list')
    expect(lobbies).toContainEqual({
      id,
      network: 'retroshare',
      name: 'Tea & Cake',
      topic: 'Scones',
      joined: true,
      private: false,
      participants: 0,
      room: `tea-cake.${id}@lobbies.localhost`,
    })
    expect((await cli('lobby', 'alias', id, 'tea')).code).toBe(0)
    expect(await cli('lobby', 'alias', id, 'not possible')).toMatchObject({
      code: 1,
      err: expect.stringContaining('BAD_NAME'),
    })
  })

  test('prints an invite alone on one line, in both forms, and takes none of its own', async () => {
    for (const form of [[], ['--long']]) {
      const { out } = await cli('invite', ...form)
      expect(out).toMatch(/^[A-Za-z0-9+/=]+\n$/)
      expect(await cli('friend', 'add', out.trim())).toMatchObject({
        code: 1,
        err: expect.stringContaining('INVITE_IS_OWN'),
      })
    }
    expect(await gateway.json('friend', 'list')).toEqual([])
  })

  test.each([
    [['friend', 'add', 'no invite'], 1, 'INVITE_MALFORMED'],
    [['friend', 'remove', 'abc'], 1, 'NO_SUCH_FRIEND'],
    [['friend', 'ignore', 'abc'], 1, 'NO_SUCH_FRIEND'],
    [['identity', 'ban', 'abc'], 1, 'BAD_IDENTITY_ID'],
    [['identity', 'unban', '0'.repeat(32)], 1, 'NOT_BANNED'],
    [['lobby', 'join', '12'], 1, 'BAD_LOBBY_ID'],
    [['lobby', 'leave', '0000000000000000'], 1, 'NO_SUCH_LOBBY'],
    [['lobby', 'create', 'x', '--network', 'none'], 1, 'NO_NETWORK'],
    [['archive', 'export', 'nowhere'], 1, 'NO_SUCH_ROOM'],
    [['user', 'remove', 'nobody'], 1, 'NO_SUCH_USER'],
    [['lobby', 'create'], 2, 'NAME'],
    [['lobby', 'paint', 'x'], 2, 'lobby paint'],
    [['status', '--colour'], 2, '--colour'],
    [['nonsense'], 2, 'nonsense'],
  ])('%j ends with %d and says %s', async (args, code, reason) => {
    const ended = await cli(...args)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err).toContain(reason)
  })

  test('an account made on the command line can log in, and is the same occupant after a restart', async () => {
    const password = 'pässword 1'
    const args = ['user', 'add', 'Ann', '--password-stdin', '--data', gateway.data]
    expect((await foyer(args, { input: `${password}\n` })).code).toBe(0)
    expect((await foyer(args, { input: 'other\n' })).err).toContain('NAME_TAKEN')
    expect(await gateway.cli('user', 'list')).toBe('ann')
    type Seen = { occupantId: string; identity: string | null }
    const seen: (Seen | undefined)[] = []
    for (const _visit of [1, 2]) {
      const ann = await XmppUser.login(gateway.ports.c2s, { username: 'ann', password })
      await ann.join('tea-party@lobbies.localhost', 'Ann')
      const inRoom = (map: { rooms: { jid: string; occupants: Seen[] }[] }): Seen | undefined =>
        map.rooms.find((room) => room.jid.startsWith('tea-party@'))?.occupants[0]
      seen.push(inRoom(await gateway.mapWhen((map: Parameters<typeof inRoom>[0]) => Boolean(inRoom(map)))))
      await ann.quit()
      await gateway.stop()
      await gateway.start()
    }
    // No friend is there for whom an identity would have to be made.
    expect(seen[0]).toMatchObject({ occupantId: expect.stringMatching(/./), identity: null })
    expect(seen[1]?.occupantId).toBe(seen[0]?.occupantId)
  }, 60_000)

  test('exports a room as JSON lines and as text', async () => {
    const user = await XmppUser.login(gateway.ports.c2s)
    await user.join('minutes@lobbies.localhost', 'Clerk')
    await user.say('minutes@lobbies.localhost', 'motion carried')
    await user.heard('minutes@lobbies.localhost', 'motion carried')
    await user.quit()
    const lines = (await gateway.cli('archive', 'export', 'minutes@lobbies.localhost')).split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ room: 'minutes', nick: 'Clerk', body: 'motion carried' }),
    ])
    expect(await gateway.cli('archive', 'export', 'minutes', '--format', 'txt')).toMatch(
      /Z <Clerk> motion carried$/,
    )
    expect(await gateway.cli('archive', 'prune')).toBe('0 messages removed')
  })

  test('SIGHUP with a bad file keeps the old configuration; SIGTERM ends it with 0 after telling occupants', async () => {
    const user = await XmppUser.login(gateway.ports.c2s)
    await user.join('last@lobbies.localhost', 'Last')
    writeFileSync(configFile, 'xmpp:\n  sever: {}\n')
    process.kill(gateway.pid, 'SIGHUP')
    await expect.poll(() => gateway.log).toContain('xmpp.sever')
    expect((await gateway.http('/readyz')).status).toBe(200)
    expect(await gateway.stop('SIGTERM')).toBe(0)
    const goodbye = await user.when((s) => s.name === 'presence' && s.attrs.type === 'unavailable')
    expect(goodbye.toString()).toContain('code="332"')
    await user.quit()
    writeFileSync(configFile, '')
  }, 30_000)
})

test('without a gateway, commands fail and say how to start one', async () => {
  const data = mkdtempSync(join(tmpdir(), 'foyer-none-'))
  expect(await foyer(['status', '--data', data])).toMatchObject({
    code: 1,
    err: expect.stringContaining('foyer start'),
  })
})

test('check names file, line and key of what is wrong, and accepts the defaults', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'foyer-check-')), 'foyer.yaml')
  writeFileSync(file, 'http:\n  listen: everywhere\n')
  expect(await foyer(['check', '--config', file])).toMatchObject({
    code: 1,
    err: expect.stringContaining(`${file}:2:`),
  })
  expect((await foyer(['check', '--config', file])).err).toContain('http.listen')
  expect((await foyer(['check'])).code).toBe(0)
})

test('a port that is taken ends the start with its key', async () => {
  const first = await FoyerProcess.start()
  try {
    const data = mkdtempSync(join(tmpdir(), 'foyer-taken-'))
    const env = {
      FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
      FOYER_HTTP__LISTEN: `127.0.0.1:${first.ports.http}`,
      FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
    }
    const ended = await foyer(['start', '--data', data], { env })
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('http.listen')
  } finally {
    await first.dispose()
  }
}, 30_000)

test('a gateway that signs nobody’s identity lets users read where that is demanded, and says why they cannot speak', async () => {
  const gateway = await FoyerProcess.start({ FOYER_RETROSHARE__IDENTITIES__DEFAULT: 'never' })
  try {
    const user = await XmppUser.login(gateway.ports.c2s)
    for (const [name, flags, answer] of [
      ['Signed', ['--signed'], 'forbidden'],
      ['Open', [], undefined],
    ] as const) {
      const id = await gateway.cli('lobby', 'create', name, ...flags)
      const lobbies = await gateway.json<{ id: string; room: string }[]>('lobby', 'list')
      const room = lobbies.find((lobby) => lobby.id === id)?.room as string
      await user.join(room, 'Ann')
      const said = await user.say(room, `hello ${name}`)
      const reply = await user.when((stanza) => stanza.name === 'message' && stanza.attrs.id === said)
      expect(reply.getChild('error')?.getChildElements()[0]?.name).toBe(answer)
    }
    await user.quit()
  } finally {
    await gateway.dispose()
  }
}, 60_000)
