// When a friend is dialled next: virtual time, no sockets.
import { expect, test } from 'vitest'
import {
  addressIndex,
  afterFailure,
  afterLoss,
  type DialPlan,
  dialDelayMs,
  FRESH_PLAN,
} from '../../../src/retroshare/peer/dial-plan.ts'
import { DEFAULT_TIMINGS as timings } from '../../../src/retroshare/peer/timings.ts'

const MIDDLE = 0.5

const failed = (times: number): DialPlan => {
  let plan = FRESH_PLAN
  for (let i = 0; i < times; i++) plan = afterFailure(plan)
  return plan
}

test('the first dial is due at once', () => {
  expect(dialDelayMs(FRESH_PLAN, 1, MIDDLE, timings)).toBe(0)
})

test('pauses double from one second to five minutes', () => {
  const pauses = [1, 2, 3, 4, 9, 10, 20, 5000].map((n) => dialDelayMs(failed(n), 1, MIDDLE, timings))
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 256_000, 300_000, 300_000, 300_000])
})

test('randomness moves a pause by a quarter at most', () => {
  expect(dialDelayMs(failed(3), 1, 0, timings)).toBe(3000)
  expect(dialDelayMs(failed(3), 1, 1, timings)).toBe(5000)
})

test('all addresses are tried one after the other before there is a pause', () => {
  const tries = [0, 1, 2, 3, 4, 5, 6].map((n) => {
    const plan = failed(n)
    return [addressIndex(plan, 3), dialDelayMs(plan, 3, MIDDLE, timings)]
  })
  expect(tries).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [0, 1000],
    [1, 0],
    [2, 0],
    [0, 2000],
  ])
})

test('a friend that was up for long is dialled at once when lost, a short-lived one after a pause', () => {
  expect(dialDelayMs(afterLoss(failed(6), timings.stableMs, timings), 1, MIDDLE, timings)).toBe(0)
  expect(dialDelayMs(afterLoss(FRESH_PLAN, 100, timings), 1, MIDDLE, timings)).toBe(1000)
  expect(dialDelayMs(afterLoss(failed(2), 100, timings), 1, MIDDLE, timings)).toBe(4000)
})
