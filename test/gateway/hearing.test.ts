// Gaps in histories: when they begin and end, and that neither a restart nor a kill hides one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../src/archive/open-store.ts'
import type { Store } from '../../src/archive/store.ts'
import { Hearing } from '../../src/gateway/hearing.ts'
import type { ArchiveId } from '../../src/util/ids.ts'

const log = pino({ level: 'silent' })
const START_MS = 1_800_000_000_000

let folder: string
let store: Store
let nowMs: number
const opened: Hearing[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-hearing-'))
  store = openStore(join(folder, 'foyer.db'))
  nowMs = START_MS
})
afterEach(async () => {
  for (const hearing of opened.splice(0)) await hearing.stop()
  await store.close()
  rmSync(folder, { recursive: true })
})
async function open(lastId: ArchiveId | null = null): Promise<Hearing> {
  const hearing = await Hearing.open({ store, log, nowMs: () => nowMs }, lastId)
  opened.push(hearing)
  return hearing
}

test('a lobby that was never heard has no gaps', async () => {
  const hearing = await open()
  expect(hearing.note('tea', false)).toBeUndefined()
  nowMs += 60_000
  expect(hearing.note('tea', true)).toBeUndefined()
  expect(hearing.row('tea')).toEqual({ room: 'tea', deafSinceMs: null, gaps: 0, lastGap: null })
})

test('a gap lasts from when the lobby is lost until it is heard again', async () => {
  const hearing = await open()
  hearing.note('tea', true)
  nowMs += 1000
  expect(hearing.note('tea', false)).toEqual({ kind: 'hearing', deafSinceMs: START_MS + 1000 })
  nowMs += 1000
  expect(hearing.note('tea', false)).toBeUndefined()
  nowMs += 4000
  const gap = { fromMs: START_MS + 1000, toMs: START_MS + 6000 }
  expect(hearing.note('tea', true)).toEqual({ kind: 'gap', ...gap })
  expect(hearing.note('tea', true)).toBeUndefined()
  hearing.told('tea', gap)
  expect(hearing.row('tea')).toEqual({ room: 'tea', deafSinceMs: null, gaps: 1, lastGap: gap })
})

test('a link that is replaced at once makes no gap', async () => {
  const hearing = await open()
  hearing.note('tea', true)
  hearing.note('tea', false)
  nowMs += 999
  expect(hearing.note('tea', true)).toEqual({ kind: 'hearing', deafSinceMs: null })
  expect(hearing.row('tea')?.gaps).toBe(0)
})

test('after an orderly end the gap begins at the end', async () => {
  const before = await open()
  before.note('tea', true)
  nowMs += 12_345
  await before.stop()
  nowMs += 60_000
  const after = await open()
  expect(after.row('tea')?.deafSinceMs).toBe(START_MS + 12_345)
})

test('after a kill the gap begins at the last sign of life: a note, or what was archived later', async () => {
  const killed = await open()
  killed.note('tea', true)
  await store.hearing.all()
  nowMs += 600_000
  const lastId = String((START_MS + 5000) * 1000) as ArchiveId
  expect((await open(lastId)).row('tea')?.deafSinceMs).toBe(START_MS + 5000)
  // That start was a sign of life, but the lobby was not heard: the gap goes on.
  nowMs += 600_000
  expect((await open(lastId)).row('tea')?.deafSinceMs).toBe(START_MS + 5000)
})

test('a gap that ended is told again if the process dies before the room has archived it', async () => {
  const killed = await open()
  killed.note('tea', true)
  killed.note('tea', false)
  nowMs += 5000
  expect(killed.note('tea', true)).toMatchObject({ kind: 'gap' })
  killed.note('tea', false)
  expect((await open()).row('tea')?.deafSinceMs).toBe(START_MS)
})

test('a gap that could not be archived goes on', async () => {
  const hearing = await open()
  hearing.note('tea', true)
  hearing.note('tea', false)
  nowMs += 5000
  hearing.note('tea', true)
  expect(hearing.untold('tea', START_MS)).toEqual({ kind: 'hearing', deafSinceMs: START_MS })
  nowMs += 5000
  expect(hearing.note('tea', true)).toEqual({ kind: 'gap', fromMs: START_MS, toMs: START_MS + 10_000 })
})

test('a message that could not be stored begins a gap, unless there is one', async () => {
  const hearing = await open()
  expect(hearing.miss('tea', nowMs)).toBeUndefined()
  hearing.note('tea', true)
  expect(hearing.miss('tea', START_MS + 5)).toEqual({ kind: 'hearing', deafSinceMs: START_MS + 5 })
  expect(hearing.miss('tea', START_MS + 9)).toBeUndefined()
})
