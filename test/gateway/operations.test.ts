// Commands of the CLI that take long: they let others have their turn, and lose nothing on the way.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../src/archive/open-store.ts'
import type { Store } from '../../src/archive/store.ts'
import { prune } from '../../src/gateway/operations/archive-operations.ts'
import type { OperationContext } from '../../src/gateway/operations/operation.ts'
import { runOperation } from '../../src/gateway/operations/operations.ts'
import type { ArchiveEntry } from '../../src/muc/archive-port.ts'
import type { ArchiveId } from '../../src/util/ids.ts'

const MESSAGES = 2500
let folder: string
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-commands-'))
  store = openStore(join(folder, 'foyer.db'))
  await store.archive.append(Array.from({ length: MESSAGES }, (_, i) => entry(i + 1)))
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** One message a second. */
const entry = (second: number): ArchiveEntry => ({
  id: String(second * 1_000_000).padStart(16, '0') as ArchiveId,
  room: 'tea',
  atMs: second * 1000,
  occupantId: '',
  nick: 'n',
  kind: 'message',
  body: String(second),
  xml: '<message/>',
  networkId: null,
})

/** Messages older than this many seconds are pruned. */
const contextWith = (retentionSec: number): OperationContext =>
  ({
    archive: store.archive,
    files: [],
    rooms: { row: () => ({ localpart: 'tea' }) },
    retentionMs: () => retentionSec * 1000,
    nowMs: () => (MESSAGES + 1) * 1000,
  }) as unknown as OperationContext

test('pruning much lets others have their turn in between', async () => {
  let turns = 0
  const count = (): void => {
    turns += 1
    counting = setImmediate(count)
  }
  let counting = setImmediate(count)
  expect(await prune(contextWith(1))).toBe(MESSAGES - 1)
  clearImmediate(counting)
  expect(turns).toBeGreaterThanOrEqual(2)
})

test('an export goes on when what it showed last is pruned before the next page', async () => {
  const context = contextWith(MESSAGES - 1500)
  const page = (after: string | null) =>
    runOperation(context, 'archive export', { room: 'tea', after }) as Promise<ArchiveEntry[]>
  const first = await page(null)
  expect(first).toHaveLength(1000)
  await prune(context)
  const next = await page(first.at(-1)?.id ?? null)
  expect(next.map((each) => each.body).slice(0, 2)).toEqual(['1501', '1502'])
})
