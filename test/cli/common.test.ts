// What all commands print: tables that stay tables, whatever strangers call themselves.
import { expect, test } from 'vitest'
import { listed } from '../../src/cli/common.ts'
import { duration } from '../../src/gateway/listings.ts'

test('names of strangers can neither break a table nor command the terminal', () => {
  const lines = listed({
    columns: ['Id', 'Name'],
    rows: [
      ['1', 'a\u001b[2Jb\nc\u202ed'],
      ['2', 'plain ü ☂'],
    ],
  })
  expect(lines).toEqual(['ID  NAME', '1   a [2Jb c d', '2   plain ü ☂'])
})

test.each([
  [0, '0s'],
  [61, '1m 1s'],
  [3600, '1h'],
  [90_061, '1d 1h'],
])('%d s is %s', (seconds, text) => expect(duration(seconds)).toBe(text))
