// The known word that is closest to the one written.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearest } from '../../src/util/nearest.ts'

const WORDS = ['status', 'start', 'statusUrls', 'friend', 'log']

test.each([
  ['stauts', 'status'],
  ['satrt', 'start'],
  ['statusurls', 'statusUrls'],
  ['freind', 'friend'],
  ['firends', 'friend'],
  ['lg', 'log'],
  ['l', undefined],
  ['fruit', undefined],
  ['', undefined],
])('for %s it is %s', (word, meant) => {
  expect(nearest(word, WORDS)).toBe(meant)
})

test('a word that is known is its own nearest, and nothing is found that is more than two slips away', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (words, tail) => {
      const [word = ''] = words
      expect(nearest(word, words)?.toLowerCase()).toBe(word.toLowerCase())
      expect(nearest(`${word}${tail}xyz`, [word])).toBe(undefined)
    }),
  )
})
