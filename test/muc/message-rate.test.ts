// How much is said in a room: XEP-0502.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countMessage, messagesByHour, messagesPerHour, newMessageRate } from '../../src/muc/message-rate.ts'

const HOUR = 3_600_000
const START = 500_000 * HOUR + 1234

test('nothing is claimed before an hour is complete', () => {
  const rate = newMessageRate(START)
  countMessage(rate, START + 1)
  expect(messagesPerHour(rate, START + 2)).toBeUndefined()
  expect(messagesPerHour(rate, START + HOUR)).toBe(1)
})

test('the rate is that of the complete hours among the last 24, whatever the times', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20 * HOUR), { maxLength: 80 }), fc.nat(40 * HOUR), (steps, wait) => {
      const rate = newMessageRate(START)
      const said: number[] = []
      let now = START
      for (const step of steps) {
        now += step % (step % 2 ? HOUR : 20 * HOUR)
        said.push(Math.floor(now / HOUR))
        countMessage(rate, now)
      }
      now += wait
      const hour = Math.floor(now / HOUR)
      const hours = Math.min(24, hour - Math.floor(START / HOUR))
      const counted = said.filter((at) => at < hour && at >= hour - 24).length
      expect(messagesPerHour(rate, now)).toBe(hours === 0 ? undefined : counted / hours)
    }),
  )
})

test('a clock that goes back loses nothing', () => {
  const rate = newMessageRate(START)
  countMessage(rate, START + HOUR)
  countMessage(rate, START)
  expect(messagesPerHour(rate, START + 2 * HOUR)).toBe(1)
})

test('the last day is told hour by hour, the newest last', () => {
  const rate = newMessageRate(START)
  for (const hours of [0, 0, 1, 24, 26, 26, 26]) countMessage(rate, START + hours * HOUR)
  const byHour = messagesByHour(rate, START + 27 * HOUR)
  expect(byHour).toHaveLength(25)
  expect(byHour.map((count, i) => [i - 24, count]).filter(([, count]) => count !== 0)).toEqual([
    [-3, 1],
    [-1, 3],
  ])
})
