// Databases that older versions left, with data: brought up to date, and nothing is missing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import LibsqlDatabase from 'libsql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MIGRATIONS as POSTGRES_MIGRATIONS } from '../../src/archive/postgres-schema.ts'
import { MIGRATIONS as SQLITE_MIGRATIONS } from '../../src/archive/sqlite-schema.ts'
import type { ArchiveQuery } from '../../src/muc/archive-port.ts'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'
import { entry } from './entries.ts'
import { openUrl } from './open-url.ts'

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const ROOM = 'tea.00112233445566aa'

/** `url`: of a database that has the fixture of version 1. */
function keepsEverything(url: () => Promise<string>): void {
  test('a database of version 1 is brought up to date once, with all that is in it', async () => {
    const at = await url()
    for (let round = 0; round < 2; round++) {
      const store = await openUrl(at)
      const query: ArchiveQuery = { room: ROOM, fromEnd: false, max: 10, withCount: true }
      expect(await store.archive.query(query)).toMatchObject({
        page: {
          entries: [
            { id: '1790000000000001', kind: 'subject', body: null, occupantId: '' },
            { id: '1790000000000500', body: 'Old tea, and café', networkId: 'a1' },
            { id: '1790000002000000', body: "it's more tea", nick: 'Bob ☂' },
          ],
          total: 3,
        },
      })
      for (const text of ['tea', 'CAFE old', "it's"])
        expect(await store.archive.query({ ...query, text, withCount: false }), text).toMatchObject({
          page: { entries: text === 'tea' ? [{ nick: 'Ann' }, { nick: 'Bob ☂' }] : [{}] },
        })
      expect((await store.archive.stats()).messages).toBe(4)
      expect((await store.rooms.all()).map(({ localpart, createdBy }) => [localpart, createdBy])).toEqual([
        ['made', 'ann@localhost'],
        [ROOM, null],
      ])
      expect(await store.rooms.aliases()).toEqual(new Map([['tea', ROOM]]))
      expect((await store.nicks.holders('made')).map(({ nick }) => nick)).toEqual(['Zoe', 'Bob'])
      expect((await store.accounts.find('ann'))?.sha256.serverKey).toEqual(new Uint8Array(32).fill(0x55))
      expect(await store.accounts.vcard('ann')).toBe('<vCard xmlns="vcard-temp"/>')
      expect(await store.accounts.privateXml('ann', '{storage:bookmarks}storage')).toContain('<storage')
      expect(await store.meta.get('secret')).toBe('c2VjcmV0')
      await store.close()
    }
    const store = await openUrl(at)
    expect(
      await store.archive.append([
        entry(5_000, { room: ROOM, networkId: 'a2' }),
        entry(5_001, { room: ROOM }),
      ]),
    ).toEqual(['duplicate', 'stored'])
    await store.nicks.apply('made', [{ nick: 'Zoe', participant: null }])
    expect(await store.archive.prune(1_790_000_001_000, 10)).toBe(2)
    expect(await store.archive.metadata(ROOM)).toMatchObject({ first: { id: '1790000002000000' } })
    await store.close()
  })
}

describe('SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-migration-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  keepsEverything(async () => {
    const file = join(folder, 'old.db')
    const db = new LibsqlDatabase(file)
    db.exec(fixture('sqlite-1.sql'))
    db.close()
    return file
  })
})

describeWith(['postgresql'], 'PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  }, 60_000)
  afterAll(() => server.dispose())
  keepsEverything(async () => {
    await server.sql(fixture('postgres-1.sql'))
    return server.database('postgres')
  })

  test('a newer schema is refused and left alone, and the versions are named', async () => {
    const url = await server.database()
    await (await openUrl(url)).close()
    await server.sql('UPDATE gateway_schema SET version = 99', 'test0')
    await expect(openUrl(url)).rejects.toMatchObject({
      code: 'ARCHIVE_SCHEMA_NEWER',
      message: expect.stringMatching(
        `/test0 has schema 99, this version knows ${POSTGRES_MIGRATIONS.length}: `,
      ),
    })
    expect(await server.sql('SELECT version FROM gateway_schema', 'test0')).toBe('99')
  })

  test('a step that fails leaves the old schema', async () => {
    const url = await server.database()
    await server.sql('CREATE TABLE hearing (x int)', 'test1')
    await expect(openUrl(url)).rejects.toMatchObject({ code: 'ARCHIVE_UNREADABLE' })
    expect(await server.sql('SELECT version FROM gateway_schema', 'test1')).toBe('0')
    expect(await server.sql(`SELECT to_regclass('message') IS NULL`, 'test1')).toBe('t')
  })

  test('a database whose texts are not in UTF-8 is refused', async () => {
    await server.sql(`CREATE DATABASE latin ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`)
    await expect(openUrl(await server.database('latin'))).rejects.toMatchObject({
      code: 'ARCHIVE_UNREADABLE',
      message: expect.stringContaining('encoding SQL_ASCII, expected UTF8'),
    })
  })
})

/** The first step is older than PostgreSQL here, and one is about the index of words. */
const OF_SQLITE_ALONE = 2

test('both databases have the same steps, but for those that only SQLite needs', () => {
  expect(POSTGRES_MIGRATIONS.length).toBe(SQLITE_MIGRATIONS.length - OF_SQLITE_ALONE)
})
