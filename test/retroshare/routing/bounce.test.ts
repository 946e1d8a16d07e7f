// What is taken from friends and passed on: duplicates, time window, sizes, signatures, presence.
import { expect, test } from 'vitest'
import { LOBBY_EVENT } from '../../../src/retroshare/wire/item.ts'
import {
  ALICE,
  BOB,
  CAROL,
  DAVE,
  entry,
  joinedNode,
  LOBBY,
  list,
  OTHER_LOBBY,
  sentTo,
  T0,
  TestNode,
} from './node.ts'

const bobsAndCarols = () => joinedNode(ALICE, BOB, CAROL)
const kinds = (node: TestNode) => node.updates().map((update) => update.kind)

test('a message goes to every connected participating friend but the one it came from, bytes unchanged', () => {
  const node = bobsAndCarols()
  node.down(CAROL)
  const item = node.message()
  const raw = Uint8Array.of(9, 9, 9)
  const effects = node.step({ kind: 'bounced', friend: ALICE, item, raw })
  expect(effects.filter((effect) => effect.kind === 'forward')).toEqual([
    { kind: 'forward', friends: [BOB], item, raw },
  ])
})

test('a message seen twice is delivered once and passed on once, and its signature is judged once', () => {
  const node = bobsAndCarols()
  const item = node.message()
  node.gets(ALICE, item)
  node.take()
  for (const friend of [BOB, CAROL, ALICE]) node.gets(friend, item)
  expect(node.take()).toEqual([])
  expect(node.judged).toBe(1)
  expect(node.router.counts).toEqual({ accepted: 1, duplicates: 3 })
})

test('a message is told with its own time and id, after its author has entered', () => {
  const node = bobsAndCarols()
  const item = node.message({ sentAtSec: T0 / 1000 - 5, text: 'hello' })
  node.gets(ALICE, item)
  const lobby = item.lobby
  expect(node.updates()).toEqual([
    {
      kind: 'entered',
      lobby,
      participant: { id: DAVE, nick: 'dave', sinceMs: T0, lastSeenMs: T0, speaker: null },
    },
    {
      kind: 'said',
      lobby,
      participant: DAVE,
      nick: 'dave',
      text: 'hello',
      sentAtMs: T0 - 5_000,
      messageId: item.messageId,
    },
  ])
})

test('an id is remembered for 1200 s after it was last seen', () => {
  const node = bobsAndCarols()
  const isRemembered = (id: string, atMs: number) =>
    node.router.lobbies.get(LOBBY)?.seen.refresh(id, 0, atMs) === true
  const item = node.message()
  node.gets(ALICE, item)
  node.passMs(1_000_000)
  node.gets(BOB, item)
  expect(isRemembered(item.messageId, node.nowMs + 1_199_999)).toBe(true)
  expect(isRemembered(item.messageId, node.nowMs + 1_200_000)).toBe(false)
})

test('no message is ever shown twice, however far ahead its author’s clock is', () => {
  const node = bobsAndCarols()
  const item = node.message({ sentAtSec: T0 / 1000 + 600 })
  node.gets(ALICE, item)
  node.take()
  for (let sec = 0; sec < 2_000; sec += 1_205) {
    node.passMs(1_205_000)
    node.gets(BOB, item)
  }
  expect(kinds(node)).not.toContain('said')
})

test.each([
  [1_100, []],
  [1_101, ['TOO_OLD']],
  [-600, []],
  [-601, ['TOO_NEW']],
])('an item %i s old: %j', (ageSec, notes) => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.message({ sentAtSec: T0 / 1000 - ageSec }))
  expect(node.notes()).toEqual(notes)
})

test.each([
  ['31000 bytes of text pass', 'a'.repeat(31_000), []],
  ['31001 bytes do not', 'a'.repeat(31_001), ['TEXT_TOO_LARGE']],
  ['bytes count, not characters', '☂'.repeat(10_334), ['TEXT_TOO_LARGE']],
  ['10333 umbrellas pass', '☂'.repeat(10_333), []],
  ['a text with <! is dropped', 'a <!-- b', ['TEXT_FORBIDDEN']],
])('%s', (_, text, notes) => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.message({ text }))
  expect(node.notes()).toEqual(notes)
})

test.each([
  [32_000, []],
  [32_001, ['ITEM_TOO_LARGE']],
])('an item of %i bytes: %j', (size, notes) => {
  const node = bobsAndCarols()
  node.step({ kind: 'bounced', friend: ALICE, item: node.message(), raw: new Uint8Array(size) })
  expect(node.notes()).toEqual(notes)
})

test('an item of a lobby that is not joined is dropped', () => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.message({ lobby: OTHER_LOBBY }))
  expect(node.take()).toEqual([{ kind: 'note', code: 'NOT_JOINED', friend: ALICE, lobby: OTHER_LOBBY }])
})

test('a bad signature is dropped and leaves no trace: the true item still passes', () => {
  const node = bobsAndCarols()
  const item = node.message()
  node.verdict = { signature: 'bad', isLinked: false }
  node.gets(ALICE, item)
  expect(node.take().map((effect) => effect.kind)).toEqual(['note'])
  node.verdict = { signature: 'good', isLinked: false }
  node.gets(BOB, item)
  expect(kinds(node)).toContain('said')
})

test('an unknown key passes, and the delivering friend is asked for the identity', () => {
  const node = bobsAndCarols()
  node.verdict = { signature: 'unknown-key', isLinked: false }
  node.gets(BOB, node.message())
  const effects = node.take()
  expect(effects).toContainEqual({ kind: 'want-identity', author: DAVE, friend: BOB })
  expect(sentTo(effects, ALICE)).toHaveLength(1)
})

test.each([
  ['good', true, []],
  ['good', false, ['AUTHOR_NOT_LINKED']],
  ['unknown-key', false, ['AUTHOR_NOT_LINKED']],
] as const)('in a signed lobby a %s signature, linked %s: %j', (signature, isLinked, notes) => {
  const node = new TestNode()
  node.up(ALICE, BOB)
  node.gets(ALICE, list(entry({ flags: 0x14 })))
  node.step({ kind: 'join', lobby: entry().lobby })
  node.take()
  node.verdict = { signature, isLinked }
  node.gets(ALICE, node.message())
  const effects = node.take()
  expect(effects.flatMap((effect) => (effect.kind === 'note' ? [effect.code] : []))).toEqual(notes)
  expect(effects.some((effect) => effect.kind === 'want-identity')).toBe(signature === 'unknown-key')
})

test('any item of a lobby shows that its bearer takes part', () => {
  const node = joinedNode(ALICE)
  node.up(BOB)
  node.gets(BOB, node.message())
  node.take()
  node.gets(ALICE, node.message({ text: 'to bob' }))
  expect(node.sentTo(BOB)).toHaveLength(1)
})

test('a duplicate of LEFT does not bring its author back', () => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.message())
  const left = node.event(LOBBY_EVENT.left)
  node.gets(ALICE, left)
  expect(kinds(node)).toEqual(['entered', 'said', 'left'])
  node.gets(BOB, left)
  expect(kinds(node)).toEqual([])
})

test('what was sent before LEFT and comes after it does not bring its author back', () => {
  const node = bobsAndCarols()
  const keepAlive = node.event(LOBBY_EVENT.keepAlive)
  node.passMs(2_000)
  node.gets(ALICE, node.message())
  node.gets(ALICE, node.event(LOBBY_EVENT.left))
  node.take()
  node.gets(BOB, keepAlive)
  expect(kinds(node)).toEqual([])
  node.passMs(1_000)
  node.gets(BOB, node.event(LOBBY_EVENT.joined))
  expect(kinds(node)).toEqual(['entered'])
})

test('a LEFT from before the author came back is ignored', () => {
  const node = bobsAndCarols()
  const left = node.event(LOBBY_EVENT.left)
  node.passMs(3_000)
  node.gets(ALICE, node.event(LOBBY_EVENT.joined))
  node.gets(BOB, left)
  expect(kinds(node)).toEqual(['entered'])
})

test('a participant not heard of for 180 s has left; every new item counts as being heard', () => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.event(LOBBY_EVENT.joined))
  node.passMs(100_000)
  node.gets(ALICE, node.event(LOBBY_EVENT.status, { text: 'is typing...' }))
  expect(kinds(node).filter((kind) => kind !== 'lobby')).toEqual(['entered', 'typing'])
  node.passMs(179_999)
  expect(kinds(node)).toEqual([])
  node.passMs(1)
  expect(node.updates()).toEqual([
    { kind: 'left', lobby: entry().lobby, participant: DAVE, reason: 'silent' },
  ])
})

test('a message that was under way for more than 180 s is told, but does not make its author present', () => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.message({ sentAtSec: T0 / 1000 - 181 }))
  expect(kinds(node)).toEqual(['said'])
})

test('another nick of a participant is told as a new name', () => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.event(LOBBY_EVENT.joined))
  node.take()
  node.gets(ALICE, node.message({ nick: 'david' }))
  expect(kinds(node)).toEqual(['renamed', 'said'])
})

test.each([
  ['a change of identity', LOBBY_EVENT.nick],
  ['an event of an unknown number', 9],
])('%s is passed on and only shows presence', (_, number) => {
  const node = bobsAndCarols()
  node.gets(ALICE, node.event(number))
  const effects = node.take()
  expect(sentTo(effects, BOB)).toHaveLength(1)
  expect(effects.flatMap((effect) => (effect.kind === 'update' ? [effect.update.kind] : []))).toEqual([
    'entered',
  ])
})
