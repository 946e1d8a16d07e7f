// Numbers as people read them.
import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript of the page
import { clockSkew, count, list, size } from '../../web/map/words.js'

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1536, '1.5 KiB'],
  [200 * 2 ** 20, '200 MiB'],
  [2 ** 30, '1.0 GiB'],
  [5 * 2 ** 50, '5120 TiB'],
])('%d bytes are %s', (bytes, words) => expect(size(bytes)).toBe(words))

test.each([
  [1, 'lobby', '1 lobby'],
  [2, 'lobby', '2 lobbies'],
  [0, 'friend', '0 friends'],
])('%d %s are %s', (number, word, words) => expect(count(number, word)).toBe(words))

test.each([
  [null, null],
  [-999, 'right'],
  [-1400, '1 s behind'],
  [61_000, '61 s ahead'],
])('a clock that is %s ms off is %s', (ms, words) => expect(clockSkew(ms)).toBe(words))

test('of many names the first three are said', () => {
  expect(list(['a'])).toBe('a')
  expect(list(['a', 'b', 'c'])).toBe('a, b, c')
  expect(list(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more')
})
