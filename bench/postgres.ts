/** Claim: PostgreSQL instead of SQLite costs a bounded multiple, of our own CPU and of time; both in one run, durable. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStoreAt } from '../src/archive/open-store.ts'
import { parsePostgresUrl } from '../src/archive/postgres-url.ts'
import type { Store } from '../src/archive/store.ts'
import { archiveIds } from '../src/gateway/archive-ids.ts'
import type { ArchiveEntry, ArchiveQuery } from '../src/muc/archive-port.ts'
import { PostgresServer } from '../test/support/postgres.ts'
import { range } from './support/crowd.ts'
import { type Figure, median, short } from './support/figures.ts'

const ROUNDS = 7
const STORED = 100_000
const TEXT = 'lorem ipsum '.repeat(10)
const nextArchiveId = archiveIds(null, Date.now)

/** Microseconds for one run: of this process's CPU, and of time. */
interface Cost {
  readonly cpuUs: number
  readonly timeUs: number
}

const entry = (room: string): ArchiveEntry => ({
  id: nextArchiveId(),
  room,
  atMs: Date.now(),
  occupantId: '0123456789abcdef0123456789abcdef',
  nick: 'Ann',
  kind: 'message',
  body: TEXT,
  xml: `<message type="groupchat" from="${room}@lobbies.localhost/Ann"><body>${TEXT}</body></message>`,
  networkId: null,
})

const append = (store: Store, room: string, count: number): Promise<unknown> =>
  store.archive.append(range(count).map(() => entry(room)))

/** Both stores in turn, so that what else the machine does hits both; medians of the rounds after one that warms up. */
async function compare(
  stores: readonly [Store, Store],
  count: number,
  work: (store: Store) => Promise<unknown>,
): Promise<[Cost, Cost]> {
  const costs: [Cost[], Cost[]] = [[], []]
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, store] of stores.entries()) {
      const cpu = process.cpuUsage()
      const startedAtMs = performance.now()
      for (let n = 0; n < count; n++) await work(store)
      const timeUs = ((performance.now() - startedAtMs) * 1000) / count
      const { user, system } = process.cpuUsage(cpu)
      if (round > 0) costs[i as 0 | 1].push({ cpuUs: (user + system) / count, timeUs })
    }
  const middle = (of: readonly Cost[]): Cost => ({
    cpuUs: median(of.map(({ cpuUs }) => cpuUs)),
    timeUs: median(of.map(({ timeUs }) => timeUs)),
  })
  return [middle(costs[0]), middle(costs[1])]
}

function figures(what: string, per: number, [ours, floor]: [Cost, Cost]): Figure[] {
  const figure = (kind: string, value: number, base: number): Figure => ({
    what: `${what}: ${kind}`,
    value: `${short(value / per)} us`,
    floor: `${short(base / per)} us`,
    ratio: short(value / base),
  })
  return [figure('own CPU', ours.cpuUs, floor.cpuUs), figure('time', ours.timeUs, floor.timeUs)]
}

/** The value is PostgreSQL's, the floor SQLite's. */
export async function postgres(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-bench-'))
  const server = await PostgresServer.start({ settings: { fsync: 'on', shared_buffers: '128MB' } })
  const location = parsePostgresUrl(await server.database())
  if ('problem' in location) throw new Error(location.problem)
  const onProblem = (problem: string | undefined): void => {
    throw new Error(problem)
  }
  const stores: [Store, Store] = [
    await openStoreAt({ kind: 'postgres', postgres: location }, onProblem),
    await openStoreAt({ kind: 'sqlite', file: join(folder, 'bench.db') }, onProblem),
  ]
  try {
    const found: Figure[] = []
    for (const group of [1, 10, 100])
      found.push(
        ...figures(
          `append, ${group} a commit, a message`,
          group,
          await compare(stores, Math.ceil(200 / group), (store) => append(store, 'said', group)),
        ),
      )
    for (const store of stores)
      for (let stored = 0; stored < STORED; stored += 500) await append(store, 'archived', 500)
    const query: ArchiveQuery = { room: 'archived', fromEnd: true, max: 100, withCount: true }
    const page = await compare(stores, 40, (store) => store.archive.query(query))
    found.push(...figures(`newest page of 100 with counts, ${short(STORED)} stored`, 1, page))
    return found
  } finally {
    for (const store of stores) await store.close()
    await server.dispose()
    rmSync(folder, { recursive: true })
  }
}
