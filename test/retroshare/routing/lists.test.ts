// Lists: who is told of which lobbies and when, and what is made of the lists of friends.
import { expect, test } from 'vitest'
import type { LobbyId } from '../../../src/util/ids.ts'
import { ALICE, BOB, CAROL, entry, joinedNode, LOBBY, list, OTHER_LOBBY, TestNode, words } from './node.ts'

const create = (node: TestNode, isPrivate = false) =>
  node.step({ kind: 'create', lobby: LOBBY, spec: { name: 'Own', topic: 'T', isPrivate, isSigned: false } })
const vanished = (node: TestNode) =>
  node.updates().flatMap((update) => (update.kind === 'lobby-vanished' ? [update.lobby] : []))
const lobbies = (node: TestNode) =>
  node.updates().flatMap((update) => (update.kind === 'lobby' ? [update.lobby] : []))

test('a friend that connects gets our list, and is asked for its own', () => {
  const node = new TestNode()
  create(node)
  node.take()
  node.up(ALICE)
  expect(node.sentTo(ALICE)).toEqual([
    list({ lobby: LOBBY, name: 'Own', topic: 'T', participants: 0, flags: 0x04 }),
    { kind: 'lobby-list-request' },
  ])
})

test('a new public lobby is listed to all friends at once', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.take()
  create(node)
  expect(words(node.sentTo(ALICE))).toEqual(['list'])
})

test('lists are pushed every 50 s and asked for every 20 s, and not at all while nobody is connected', () => {
  const node = new TestNode()
  create(node)
  node.up(ALICE)
  node.take()
  node.passMs(19_999)
  expect(node.sentTo(ALICE)).toEqual([])
  node.passMs(1)
  expect(words(node.sentTo(ALICE))).toEqual(['list-request'])
  node.passMs(30_000)
  expect(words(node.sentTo(ALICE))).toEqual(['list-request', 'list'])
  node.passMs(50_000)
  expect(words(node.sentTo(ALICE))).toEqual(['list-request', 'list-request', 'list', 'list-request'])
  node.down(ALICE)
  node.passMs(60_000)
  node.up(ALICE)
  node.take()
  node.passMs(20_000)
  expect(words(node.sentTo(ALICE))).toEqual(['list-request'])
  node.down(ALICE)
  node.passMs(500_000)
  expect(node.sentTo(ALICE)).toEqual([])
  expect(node.wakeAtMs).toBe(Number.POSITIVE_INFINITY)
})

test('a request is always answered, even with an empty list', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.take()
  node.gets(ALICE, { kind: 'lobby-list-request' })
  expect(node.sentTo(ALICE)).toEqual([list()])
})

test('a private lobby is listed only to those who take or took part', () => {
  const node = new TestNode()
  create(node, true)
  node.up(ALICE, BOB, CAROL)
  node.gets(ALICE, node.message())
  node.gets(BOB, node.message())
  node.gets(BOB, { kind: 'lobby-unsubscribe', lobby: LOBBY })
  node.take()
  for (const friend of [ALICE, BOB, CAROL]) node.gets(friend, { kind: 'lobby-list-request' })
  const effects = node.take()
  const counts = effects.flatMap((effect) =>
    effect.kind === 'send' && effect.item.kind === 'lobby-list' ? [effect.item.lobbies.length] : [],
  )
  expect(counts).toEqual([1, 1, 0])
})

test('the list gives the true number of participants, own speakers included', () => {
  const node = joinedNode(ALICE)
  node.enter('x' as never, 'f'.repeat(32) as never)
  node.gets(ALICE, node.message())
  node.take()
  node.gets(ALICE, { kind: 'lobby-list-request' })
  expect(node.sentTo(ALICE)).toEqual([list(entry({ participants: 2 }))])
})

test('more than 50 lobbies are sent in several lists, since only 50 entries are read', () => {
  const node = new TestNode()
  const spec = { name: 'n', topic: '', isPrivate: false, isSigned: false }
  for (let i = 0; i < 120; i++)
    node.step({ kind: 'create', lobby: i.toString(16).padStart(16, '0') as LobbyId, spec })
  node.up(ALICE)
  const sizes = node
    .sentTo(ALICE)
    .flatMap((item) => (item.kind === 'lobby-list' ? [item.lobbies.length] : []))
  expect(sizes).toEqual([50, 50, 20])
})

test('of a list only the first 50 entries are read', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.take()
  const entries = Array.from({ length: 51 }, (_, i) =>
    entry({ lobby: i.toString(16).padStart(16, '0') as LobbyId }),
  )
  node.gets(ALICE, list(...entries))
  const effects = node.take()
  expect(effects.filter((effect) => effect.kind === 'update')).toHaveLength(50)
  expect(effects.filter((effect) => effect.kind === 'note')).toMatchObject([{ code: 'LIST_TRUNCATED' }])
})

test('one friend can make at most 100 lobbies visible', () => {
  const node = new TestNode()
  node.up(ALICE, BOB)
  const page = (from: number) =>
    list(
      ...Array.from({ length: 50 }, (_, i) =>
        entry({ lobby: (from + i).toString(16).padStart(16, '0') as LobbyId }),
      ),
    )
  for (const from of [0, 50, 100]) node.gets(ALICE, page(from))
  expect(lobbies(node)).toHaveLength(100)
  node.gets(BOB, page(100))
  expect(lobbies(node)).toHaveLength(50)
})

test('a listed lobby is told once, and again only when something about it changes', () => {
  const node = new TestNode()
  node.up(ALICE, BOB)
  node.gets(ALICE, list(entry()))
  node.gets(ALICE, list(entry()))
  node.gets(BOB, list(entry({ participants: 9 })))
  expect(lobbies(node)).toMatchObject([
    { id: LOBBY, network: 'retroshare', name: 'Lobby', topic: 'Topic', isPrivate: false, isSigned: false },
    { participants: 9 },
  ])
})

test('name and topic are those of the first friend that still lists the lobby', () => {
  const node = new TestNode()
  node.up(ALICE, BOB)
  node.gets(ALICE, list(entry({ topic: 'first' })))
  node.gets(BOB, list(entry({ topic: 'second' })))
  expect(lobbies(node)).toMatchObject([{ topic: 'first' }])
  node.passMs(50_000)
  node.gets(BOB, list(entry({ topic: 'second' })))
  node.passMs(16_000)
  node.gets(BOB, list(entry({ topic: 'second' })))
  expect(lobbies(node)).toMatchObject([{ topic: 'second' }])
})

test('a lobby that nobody lists any longer vanishes after 66 s, a joined one never', () => {
  const node = joinedNode(ALICE)
  node.gets(ALICE, list(entry({ lobby: OTHER_LOBBY })))
  node.take()
  node.passMs(65_999)
  expect(node.updates()).toEqual([])
  node.passMs(1)
  expect(vanished(node)).toEqual([OTHER_LOBBY])
  node.passMs(600_000)
  expect(vanished(node)).toEqual([])
})

test('names, topics and flags of foreign lobbies are kept within bounds', () => {
  const node = new TestNode()
  node.up(ALICE)
  node.gets(ALICE, list(entry({ name: '🂡'.repeat(200), topic: 't'.repeat(5_000), flags: 0xffff_ffff })))
  const [lobby] = lobbies(node)
  expect(lobby?.name).toBe('🂡'.repeat(128))
  expect(lobby?.topic).toHaveLength(1_024)
  expect(lobby).toMatchObject({ isPrivate: false, isSigned: true })
})

test('a list with a lobby of ours makes its sender take part, and tells it with an invitation that we do', () => {
  const node = joinedNode(ALICE)
  node.up(BOB)
  node.take()
  node.gets(BOB, list(entry()))
  expect(node.sentTo(BOB)).toEqual([
    { kind: 'lobby-invite', lobby: LOBBY, name: 'Lobby', topic: 'Topic', flags: 0x04 },
  ])
  node.gets(BOB, list(entry()))
  expect(node.sentTo(BOB)).toEqual([])
  node.gets(ALICE, node.message())
  expect(words(node.sentTo(BOB))).toEqual(['message hi'])
})

test('a new topic of an own lobby is listed at once, and members take it over', () => {
  const node = new TestNode()
  create(node)
  node.up(ALICE)
  node.take()
  node.step({ kind: 'set-topic', lobby: LOBBY, topic: 'New' })
  const effects = node.take()
  expect(effects.map((effect) => effect.kind)).toEqual(['save', 'update', 'send'])

  const member = joinedNode(ALICE)
  member.gets(ALICE, list(entry({ topic: 'New' })))
  expect(lobbies(member)).toMatchObject([{ topic: 'New', isJoined: true }])
})

test('the topic of a foreign lobby is not ours to set', () => {
  const node = joinedNode(ALICE)
  node.step({ kind: 'set-topic', lobby: LOBBY, topic: 'Mine' })
  expect(node.notes()).toEqual(['LOBBY_UNKNOWN'])
})
