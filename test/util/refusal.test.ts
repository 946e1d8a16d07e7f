// What the system refuses, in words that say what to do.
import { expect, test } from 'vitest'
import { listenRefusal, refusalOf } from '../../src/util/refusal.ts'

const error = (code?: string) => Object.assign(new Error('as the system says it'), code ? { code } : {})

test.each([
  ['EACCES', /chown.*\(EACCES\)$/],
  ['ENOSPC', /^the disk is full: free space.*\(ENOSPC\)$/],
  ['ENOENT', /^there is no such file or folder \(ENOENT\)$/],
  ['EROFS', /read-only/],
])('%s has words of its own, and keeps its code', (code, words) => {
  expect(refusalOf(error(code))).toMatch(words)
})

test('what has no words here is told as it came', () => {
  expect(refusalOf(error('EXOTIC'))).toBe('as the system says it')
  expect(refusalOf(error('constructor'))).toBe('as the system says it')
  expect(refusalOf(error())).toBe('as the system says it')
  expect(refusalOf('text')).toBe('text')
  expect(refusalOf(null)).toBe('null')
})

test.each(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EXOTIC', ''])(
  'a port that cannot be had (%s) is told with key, address, and what to do',
  (code) => {
    const { text, mend } = listenRefusal('http.listen', { host: '::1', port: 80 }, error(code))
    expect(text).toMatch(/^http\.listen: \[::1\]:80 (is|may|cannot) /)
    expect(mend).toMatch(/^(end|take|set) /)
  },
)
