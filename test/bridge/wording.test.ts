// What lobbies have no form for, in words; and the limits of the network hold for the words.
import { expect, test } from 'vitest'
import { networkPolicy } from '../../src/bridge/to-lobby.ts'
import { wording } from '../../src/bridge/wording.ts'
import type { Manner } from '../../src/muc/room-port.ts'

const to = { nick: 'Bob', excerpt: 'first words…' }

test.each<[string, Manner, string]>([
  ['a\r\nb ', { kind: 'plain' }, 'a\nb'],
  ['better', { kind: 'correction' }, 'corrected: better'],
  ['yes', { kind: 'reply', to }, '> Bob: “first words…”\nyes'],
  ['yes', { kind: 'reply', to: { nick: 'Bob', excerpt: '' } }, '> Bob\nyes'],
  ['', { kind: 'reaction', reactions: ['👍', '🐢'], to }, '/me reacts 👍 🐢 to Bob: “first words…”'],
  ['', { kind: 'reaction', reactions: ['👍'], to: undefined }, '/me reacts 👍 to an earlier message'],
  ['', { kind: 'retraction' }, '/me takes back an earlier message'],
  [' \u0007\n', { kind: 'plain' }, ''],
  ['\u00A0', { kind: 'correction' }, ''],
  ['\u0000', { kind: 'reply', to }, ''],
])('%j said in the manner of %j is %j', (body, manner, words) => {
  expect(wording(body, manner)).toBe(words)
})

test('a text that fits is refused when its words do not', () => {
  const policy = networkPolicy({
    maxPrivateTextBytes: 100,
    maxTextBytes: 20,
    maxNickChars: 5,
    maxNickBytes: 8,
  })
  expect(policy.refusesText('x'.repeat(15), { kind: 'plain' })).toBeUndefined()
  expect(policy.refusesText('x'.repeat(15), { kind: 'correction' })).toMatchObject({
    condition: 'policy-violation',
  })
})
