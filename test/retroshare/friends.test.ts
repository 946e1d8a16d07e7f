// Two nodes over real TLS: what friends say to each other outside of lobbies, and invitations that are declined.
import { afterEach, expect, test } from 'vitest'
import type { FriendId } from '../../src/util/ids.ts'
import { befriend, TestNode } from './test-node.ts'

const nodes: TestNode[] = []
const idOf = (node: TestNode): FriendId => node.network.snapshot().self.id as FriendId

/** Two nodes between which chat works. */
async function friends(): Promise<[TestNode, TestNode]> {
  const [a, b] = await Promise.all([TestNode.start('a'), TestNode.start('b')])
  nodes.push(a, b)
  await befriend(a, b)
  await Promise.all(
    [a, b].map((node) =>
      node.got('friend', ({ friend }) => friend.status === 'online' && friend.version !== null),
    ),
  )
  return [a, b]
}
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.end()))
})

test('friends write to each other, as long as they like, and see each other type', async () => {
  const [a, b] = await friends()
  const long = 'ü☂👋 '.repeat(5000)
  a.network.send({ kind: 'friend-typing', friend: idOf(b) })
  expect(await b.got('friend-typing')).toEqual({ kind: 'friend-typing', friend: idOf(a) })
  expect(['short', long, 'last'].map((text) => a.network.tellFriend(idOf(b), text))).toEqual([
    true,
    true,
    true,
  ])
  await b.got('friend-said', ({ text }) => text === 'last')
  expect(b.updates.flatMap((update) => (update.kind === 'friend-said' ? [update] : []))).toEqual(
    ['short', long, 'last'].map((text) => ({
      kind: 'friend-said',
      friend: idOf(a),
      text,
      sentAtMs: expect.any(Number),
      isBroadcast: false,
    })),
  )
  expect(b.network.tellFriend(idOf(a), 'answer')).toBe(true)
  await a.got('friend-said', ({ text }) => text === 'answer')
  expect(b.network.counters()).toMatchObject({ private_messages_in: 3 })
})

test('who is offline or no friend cannot be told anything, and has no status', async () => {
  const [a, b] = await friends()
  const friend = idOf(b)
  a.updates = []
  await b.network.stop()
  await a.got('friend', (update) => !update.friend.isOnline && update.friend.status === null)
  expect(a.network.friend(friend)).toMatchObject({ isOnline: false, status: null })
  expect(a.network.tellFriend(friend, 'hello')).toBe(false)
  expect(a.network.tellFriend('00'.repeat(16) as FriendId, 'hello')).toBe(false)
  expect(a.network.friend('00'.repeat(16) as FriendId)).toBeUndefined()
})

test('an invitation waits until it is declined or accepted, and can come again', async () => {
  const [a, b] = await friends()
  const { id } = a.network.create({ name: 'Den', topic: '', isPrivate: true, isSigned: false })
  const invite = (): void => a.network.send({ kind: 'invite', lobby: id, friend: idOf(b) })
  invite()
  await b.got('invited')
  expect(b.network.snapshot().invitations).toMatchObject([
    { lobby: { id, name: 'Den', isJoined: false }, friends: [idOf(a)] },
  ])
  b.network.send({ kind: 'decline', lobby: id })
  expect(b.network.snapshot().invitations).toEqual([])
  expect(b.network.lobby(id)).toBeUndefined()
  b.updates = []
  invite()
  await b.got('invited')
  b.network.send({ kind: 'join', lobby: id })
  expect(b.network.snapshot().invitations).toEqual([])
  expect(b.network.lobby(id)).toMatchObject({ isJoined: true })
})
