// Which bytes of a file a request is for: RFC 9110 §14.1.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteRange } from '../../src/ops/byte-range.ts'

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=2-4', { start: 2, end: 4 }],
  ['bytes=8-99', { start: 8, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=4-2', undefined],
  ['bytes=0-1,4-5', undefined],
  ['bytes=-', undefined],
  ['lines=1-2', undefined],
  [undefined, undefined],
])('of ten bytes %s is %o', (header, range) => {
  expect(byteRange(header, 10)).toEqual(range)
})

test('of a file without bytes no part can be had', () => {
  expect(byteRange('bytes=0-', 0)).toBe('unsatisfiable')
})

test('a part lies within the file, whatever is asked for', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.stringMatching(/^bytes=\d{0,3}-\d{0,3}$/), (size, header) => {
      const range = byteRange(header, size)
      if (range === undefined || range === 'unsatisfiable') return
      expect(range.start).toBeLessThanOrEqual(range.end)
      expect(range.end).toBeLessThan(size)
    }),
  )
})
