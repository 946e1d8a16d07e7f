// PostgreSQL lost and found: what is in doubt is cleared up, nothing is doubled, and one gateway has the database.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src/archive/store.ts'
import type { ArchiveEntry } from '../../src/muc/archive-port.ts'
import type { LobbyId, NetworkId } from '../../src/util/ids.ts'
import { describeWith } from '../support/peers.ts'
import { PostgresServer } from '../support/postgres.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { entry } from './entries.ts'
import { openUrl } from './open-url.ts'

const isBack = (problem: string | undefined): boolean => problem === undefined

describeWith(['postgresql'], 'PostgreSQL', () => {
  let server: PostgresServer
  let proxy: PostgresProxy
  let direct: string
  let url: string
  beforeAll(async () => {
    server = await PostgresServer.start()
    proxy = await PostgresProxy.start(server.port)
    direct = await server.database('postgres')
    url = proxy.through(direct)
  }, 60_000)
  afterAll(async () => {
    await proxy.stop()
    await server.dispose()
  })
  beforeEach(() => server.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public'))

  const stored = async (store: Store): Promise<ArchiveEntry[]> => {
    const all: ArchiveEntry[] = []
    for await (const one of store.archive.export('lobby')) all.push(one)
    return all
  }
  /** Runs `work` on a store behind the proxy, with what is told of the database; `when` awaits what is told next. */
  const withStore = async (
    work: (
      store: Store,
      told: (string | undefined)[],
      when: (isIt: (problem: string | undefined) => boolean) => Promise<void>,
    ) => Promise<void>,
  ) => {
    const told: (string | undefined)[] = []
    const listeners = new Set<(problem: string | undefined) => void>()
    const store = await openUrl(url, (problem) => {
      told.push(problem)
      for (const listener of listeners) listener(problem)
    })
    const when = (isIt: (problem: string | undefined) => boolean): Promise<void> =>
      new Promise((resolve) => {
        listeners.add((problem) => {
          if (isIt(problem)) resolve()
        })
      })
    try {
      await work(store, told, when)
    } finally {
      proxy.setAway(false)
      await store.close()
    }
  }

  test.each(['before-commit', 'after-commit'] as const)(
    'a commit that is lost %s is done once, and its outcome is known',
    (kind) =>
      withStore(async (store) => {
        await store.archive.append([entry(1, { networkId: 'a' })])
        const lost = proxy.lose(kind)
        const entries = [entry(2), entry(3, { networkId: 'a' }), entry(4, { networkId: 'b' })]
        expect(await store.archive.append(entries)).toEqual(['stored', 'duplicate', 'stored'])
        await lost
        expect((await stored(store)).map(({ body }) => body)).toEqual(['text 1', 'text 2', 'text 4'])
        expect((await store.archive.stats()).messages).toBe(3)
        expect(await store.archive.append([entry(5)])).toEqual(['stored'])
      }),
  )

  test.each(['before-commit', 'after-commit'] as const)('so is a change of a table: %s', (kind) =>
    withStore(async (store) => {
      const lost = proxy.lose(kind)
      const row = {
        localpart: 'a',
        network: 'retroshare' as NetworkId,
        lobby: 'l' as LobbyId,
        name: 'A',
        createdBy: null,
        subject: '',
        createdAtMs: 1,
      }
      expect(await store.rooms.add(row)).toBe(true)
      await lost
      expect(await store.rooms.all()).toEqual([row])
    }),
  )

  test.each(['before-commit', 'after-commit'] as const)(
    'entries that were reported as not stored are not stored, though the answer was lost %s',
    (kind) =>
      withStore(async (store, _told, when) => {
        await store.archive.append([entry(1)])
        void proxy.lose(kind, { stayAway: true })
        await expect(store.archive.append([entry(2)])).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
        const back = when(isBack)
        proxy.setAway(false)
        await back
        expect(await store.archive.append([entry(3)])).toEqual(['stored'])
        expect((await stored(store)).map(({ body }) => body)).toEqual(['text 1', 'text 3'])
        expect((await store.archive.stats()).messages).toBe(2)
      }),
  )

  test('calls that find no connection wait for it, and a loss is told without the password', () =>
    withStore(async (store, told) => {
      proxy.setAway(true)
      const calls = [
        store.archive.append([entry(1)]),
        store.meta.set('key', 'value'),
        store.meta.get('key'),
        stored(store),
      ]
      proxy.setAway(false)
      expect(await Promise.all(calls)).toEqual([['stored'], undefined, 'value', [entry(1)]])
      expect(told.at(0)).toMatch(/closed|reset|terminated/i)
      expect(told.at(-1)).toBe(undefined)
      expect(told.join()).not.toContain(server.password)
      expect(store.problem()).toBe(undefined)
    }))

  test('after a while without a connection calls fail at once, and the store says why', () =>
    withStore(async (store) => {
      proxy.setAway(true)
      await expect(store.archive.append([entry(1)])).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
      const startedAtMs = performance.now()
      await expect(store.archive.metadata('lobby')).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
      await expect(store.rooms.all()).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
      expect(performance.now() - startedAtMs).toBeLessThan(2_000)
      expect(store.problem()).toBe('the database is out of reach, see the log')
    }))

  test(
    'a server that says nothing any more is given up, for reading too, and used again when it speaks',
    () =>
      withStore(async (store, _told, when) => {
        await store.archive.append([entry(1)])
        proxy.setMute(true)
        const calls = [store.archive.append([entry(2)]), store.archive.metadata('lobby'), store.rooms.all()]
        for (const end of await Promise.allSettled(calls))
          expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ARCHIVE_FAILED' } })
        const back = when(isBack)
        proxy.setMute(false)
        await back
        expect(await store.archive.append([entry(3)])).toEqual(['stored'])
        expect((await stored(store)).map(({ body }) => body)).toEqual(['text 1', 'text 3'])
      }),
    40_000,
  )

  test('a server that is killed in the midst of commits, again and again, loses nothing and doubles nothing', () =>
    withStore(async (store, _told, when) => {
      let isOver = false
      let appended = 0
      const appending = (async () => {
        for (; !isOver; appended++)
          // Crash recovery may take longer than calls wait: then the entry is not stored, and comes once more.
          while (!(await store.archive.append([entry(appended)]).catch(() => when(isBack))));
      })()
      for (let round = 0; round < 3; round++) {
        const back = when(isBack)
        // The process behind the session that writes: the server then ends all the others, and recovers.
        process.kill(
          Number(
            await server.sql(
              `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() LIMIT 1`,
            ),
          ),
          'SIGKILL',
        )
        await back
      }
      await server.stop('SIGKILL')
      await server.start()
      isOver = true
      await appending
      expect((await stored(store)).map(({ body }) => body)).toEqual(
        Array.from({ length: appended }, (_, n) => `text ${n}`),
      )
      expect(appended).toBeGreaterThan(3)
    }))

  test('a second gateway is refused while the first one runs, and let in afterwards', async () => {
    const store = await openUrl(url)
    await expect(openUrl(direct)).rejects.toMatchObject({
      code: 'ARCHIVE_LOCKED',
      message: `postgres://foyer@127.0.0.1:${server.port}/postgres is in use by another gateway: stop that one, or name another database`,
    })
    await store.close()
    await (await openUrl(direct)).close()
  })

  test('a gateway that comes back to a database that another one used meanwhile leaves it alone', () =>
    withStore(async (store, _told, when) => {
      proxy.setAway(true)
      const other = await openUrl(direct)
      await other.archive.append([entry(1)])
      await other.close()
      const isTaken = when((problem) => problem?.includes('another gateway has used it meanwhile') ?? false)
      proxy.setAway(false)
      await isTaken
      await expect(store.archive.append([entry(2)])).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
      expect(store.problem()).toBeDefined()
      const after = await openUrl(direct)
      expect(await stored(after)).toEqual([entry(1)])
      await after.close()
    }))

  test('a process that is killed has kept every commit it promised, once, and lets the next one in', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/archive/append-until-killed.ts', direct],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const promised: string[] = []
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      promised.push(...line.split(' '))
      if (++lines === 20) child.kill('SIGKILL')
    }
    const store = await openUrl(direct)
    const kept = (await stored(store)).map(({ id }) => id)
    expect(kept.slice(0, promised.length)).toEqual(promised)
    expect([0, 7]).toContain(kept.length - promised.length)
    expect((await store.archive.stats()).messages).toBe(kept.length)
    await store.close()
  })

  test('what cannot be opened is told at once and without the password', async () => {
    const wrong = direct.replace(server.password, 'hunter2')
    for (const [at, reason] of [
      [wrong, 'password authentication failed'],
      [direct.replace(/postgres$/, 'nowhere'), 'does not exist'],
    ] as const)
      await expect(openUrl(at)).rejects.toMatchObject({
        code: 'ARCHIVE_UNREADABLE',
        message: expect.stringMatching(
          new RegExp(`^archive\\.url: postgres://foyer@127\\.0\\.0\\.1:\\d+/\\w+: .*${reason}`),
        ),
      })
    const error = await openUrl(wrong).catch((reason: Error) => reason)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2')
  })

  test('a start waits for a server that is still starting', async () => {
    await server.stop()
    const opening = openUrl(direct)
    await server.start()
    await (await opening).close()
  })
})
