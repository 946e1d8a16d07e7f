// Private lobbies: shown to nobody who is not in them, and found by challenges that tell an outsider nothing.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RouterEffect } from '../../../src/retroshare/routing/router-port.ts'
import { challengeCode } from '../../../src/retroshare/wire/challenge.ts'
import { type Item, LOBBY_EVENT } from '../../../src/retroshare/wire/item.ts'
import type { FriendId, LobbyId, ParticipantId } from '../../../src/util/ids.ts'
import { readVector, recordings } from '../wire/recorded.ts'
import {
  ALICE,
  BOB,
  CAROL,
  entry,
  joinedNode,
  LOBBY,
  list,
  OTHER_LOBBY,
  SAM,
  SAMS_ID,
  SELF,
  TestNode,
  words,
} from './node.ts'

const spec = { name: 'Secret', topic: 'Hush', isPrivate: true, isSigned: false }
/** A private lobby of our own in which the friends take part; strangers are connected, too. */
function privateNode(friends: readonly FriendId[], strangers: readonly FriendId[] = []): TestNode {
  const node = new TestNode()
  node.step({ kind: 'create', lobby: LOBBY, spec })
  node.up(...friends, ...strangers)
  for (const friend of friends) node.gets(friend, node.message())
  node.passMs(20_000)
  node.take()
  return node
}
const author = (i: number) => (i + 1).toString(16).padStart(32, '0') as ParticipantId
/** So many new items come from BOB, one a second. */
function busy(node: TestNode, items: number): string[] {
  return Array.from({ length: items }, (_, i) => {
    node.passMs(1_000)
    const item = node.message({ author: author(i) })
    node.gets(BOB, item)
    return item.messageId
  })
}
const challenges = (effects: readonly RouterEffect[]) =>
  effects.flatMap((effect) =>
    effect.kind === 'send' && effect.item.kind === 'lobby-challenge'
      ? [[effect.friend, effect.item.code]]
      : [],
  )
const challenge = (code: string): Item & { kind: 'lobby-challenge' } => ({ kind: 'lobby-challenge', code })

test('after more than 20 items every connected friend is asked, each with its own code of one recent item', () => {
  const node = privateNode([BOB], [ALICE, CAROL])
  const ids = busy(node, 24)
  node.passMs(5_000)
  const sent = challenges(node.take())
  expect(sent.map(([friend]) => friend).sort()).toEqual([ALICE, BOB, CAROL])
  const basis = ids.filter((id) => challengeCode(ALICE, LOBBY, id) === sent.find(([f]) => f === ALICE)?.[1])
  expect(basis).toHaveLength(1)
  for (const [friend, code] of sent)
    expect(code).toBe(challengeCode(friend as FriendId, LOBBY, basis[0] ?? ''))
})

test('the item asked by is one of the last 30 s, and at least 5 s old when there is one', () => {
  const node = privateNode([BOB], [ALICE])
  const sentAtMs = new Map<string, number>()
  const ages: number[] = []
  for (let i = 0; i < 200; i++) {
    const item = node.message({ author: author(i % 30) })
    node.gets(BOB, item)
    sentAtMs.set(challengeCode(ALICE, LOBBY, item.messageId), node.nowMs)
    for (let tenths = 0; tenths < (i % 40 === 0 ? 600 : 7); tenths++) {
      node.passMs(100)
      for (const [friend, code] of challenges(node.take()))
        if (friend === ALICE) ages.push(node.nowMs - (sentAtMs.get(code ?? '') ?? 0))
    }
  }
  expect(ages.length).toBeGreaterThan(3)
  for (const age of ages) {
    expect(age).toBeLessThan(30_100)
    expect(age).toBeGreaterThanOrEqual(5_000)
  }
})

test('two challenges of a lobby are at least 15 s apart, and time counts as items do', () => {
  const node = privateNode([BOB], [ALICE])
  node.gets(BOB, list(entry({ participants: 5_000, flags: 0 })))
  const atMs: number[] = []
  for (let i = 0; i < 300; i++) {
    node.gets(BOB, node.message({ author: author(i % 50) }))
    node.passMs(500)
    if (challenges(node.take()).length > 0) atMs.push(node.nowMs)
  }
  const gaps = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15_000)
  expect(atMs.length).toBeGreaterThan(4)

  const quiet = privateNode([BOB], [ALICE])
  let seconds = 0
  while (challenges(quiet.take()).length === 0 && seconds < 1_000) {
    quiet.gets(BOB, quiet.event(LOBBY_EVENT.keepAlive))
    quiet.passMs(40_000)
    seconds += 40
  }
  // 20 = items + tens of seconds: one item each 40 s makes 5 in 40 s.
  expect(seconds).toBeLessThanOrEqual(240)
})

test('nobody is asked about a public lobby, nor of one in which nothing is said', () => {
  const node = joinedNode(ALICE, BOB)
  for (let i = 0; i < 100; i++) {
    node.gets(BOB, node.message({ author: author(i) }))
    node.passMs(1_000)
  }
  const silent = privateNode([BOB])
  silent.passMs(1_000_000)
  expect([...challenges(node.take()), ...challenges(silent.take())]).toEqual([])
})

test('who asks rightly takes part, and is told so by an invitation with the flag of challenges alone', () => {
  const node = privateNode([BOB], [ALICE])
  const [id = ''] = busy(node, 1)
  node.passMs(34_999)
  node.take()
  node.gets(ALICE, challenge(challengeCode(SELF, LOBBY, id)))
  const effects = node.take()
  expect(effects[0]).toEqual({
    kind: 'send',
    friend: ALICE,
    item: { kind: 'lobby-invite', lobby: LOBBY, name: 'Secret', topic: 'Hush', flags: 0x08 },
  })
  node.gets(BOB, node.message({ text: 'to all' }))
  expect(words(node.sentTo(ALICE))).toEqual(['message to all'])
})

test.each([
  ['an item that is too old', (id: string) => challengeCode(SELF, LOBBY, id), 35_000],
  ['the code for another node', (id: string) => challengeCode(ALICE, LOBBY, id), 0],
  ['another lobby', (id: string) => challengeCode(SELF, OTHER_LOBBY, id), 0],
  ['an unknown item', () => challengeCode(SELF, LOBBY, '1'.repeat(16)), 0],
])('%s gets no answer', (_, code, afterMs) => {
  const node = privateNode([BOB], [ALICE])
  const [id = ''] = busy(node, 1)
  node.passMs(afterMs)
  node.take()
  node.gets(ALICE, challenge(code(id)))
  expect(node.take()).toEqual([{ kind: 'note', code: 'CHALLENGE_UNKNOWN', friend: ALICE, lobby: null }])
})

test('a code that was known is forgotten with its item', () => {
  const node = privateNode([BOB], [ALICE])
  const [id = ''] = busy(node, 1)
  expect(knows(node, challengeCode(SELF, LOBBY, id))).toBe(true)
  node.passMs(35_000)
  expect(knows(node, challengeCode(SELF, LOBBY, id))).toBe(false)
})

test('a right code of a public lobby gets no answer', () => {
  const node = joinedNode(ALICE, BOB)
  const item = node.message()
  node.gets(BOB, item)
  node.take()
  node.gets(ALICE, challenge(challengeCode(SELF, LOBBY, item.messageId)))
  expect(node.notes()).toEqual(['CHALLENGE_UNKNOWN'])
})

test('the answer to a challenge of ours makes its sender take part', () => {
  const node = privateNode([BOB], [ALICE])
  node.gets(ALICE, { kind: 'lobby-invite', lobby: LOBBY, name: 'x', topic: '', flags: 0x08 })
  node.gets(BOB, node.message())
  expect(words(node.sentTo(ALICE))).toContain('message hi')
})

test('two nodes of one private lobby that are friends, but know it not, find each other', () => {
  const [left, right] = [privateNode([BOB], [ALICE]), privateNode([BOB], [ALICE])]
  // BOB is in the lobby with both. ALICE is for each of them the other: here `left` is known as SELF to `right`.
  let found = 0
  for (let i = 0; i < 40 && found === 0; i++) {
    const item = left.message({ author: author(i) })
    for (const node of [left, right]) {
      node.gets(BOB, item)
      node.passMs(1_000)
    }
    // `left` asks ALICE; the same question to a node called SELF is what `right` has to recognise.
    for (const [friend] of challenges(left.take()))
      if (friend === ALICE) {
        const asked = [...codesOf(left)].find((code) => knows(right, code))
        if (asked) found = i
      }
  }
  expect(found).toBeGreaterThan(15)
})

/** What `node` would send to a friend called SELF now. */
function* codesOf(node: TestNode): Generator<string> {
  node.up(SELF)
  node.take()
  for (let i = 0; i < 60; i++) {
    node.passMs(1_000)
    for (const [friend, code] of challenges(node.take())) if (friend === SELF && code) yield code
    node.gets(BOB, node.message({ author: author(i) }))
  }
}

const knows = (node: TestNode, code: string): boolean => {
  node.gets(ALICE, challenge(code))
  return words(node.sentTo(ALICE)).includes('invite')
}

test('a friend may send 50 challenges at once and one a second', () => {
  const node = privateNode([BOB], [ALICE])
  const [id = ''] = busy(node, 1)
  node.take()
  for (let i = 0; i < 60; i++) node.gets(ALICE, challenge(i.toString(16).padStart(16, '0')))
  expect(node.notes().filter((code) => code === 'CHALLENGE_FLOOD')).toHaveLength(10)
  node.passMs(999)
  node.gets(ALICE, challenge(challengeCode(SELF, LOBBY, id)))
  expect(node.notes()).toEqual(['CHALLENGE_FLOOD'])
  node.passMs(1)
  node.gets(ALICE, challenge(challengeCode(SELF, LOBBY, id)))
  expect(words(node.sentTo(ALICE))).toContain('invite')
})

test('at most 256 items of a lobby can be asked by', () => {
  const node = privateNode([BOB, CAROL], [ALICE])
  node.gets(BOB, list(entry({ participants: 5_000, flags: 0 })))
  const ids = Array.from({ length: 257 }, (_, i) => {
    const item = node.message({ author: author(i) })
    node.gets(BOB, item)
    return item.messageId
  })
  const isKnown = (id: string | undefined) => knows(node, challengeCode(SELF, LOBBY, id ?? ''))
  expect([isKnown(ids[0]), isKnown(ids[1]), isKnown(ids[256])]).toEqual([false, true, true])
})

test('whatever friends send, one that never was in a private lobby is not shown it', () => {
  const stranger = CAROL
  const event = fc.oneof(
    fc.record({
      kind: fc.constantFrom('message', 'list', 'unsubscribe', 'request'),
      friend: fc.constantFrom(ALICE, BOB),
    }),
    fc.record({ kind: fc.constantFrom('request', 'challenge', 'old'), friend: fc.constant(stranger) }),
    fc.record({ kind: fc.constantFrom('say', 'pass', 'topic', 'bounce', 'enter'), friend: fc.constant(BOB) }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const node = privateNode([ALICE], [BOB, stranger])
      node.enter(SAM, SAMS_ID)
      for (const { kind, friend } of events) {
        if (kind === 'message') node.gets(friend, node.message())
        else if (kind === 'list') node.gets(friend, list(entry({ flags: 0 })))
        else if (kind === 'unsubscribe') node.gets(friend, { kind: 'lobby-unsubscribe', lobby: LOBBY })
        else if (kind === 'request') node.gets(friend, { kind: 'lobby-list-request' })
        else if (kind === 'challenge') node.gets(friend, challenge('12'.repeat(8)))
        else if (kind === 'old')
          node.gets(friend, { kind: 'lobby-invite-old', lobby: LOBBY, name: '', flags: 0 })
        else if (kind === 'say') node.say(SAM, 'psst')
        else if (kind === 'topic') node.step({ kind: 'set-topic', lobby: LOBBY, topic: `${node.nowMs}` })
        else if (kind === 'enter') node.enter('x' as never, author(77))
        else if (kind === 'pass') node.passMs(25_000)
        else {
          node.down(stranger)
          node.up(stranger)
        }
      }
      node.passMs(400_000)
      const shown = node.sentTo(stranger).filter((item) => item.kind !== 'lobby-challenge')
      expect(JSON.stringify(shown)).not.toContain(LOBBY)
      expect(JSON.stringify(shown)).not.toContain('Secret')
    }),
    { numRuns: 100 },
  )
})

/** Recorded challenges with what the check of the capture says of their lobby and item. */
const RECORDED = ['alice', 'bob'].flatMap((name) =>
  [
    ...readVector(`foreign/private/${name}.check.txt`).matchAll(
      /code ([0-9a-f]{16}): receiver ([0-9a-f]{32}) lobby ([0-9a-f]{16}) msg ([0-9a-f]{16})/g,
    ),
  ].map(([, code = '', receiver = '', lobby = '', messageId = '']) => ({ code, receiver, lobby, messageId })),
)
const items = recordings.flatMap(({ items }) =>
  items.flatMap(({ decoded }) => (decoded.ok ? [decoded.value] : [])),
)

test('recorded challenges of real nodes are answered by whoever is in the lobby and has the item', () => {
  expect(RECORDED.length).toBeGreaterThanOrEqual(6)
  for (const { code, receiver, lobby, messageId } of RECORDED) {
    const node = new TestNode(receiver as FriendId)
    node.step({ kind: 'create', lobby: lobby as LobbyId, spec })
    node.up(ALICE, BOB)
    node.gets(BOB, node.message({ lobby: lobby as LobbyId, messageId }))
    node.take()
    expect(knows(node, code), code).toBe(true)
  }
})

test('recorded challenges tell an eavesdropper nothing: no other lobby and no item that it could know fits', () => {
  const messageIds = new Set(items.flatMap((item) => ('messageId' in item ? [item.messageId] : [])))
  const lobbies = new Set(
    items.flatMap((item) =>
      item.kind === 'lobby-list'
        ? item.lobbies.map(({ lobby }) => lobby)
        : 'lobby' in item
          ? [item.lobby]
          : [],
    ),
  )
  const codes = new Map(RECORDED.map(({ code, receiver, lobby }) => [code, { receiver, lobby }]))
  expect(messageIds.size).toBeGreaterThan(100)
  expect(lobbies.size).toBeGreaterThan(5)
  for (const [code, { receiver, lobby: secret }] of codes)
    for (const lobby of [...lobbies].filter((one) => one !== secret).slice(0, 12))
      for (const messageId of [...messageIds].slice(0, 150))
        expect(challengeCode(receiver as FriendId, lobby, messageId) === code).toBe(false)
})
