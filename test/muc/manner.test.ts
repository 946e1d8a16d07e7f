// What the lobby is told of corrections, replies, reactions, retractions and encrypted messages of XMPP users.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import { participant, ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/desk'

const room = () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  h.clear()
  return h
}

/** Says something and tells its stanza-id. */
const stanzaIdOf = (h: RoomHarness, from: string, body: string, id: string): string => {
  h.say(from, body, id)
  const seen = h.takeOne(BOB)
  h.clear()
  return String(seen.getChild('stanza-id', NS.sid)?.attrs.id)
}
const send = (h: RoomHarness, from: string, inside: string): unknown[] => {
  h.send(from, `<message type="groupchat" id="later">${inside}</message>`)
  return h.takeLobby().map((effect) => (effect.kind === 'local-said' ? [effect.body, effect.manner] : effect))
}
const react = (id: string, ...reactions: string[]): string =>
  `<reactions xmlns="${NS.reactions}" id="${id}">${reactions.map((r) => `<reaction>${r}</reaction>`).join('')}</reactions>`
const reply = (id: string): string => `<reply xmlns="${NS.reply}" to="${ROOM}/Alice" id="${id}"/>`
const quote = (name: string): string =>
  `<fallback xmlns="${NS.fallback}" for="${name}"><body start="0" end="9"/></fallback>`

describe('a reaction', () => {
  test('names whom and what it is about, by stanza-id or by the id of the sender', () => {
    const h = room()
    const id = stanzaIdOf(h, ALICE, 'hello   all\nof you', 'm1')
    const to = { nick: 'Alice', excerpt: 'hello all' }
    expect(send(h, BOB, react(id, '👍'))).toEqual([['', { kind: 'reaction', reactions: ['👍'], to }]])
    expect(send(h, BOB, react('m1', '🐢'))).toEqual([['', { kind: 'reaction', reactions: ['🐢'], to }]])
  })

  test('to a message of the lobby is told, without the address of a picture', () => {
    const h = room()
    const url = 'https://x.org/files/1/image.png'
    h.step({
      kind: 'remote-said',
      occupant: { id: participant('rita'), nick: 'Rita' },
      body: url,
      files: [{ url, name: 'n', mediaType: 'm', size: 1, width: 1, height: 1, sha256: new Uint8Array(32) }],
      sentAtMs: START_MS,
      networkId: 'n1',
    })
    expect(send(h, BOB, react('n1', '👍'))).toMatchObject([
      ['', { to: { nick: 'Rita', excerpt: '[image]' } }],
    ])
  })

  test('is told once: of all that a client sends each time, what is new', () => {
    const h = room()
    const id = stanzaIdOf(h, ALICE, 'x', 'm1')
    const told = (...reactions: string[]) =>
      send(h, BOB, react(id, ...reactions)).map(
        (said) => (said as [string, { reactions: string[] }])[1].reactions,
      )
    expect(told('👍')).toEqual([['👍']])
    expect(told('👍', '🐢', '🐢')).toEqual([['🐢']])
    expect(told('🐢')).toEqual([])
    expect(told()).toEqual([])
    expect(told('👍')).toEqual([['👍']])
    expect(send(h, ALICE, react(id, '👍'))).toHaveLength(1)
  })

  test('to what is not remembered says so, a fallback body is not told, and it is reflected', () => {
    const h = room()
    const inside = `${react('gone', '👍')}<body>&gt; x\n👍</body>${quote(NS.reactions)}`
    expect(send(h, BOB, inside)).toEqual([['', { kind: 'reaction', reactions: ['👍'], to: undefined }]])
    expect(h.takeOne(ALICE).getChild('reactions', NS.reactions)).toBeDefined()
    expect(send(h, BOB, react('old', 'x'.repeat(33), ' '))).toEqual([])
    const many = Array.from({ length: 9 }, (_, i) => `${i}`)
    expect(send(h, BOB, react('new', ...many))).toMatchObject([['', { reactions: many.slice(0, 8) }]])
  })

  test('that the network refuses is reported to its sender', () => {
    const h = room()
    send(h, BOB, react('m1', '👍'))
    h.clear()
    const ref = h.archive.entries.at(-1)?.id as never
    h.step({ kind: 'not-sent', ref, error: { type: 'wait', condition: 'policy-violation', text: 'flood' } })
    expect(h.takeOne(BOB).attrs).toMatchObject({ type: 'error', id: 'later' })
  })
})

describe('a reply', () => {
  test('brings the quote that it does not have', () => {
    const h = room()
    const id = stanzaIdOf(h, ALICE, `> old words\n${'long '.repeat(20)}`, 'm1')
    const excerpt = 'long long long long long long long long…'
    expect(send(h, BOB, `${reply(id)}<body>yes</body>`)).toEqual([
      ['yes', { kind: 'reply', to: { nick: 'Alice', excerpt } }],
    ])
  })

  test.each([
    ['with a fallback', `<body>&gt; hello\nyes</body>${quote(NS.reply)}`],
    ['with a quote of its own', '<body>&gt; hello\nyes</body>'],
  ])('%s is told as it is', (_name, inside) => {
    const h = room()
    const id = stanzaIdOf(h, ALICE, 'hello', 'm1')
    expect(send(h, BOB, reply(id) + inside)).toEqual([['> hello\nyes', { kind: 'plain' }]])
  })

  test('to what is not remembered is told as it is', () => {
    expect(send(room(), BOB, `${reply('gone')}<body>yes</body>`)).toEqual([['yes', { kind: 'plain' }]])
  })
})

test('a correction is told as one', () => {
  const h = room()
  const inside = `<body>better</body><replace xmlns="${NS.correction}" id="m1"/>`
  expect(send(h, BOB, inside)).toEqual([['better', { kind: 'correction' }]])
})

describe('a retraction', () => {
  const body = '<body>This person attempted to retract a message.</body>'
  const retract = (id: string): string => `<retract xmlns="${NS.retraction}" id="${id}"/>${body}`
  test.each([
    ['new', retract],
    [
      'old',
      (id: string) =>
        `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>${body}`,
    ],
  ])('of the %s form is told without its fallback, and never by somebody else', (_name, make) => {
    const h = room()
    const id = stanzaIdOf(h, ALICE, 'oops', 'm1')
    expect(send(h, BOB, make(id))).toEqual([])
    expect(send(h, ALICE, make(id))).toEqual([['', { kind: 'retraction' }]])
    expect(send(h, ALICE, make('long-ago'))).toEqual([['', { kind: 'retraction' }]])
  })
})

test.each([
  ['OMEMO', '<encrypted xmlns="eu.siacs.conversations.axolotl"/>'],
  ['OMEMO 2', '<encrypted xmlns="urn:xmpp:omemo:2"/>'],
  ['OpenPGP', '<openpgp xmlns="urn:xmpp:openpgp:0"/>'],
  ['old OpenPGP', '<x xmlns="jabber:x:encrypted">…</x>'],
  ['anything that says so', '<encryption xmlns="urn:xmpp:eme:0" namespace="urn:example"/>'],
])('of a message encrypted with %s nothing is told, and occupants get it', (_name, payload) => {
  const h = room()
  expect(send(h, BOB, `<body>I sent you an encrypted message</body>${payload}`)).toEqual([])
  expect(h.takeOne(ALICE).getChildText('body')).toBe('I sent you an encrypted message')
  expect(send(h, ALICE, react('later', '👍'))).toMatchObject([['', { to: undefined }]])
})

test.each([
  ['a body of blanks', '<body> \n\t</body>'],
  ['a marker', '<displayed xmlns="urn:xmpp:chat-markers:0" id="m1"/>'],
  ['a receipt', '<received xmlns="urn:xmpp:receipts" id="m1"/>'],
  ['attention', '<attention xmlns="urn:xmpp:attention:0"/>'],
  ['a file without body', `<file-sharing xmlns="${NS.fileSharing}"/>`],
])('of %s nothing is told', (_name, inside) => {
  expect(send(room(), BOB, inside)).toEqual([])
})

test('the memory of a room is bounded, and an id keeps its first meaning', () => {
  const h = room()
  h.say(ALICE, 'first', 'same')
  h.say(BOB, 'second', 'same')
  h.clear()
  expect(send(h, BOB, react('same', '👍'))).toMatchObject([['', { to: { nick: 'Alice', excerpt: 'first' } }]])
  for (let i = 0; i < 300; i++) h.say(ALICE, `${i}`, `m${i}`)
  expect(h.room.recent.messages.size).toBeLessThanOrEqual(256)
  h.clear()
  expect(send(h, BOB, react('same', '🐢'))).toMatchObject([['', { to: undefined }]])
  h.say(ALICE, 'x', 'i'.repeat(81))
  h.clear()
  expect(send(h, BOB, react('i'.repeat(81), '👍'))).toMatchObject([['', { to: undefined }]])
})
