// The archive and the tables in PostgreSQL: the contracts of every store.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'
import { archiveContract } from './archive-contract.ts'
import { entry } from './entries.ts'
import { openUrl } from './open-url.ts'
import { tablesContract } from './tables-contract.ts'

describeWith(['postgresql'], 'PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  }, 60_000)
  afterAll(() => server.dispose())

  // Emptying one is much quicker than making another.
  const emptied = async (): Promise<string> => {
    await server.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    return server.database('postgres')
  }
  archiveContract('PostgreSQL', async () => openUrl(await emptied()))
  test('the character 0, which the server cannot hold, is stored as one that says so', async () => {
    const store = await openUrl(await emptied())
    await store.meta.set('key', 'a\0b')
    expect(await store.meta.get('key')).toBe('a\ufffdb')
    await store.archive.append([entry(1, { nick: 'A\0', body: 'x\0y' })])
    expect(
      await store.archive.query({ room: 'lobby', fromEnd: false, max: 1, withCount: false }),
    ).toMatchObject({
      page: { entries: [{ nick: 'A\ufffd', body: 'x\ufffdy' }] },
    })
    await store.close()
  })

  test('a body of any length is stored, and found by its first words', async () => {
    const store = await openUrl(await emptied())
    const body = Array.from({ length: 60_000 }, (_, n) => `word${n}ﷺé`).join(' ')
    await store.archive.append([entry(1, { body }), entry(2, { body: 'x'.repeat(300_000) })])
    const found = await store.archive.query({
      room: 'lobby',
      text: 'word1ﷺe word100ﷺé',
      fromEnd: false,
      max: 5,
      withCount: false,
    })
    expect(found).toMatchObject({ page: { entries: [{ id: entry(1).id, body }] } })
    await store.close()
  })

  test('only one file of the sources knows the driver', () => {
    const knowing = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => /'pg'/.test(readFileSync(join('src', name), 'utf8')))
    expect(knowing).toEqual(['archive/postgres.ts'])
  })

  tablesContract('PostgreSQL', async () => {
    const url = await emptied()
    return { store: await openUrl(url), reopen: () => openUrl(url) }
  })
})
