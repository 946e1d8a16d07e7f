// Banned identities are dropped at the door; ignored friends are as good as not connected.
import { expect, test } from 'vitest'
import { LOBBY_EVENT } from '../../../src/retroshare/wire/item.ts'
import type { FriendId, ParticipantId } from '../../../src/util/ids.ts'
import {
  ALICE,
  BOB,
  DAVE,
  ERIN,
  entry,
  joinedNode,
  LOBBY,
  list,
  OTHER_LOBBY,
  SAM,
  SAMS_ID,
  sentTo,
  TestNode,
  words,
} from './node.ts'

const barred = (node: TestNode) =>
  node.take().flatMap((effect) => (effect.kind === 'save-barred' ? [effect.barred] : []))

test('of a banned identity nothing is judged, shown or passed on, and others are as before', () => {
  const node = joinedNode(ALICE, BOB)
  node.step({ kind: 'ban', participant: DAVE })
  node.take()
  node.gets(ALICE, node.message())
  node.gets(ALICE, node.event(LOBBY_EVENT.joined))
  expect(node.take()).toEqual([
    { kind: 'note', code: 'AUTHOR_BANNED', friend: ALICE, lobby: LOBBY },
    { kind: 'note', code: 'AUTHOR_BANNED', friend: ALICE, lobby: LOBBY },
  ])
  expect(node.judged).toBe(0)
  node.gets(ALICE, node.message({ author: ERIN }))
  expect(words(node.sentTo(BOB))).toEqual(['message hi'])
})

test('who is banned while it is there leaves, and is heard again once it is not banned any longer', () => {
  const node = joinedNode(ALICE)
  node.gets(ALICE, node.message())
  node.take()
  node.step({ kind: 'ban', participant: DAVE })
  node.step({ kind: 'ban', participant: DAVE })
  expect(node.take()).toEqual([
    { kind: 'update', update: { kind: 'left', lobby: LOBBY, participant: DAVE, reason: 'banned' } },
    { kind: 'save-barred', barred: { banned: [DAVE], ignored: [] } },
  ])
  node.step({ kind: 'unban', participant: DAVE })
  node.step({ kind: 'unban', participant: DAVE })
  expect(barred(node)).toEqual([{ banned: [], ignored: [] }])
  node.gets(ALICE, node.message())
  expect(node.updates().map((update) => update.kind)).toEqual(['entered', 'said'])
})

test('an ignored friend gets nothing and is not listened to; when it is heeded again, it is as if it came back', () => {
  const node = joinedNode(ALICE, BOB)
  node.enter(SAM, SAMS_ID)
  node.gets(ALICE, list(entry({ lobby: OTHER_LOBBY })))
  node.take()
  node.step({ kind: 'ignore', friend: ALICE })
  const effects = node.take()
  expect(effects).toContainEqual({ kind: 'save-barred', barred: { banned: [], ignored: [ALICE] } })
  expect(effects).toContainEqual({ kind: 'update', update: { kind: 'lobby-vanished', lobby: OTHER_LOBBY } })
  node.gets(ALICE, node.message())
  node.gets(ALICE, list(entry()))
  expect(node.notes()).toEqual(['FRIEND_IGNORED', 'FRIEND_IGNORED'])
  node.say(SAM, 'meanwhile')
  node.passMs(120_000)
  expect(node.sentTo(ALICE)).toEqual([])
  node.step({ kind: 'heed', friend: ALICE })
  expect(words(node.sentTo(ALICE))).toEqual(['list', 'list-request', 'message meanwhile'])
})

test('an ignored friend that is not connected stays away until it is heeded and connected', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'ignore', friend: ALICE })
  node.down(ALICE)
  node.step({ kind: 'heed', friend: ALICE })
  expect(node.sentTo(ALICE)).toEqual([])
  node.up(ALICE)
  expect(words(node.sentTo(ALICE))).toEqual(['list', 'list-request'])
})

test('who was barred when the process ended is barred again', () => {
  const node = new TestNode()
  const saved = {
    id: LOBBY,
    name: '',
    topic: '',
    flags: 4,
    isOwn: true,
    friends: [ALICE, BOB],
    formerFriends: [],
  }
  node.step({ kind: 'restore', lobbies: [saved], barred: { banned: [DAVE], ignored: [ALICE] } })
  node.up(ALICE, BOB)
  node.take()
  node.gets(BOB, node.message())
  node.gets(BOB, node.message({ author: ERIN }))
  expect(sentTo(node.effects, ALICE)).toEqual([])
  expect(node.notes()).toEqual(['AUTHOR_BANNED'])
})

test('a friend that is removed is not ignored any longer', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'ignore', friend: ALICE })
  node.take()
  node.step({ kind: 'friend-removed', friend: ALICE })
  expect(barred(node)).toEqual([{ banned: [], ignored: [] }])
})

test('at most 10,000 identities and as many friends can be barred', () => {
  const node = new TestNode()
  const barred = (prefix: string) =>
    Array.from({ length: 10_000 }, (_, i) => prefix + i.toString(16).padStart(31, '0'))
  node.step({
    kind: 'restore',
    lobbies: [],
    barred: { banned: barred('b') as ParticipantId[], ignored: barred('c') as FriendId[] },
  })
  node.step({ kind: 'ban', participant: DAVE })
  node.step({ kind: 'ignore', friend: ALICE })
  expect(node.notes()).toEqual(['BARRED_FULL', 'BARRED_FULL'])
})
