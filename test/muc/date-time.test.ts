// The DateTime profile of XEP-0082.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDateTime, parseDateTime } from '../../src/muc/date-time.ts'

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253402300799999 }), (ms) => {
      expect(parseDateTime(formatDateTime(ms))).toBe(ms)
    }),
  )
})

test.each([
  ['1969-07-21T02:56:15Z', -14159025000],
  ['1969-07-20T21:56:15-05:00', -14159025000],
  ['2026-11-21T12:00:00.5Z', Date.UTC(2026, 10, 21, 12, 0, 0, 500)],
  ['2026-11-21T12:00:00.123999Z', Date.UTC(2026, 10, 21, 12, 0, 0, 123)],
])('%s is read', (text, ms) => {
  expect(parseDateTime(text)).toBe(ms)
})

test.each([
  '',
  'now',
  '2026-11-21',
  '2026-11-21 12:00:00Z',
  '2026-11-21T12:00:00',
  '2026-13-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T12:00:00+99:00',
])('"%s" is refused', (text) => {
  expect(parseDateTime(text)).toBeUndefined()
})

test('no text breaks it', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseDateTime(text)
      parseDateTime(`2026-11-21T12:00:00${text}`)
    }),
  )
})
