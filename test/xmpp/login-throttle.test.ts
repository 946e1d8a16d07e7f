// How guessing is slowed: by address, by account, for a time.
import { expect, test } from 'vitest'
import { LoginThrottle } from '../../src/xmpp/login-throttle.ts'

const fail = (throttle: LoginThrottle, times: number, address: string, account?: string): void => {
  for (let i = 0; i < times; i++) throttle.failed(address, account)
}

test('ten refusals for an account block it from that address only', () => {
  const throttle = new LoginThrottle(() => 0)
  fail(throttle, 9, '192.0.2.1', 'alice')
  expect(throttle.isBlocked('192.0.2.1', 'alice')).toBe(false)
  fail(throttle, 1, '192.0.2.1', 'alice')
  expect(throttle.isBlocked('192.0.2.1', 'alice')).toBe(true)
  expect(throttle.isBlocked('192.0.2.1', 'bob')).toBe(false)
  expect(throttle.isBlocked('192.0.2.2', 'alice')).toBe(false)
})

test('a hundred refusals block the address', () => {
  const throttle = new LoginThrottle(() => 0)
  for (let i = 0; i < 100; i++) throttle.failed('192.0.2.1', `user${i}`)
  expect(throttle.isBlocked('192.0.2.1', 'bob')).toBe(true)
})

test('ten minutes without a refusal lift the block', () => {
  let nowMs = 0
  const throttle = new LoginThrottle(() => nowMs)
  fail(throttle, 10, '192.0.2.1', 'alice')
  nowMs = 599_999
  expect(throttle.isBlocked('192.0.2.1', 'alice')).toBe(true)
  nowMs = 600_000
  expect(throttle.isBlocked('192.0.2.1', 'alice')).toBe(false)
})

test('who is guessed at from everywhere is not shut out, but each login takes longer, up to five seconds', () => {
  const throttle = new LoginThrottle(() => 0)
  const delays: number[] = []
  for (let i = 0; i < 12; i++) {
    delays.push(throttle.delayMs('192.0.2.1', 'alice'))
    fail(throttle, 1, `198.51.100.${i}`, 'alice')
  }
  expect(delays).toEqual([0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 5000, 5000])
  expect(throttle.isBlocked('192.0.2.1', 'alice')).toBe(false)
  expect(throttle.delayMs('192.0.2.1', 'bob')).toBe(0)
})

test('an address that was refused often waits with every account', () => {
  const throttle = new LoginThrottle(() => 0)
  for (let i = 0; i < 6; i++) throttle.failed('192.0.2.1', `user${i}`)
  expect(throttle.delayMs('192.0.2.1', 'bob')).toBe(500)
  expect(throttle.delayMs('192.0.2.2', 'bob')).toBe(0)
})

test.each([
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::1', true],
  ['2001:db8::1', '2001:db8::ffff:1', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['::1', '::2', true],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
])('%s and %s are one network: %s', (one, other, isSame) => {
  const throttle = new LoginThrottle(() => 0)
  fail(throttle, 10, one, 'alice')
  expect(throttle.isBlocked(other, 'alice')).toBe(isSame)
})
