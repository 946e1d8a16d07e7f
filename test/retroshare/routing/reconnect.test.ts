// Lost links: what a friend gets when it comes back, and what it does not get.
import { expect, test } from 'vitest'
import {
  ALICE,
  BOB,
  CAROL,
  entry,
  joinedNode,
  LOBBY,
  list,
  SAM,
  SAMS_ID,
  sentTo,
  TestNode,
  words,
} from './node.ts'

const messages = (node: TestNode, friend = ALICE) =>
  words(node.sentTo(friend)).filter((word) => word.startsWith('message'))
const speaking = (...friends: (typeof ALICE)[]) => {
  const node = joinedNode(...friends)
  node.enter(SAM, SAMS_ID)
  node.take()
  return node
}

test('after a reconnect the list comes first, then what was missed, then the speakers are heard of', () => {
  const node = speaking(ALICE, BOB)
  node.passMs(60_000)
  node.down(ALICE)
  node.say(SAM, 'missed')
  node.take()
  node.up(ALICE)
  node.passMs(0)
  expect(words(node.sentTo(ALICE))).toEqual(['list', 'list-request', 'message missed', 'keepAlive'])
})

test('what was said while nobody was connected goes out with its old id and time', () => {
  const node = speaking(ALICE)
  node.down(ALICE)
  node.say(SAM, 'later')
  const [sign] = node.take().filter((effect) => effect.kind === 'sign')
  node.passMs(600_000)
  node.take()
  node.up(ALICE)
  expect(sentTo(node.take(), ALICE).filter((item) => item.kind === 'lobby-message')).toEqual([
    { ...sign?.item },
  ])
})

test('messages of others are repeated, too, but not to those from whom they came', () => {
  const node = joinedNode(ALICE, BOB, CAROL)
  const [first, second] = [node.message({ text: 'first' }), node.message({ text: 'second' })]
  node.gets(ALICE, first)
  node.gets(BOB, second)
  node.gets(CAROL, second)
  for (const friend of [ALICE, BOB, CAROL]) {
    node.down(friend)
    node.up(friend)
  }
  const effects = node.take().filter((effect) => effect.kind === 'forward' && effect.friends.length === 1)
  expect(words(sentTo(effects, ALICE))).toEqual(['message second'])
  expect(words(sentTo(effects, BOB))).toEqual(['message first'])
  expect(words(sentTo(effects, CAROL))).toEqual(['message first'])
})

test('what was written up to 150 s before the loss was noticed is repeated, older is not', () => {
  const node = speaking(ALICE)
  node.say(SAM, 'arrived')
  node.passMs(1_000)
  node.say(SAM, 'doubtful')
  node.passMs(150_000)
  node.down(ALICE)
  node.take()
  node.passMs(20_000)
  node.up(ALICE)
  expect(messages(node)).toEqual(['message doubtful'])
})

test('what was written before a question that the friend answered is not repeated', () => {
  const node = speaking(ALICE)
  node.say(SAM, 'read')
  node.passMs(1_001)
  node.say(SAM, 'not dealt with')
  node.passMs(1_000)
  node.step({ kind: 'friend-read', friend: ALICE, sentAtMs: node.nowMs })
  node.say(SAM, 'doubtful')
  node.down(ALICE)
  node.take()
  node.up(ALICE)
  expect(messages(node)).toEqual(['message not dealt with', 'message doubtful'])
  node.down(ALICE)
  node.up(ALICE)
  node.passMs(12_000)
  expect(messages(node)).toEqual(['message not dealt with', 'message doubtful'])
})

test('what was repeated on a link that lasted only a moment is repeated again', () => {
  const node = speaking(ALICE, BOB)
  node.down(ALICE)
  node.say(SAM, 'old')
  node.passMs(400_000)
  node.take()
  node.up(ALICE)
  expect(messages(node)).toEqual(['message old'])
  node.passMs(149_000)
  node.down(ALICE)
  node.up(ALICE)
  expect(messages(node)).toEqual(['message old'])
  node.passMs(151_000)
  node.down(ALICE)
  node.up(ALICE)
  expect(messages(node)).toEqual([])
})

test('a link that replaces another counts as lost and found', () => {
  const node = speaking(ALICE)
  node.say(SAM, 'doubtful')
  node.take()
  node.up(ALICE)
  expect(messages(node)).toEqual(['message doubtful'])
})

test.each([
  [900, 1],
  [901, 0],
])('a message %i s old is repeated %i times', (ageSec, times) => {
  const node = speaking(ALICE)
  node.down(ALICE)
  node.say(SAM, 'old')
  node.passMs(ageSec * 1_000)
  node.take()
  node.up(ALICE)
  expect(messages(node)).toHaveLength(times)
})

test('only messages are repeated, not presence', () => {
  const node = joinedNode(ALICE, BOB)
  node.down(ALICE)
  for (const event of [3, 5, 2, 1]) node.gets(BOB, node.event(event))
  node.take()
  node.up(ALICE)
  expect(words(node.sentTo(ALICE))).toEqual(['list', 'list-request'])
})

test('at most 256 messages are kept for repetition, the newest', () => {
  const node = speaking(ALICE)
  node.down(ALICE)
  for (let i = 0; i < 300; i++) node.say(SAM, `${i}`)
  node.take()
  node.up(ALICE)
  node.passMs(600_000)
  const repeated = messages(node)
  expect(repeated).toHaveLength(256)
  expect([repeated[0], repeated.at(-1)]).toEqual(['message 44', 'message 299'])
})

test('at most 1 MiB of messages is kept for repetition', () => {
  const node = joinedNode(ALICE, BOB)
  node.down(BOB)
  for (let i = 0; i < 100; i++) {
    node.step({
      kind: 'bounced',
      friend: ALICE,
      item: node.message({ text: `${i}` }),
      raw: new Uint8Array(30_000),
    })
    node.passMs(2_000)
  }
  node.take()
  node.up(BOB)
  node.passMs(60_000)
  expect(messages(node, BOB)).toHaveLength(34)
})

test('who takes part only now gets what nobody was there to take, and nothing else of the past', () => {
  const node = new TestNode()
  const spec = { name: 'Own', topic: '', isPrivate: false, isSigned: false }
  node.step({ kind: 'create', lobby: LOBBY, spec })
  node.enter(SAM, SAMS_ID)
  node.say(SAM, 'anybody?')
  node.up(ALICE, BOB)
  for (const friend of [ALICE, BOB]) node.gets(friend, list())
  node.take()
  node.gets(ALICE, list(entry()))
  expect(messages(node)).toEqual(['message anybody?'])
  node.gets(BOB, list(entry()))
  expect(messages(node, BOB)).toEqual([])
})

test('who took part before the link was there gets what was said meanwhile, though we did not know it', () => {
  const node = joinedNode(ALICE)
  node.gets(ALICE, node.message({ text: 'said while Bob was gone' }))
  node.up(BOB)
  node.take()
  node.gets(BOB, list(entry()))
  expect(messages(node, BOB)).toEqual(['message said while Bob was gone'])
})

test('who joined while its link was lost gets what was said since then', () => {
  const node = joinedNode(ALICE)
  node.up(BOB)
  node.gets(BOB, list())
  node.gets(ALICE, node.message({ text: 'before' }))
  node.passMs(151_000)
  node.down(BOB)
  node.gets(ALICE, node.message({ text: 'meanwhile' }))
  node.up(BOB)
  node.take()
  node.gets(BOB, list(entry()))
  expect(messages(node, BOB)).toEqual(['message meanwhile'])
})

test('a friend that connects and takes no part gets no messages', () => {
  const node = speaking(ALICE)
  node.say(SAM, 'for members')
  node.take()
  node.up(BOB)
  expect(messages(node, BOB)).toEqual([])
})

test('a friend that goes down twice in one link is harmless', () => {
  const node = speaking(ALICE)
  node.down(ALICE)
  node.passMs(300_000)
  node.down(ALICE, BOB)
  node.say(SAM, 'still kept')
  node.take()
  node.up(ALICE)
  expect(messages(node)).toEqual(['message still kept'])
})
