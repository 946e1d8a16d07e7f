// The duplicate cache: lifetimes, refreshing, bounds.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeenCache } from '../../../src/retroshare/routing/seen-cache.ts'

test('an id is remembered up to its time and no longer', () => {
  const cache = new SeenCache(10)
  cache.add('a', 100, 0)
  expect(cache.refresh('a', 100, 99)).toBe(true)
  expect(cache.refresh('a', 200, 100)).toBe(false)
})

test('seeing an id again keeps it longer, never shorter', () => {
  const cache = new SeenCache(10)
  cache.add('a', 100, 0)
  expect(cache.refresh('a', 150, 50)).toBe(true)
  expect(cache.refresh('a', 120, 60)).toBe(true)
  expect(cache.refresh('a', 0, 149)).toBe(true)
  expect(cache.refresh('a', 0, 150)).toBe(false)
})

test('the oldest id goes when there are too many', () => {
  const cache = new SeenCache(3)
  for (const id of ['a', 'b', 'c', 'd']) cache.add(id, 100, 0)
  expect(cache.size).toBe(3)
  expect(['a', 'b', 'c', 'd'].map((id) => cache.refresh(id, 100, 1))).toEqual([false, true, true, true])
})

test('expired ids leave as others come', () => {
  const cache = new SeenCache(1_000_000)
  for (let i = 0; i < 10_000; i++) cache.add(`id${i}`, i + 50, i)
  expect(cache.size).toBeLessThan(60)
})

test('for any history the cache answers as a plain table of times would', () => {
  const operation = fc.record({
    isAdd: fc.boolean(),
    id: fc.integer({ min: 0, max: 5 }),
    waitMs: fc.integer({ min: 0, max: 60 }),
    lifeMs: fc.integer({ min: 1, max: 200 }),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const cache = new SeenCache(100)
      const table = new Map<number, number>()
      let nowMs = 0
      for (const { isAdd, id, waitMs, lifeMs } of operations) {
        nowMs += waitMs
        const known = (table.get(id) ?? 0) > nowMs
        if (isAdd && !known) {
          cache.add(`${id}`, nowMs + lifeMs, nowMs)
          table.set(id, nowMs + lifeMs)
        } else {
          expect(cache.refresh(`${id}`, nowMs + lifeMs, nowMs)).toBe(known)
          if (known) table.set(id, Math.max(table.get(id) ?? 0, nowMs + lifeMs))
        }
      }
    }),
  )
})
