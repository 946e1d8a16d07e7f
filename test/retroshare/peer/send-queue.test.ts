// The queue of one friend: order, priority, bound.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SendQueue } from '../../../src/retroshare/peer/send-queue.ts'

const item = (size: number, mark = 0): Uint8Array => new Uint8Array(size).fill(mark)

test('the most urgent items leave first, equal ones in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2, max: 12 }), { maxLength: 300 }), (priorities) => {
      const queue = new SendQueue(1_000_000)
      const items = priorities.map((priority, at) => ({ priority, bytes: Uint8Array.of(at, at >> 8) }))
      for (const { bytes, priority } of items) expect(queue.push(bytes, priority)).toBe(true)
      const clamp = (n: number): number => Math.min(Math.max(n, 0), 9)
      const expected = items.toSorted((a, b) => clamp(b.priority) - clamp(a.priority))
      expect(queue.take(Number.POSITIVE_INFINITY)).toEqual(expected.map(({ bytes }) => bytes))
      expect(queue.bytes).toBe(0)
    }),
  )
})

test('a take is bounded in bytes but yields at least one whole item', () => {
  const queue = new SendQueue(1000)
  for (const size of [300, 50, 50, 100]) queue.push(item(size), 7)
  expect(queue.take(100).map(({ length }) => length)).toEqual([300])
  expect(queue.take(100).map(({ length }) => length)).toEqual([50, 50])
  expect(queue.take(100).map(({ length }) => length)).toEqual([100])
  expect(queue.take(100)).toEqual([])
})

test('an item that would exceed the bound is refused and nothing else changes', () => {
  const queue = new SendQueue(100)
  expect(queue.push(item(60), 1)).toBe(true)
  expect(queue.push(item(41), 9)).toBe(false)
  expect(queue.bytes).toBe(60)
  expect(queue.push(item(40), 9)).toBe(true)
  expect(queue.take(1000).map(({ length }) => length)).toEqual([40, 60])
})

test('pushes and takes in any mix keep the order and the count of bytes', () => {
  const queue = new SendQueue(1_000_000)
  const out: number[] = []
  let next = 0
  for (let round = 0; round < 500; round++) {
    for (let i = 0; i < round % 5; i++) queue.push(item(1 + (next % 3), next++ % 251), 7)
    for (const taken of queue.take(round % 7)) out.push(taken[0] ?? -1)
  }
  for (const taken of queue.take(Number.POSITIVE_INFINITY)) out.push(taken[0] ?? -1)
  expect(out).toEqual(Array.from({ length: next }, (_, i) => i % 251))
  expect(queue.bytes).toBe(0)
})

test('clearing tells how many items were waiting', () => {
  const queue = new SendQueue(100)
  queue.push(item(1), 1)
  queue.push(item(1), 9)
  expect(queue.clear()).toBe(2)
  expect(queue.bytes).toBe(0)
  expect(queue.take(10)).toEqual([])
})
