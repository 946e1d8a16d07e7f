// Group commit: what comes in one turn shares a transaction, in order, and a failure is told to each.
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { type Appender, ArchiveWriter } from '../../src/gateway/archive-writer.ts'
import type { ArchiveEntry } from '../../src/muc/archive-port.ts'
import type { ArchiveId } from '../../src/util/ids.ts'

const log = pino({ level: 'silent' })
const entry = (id: number): ArchiveEntry => ({
  id: String(id).padStart(16, '0') as ArchiveId,
  room: 'room',
  atMs: 0,
  occupantId: '',
  nick: 'n',
  kind: 'message',
  body: 'b',
  xml: '<message/>',
  networkId: null,
})

function writerOver(append: Appender['append']) {
  const batches: number[][] = []
  const health: boolean[] = []
  const archive: Appender = {
    append: (entries) => {
      batches.push(entries.map((e) => Number(e.id)))
      return append(entries)
    },
  }
  const writer = new ArchiveWriter(archive, log, {
    onCommit: () => undefined,
    onHealth: () => health.push(writer.isFailing),
    onFailed: () => undefined,
  })
  return { writer, batches, health }
}

test('entries of one turn are one commit, and each gets its own outcome', async () => {
  const { writer, batches } = writerOver(async (entries) =>
    entries.map((e) => (Number(e.id) === 2 ? 'duplicate' : 'stored')),
  )
  const outcomes: string[] = []
  for (const id of [1, 2, 3]) writer.append(entry(id), (outcome) => outcomes.push(`${id} ${outcome}`))
  await writer.flush()
  expect(batches).toEqual([[1, 2, 3]])
  expect(outcomes).toEqual(['1 stored', '2 duplicate', '3 stored'])
})

test('what comes during a commit waits for the next one', async () => {
  let release = () => {}
  const first = new Promise<void>((resolve) => {
    release = resolve
  })
  const { writer, batches } = writerOver(async (entries) => {
    if (batches.length === 1) await first
    return entries.map(() => 'stored' as const)
  })
  const stored: number[] = []
  writer.append(entry(1), () => stored.push(1))
  await new Promise((resolve) => setImmediate(resolve))
  writer.append(entry(2), () => stored.push(2))
  writer.append(entry(3), () => stored.push(3))
  release()
  await writer.flush()
  expect(batches).toEqual([[1], [2, 3]])
  expect(stored).toEqual([1, 2, 3])
})

test('a failed commit is told to every entry in it, and the next one works again', async () => {
  let isBroken = true
  const { writer } = writerOver(async (entries) => {
    if (isBroken) throw new Error('disk full')
    return entries.map(() => 'stored' as const)
  })
  const outcomes: string[] = []
  writer.append(entry(1), (outcome) => outcomes.push(outcome))
  writer.append(entry(2), (outcome) => outcomes.push(outcome))
  await writer.flush()
  expect(writer.isFailing).toBe(true)
  isBroken = false
  writer.append(entry(3), (outcome) => outcomes.push(outcome))
  await writer.flush()
  expect(outcomes).toEqual(['failed', 'failed', 'stored'])
  expect(writer.isFailing).toBe(false)
})

test('what else could not be written counts as a failure, until entries or tries succeed', async () => {
  const { writer, health, batches } = writerOver(async (entries) => entries.map(() => 'stored' as const))
  const full = new Error('disk full')
  writer.otherFailed(full)
  writer.otherFailed(full)
  expect(health).toEqual([true])
  writer.append(entry(1), () => undefined)
  // What is on its way tells by itself.
  writer.otherFailed(full)
  await writer.flush()
  expect(health).toEqual([true, false])
  await writer.close()
  writer.otherFailed(full)
  expect(health).toEqual([true, false])
  expect(batches).toEqual([[1]])
})

test('a failing archive is tried at once when there is word that it is in order again', async () => {
  let isBroken = true
  const { writer, health, batches } = writerOver(async (entries) => {
    if (isBroken) throw new Error('disk full')
    return entries.map(() => 'stored' as const)
  })
  writer.tryAgain()
  writer.append(entry(1), () => undefined)
  await writer.flush()
  isBroken = false
  writer.tryAgain()
  await writer.flush()
  expect(health).toEqual([true, false])
  expect(batches).toEqual([[1], []])
  await writer.close()
})

test('a disk that takes tries and no entries is not called well again and again', async () => {
  const { writer, health, batches } = writerOver(async (entries) => {
    if (entries.length > 0 && isFull) throw new Error('disk full')
    return entries.map(() => 'stored' as const)
  })
  let isFull = true
  const fail = async () => {
    writer.append(entry(1), () => undefined)
    await writer.flush()
  }
  const tryTimes = async (times: number) => {
    for (let i = 0; i < times; i++) {
      writer.tryAgain()
      await writer.flush()
    }
  }
  await fail()
  await tryTimes(1)
  expect(health).toEqual([true, false])
  await fail()
  await tryTimes(1)
  // An entry that fails in between begins the count anew.
  await fail()
  await tryTimes(1)
  expect(writer.isFailing).toBe(true)
  await tryTimes(1)
  expect(writer.isFailing).toBe(false)
  for (const needed of [4, 8, 16, 24, 24]) {
    await fail()
    await tryTimes(needed - 1)
    expect(writer.isFailing).toBe(true)
    await tryTimes(1)
    expect(writer.isFailing).toBe(false)
  }
  await fail()
  isFull = false
  await fail()
  expect(writer.isFailing).toBe(false)
  isFull = true
  await fail()
  const before = batches.length
  await tryTimes(1)
  expect([writer.isFailing, batches.length]).toEqual([false, before + 1])
  await writer.close()
})

test('the log has an outage once, with room and reason, and its end with what was not stored', async () => {
  const lines: Record<string, unknown>[] = []
  const into = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  let reason: string | undefined = 'disk full'
  const archive: Appender = {
    append: async (entries) => {
      if (reason) throw new Error(reason)
      return entries.map(() => 'stored')
    },
  }
  const watch = { onCommit: () => undefined, onHealth: () => undefined, onFailed: () => undefined }
  const writer = new ArchiveWriter(archive, into, watch)
  for (const next of ['disk full', 'disk full', 'read-only', undefined]) {
    reason = next
    writer.append(entry(1), () => undefined)
    await writer.flush()
  }
  expect(lines).toMatchObject([
    { code: 'ARCHIVE_WRITE', reason: 'disk full', room: 'room' },
    { code: 'ARCHIVE_WRITE', reason: 'read-only', room: 'room' },
    { msg: 'archive writes again', notStored: 3 },
  ])
  await writer.close()
})

test('what waits is bounded in entries and in characters, and committed in parts; more fails, in its turn', async () => {
  let release = () => {}
  const first = new Promise<void>((resolve) => {
    release = resolve
  })
  const { writer, batches } = writerOver(async (entries) => {
    if (batches.length === 1) await first
    return entries.map(() => 'stored' as const)
  })
  const outcomes: string[] = []
  const say = (id: number, xml = '<message/>') =>
    writer.append({ ...entry(id), xml }, (outcome) => outcomes.push(outcome))
  say(1)
  await new Promise((resolve) => setImmediate(resolve))
  for (let id = 2; id <= 10_003; id++) say(id)
  expect(writer.waiting).toBe(10_000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(outcomes).toEqual(['failed', 'failed'])
  release()
  await writer.flush()
  expect(batches.map((batch) => batch.length)).toEqual([1, ...Array(10).fill(1_000)])
  say(20_000, 'x'.repeat(33_554_432))
  say(20_001)
  await writer.flush()
  await new Promise((resolve) => setImmediate(resolve))
  expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(3)
  expect(writer.waiting).toBe(0)
})

test('a failing archive is tried again without waiting for a message, until it is closed', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    let isBroken = true
    const { writer, batches } = writerOver(async () => {
      if (isBroken) throw new Error('disk full')
      return ['stored']
    })
    const fails = async () => {
      writer.append(entry(1), () => undefined)
      await writer.flush()
      expect(writer.isFailing).toBe(true)
    }
    await fails()
    isBroken = false
    vi.advanceTimersByTime(5000)
    await writer.flush()
    expect(writer.isFailing).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
    isBroken = true
    await fails()
    await writer.close()
    vi.advanceTimersByTime(60_000)
    await writer.flush()
    expect(batches).toEqual([[1], [], [1]])
  } finally {
    vi.useRealTimers()
  }
})
