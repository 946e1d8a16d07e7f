// Our own people: entering, keep-alives, speaking, typing, leaving, and the order of what is signed.
import { expect, test } from 'vitest'
import type { RouterEffect } from '../../../src/retroshare/routing/router-port.ts'
import { lobbyMembers } from '../../../src/retroshare/routing/view.ts'
import { LOBBY_EVENT } from '../../../src/retroshare/wire/item.ts'
import type { ParticipantId, SpeakerId } from '../../../src/util/ids.ts'
import {
  ALICE,
  BOB,
  ERIN,
  entry,
  joinedNode,
  LOBBY,
  list,
  OTHER_LOBBY,
  SAM,
  SAMS_ID,
  SUE,
  SUES_ID,
  sentTo,
  T0,
  TestNode,
  words,
} from './node.ts'

const signs = (effects: readonly RouterEffect[]) => effects.filter((effect) => effect.kind === 'sign')

test('a speaker enters: told which identity speaks, announced by JOINED, and never told as a participant', () => {
  const node = joinedNode(ALICE, BOB)
  node.enter(SAM, SAMS_ID)
  const effects = node.take()
  for (const friend of [ALICE, BOB]) expect(words(sentTo(effects, friend))).toEqual(['joined'])
  expect(effects.filter((effect) => effect.kind === 'update')).toEqual([
    { kind: 'update', update: { kind: 'speaking-as', lobby: LOBBY, speaker: SAM, participant: SAMS_ID } },
  ])
})

test('entering joins a visible lobby', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'leave', lobby: LOBBY })
  node.take()
  node.enter(SAM, SAMS_ID)
  expect(words(node.sentTo(ALICE))).toEqual(['invite', 'joined'])
  node.enter(SUE, SUES_ID, OTHER_LOBBY)
  expect(node.notes()).toEqual(['LOBBY_UNKNOWN'])
})

test('of speakers that enter within a second one says JOINED, the others KEEP_ALIVE', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.enter(SUE, SUES_ID)
  node.passMs(1_000)
  node.enter('third' as SpeakerId, ERIN)
  expect(words(node.sentTo(ALICE))).toEqual(['joined', 'keepAlive', 'joined'])
})

test('who leaves and enters again in the same second is believed to be there', () => {
  const [node, other] = [joinedNode(ALICE), joinedNode(ALICE)]
  const reach = () => {
    for (const item of node.sentTo(ALICE)) if (item.kind === 'lobby-event') other.gets(ALICE, item)
  }
  node.enter(SAM, SAMS_ID)
  node.passMs(300)
  node.step({ kind: 'speaker-exit', lobby: LOBBY, speaker: SAM })
  node.passMs(100)
  node.enter(SAM, SAMS_ID)
  reach()
  node.passMs(1_000)
  other.passMs(1_400)
  reach()
  expect(lobbyMembers(other.router, LOBBY, other.nowMs).map(({ id }) => id)).toEqual([SAMS_ID])
})

test('in a signed lobby the announcement is repeated after 8 s', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.gets(ALICE, list(entry({ flags: 0x14 })))
  node.enter(SAM, SAMS_ID)
  node.passMs(7_999)
  expect(words(node.sentTo(ALICE)).filter((word) => word !== 'list')).toEqual([
    'list-request',
    'invite',
    'joined',
  ])
  node.passMs(1)
  node.passMs(111_999)
  expect(words(node.sentTo(ALICE)).filter((word) => !word.startsWith('list'))).toEqual(['keepAlive'])
})

test('each speaker sends KEEP_ALIVE every 120 s', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.passMs(60_000)
  node.enter(SUE, SUES_ID)
  node.take()
  node.passMs(59_999)
  expect(words(node.sentTo(ALICE)).filter((word) => !word.startsWith('list'))).toEqual([])
  node.passMs(1)
  const [first] = signs(node.take())
  expect(first).toMatchObject({ item: { author: SAMS_ID, event: LOBBY_EVENT.keepAlive } })
  node.passMs(60_000)
  expect(signs(node.take())).toMatchObject([{ item: { author: SUES_ID } }])
  node.passMs(180_000)
  expect(signs(node.take())).toHaveLength(3)
})

test('after a JOINED all speakers are heard within 8 s, spread evenly', () => {
  const node = joinedNode(ALICE)
  const speakers = Array.from({ length: 20 }, (_, i) => `${i}` as SpeakerId)
  for (const [i, speaker] of speakers.entries())
    node.enter(speaker, i.toString(16).padStart(32, '0') as ParticipantId)
  node.passMs(30_000)
  node.take()
  node.gets(ALICE, node.event(LOBBY_EVENT.joined))
  const perSecond = Array.from({ length: 8 }, () => {
    node.passMs(1_000)
    return signs(node.take()).length
  })
  expect(perSecond.reduce((a, b) => a + b)).toBe(20)
  expect(Math.max(...perSecond)).toBeLessThanOrEqual(3)
})

test.each([
  [1, 1_000],
  [4, 4_000],
  [30, 8_000],
])('where %i others are, a newcomer hears of our one speaker within %i ms', (others, withinMs) => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  for (let i = 0; i < others - 1; i++) {
    node.gets(ALICE, node.event(LOBBY_EVENT.keepAlive, { author: i.toString(16).padStart(32, '0') as never }))
    node.passMs(1_000)
  }
  node.passMs(30_000)
  const times: number[] = []
  for (let i = 0; i < 20; i++) {
    node.take()
    const joinedMs = node.nowMs
    const newcomer = `${i}`.padStart(32, 'f') as never
    node.gets(ALICE, node.event(LOBBY_EVENT.joined, { author: newcomer }))
    while (signs(node.take()).length === 0) node.passMs(10)
    times.push(node.nowMs - joinedMs)
    node.gets(ALICE, node.event(LOBBY_EVENT.left, { author: newcomer }))
    node.passMs(10_000)
  }
  expect(Math.max(...times)).toBeLessThanOrEqual(withinMs + 10)
})

test('many JOINED in a row are answered together', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.passMs(30_000)
  node.take()
  for (let i = 0; i < 10; i++) {
    node.gets(ALICE, node.event(LOBBY_EVENT.joined, { author: `${i}`.repeat(32) as ParticipantId }))
    node.passMs(100)
  }
  node.passMs(8_000)
  expect(signs(node.take()).length).toBeLessThanOrEqual(2)
})

test('however often the same joins, a speaker is heard at most every 8 s', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.passMs(30_000)
  node.take()
  for (let i = 0; i < 24; i++) {
    node.gets(ALICE, node.event(LOBBY_EVENT.joined))
    node.passMs(1_000)
  }
  expect([3, 4]).toContain(signs(node.take()).length)
})

test('while nobody is there to hear it nothing is announced; the first to take part is told at once', () => {
  const node = joinedNode(ALICE)
  node.down(ALICE)
  node.enter(SAM, SAMS_ID)
  node.passMs(500_000)
  expect(signs(node.take())).toEqual([])
  node.up(ALICE)
  node.passMs(0)
  expect(words(node.sentTo(ALICE))).toEqual(['list', 'list-request', 'joined'])
})

test('own items that come back are passed on, but neither told nor taken for a participant', () => {
  const node = joinedNode(ALICE, BOB)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.gets(ALICE, node.message({ author: SAMS_ID }))
  const effects = node.take()
  expect(effects.map((effect) => effect.kind)).toEqual(['forward'])
  expect(sentTo(effects, BOB)).toHaveLength(1)
})

test('what is said is signed as its author, and what is signed goes to all', () => {
  const node = joinedNode(ALICE, BOB)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.passMs(1_700)
  node.say(SAM, 'hello')
  const effects = node.take()
  expect(signs(effects)).toMatchObject([
    {
      item: {
        kind: 'lobby-message',
        lobby: LOBBY,
        author: SAMS_ID,
        nick: 'sam',
        text: 'hello',
        flags: 0x201,
        parent: '0'.repeat(16),
        sentAtSec: T0 / 1000 + 1,
        messageId: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    },
  ])
  for (const friend of [ALICE, BOB]) expect(words(sentTo(effects, friend))).toEqual(['message hello'])
})

test('an own message that comes back is a duplicate', () => {
  const node = joinedNode(ALICE, BOB)
  node.enter(SAM, SAMS_ID)
  node.say(SAM, 'hello')
  const [message] = sentTo(node.take(), ALICE).filter((item) => item.kind === 'lobby-message')
  if (message) node.gets(BOB, message)
  expect(node.take()).toEqual([])
})

test.each([
  ['too long', 'a'.repeat(31_001), 'LOBBY_TEXT_TOO_LARGE'],
  ['forbidden', 'x <! y', 'LOBBY_TEXT_FORBIDDEN'],
  ['that RetroShare takes for code', 'PD94bWwg', 'LOBBY_TEXT_FORBIDDEN'],
])('a text %s is refused aloud', (_, text, code) => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.say(SAM, text, 'ref-7')
  expect(node.updates()).toMatchObject([{ kind: 'not-sent', lobby: LOBBY, speaker: SAM, ref: 'ref-7', code }])
})

test('who does not take part cannot speak, and is told', () => {
  const node = joinedNode(ALICE)
  node.say(SAM, 'hello')
  node.step({ kind: 'say', lobby: OTHER_LOBBY, speaker: SAM, text: 'hello', ref: 'r' })
  expect(node.updates()).toMatchObject([{ code: 'LOBBY_SPEAKER_UNKNOWN' }, { code: 'LOBBY_NOT_JOINED' }])
})

test('typing is told at most once in 5 s, per speaker', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.enter(SUE, SUES_ID)
  node.take()
  const type = (speaker: SpeakerId) => node.step({ kind: 'typing', lobby: LOBBY, speaker })
  type(SAM)
  type(SUE)
  node.passMs(4_999)
  type(SAM)
  expect(signs(node.take())).toMatchObject([
    { item: { author: SAMS_ID, event: LOBBY_EVENT.status, text: 'is typing...' } },
    { item: { author: SUES_ID } },
  ])
  node.passMs(1)
  type(SAM)
  expect(signs(node.take())).toHaveLength(1)
  type('nobody' as SpeakerId)
  node.step({ kind: 'typing', lobby: OTHER_LOBBY, speaker: SAM })
  expect(node.notes()).toEqual(['SPEAKER_UNKNOWN', 'LOBBY_UNKNOWN'])
})

test('a speaker that leaves says LEFT; the node stays subscribed', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.step({ kind: 'speaker-exit', lobby: LOBBY, speaker: SAM })
  expect(words(node.sentTo(ALICE))).toEqual(['left'])
  node.passMs(121_000)
  expect(signs(node.take())).toEqual([])
  node.step({ kind: 'speaker-exit', lobby: LOBBY, speaker: SAM })
  expect(node.notes()).toEqual(['SPEAKER_UNKNOWN'])
})

test('a speaker that enters again under another identity leaves under the first', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.passMs(2_000)
  node.enter(SAM, SUES_ID)
  expect(words(node.sentTo(ALICE))).toEqual(['left', 'joined'])
})

test('an identity that was seen before it spoke for us is no participant any longer', () => {
  const node = joinedNode(ALICE)
  node.gets(ALICE, node.message({ author: SAMS_ID }))
  node.take()
  node.enter(SAM, SAMS_ID)
  expect(node.updates().map((update) => update.kind)).toEqual(['left', 'speaking-as'])
})

test('items go out in the order in which they were said, however late a signature is', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.signsAtOnce = false
  for (const text of ['one', 'two', 'three']) node.say(SAM, text)
  node.step({ kind: 'speaker-exit', lobby: LOBBY, speaker: SAM })
  const [one, two, three, left] = signs(node.take())
  for (const sign of [left, three, two]) if (sign) node.sign(sign)
  expect(node.sentTo(ALICE)).toEqual([])
  if (one) node.sign(one)
  expect(words(node.sentTo(ALICE))).toEqual(['message one', 'message two', 'message three', 'left'])
})

test('a message that cannot be signed is refused aloud and does not hold up the next', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.signsAtOnce = false
  node.say(SAM, 'one', 'r1')
  node.say(SAM, 'two', 'r2')
  const [one, two] = signs(node.take())
  if (two) node.sign(two)
  if (one) node.step({ kind: 'sign-failed', token: one.token })
  const effects = node.take()
  expect(words(sentTo(effects, ALICE))).toEqual(['message two'])
  expect(effects).toContainEqual({
    kind: 'update',
    update: expect.objectContaining({ kind: 'not-sent', ref: 'r1', code: 'LOBBY_SIGN_FAILED' }),
  })
})

test('an answer to an unknown request is ignored', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'sign-failed', token: 99 })
  expect(node.take()).toEqual([])
})

test('at most 1000 items of a lobby wait for signatures', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.signsAtOnce = false
  node.down(ALICE)
  node.take()
  for (let i = 0; i < 1_001; i++) node.say(SAM, `${i}`, `r${i}`)
  expect(node.updates()).toMatchObject([{ kind: 'not-sent', ref: 'r1000', code: 'LOBBY_BUSY' }])
})

test('at shutdown every speaker takes leave, nobody unsubscribes, and the end is told once', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.enter(SUE, SUES_ID)
  node.take()
  node.step({ kind: 'shutdown' })
  const effects = node.take()
  expect(words(sentTo(effects, ALICE))).toEqual(['left', 'left'])
  expect(effects.at(-1)).toEqual({ kind: 'finished' })
  expect(effects.filter((effect) => effect.kind === 'finished')).toHaveLength(1)
})

test('a node without speakers has finished at once', () => {
  const node = new TestNode()
  node.step({ kind: 'shutdown' })
  expect(node.take()).toEqual([{ kind: 'finished' }])
})
