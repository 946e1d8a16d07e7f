// Why no link to a host server comes about, in words.
import { expect, test } from 'vitest'
import { dialRefusal, hostRefusal } from '../../../src/xmpp/component/refusal.ts'

test('what is wrong is said in words, with what the host said', () => {
  expect(hostRefusal('not-authorized', 'Given token does not match')).toBe(
    'the secret is not the one that it has for this domain (the host says not-authorized: Given token does not match)',
  )
  expect(hostRefusal('host-unknown', '')).toMatch(
    /^it has no component of this domain: .*\(the host says host-unknown\)$/,
  )
})

test('what has no words here is in those of the host', () => {
  expect(hostRefusal('system-shutdown', '')).toBe('the host says system-shutdown')
  expect(hostRefusal('constructor', 'x')).toBe('the host says constructor: x')
})

test('a port where nobody listens is named, other failures of a dial are in words of the system', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:5347'), { code: 'ECONNREFUSED' })
  expect(dialRefusal(refused, { host: '::1', port: 5347 })).toMatch(
    /^nobody listens at \[::1\]:5347: .*restart.*ECONNREFUSED/,
  )
  expect(dialRefusal(new Error('connect ETIMEDOUT'), { host: 'localhost', port: 1 })).toBe(
    'connect ETIMEDOUT',
  )
})
