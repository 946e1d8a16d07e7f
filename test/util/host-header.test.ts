// Hosts that mean this machine, or the address that it is published under, and those that only look like it.
import { expect, test } from 'vitest'
import { isHostOf, namesThisMachine } from '../../src/util/host-header.ts'

test.each([
  undefined,
  'localhost',
  'localhost:5280',
  'foyer.localhost.',
  '127.0.0.1',
  '127.8.9.10:1',
  '[::1]:5280',
])('%s is this machine', (host) => expect(namesThisMachine(host)).toBe(true))

test.each([
  '',
  'example.org',
  'localhost.example.org',
  '127.0.0.1.example.org',
  'xlocalhost',
  '10.0.0.1',
  '[::2]',
])('%s is not', (host) => expect(namesThisMachine(host)).toBe(false))

test('the public address is known by its name, whatever the port', () => {
  expect(isHostOf('https://chat.example.org/x', 'chat.example.org')).toBe(true)
  expect(isHostOf('https://chat.example.org', 'Chat.Example.org:8443')).toBe(true)
  for (const host of ['example.org', '', 'a b', undefined])
    expect(isHostOf('https://chat.example.org', host)).toBe(false)
  expect(isHostOf(null, 'example.org')).toBe(false)
})
