// RetroShare's flood rule: friends never refuse what comes from us, who is too fast is told before, and our own rule.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, paceOf } from '../../../src/retroshare/routing/admission.ts'
import { isMinor } from '../../../src/retroshare/routing/pace.ts'
import { LOBBY_EVENT } from '../../../src/retroshare/wire/item.ts'
import type { ParticipantId, SpeakerId } from '../../../src/util/ids.ts'
import {
  ALICE,
  BOB,
  CAROL,
  DAVE,
  entry,
  joinedNode,
  LOBBY,
  list,
  SAM,
  SAMS_ID,
  SUE,
  SUES_ID,
  sentTo,
  type TestNode,
  words,
} from './node.ts'
import { RetroShareNeighbour } from './retroshare-neighbour.ts'

const author = (i: number) => (i + 1).toString(16).padStart(32, '0') as ParticipantId
const speaking = (...friends: (typeof ALICE)[]) => {
  const node = joinedNode(...friends)
  node.enter(SAM, SAMS_ID)
  node.passMs(60_000)
  node.take()
  return node
}
/** So many others are there, and have been for some time. */
const crowd = (node: TestNode, size: number, bearer = BOB) => {
  for (let i = 0; i < size; i++) {
    node.gets(bearer, node.event(LOBBY_EVENT.keepAlive, { author: author(i) }))
    node.passMs(1_100)
  }
  node.passMs(15_000)
  node.take()
}
const admits = (node: TestNode, speaker: SpeakerId = SAM) => admit(node.router, LOBBY, speaker, node.nowMs)
const admitAndSay = (node: TestNode, text: string, speaker: SpeakerId = SAM) => {
  const waitMs = admits(node, speaker)
  if (waitMs === 0) node.say(speaker, text)
  return waitMs
}

test('ten items go at once, what exceeds them waits for 12 s, in order', () => {
  const node = speaking(ALICE)
  for (let i = 0; i < 15; i++) node.say(SAM, `${i}`)
  const texts = () => words(node.sentTo(ALICE)).filter((word) => word.startsWith('message'))
  expect(texts()).toEqual(Array.from({ length: 10 }, (_, i) => `message ${i}`))
  node.passMs(11_999)
  expect(texts()).toEqual([])
  node.passMs(1)
  expect(texts()).toEqual(Array.from({ length: 5 }, (_, i) => `message ${10 + i}`))
})

test('each friend has its own pace: who brought an item gets nothing of it, and it does not count there', () => {
  const node = speaking(ALICE, BOB)
  for (let i = 0; i < 9; i++) {
    node.gets(BOB, node.message({ author: author(i) }))
    node.passMs(10)
  }
  node.take()
  for (let i = 0; i < 10; i++) node.say(SAM, `${i}`)
  const effects = node.take()
  expect(sentTo(effects, BOB)).toHaveLength(10)
  expect(sentTo(effects, ALICE)).toHaveLength(1)
})

test('an item that the friend brings, too, was known there: it does not count, and is not sent if it still waits', () => {
  const node = speaking(ALICE, BOB)
  const items = Array.from({ length: 14 }, (_, i) => node.message({ author: author(i), text: `${i}` }))
  for (const item of items.slice(0, 11)) node.gets(BOB, item)
  expect(sentTo(node.take(), ALICE)).toHaveLength(10)
  // The tenth was sent, the eleventh waits.
  for (const item of items.slice(9, 11)) node.gets(ALICE, item)
  node.say(SAM, 'in its place')
  expect(words(node.sentTo(ALICE))).toEqual(['message in its place'])
  node.passMs(60_000)
  expect(words(node.sentTo(ALICE))).not.toContain('message 10')
})

test('own messages and those of others take turns, whoever came first', () => {
  const node = speaking(ALICE, BOB, CAROL)
  for (let i = 0; i < 11; i++) node.gets(BOB, node.message({ author: author(i), text: `b${i}` }))
  for (let i = 0; i < 11; i++) node.gets(CAROL, node.message({ author: author(20 + i), text: `c${i}` }))
  node.take()
  node.say(SAM, 'mine')
  node.passMs(12_000)
  const next = words(node.sentTo(ALICE)).slice(0, 3)
  expect(next).toContain('message mine')
})

test('keep-alives give way: they use seven of ten places, and of one author only the newest waits', () => {
  const node = speaking(ALICE, BOB)
  const keepAlive = (i: number) => node.event(LOBBY_EVENT.keepAlive, { author: author(i) })
  for (let i = 0; i < 10; i++) node.gets(BOB, keepAlive(i))
  expect(sentTo(node.take(), ALICE)).toHaveLength(7)
  for (let i = 0; i < 3; i++) node.say(SAM, `${i}`)
  expect(words(node.sentTo(ALICE))).toEqual(['message 0', 'message 1', 'message 2'])
  const newest = keepAlive(9)
  node.passMs(1_000)
  node.gets(BOB, newest)
  node.passMs(20_000)
  const late = node.sentTo(ALICE).filter((item) => item.kind === 'lobby-event')
  expect(late).toHaveLength(3)
  expect(late).toContain(newest)
})

test('a keep-alive that has waited for a minute is not sent any longer', () => {
  const node = speaking(ALICE, BOB)
  const tooLate = node.event(LOBBY_EVENT.keepAlive, { author: author(50) })
  for (let i = 0; i < 90; i++) {
    // More than ten messages each 12 s: there are never three places.
    node.gets(BOB, node.message({ author: author(i % 5) }))
    node.passMs(1_000)
    if (i === 20) node.gets(BOB, tooLate)
  }
  node.passMs(60_000)
  expect(node.sentTo(ALICE)).not.toContain(tooLate)
})

test('typing never waits', () => {
  const node = speaking(ALICE, BOB)
  for (let i = 0; i < 10; i++) node.say(SAM, `${i}`)
  node.take()
  node.step({ kind: 'typing', lobby: LOBBY, speaker: SAM })
  expect(node.notes()).toEqual(['NO_PLACE', 'NO_PLACE'])
  node.passMs(30_000)
  expect(words(node.sentTo(ALICE))).not.toContain('status')
})

test('who has left is not announced any longer: the farewell takes the place of what waits', () => {
  const node = speaking(ALICE, BOB)
  for (let i = 0; i < 10; i++) node.say(SAM, `${i}`)
  node.take()
  node.gets(BOB, node.event(LOBBY_EVENT.joined, { author: author(1) }))
  node.gets(BOB, node.event(LOBBY_EVENT.keepAlive, { author: author(1) }))
  node.passMs(1_000)
  node.gets(BOB, node.event(LOBBY_EVENT.left, { author: author(1) }))
  node.gets(
    BOB,
    node.event(LOBBY_EVENT.keepAlive, { author: author(1), sentAtSec: 1 + node.nowMs / 1000 - 3 }),
  )
  node.passMs(30_000)
  const isRoutine = (word: string): boolean => word === 'keepAlive' || word === 'list-request'
  expect(words(node.sentTo(ALICE)).filter((word) => !isRoutine(word))).toEqual(['left'])
})

test('with more participants more goes, and the list that allows it goes before', () => {
  const node = speaking(ALICE, BOB)
  crowd(node, 60)
  for (let i = 0; i < 30; i++) node.say(SAM, `${i}`)
  const sent = node.sentTo(ALICE)
  expect(words(sent).filter((word) => word.startsWith('message'))).toHaveLength(30)
  const firstList = sent.findIndex((item) => item.kind === 'lobby-list')
  expect(firstList).toBeLessThanOrEqual(10)
  expect(sent[firstList]).toEqual(list(entry({ participants: 61 })))
})

test('one author has at most three quarters of many places', () => {
  const node = speaking(ALICE, BOB)
  node.enter(SUE, SUES_ID)
  crowd(node, 118)
  for (let i = 0; i < 100; i++) node.say(SAM, `${i}`)
  for (let i = 0; i < 30; i++) node.say(SUE, `sue ${i}`)
  const sent = node.sentTo(ALICE).filter((item) => item.kind === 'lobby-message')
  expect(sent.filter((item) => item.author === SAMS_ID)).toHaveLength(75)
  expect(sent.filter((item) => item.author === SUES_ID)).toHaveLength(25)
})

test('what waits at the end is sent with the farewells', () => {
  const node = speaking(ALICE)
  for (let i = 0; i < 12; i++) node.say(SAM, `${i}`)
  node.take()
  node.step({ kind: 'shutdown' })
  expect(words(node.sentTo(ALICE))).toEqual(['message 10', 'message 11', 'left'])
})

test('what waited when the link broke is sent when it returns, however long it waited', () => {
  const node = speaking(ALICE)
  node.down(ALICE)
  for (let i = 0; i < 200; i++) node.say(SAM, `${i}`)
  node.take()
  node.up(ALICE)
  node.passMs(200_000)
  const first = words(node.sentTo(ALICE)).filter((word) => word.startsWith('message'))
  node.down(ALICE)
  node.up(ALICE)
  node.passMs(400_000)
  const second = words(node.sentTo(ALICE)).filter((word) => word.startsWith('message'))
  expect(new Set([...first, ...second]).size).toBe(200)
})

test('what waited for long and went just before the link broke is sent again', () => {
  const node = speaking(ALICE)
  node.down(ALICE)
  const offeredMs = node.nowMs
  for (let i = 0; i < 200; i++) node.say(SAM, `${i}`)
  node.take()
  node.up(ALICE)
  // Offered minutes ago, the last has just gone; the link breaks with it under way.
  while (!words(node.sentTo(ALICE)).includes('message 199')) node.passMs(1_000)
  expect(node.nowMs - offeredMs).toBeGreaterThan(200_000)
  node.down(ALICE)
  node.take()
  node.up(ALICE)
  node.passMs(400_000)
  expect(words(node.sentTo(ALICE))).toContain('message 199')
})

test('what is new goes before what is repeated, which leaves three of ten places', () => {
  const node = speaking(ALICE, BOB)
  node.down(ALICE)
  for (let i = 0; i < 30; i++) {
    node.gets(BOB, node.message({ text: `old ${i}` }))
    node.passMs(1_100)
  }
  node.passMs(12_000)
  node.take()
  node.up(ALICE)
  const sent = () => words(node.sentTo(ALICE)).filter((word) => word.startsWith('message'))
  expect(sent()).toHaveLength(7)
  node.say(SAM, 'new')
  node.gets(BOB, node.message({ text: 'new, too' }))
  expect(sent()).toEqual(['message new', 'message new, too'])
  node.passMs(60_000)
  expect(sent()).toEqual(Array.from({ length: 23 }, (_, i) => `message old ${7 + i}`))
})

test('a burst of ten is admitted, then as much as can go within 30 s, then nobody for a while', () => {
  const node = speaking(ALICE)
  node.enter(SUE, SUES_ID)
  node.enter('third' as SpeakerId, author(9))
  node.passMs(15_000)
  node.take()
  let said = 0
  while (admitAndSay(node, `${said}`) === 0) said += 1
  expect(said).toBe(20)
  let others = 0
  while (admitAndSay(node, `sue ${others}`, SUE) === 0) others += 1
  expect(others).toBe(10)
  expect(admits(node, 'third' as SpeakerId)).toBeGreaterThan(0)
  expect(admits(node)).toBeGreaterThan(0)
  expect(admits(node)).toBeLessThanOrEqual(12_000)
  node.take()
  node.passMs(30_000)
  expect(words(node.sentTo(ALICE)).filter((word) => word.startsWith('message'))).toHaveLength(20)
})

test('places are booked: many that are asked for at one moment are not all given', () => {
  const node = speaking(ALICE)
  const given = Array.from({ length: 100 }, () => admits(node)).filter((waitMs) => waitMs === 0).length
  expect(given).toBe(20)
  for (let i = 0; i < 21; i++) node.say(SAM, `${i}`, `r${i}`)
  expect(node.updates()).toMatchObject([
    { kind: 'not-sent', ref: 'r20', code: 'LOBBY_TOO_FAST', text: expect.stringMatching(/in \d+ s/) },
  ])
})

test('a place that is not used is free again after a minute', () => {
  const node = speaking(ALICE)
  while (admits(node) === 0);
  node.passMs(60_000)
  expect(admits(node)).toBe(0)
})

test('while nobody is there, or the lobby is not joined, nobody has to wait', () => {
  const node = speaking(ALICE)
  node.down(ALICE)
  for (let i = 0; i < 500; i++) expect(admitAndSay(node, `${i}`)).toBe(0)
  expect(admit(node.router, 'ff'.repeat(8) as never, SAM, node.nowMs)).toBe(0)
})

test('whom we tell to try again later may speak then', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 60 }), (gaps) => {
      const node = speaking(ALICE)
      let waitMs = 0
      for (const gap of gaps) {
        node.passMs(gap)
        waitMs = admitAndSay(node, 'x')
        if (waitMs > 0) break
      }
      if (waitMs === 0) return
      node.passMs(Math.ceil(waitMs / 1000) * 1000)
      expect(admits(node)).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('there is no pace to keep until messages have to wait, then it is what the friend takes of each speaker', () => {
  const node = speaking(ALICE)
  node.enter(SUE, SUES_ID)
  node.passMs(15_000)
  const pace = () => Math.round(paceOf(node.router, LOBBY, node.nowMs))
  for (let said = 0; said < 14; said++) {
    expect(pace()).toBe(0)
    expect(admitAndSay(node, `${said}`)).toBe(0)
  }
  // Ten in 12 s, but for two speakers' keep-alives.
  expect(pace()).toBe(1_224)
  expect(admitAndSay(node, 'sue', SUE)).toBe(0)
  expect(pace()).toBe(2_449)
  node.passMs(30_000)
  expect(pace()).toBe(0)
  node.down(ALICE)
  expect(pace()).toBe(0)
})

test.each([1, 2, 3, 7, 20])('%i speakers that keep to the pace are admitted, however long', (count) => {
  const node = speaking(ALICE)
  const speakers = Array.from({ length: count }, (_, i) => `s${i}` as SpeakerId)
  for (const [i, speaker] of speakers.entries()) node.enter(speaker, author(100 + i))
  node.passMs(60_000)
  const pace = () => Math.ceil(paceOf(node.router, LOBBY, node.nowMs) / 1000) * 1000
  while (pace() === 0) for (const speaker of speakers) if (pace() === 0) admitAndSay(node, 'burst', speaker)
  let eachMs = pace()
  for (let n = 0; n < 100; n++) {
    node.passMs(eachMs)
    for (const speaker of speakers) expect(admitAndSay(node, `${n}`, speaker), `${n} ${speaker}`).toBe(0)
    eachMs = Math.max(eachMs, pace())
  }
})

/** What may happen around a node whose friend ALICE is a RetroShare node. */
const happening = fc.record({
  afterMs: fc.oneof(fc.nat(50), fc.nat(3_000), fc.nat(30_000)),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant('say' as const) },
    { weight: 6, arbitrary: fc.constantFrom('relay', 'presence', 'echo', 'brought') },
    { weight: 2, arbitrary: fc.constantFrom('enter', 'exit', 'ask', 'type') },
    { weight: 1, arbitrary: fc.constantFrom('break', 'burst', 'storm') },
  ),
  who: fc.nat(30),
})

test('whatever happens, a RetroShare friend refuses nothing of ours, and everything that was admitted arrives', () => {
  fc.assert(
    fc.property(
      fc.record({ latencyMs: fc.integer({ min: 1, max: 900 }), clockMs: fc.nat(999) }),
      fc.nat(80),
      fc.array(happening, { maxLength: 120 }),
      (link, others, happenings) => {
        const node = joinedNode(ALICE, BOB, CAROL)
        const alice = new RetroShareNeighbour(node, link)
        node.enter(SAM, SAMS_ID)
        for (let i = 0; i < others; i++) {
          node.gets(BOB, node.event(LOBBY_EVENT.keepAlive, { author: author(i) }))
          alice.passMs(1_100)
        }
        const admitted: string[] = []
        const say = (): void => {
          const text = `m${admitted.length}`
          if (admits(node) > 0) return
          admitted.push(text)
          node.say(SAM, text)
        }
        const relay = (who: number): void =>
          node.gets(who % 2 ? BOB : CAROL, node.message({ author: author(who) }))
        for (const { afterMs, what, who } of happenings) {
          alice.passMs(afterMs)
          if (what === 'say') say()
          else if (what === 'burst') for (let i = 0; i < 25; i++) say()
          else if (what === 'relay') relay(who)
          else if (what === 'storm') for (let i = 0; i < 25; i++) relay(who + i)
          else if (what === 'presence')
            for (let i = 0; i < who; i++)
              node.gets(CAROL, node.event([1, 3, 5][i % 3] ?? 5, { author: author(100 + i) }))
          else if (what === 'brought') alice.brings(node.message({ author: author(who) }))
          else if (what === 'echo') {
            const item = node.message({ author: author(who) })
            node.gets(BOB, item)
            alice.brings(item)
          } else if (what === 'enter') node.enter(`s${who}` as SpeakerId, author(200 + who))
          else if (what === 'exit')
            node.step({ kind: 'speaker-exit', lobby: LOBBY, speaker: `s${who}` as SpeakerId })
          else if (what === 'type') node.step({ kind: 'typing', lobby: LOBBY, speaker: SAM })
          else if (what === 'ask') alice.asksForLists()
          else {
            alice.breaks()
            alice.passMs(who * 1_000)
            node.up(ALICE)
          }
        }
        alice.passMs(800_000)
        const texts = new Set(
          alice.taken.flatMap((item) => (item.kind === 'lobby-message' ? [item.text] : [])),
        )
        // Keep-alives rely on what was listed a moment ago, and come again.
        expect(alice.refused.filter((item) => !isMinor(item))).toEqual([])
        expect(admitted.filter((text) => !texts.has(text))).toEqual([])
      },
    ),
    { numRuns: 400 },
  )
})

test('of one friend eleven new items are taken in 10 s; the twelfth is as if it had never come', () => {
  const node = speaking(ALICE, BOB, CAROL)
  const items = Array.from({ length: 12 }, (_, i) => node.message({ author: author(i), text: `${i}` }))
  for (const item of items) node.gets(ALICE, item)
  const effects = node.take()
  expect(effects.flatMap((effect) => (effect.kind === 'note' ? [effect.code] : []))).toEqual([
    'FLOOD_REFUSED',
  ])
  const [last] = items.slice(-1)
  if (last) node.gets(BOB, last)
  expect(node.updates()).toContainEqual(expect.objectContaining({ kind: 'said', text: '11' }))
})

test('what is refused does not count, and after 10 s more is taken', () => {
  const node = speaking(ALICE)
  for (let i = 0; i < 30; i++) node.gets(ALICE, node.message({ author: author(i) }))
  node.passMs(9_999)
  node.take()
  node.gets(ALICE, node.message({ author: author(40) }))
  node.passMs(1)
  node.gets(ALICE, node.message({ author: author(41) }))
  expect(node.notes()).toEqual(['FLOOD_REFUSED'])
})

test('an author that is alone has all eleven places', () => {
  const node = speaking(ALICE)
  node.passMs(60_000)
  node.take()
  for (let i = 0; i < 20; i++) node.gets(ALICE, node.message())
  expect(node.updates().filter((update) => update.kind === 'said')).toHaveLength(11)
})

test('the eleven that RetroShare takes in any lobby are taken of one author, too, whoever else speaks', () => {
  const node = speaking(ALICE)
  node.gets(ALICE, node.message())
  node.gets(ALICE, node.message({ author: author(1) }))
  node.passMs(11_000)
  node.take()
  for (let i = 0; i < 20; i++) node.gets(ALICE, node.message({ text: `${i}` }))
  const texts = node.updates().flatMap((update) => (update.kind === 'said' ? [update.text] : []))
  expect(texts).toEqual(Array.from({ length: 11 }, (_, i) => `${i}`))
})

test('where there are more places, of several authors one has three quarters, and another is heard beside it', () => {
  const node = speaking(ALICE, BOB)
  node.gets(BOB, list(entry({ participants: 60 })))
  node.gets(ALICE, node.message())
  node.gets(ALICE, node.message({ author: author(1) }))
  node.passMs(11_000)
  node.take()
  for (let i = 0; i < 60; i++) node.gets(ALICE, node.message())
  node.gets(ALICE, node.message({ author: author(1), text: 'me, too' }))
  const updates = node.updates().flatMap((update) => (update.kind === 'said' ? [update.text] : []))
  expect(updates).toHaveLength(38)
  expect(updates.at(-1)).toBe('me, too')
})

test('a signature is not even judged of what floods, and a wrong one counts', () => {
  const node = speaking(ALICE)
  node.verdict = { signature: 'bad', isLinked: false }
  for (let i = 0; i < 100; i++) node.gets(ALICE, node.message({ author: author(i) }))
  expect(node.judged).toBe(11)
})

test('more is taken of a lobby with more participants, as friends list them; up to a thousand', () => {
  const taken = (participants: number) => {
    const node = speaking(ALICE, BOB)
    node.gets(BOB, list(entry({ participants })))
    node.take()
    for (let i = 0; i < 1_500; i++) node.gets(ALICE, node.message({ author: author(i) }))
    return node.updates().filter((update) => update.kind === 'said').length
  }
  expect([0, 60, 100, 4_000_000].map(taken)).toEqual([11, 51, 84, 1_001])
})

test('neither unsubscribing nor coming back gives a friend new places', () => {
  const node = speaking(ALICE, BOB)
  let taken = 0
  for (let i = 0; i < 60; i++) {
    if (i % 5 === 0) node.gets(ALICE, { kind: 'lobby-unsubscribe', lobby: LOBBY })
    if (i % 7 === 0) {
      node.down(ALICE)
      node.up(ALICE)
    }
    node.gets(ALICE, node.message({ author: author(i) }))
    taken += node.updates().filter((update) => update.kind === 'said').length
  }
  expect(taken).toBe(11)
})

test('what floods shows nothing of its author', () => {
  const node = speaking(ALICE)
  for (let i = 0; i < 11; i++) node.gets(ALICE, node.message({ author: author(i) }))
  node.take()
  node.gets(ALICE, node.message({ author: DAVE }))
  expect(node.updates()).toEqual([])
})
