// The archive in SQLite: the contract of every archive, and what is SQLite's own: file, lock, schema, sudden death.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { openStore } from '../../src/archive/open-store.ts'
import { Database } from '../../src/archive/sqlite.ts'
import { MIGRATIONS } from '../../src/archive/sqlite-schema.ts'
import type { ArchiveEntry } from '../../src/muc/archive-port.ts'
import { archiveContract } from './archive-contract.ts'
import { entry, START_MS } from './entries.ts'

const folder = mkdtempSync(join(tmpdir(), 'foyer-archive-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = (): string => join(folder, `${files++}.db`)

archiveContract('SQLite', async () => openStore(newFile()))

test('what was stored is there after closing and opening again', async () => {
  const file = newFile()
  const before = openStore(file)
  await before.archive.append([entry(1, { networkId: 'a' })])
  await before.meta.set('secret', 'abc')
  await before.close()
  const after = openStore(file)
  expect(await after.archive.append([entry(2, { networkId: 'a' })])).toEqual(['duplicate'])
  expect(await after.archive.lastId()).toBe(entry(1).id)
  expect(await after.meta.get('secret')).toBe('abc')
  await after.close()
})

test('the file and its log are for the owner alone, and closing leaves one file', async () => {
  const file = join(folder, 'deep', 'er', 'chat.db')
  const store = openStore(file)
  await store.archive.append([entry(1)])
  expect((await store.archive.stats()).bytes).toBeGreaterThan(0)
  for (const name of readdirSync(join(folder, 'deep', 'er')))
    expect(statSync(join(folder, 'deep', 'er', name)).mode & 0o777, name).toBe(0o600)
  await store.close()
  expect(readdirSync(join(folder, 'deep', 'er'))).toEqual(['chat.db'])
})

test('a second process is refused while the first one runs, and let in afterwards', async () => {
  const file = newFile()
  const opens = (): string =>
    spawnSync(process.execPath, ['--import', 'tsx', 'test/archive/open-once.ts', file], {
      encoding: 'utf8',
    }).stdout.trim()
  const store = openStore(file)
  expect(() => openStore(file)).toThrow(expect.objectContaining({ code: 'ARCHIVE_LOCKED' }))
  expect(opens()).toContain(`ARCHIVE_LOCKED ${file} is in use by another process: `)
  await store.close()
  expect(opens()).toBe('opened')
})

test('a newer schema is refused and left alone', async () => {
  const file = newFile()
  await openStore(file).close()
  await new Database(file, [...MIGRATIONS, 'CREATE TABLE later (a)']).close()
  const before = readFileSync(file)
  expect(() => openStore(file)).toThrow(
    expect.objectContaining({
      code: 'ARCHIVE_SCHEMA_NEWER',
      message: expect.stringContaining(`has schema ${MIGRATIONS.length + 1}`),
    }),
  )
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a migration that fails leaves the old schema', async () => {
  const file = newFile()
  await new Database(file, ['CREATE TABLE a (x)']).close()
  const before = readFileSync(file)
  expect(() => new Database(file, ['CREATE TABLE a (x)', 'CREATE TABLE b (y); nonsense'])).toThrow(
    expect.objectContaining({ code: 'ARCHIVE_UNREADABLE' }),
  )
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a file that is no database is refused and left alone', () => {
  const file = newFile()
  writeFileSync(file, 'this is not a database, it is a text that is long enough to be looked at. '.repeat(20))
  const before = readFileSync(file)
  expect(() => openStore(file)).toThrow(expect.objectContaining({ code: 'ARCHIVE_UNREADABLE' }))
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(() => openStore(folder)).toThrow(expect.objectContaining({ code: 'ARCHIVE_UNREADABLE' }))
})

test('an archive of the first schema is searched as if it had always been of the newest', async () => {
  const file = newFile()
  const old = new Database(file, MIGRATIONS.slice(0, 1))
  old.transaction(() => {
    old.prepare("INSERT INTO archive_room (key, localpart) VALUES (1, 'lobby')").run()
    const insert = old.prepare(
      `INSERT INTO message (id, room, ordinal, at_ms, occupant_id, nick, kind, body, xml)
       VALUES (?, 1, ?, 0, 'añn', 'Ann', 'message', ?, '<message/>')`,
    )
    for (const [n, body] of ['old tea', null, 'older tea'].entries())
      insert.run(Number(entry(n).id), n + 1, body)
    old.prepare('UPDATE archive_total SET messages = 3').run()
  })
  await old.close()
  const store = openStore(file)
  const query = { room: 'lobby', fromEnd: false, max: 9, withCount: false, text: 'tea' }
  for (const given of [query, { ...query, occupantId: 'añn' }])
    expect(await store.archive.query(given)).toMatchObject({
      page: { entries: [{ body: 'old tea' }, { body: 'older tea' }] },
    })
  await store.archive.append([{ ...entry(9), retracts: [{ id: entry(0).id, xml: '<gone/>' }] }])
  expect(await store.archive.query(query)).toMatchObject({ page: { entries: [{ body: 'older tea' }] } })
  await store.close()
})

test('the index of words is whole after much coming and going', async () => {
  const file = newFile()
  const store = openStore(file)
  const body = (n: number): string => `tea ${n % 7} cups ${n % 11} ${'word'.repeat(n % 40)} ${n}`
  for (let n = 0; n < 2_000; n += 20) {
    const retracts = [...new Set([n - 7, n - 60, n - 61])].filter((of) => of > 0)
    await store.archive.append(
      Array.from({ length: 20 }, (_, i) => ({
        ...entry(n + i, { body: body(n + i) }),
        ...(i === 3 && { retracts: retracts.map((of) => ({ id: entry(of).id, xml: '<gone/>' })) }),
      })),
    )
    if (n % 100 === 0) await store.archive.prune(START_MS + n / 2, 50)
    if (n % 500 === 0) while (await store.archive.tidy());
  }
  await store.close()
  const db = new Database(file, MIGRATIONS)
  db.prepare(`INSERT INTO message_text (message_text) VALUES ('integrity-check')`).run()
  await db.close()
})

test('words are found at once, in whatever batch they come into the index', async () => {
  const file = newFile()
  let store = openStore(file)
  const found = async (text: string): Promise<number> => {
    const answer = await store.archive.query({
      room: 'lobby',
      fromEnd: false,
      max: 999,
      withCount: false,
      text,
    })
    return answer.kind === 'page' ? answer.page.entries.length : -1
  }
  for (let n = 1; n <= 450; n += 30) {
    await store.archive.append(Array.from({ length: 30 }, (_, i) => entry(n + i, { body: `tea ${n + i}` })))
    if (n === 91) expect(await found('tea')).toBe(120)
  }
  await store.archive.append([
    { ...entry(500), retracts: [{ id: entry(449).id, xml: '<gone/>' }] },
    { ...entry(501), retracts: [{ id: entry(3).id, xml: '<gone/>' }] },
  ])
  await store.archive.prune(START_MS + 2, 10)
  await store.close()
  store = openStore(file)
  expect([await found('449'), await found('3'), await found('450')]).toEqual([0, 0, 1])
  await store.close()
  const db = new Database(file, MIGRATIONS)
  expect(db.value('SELECT count(*) FROM text_pending')).toBe(0)
  await db.close()
})

test('what is taken back is not on the disk any more', async () => {
  const file = newFile()
  const folderOf = (): string => [file, `${file}-wal`].map((name) => readFileSync(name, 'latin1')).join('\n')
  const store = openStore(file)
  const secret = 'hemlockparty'
  const xml = `<message><body>${secret}</body>${'x'.repeat(20_000)}${secret}</message>`
  await store.archive.append([entry(1), entry(2, { body: secret, xml }), entry(3)])
  await store.archive.append([entry(4)])
  expect(folderOf()).toContain(secret)
  await store.archive.append([{ ...entry(5), retracts: [{ id: entry(2).id, xml: '<gone/>' }] }])
  expect(folderOf()).not.toContain(`>${secret}`)
  while (await store.archive.tidy());
  expect(folderOf()).not.toContain(secret)
  expect(folderOf()).not.toContain(secret.slice(0, 7))
  await store.close()
})

test('a process that is killed has kept every commit it promised, once', async () => {
  const file = newFile()
  for (const commits of [1, 40]) {
    rmSync(file, { force: true })
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/archive/append-until-killed.ts', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const promised: string[] = []
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      promised.push(...line.split(' '))
      if (++lines === commits) child.kill('SIGKILL')
    }
    expect(lines).toBeGreaterThanOrEqual(commits)
    const store = openStore(file)
    const kept: ArchiveEntry[] = []
    for await (const one of store.archive.export('lobby')) kept.push(one)
    expect(kept.slice(0, promised.length).map(({ id }) => id)).toEqual(promised)
    // The last commit may have been durable before it could be promised; nothing is half there.
    expect([0, 7]).toContain(kept.length - promised.length)
    expect((await store.archive.stats()).messages).toBe(kept.length)
    await store.close()
  }
})

test('when the log cannot be synced, what waits is refused, and so is all that comes later', async () => {
  const file = newFile()
  const db = new Database(file, ['CREATE TABLE a (x)'])
  const add = (): number => db.prepare('INSERT INTO a VALUES (1)').run()
  add()
  rmSync(`${file}-wal`)
  const refused = {
    code: 'ARCHIVE_FAILED',
    message: expect.stringContaining('failed to keep what was written'),
  }
  await expect(db.commit(add)).rejects.toMatchObject(refused)
  await expect(db.attempt(() => db.value('SELECT count(*) FROM a'))).rejects.toMatchObject(refused)
})

test('a full disk is told in words, and each change that it refuses, but no bad statement, to whom it concerns', async () => {
  let failed = 0
  const db = new Database(newFile(), ['CREATE TABLE a (x)'], () => failed++)
  const add = db.prepare('INSERT INTO a VALUES (hex(randomblob(50000)))')
  await db.commit(() => add.run())
  expect(failed).toBe(0)
  db.value(`PRAGMA max_page_count = ${db.value('PRAGMA page_count')}`)
  await expect(db.commit(() => add.run())).rejects.toMatchObject({
    code: 'ARCHIVE_FAILED',
    message: expect.stringMatching(/\.db: the disk is full: free space/),
  })
  expect(failed).toBe(1)
  await expect(db.attempt(() => db.value('SELECT x FROM absent'))).rejects.toThrow('no such table')
  await expect(db.commit(() => db.prepare('INSERT INTO a VALUES (1, 2)').run())).rejects.toThrow('2 values')
  expect(failed).toBe(1)
  db.value('PRAGMA max_page_count = 100000')
  await db.commit(() => add.run())
  await db.close()
})

test('only one file of the sources knows the driver', () => {
  const knowing = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /'libsql'/.test(readFileSync(join('src', name), 'utf8')))
  expect(knowing).toEqual(['archive/sqlite.ts'])
})

test('whoever opens a file of an older version is told before it is changed, and only then', async () => {
  const file = newFile()
  const told: [number, number][] = []
  const open = (...steps: string[]) =>
    new Database(file, steps, undefined, (from, to) => told.push([from, to])).close()
  await open('CREATE TABLE a (x)')
  expect(told).toEqual([])
  await open('CREATE TABLE a (x)', 'CREATE TABLE b (x)')
  await open('CREATE TABLE a (x)', 'CREATE TABLE b (x)')
  expect(told).toEqual([[1, 2]])
})
