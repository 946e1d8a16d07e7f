// Real nodes on loopback: they become friends, talk, lose and find each other.
import { afterEach, beforeAll, expect, test } from 'vitest'
import type { NodeIdentity } from '../../../src/retroshare/identity/node-identity.ts'
import { equalBytes } from '../../../src/util/bytes.ts'
import {
  befriend,
  isUp,
  longInvite,
  makeIdentity,
  memoryStore,
  numbered,
  numberOf,
  shortInvite,
  startNode,
  stopNodes,
  type TestNode,
} from './support/nodes.ts'

let alice: NodeIdentity
let bob: NodeIdentity
let carol: NodeIdentity

beforeAll(async () => {
  ;[alice, bob, carol] = (await Promise.all(['Alice', 'Bob', 'Carol'].map(makeIdentity))) as [
    NodeIdentity,
    NodeIdentity,
    NodeIdentity,
  ]
})
afterEach(stopNodes)

const numbers = (node: TestNode): number[] => node.items.map(({ bytes }) => numberOf(bytes))
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('friends come up once on both sides, by TLS 1.3, whoever dialled', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await befriend(a, b)
  expect(a.ups).toMatchObject([{ friend: bob.sslId, link: { role: 'dialled', protocol: 'TLSv1.3' } }])
  expect(b.ups).toMatchObject([{ friend: alice.sslId, link: { role: 'accepted', protocol: 'TLSv1.3' } }])
  expect(a.friends.get(bob.sslId)?.link?.remote).toEqual(b.address)
  expect(b.friends.list()).toMatchObject([{ sslId: alice.sslId, name: 'Alice', pgpId: alice.profile.pgpId }])
  expect([a.downs, b.downs]).toEqual([[], []])
})

test('items of all sizes arrive whole and in order, both ways at once', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await befriend(a, b)
  const sizes = range(60).map((i) => 12 + ((i * 7919) % 60_000))
  const items = sizes.map((size, i) => numbered(i, size))
  for (const item of items) {
    expect(a.friends.send(bob.sslId, item, 7)).toBe(true)
    expect(b.friends.send(alice.sslId, item, 7)).toBe(true)
  }
  for (const [node, friend] of [
    [a, bob],
    [b, alice],
  ] as const) {
    await node.until(() => node.items.length === items.length)
    expect(
      node.items.every(
        ({ friend: from, bytes }, i) => from === friend.sslId && equalBytes(bytes, items[i] as Uint8Array),
      ),
    ).toBe(true)
  }
})

test('a node in the middle talks to two friends, each gets its own', async () => {
  const [a, b, c] = [await startNode(alice), await startNode(bob), await startNode(carol)]
  await befriend(a, b)
  await befriend(c, b)
  b.friends.send(alice.sslId, numbered(1), 7)
  b.friends.send(carol.sslId, numbered(2), 7)
  await a.until(() => a.items.length > 0)
  await c.until(() => c.items.length > 0)
  expect([numbers(a), numbers(c)]).toEqual([[1], [2]])
})

test('nothing can be sent to a friend that is down', async () => {
  const a = await startNode(alice)
  await a.friends.add(longInvite(bob))
  expect(a.friends.send(bob.sslId, numbered(1), 7)).toBe(false)
  expect(a.friends.send(carol.sslId, numbered(1), 7)).toBe(false)
})

test('what was sent before a stop arrives', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await befriend(a, b)
  for (const i of range(100)) a.friends.send(bob.sslId, numbered(i, 5000), 7)
  await a.friends.stop()
  await b.until(() => b.downs.length > 0)
  expect(numbers(b)).toEqual(range(100))
  expect(a.downs).toMatchObject([{ reason: { code: 'PEER_STOPPED' } }])
  expect(b.downs).toMatchObject([{ reason: { code: 'PEER_CLOSED' } }])
})

test('after a restart of the dialled side the link is back quickly, and after one of the dialling side too', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await befriend(a, b)
  await b.friends.stop()
  await a.until(() => a.downs.length === 1)
  const again = await startNode(bob, { port: b.address.port, store: b.store })
  await a.until(() => a.ups.length === 2)
  await a.friends.stop()
  await again.until(() => again.downs.length === 1)
  const back = await startNode(alice, { port: a.address.port, store: a.store })
  await back.until(() => back.ups.length === 1)
  await again.until(() => again.ups.length === 2)
  back.friends.send(bob.sslId, numbered(5), 7)
  await again.until(() => again.items.length === 1)
})

test('a friend without an address is waited for, and dialled when it names one', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await a.friends.add(longInvite(bob))
  await b.friends.add(longInvite(alice))
  expect([a.friends.counters.dials, b.friends.counters.dials]).toEqual([0, 0])
  a.friends.setContact(bob.sslId, {
    location: 'cellar',
    addresses: [b.address, { host: '0.0.0.0', port: 0 }],
  })
  await a.until(() => isUp(a, bob))
  expect(a.friends.get(bob.sslId)).toMatchObject({ location: 'cellar', addresses: [b.address] })
  expect(a.changes.filter((id) => id === bob.sslId)).toHaveLength(2)
})

test('addresses are tried in turn, and the one that worked comes first', async () => {
  const [a, b, gone] = [await startNode(alice), await startNode(bob), await startNode(carol)]
  await gone.friends.stop()
  await b.friends.add(longInvite(alice))
  await a.friends.add(longInvite(bob, [gone.address, b.address]))
  await a.until(() => isUp(a, bob))
  expect(a.friends.get(bob.sslId)?.addresses).toEqual([b.address, gone.address])
  expect(a.friends.counters).toMatchObject({ dials: 2, dialFailures: 1 })
})

test('a removed friend is closed, refused from then on, and forgotten by the store', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await befriend(a, b)
  expect(await b.friends.remove(alice.sslId)).toBe(true)
  await a.until(() => a.downs.length > 0)
  expect(b.downs).toMatchObject([{ friend: alice.sslId, reason: { code: 'PEER_REMOVED' } }])
  expect(b.friends.list()).toEqual([])
  expect(b.store.saved).toEqual([])
  await b.until(() => (b.friends.counters.refused.get('PEER_UNKNOWN_PROFILE') ?? 0) > 1)
  expect(b.logged.filter(({ msg }) => msg === 'peer refused')).toHaveLength(1)
  expect(a.ups).toHaveLength(1)
  const isRemoved = await b.friends.remove(alice.sslId)
  expect(isRemoved).toBe(false)
})

test('a friend that is cut goes down with the reason, others stay, and it may come again', async () => {
  const [a, b, c] = [await startNode(alice), await startNode(bob), await startNode(carol)]
  await befriend(a, b)
  await befriend(c, b)
  b.friends.cut(alice.sslId, 'bad-utf8', 'nick')
  expect(b.downs).toEqual([{ friend: alice.sslId, reason: { code: 'bad-utf8', detail: 'nick' } }])
  await b.until(() => b.ups.length === 3)
  expect(c.downs).toEqual([])
  expect(b.friends.counters.closed.get('bad-utf8')).toBe(1)
})

test('friends by short invite come up, and the key completes them', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await b.friends.add(shortInvite(alice))
  await a.friends.add(shortInvite(bob, [b.address]))
  await a.until(() => isUp(a, bob))
  expect(a.friends.get(bob.sslId)?.pgpKey).toBeNull()
  expect(await a.friends.learnKey(bob.sslId, carol.profile.publicKey)).toBe(false)
  expect(a.friends.get(bob.sslId)?.pgpKey).toBeNull()
  expect(await a.friends.learnKey(bob.sslId, bob.profile.publicKey)).toBe(true)
  expect(a.friends.get(bob.sslId)?.pgpKey).toEqual(bob.profile.publicKey)
  expect(a.store.saved[0]?.pgpKey).toEqual(bob.profile.publicKey)
  expect(a.downs).toEqual([])
})

test('friends survive in the store', async () => {
  const a = await startNode(alice)
  await a.friends.add(longInvite(bob, [{ host: '127.0.0.1', port: 1 }]))
  await a.friends.add(shortInvite(carol))
  const before = a.friends.list().map(({ link, rttMs, ...rest }) => rest)
  await a.friends.stop()
  const again = await startNode(alice, { store: memoryStore(a.store.saved) })
  expect(again.friends.list().map(({ link, rttMs, ...rest }) => rest)).toEqual(before)
})

test('a store in which a key is not the one of the fingerprint is refused with the place', async () => {
  const a = await startNode(alice)
  await a.friends.add(longInvite(bob))
  const [record] = a.store.saved
  const store = memoryStore(record ? [record, { ...record, fingerprint: carol.profile.fingerprint }] : [])
  await expect(startNode(alice, { store })).rejects.toMatchObject({
    code: 'FRIENDS_UNREADABLE',
    message: expect.stringContaining('memory: friends[1].pgpKey: '),
  })
})

test('the round trip is known while the friend is up', async () => {
  const [a, b] = [await startNode(alice), await startNode(bob)]
  await befriend(a, b)
  a.friends.setRtt(bob.sslId, 12.5)
  expect(a.friends.get(bob.sslId)?.rttMs).toBe(12.5)
  a.friends.cut(bob.sslId, 'test', '')
  expect(a.friends.get(bob.sslId)?.rttMs).toBeUndefined()
})

test('an invite that cannot be accepted is refused with the reason', async () => {
  const a = await startNode(alice)
  await a.friends.add(longInvite(bob))
  await expect(a.friends.add(longInvite(alice))).rejects.toMatchObject({ code: 'INVITE_IS_OWN' })
  await expect(
    a.friends.add({ ...longInvite(carol), pgpKey: Uint8Array.of(1, 2, 3) } as never),
  ).rejects.toMatchObject({ code: 'INVITE_KEY_UNREADABLE' })
  await expect(a.friends.add({ ...shortInvite(carol), sslId: bob.sslId })).rejects.toMatchObject({
    code: 'INVITE_CONTRADICTS_FRIEND',
  })
  expect(a.friends.list()).toHaveLength(1)
})

test('a port that is taken is said by name', async () => {
  const a = await startNode(alice)
  await expect(startNode(bob, { port: a.address.port })).rejects.toMatchObject({
    code: 'PEER_LISTEN_FAILED',
    message: expect.stringContaining(String(a.address.port)),
  })
})
