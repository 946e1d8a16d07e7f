// Joining, invitations, leaving, and what is saved.
import { expect, test } from 'vitest'
import { allLobbies, lobbyInfo } from '../../../src/retroshare/routing/view.ts'
import type { LobbyControl } from '../../../src/retroshare/wire/item.ts'
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
  SAM,
  SAMS_ID,
  SUE,
  SUES_ID,
  sentTo,
  TestNode,
  words,
} from './node.ts'

const invitation = (over: { flags?: number; topic?: string } = {}): LobbyControl => ({
  kind: 'lobby-invite',
  lobby: LOBBY,
  name: 'Lobby',
  topic: 'Topic',
  flags: 0,
  ...over,
})
const hears = (node: TestNode, bearer = ALICE) => {
  node.gets(bearer, node.message({ text: 'hear me' }))
  return node.take()
}

test('joining a visible lobby invites those who list it: to members the sign that we take part', () => {
  const node = new TestNode()
  node.up(ALICE, BOB, CAROL)
  node.gets(ALICE, list(entry()))
  node.gets(BOB, list(entry()))
  node.take()
  node.step({ kind: 'join', lobby: LOBBY })
  const effects = node.take()
  for (const friend of [ALICE, BOB]) expect(words(sentTo(effects, friend))).toEqual(['invite'])
  // Who may see the lobby only through us hears of it at once.
  expect(words(sentTo(effects, CAROL))).toEqual(['list'])
  expect(effects).toContainEqual({
    kind: 'save',
    lobby: {
      id: LOBBY,
      name: 'Lobby',
      topic: 'Topic',
      flags: 4,
      isOwn: false,
      friends: [ALICE, BOB],
      formerFriends: [],
    },
  })
  expect(effects).toContainEqual({
    kind: 'update',
    update: { kind: 'lobby', lobby: lobbyInfo(node.router, LOBBY) },
  })
})

test('joining twice does nothing, joining an unknown lobby is noted', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'join', lobby: LOBBY })
  expect(node.take()).toEqual([])
  node.step({ kind: 'join', lobby: OTHER_LOBBY })
  expect(node.notes()).toEqual(['LOBBY_UNKNOWN'])
})

test('a connection alone never invites anybody to a public lobby', () => {
  const node = joinedNode(ALICE)
  node.up(BOB)
  expect(words(node.sentTo(BOB))).toEqual(['list', 'list-request'])
})

test('an invitation to a lobby that is not joined is told once per friend, and joining accepts it', () => {
  const node = new TestNode()
  node.up(ALICE, BOB)
  node.take()
  node.gets(ALICE, invitation())
  node.gets(ALICE, invitation())
  expect(node.updates()).toEqual([
    {
      kind: 'invited',
      friend: ALICE,
      lobby: expect.objectContaining({ id: LOBBY, isPrivate: true, isJoined: false }),
    },
  ])
  expect(allLobbies(node.router, node.nowMs)).toMatchObject([{ id: LOBBY, isJoined: false }])
  node.step({ kind: 'join', lobby: LOBBY })
  expect(words(node.sentTo(ALICE))).toEqual(['invite'])
  node.gets(ALICE, node.message())
  expect(node.sentTo(BOB)).toEqual([])
  expect(lobbyInfo(node.router, LOBBY)).toMatchObject({ isJoined: true, name: 'Lobby' })
})

test('the old form of the invitation does nothing, nor do challenges and answers of lobbies unknown here', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.take()
  node.gets(ALICE, { kind: 'lobby-invite-old', lobby: LOBBY, name: 'Lobby', flags: 0 })
  expect(node.take()).toEqual([])
  node.gets(ALICE, { kind: 'lobby-challenge', code: '0'.repeat(16) })
  node.gets(ALICE, invitation({ flags: 0x08 }))
  expect(node.notes()).toEqual(['CHALLENGE_UNKNOWN', 'CHALLENGE_UNKNOWN'])
})

test('an invitation to a joined lobby makes its sender take part if the flags are the lobby’s', () => {
  const node = joinedNode(ALICE)
  node.up(BOB)
  node.gets(BOB, list())
  node.gets(BOB, invitation({ flags: 0x14 }))
  expect(node.notes()).toEqual(['INVITE_MISMATCH'])
  expect(sentTo(hears(node), BOB)).toEqual([])
  node.gets(BOB, invitation({ flags: 0x04 }))
  expect(sentTo(hears(node), BOB)).toHaveLength(1)
})

test('an empty topic is filled in by an invitation', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.gets(ALICE, list(entry({ topic: '' })))
  node.step({ kind: 'join', lobby: LOBBY })
  node.gets(ALICE, invitation({ flags: 0x04, topic: 'Filled' }))
  expect(lobbyInfo(node.router, LOBBY)?.topic).toBe('Filled')
})

test('pending invitations are bounded', () => {
  const node = new TestNode()
  node.up(ALICE)
  for (let i = 0; i < 201; i++)
    node.gets(ALICE, { ...invitation(), lobby: i.toString(16).padStart(16, '0') } as LobbyControl)
  expect(node.notes()).toEqual(['INVITATIONS_FULL'])
})

test('a friend is invited at once, or when it is connected', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'invite', lobby: LOBBY, friend: BOB })
  expect(node.sentTo(BOB)).toEqual([])
  node.up(BOB)
  expect(words(node.sentTo(BOB))).toEqual(['list', 'list-request', 'invite'])
  node.step({ kind: 'invite', lobby: LOBBY, friend: BOB })
  expect(words(node.sentTo(BOB))).toEqual(['invite'])
  node.step({ kind: 'invite', lobby: OTHER_LOBBY, friend: BOB })
  expect(node.notes()).toEqual(['LOBBY_UNKNOWN'])
  expect(sentTo(hears(node), BOB)).toEqual([])
})

test('an invitation is repeated on the next link until the friend has read it', () => {
  const node = joinedNode(ALICE)
  node.up(BOB)
  node.step({ kind: 'invite', lobby: LOBBY, friend: BOB })
  node.passMs(500)
  node.step({ kind: 'friend-read', friend: BOB, sentAtMs: node.nowMs })
  node.down(BOB)
  node.take()
  node.up(BOB)
  expect(words(node.sentTo(BOB))).toEqual(['list', 'list-request', 'invite'])
  node.passMs(2_000)
  node.step({ kind: 'friend-read', friend: BOB, sentAtMs: node.nowMs })
  node.down(BOB)
  node.take()
  node.up(BOB)
  expect(words(node.sentTo(BOB))).toEqual(['list', 'list-request'])
})

test('an invitation is not repeated to a friend that came, or was removed', () => {
  const node = joinedNode(ALICE)
  node.up(BOB, CAROL)
  for (const friend of [BOB, CAROL]) node.step({ kind: 'invite', lobby: LOBBY, friend })
  node.gets(BOB, list(entry()))
  node.step({ kind: 'friend-removed', friend: CAROL })
  node.down(BOB)
  node.take()
  node.up(BOB, CAROL)
  const effects = node.take()
  for (const friend of [BOB, CAROL]) expect(words(sentTo(effects, friend))).toEqual(['list', 'list-request'])
})

test('who unsubscribes gets nothing any longer until it shows up again', () => {
  const node = joinedNode(ALICE, BOB)
  node.gets(BOB, { kind: 'lobby-unsubscribe', lobby: LOBBY })
  expect(node.take()).toMatchObject([{ kind: 'save', lobby: { friends: [ALICE], formerFriends: [BOB] } }])
  expect(sentTo(hears(node), BOB)).toEqual([])
  node.gets(BOB, list(entry()))
  expect(words(sentTo(hears(node), BOB))).toEqual(['invite', 'message hear me'])
})

test('leaving: each speaker takes leave, then the node unsubscribes, and nothing is heard any longer', () => {
  const node = joinedNode(ALICE, BOB)
  node.enter(SAM, SAMS_ID)
  node.passMs(5_000)
  node.enter(SUE, SUES_ID)
  node.gets(ALICE, node.message())
  node.take()
  node.step({ kind: 'leave', lobby: LOBBY })
  const effects = node.take()
  for (const friend of [ALICE, BOB])
    expect(words(sentTo(effects, friend))).toEqual(['left', 'left', 'unsubscribe'])
  expect(effects).toContainEqual({ kind: 'forget', lobby: LOBBY })
  expect(effects).toContainEqual({
    kind: 'update',
    update: { kind: 'left', lobby: LOBBY, participant: DAVE, reason: 'unsubscribed' },
  })
  expect(hears(node).map((effect) => effect.kind)).toEqual(['note'])
})

test('a lobby that was left is still visible while friends list it; an own one vanishes', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'leave', lobby: LOBBY })
  expect(node.updates()).toMatchObject([{ kind: 'lobby', lobby: { isJoined: false } }])

  const own = new TestNode()
  const spec = { name: 'Own', topic: '', isPrivate: false, isSigned: true }
  own.step({ kind: 'create', lobby: LOBBY, spec })
  expect(own.updates()).toMatchObject([
    { kind: 'lobby', lobby: { isOwn: true, isJoined: true, isSigned: true } },
  ])
  own.step({ kind: 'leave', lobby: LOBBY })
  expect(own.updates()).toEqual([{ kind: 'lobby-vanished', lobby: LOBBY }])
})

test('a lobby joined again before the last farewell is signed is not unsubscribed', () => {
  const node = joinedNode(ALICE)
  node.enter(SAM, SAMS_ID)
  node.take()
  node.signsAtOnce = false
  node.step({ kind: 'leave', lobby: LOBBY })
  const farewells = node.take().filter((effect) => effect.kind === 'sign')
  node.step({ kind: 'join', lobby: LOBBY })
  for (const farewell of farewells) node.sign(farewell)
  expect(words(node.sentTo(ALICE))).toEqual(['invite', 'left'])
})

test('saved lobbies are joined again, with their friends', () => {
  const node = new TestNode()
  const saved = {
    id: LOBBY,
    name: 'Lobby',
    topic: '',
    flags: 0,
    isOwn: true,
    friends: [ALICE],
    formerFriends: [BOB],
  }
  node.step({ kind: 'restore', lobbies: [saved, saved] })
  expect(node.updates()).toHaveLength(1)
  node.up(ALICE, BOB, CAROL)
  const effects = node.take()
  expect([ALICE, BOB, CAROL].map((friend) => words(sentTo(effects, friend)).length)).toEqual([2, 2, 1])
  node.gets(BOB, node.message())
  expect(words(node.sentTo(ALICE))).toEqual(['message hi'])
})

test('a friend that is removed is forgotten everywhere', () => {
  const node = joinedNode(ALICE, BOB)
  node.gets(ALICE, list(entry({ lobby: OTHER_LOBBY })))
  node.gets(ALICE, { ...invitation(), lobby: 'cc'.repeat(8) } as LobbyControl)
  node.take()
  node.step({ kind: 'friend-removed', friend: ALICE })
  expect(node.take()).toMatchObject([
    { kind: 'save', lobby: { friends: [BOB] } },
    { kind: 'save-invitations', invitations: [] },
    { kind: 'update', update: { kind: 'lobby-vanished', lobby: OTHER_LOBBY } },
  ])
  expect(lobbyInfo(node.router, 'cc'.repeat(8) as never)).toBeUndefined()
  expect(sentTo(hears(node, BOB), ALICE)).toEqual([])
})

test('at most 1000 lobbies can be joined', () => {
  const node = new TestNode()
  const spec = { name: '', topic: '', isPrivate: true, isSigned: false }
  for (let i = 0; i < 1_001; i++)
    node.step({ kind: 'create', lobby: i.toString(16).padStart(16, '0') as never, spec })
  expect(node.notes()).toEqual(['LOBBIES_FULL'])
})

test('the view of all lobbies names members, own speakers first', () => {
  const node = joinedNode(ALICE)
  node.gets(ALICE, list(entry({ lobby: OTHER_LOBBY })))
  node.enter(SAM, SAMS_ID)
  node.gets(ALICE, node.message())
  const view = allLobbies(node.router, node.nowMs)
  expect(view.map(({ id, isJoined, participants }) => [id, isJoined, participants])).toEqual([
    [LOBBY, true, 3],
    [OTHER_LOBBY, false, 3],
  ])
  expect(view.map(({ members }) => members.map(({ id, speaker }) => [id, speaker]))).toEqual([
    [
      [SAMS_ID, SAM],
      [DAVE, null],
    ],
    [],
  ])
})

test('a lobby is heard while a friend that takes part is connected, and each change is told', () => {
  const node = joinedNode(ALICE, BOB)
  const heard = () =>
    node.updates().flatMap((update) => (update.kind === 'lobby' ? [update.lobby.isHeard] : []))
  expect(lobbyInfo(node.router, LOBBY)?.isHeard).toBe(true)
  node.updates()
  node.down(ALICE)
  expect(heard()).toEqual([])
  node.down(BOB)
  expect(heard()).toEqual([false])
  node.up(BOB)
  expect(heard()).toEqual([true])
  node.gets(BOB, { kind: 'lobby-unsubscribe', lobby: LOBBY })
  expect(heard()).toEqual([false])
  const own = new TestNode()
  own.step({
    kind: 'create',
    lobby: LOBBY,
    spec: { name: 'Own', topic: '', isPrivate: false, isSigned: false },
  })
  expect(lobbyInfo(own.router, LOBBY)?.isHeard).toBe(false)
})
