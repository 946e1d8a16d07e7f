// One link, against a scripted peer that speaks plain TLS: what is written, and by what a link ends.
import { afterEach, beforeAll, expect, test } from 'vitest'
import type { NodeIdentity } from '../../../src/retroshare/identity/node-identity.ts'
import { MAX_QUEUE_BYTES } from '../../../src/retroshare/peer/session.ts'
import type { Timings } from '../../../src/retroshare/peer/timings.ts'
import { SLICE_PROBE } from '../../../src/retroshare/wire/framer.ts'
import { equalBytes, fromHex, toHex } from '../../../src/util/bytes.ts'
import {
  befriend,
  HEARTBEAT,
  isUp,
  longInvite,
  makeIdentity,
  numbered,
  numberOf,
  startNode,
  stopNodes,
  type TestNode,
} from './support/nodes.ts'
import { type RawLink, rawDial, rawListen } from './support/raw-peer.ts'

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

/** Alice's node with Bob, scripted, dialled in and heard. */
async function linked(timings: Partial<Timings> = {}): Promise<{ node: TestNode; peer: RawLink }> {
  const node = await startNode(alice, { timings })
  await node.friends.add(longInvite(bob))
  const peer = await rawDial(node.address, bob)
  peer.socket.write(SLICE_PROBE)
  await node.until(() => isUp(node, bob))
  await peer.bytes(SLICE_PROBE.length)
  return { node, peer }
}

const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array()

test('a dialled link begins with the slice probe alone, and is up with the first byte of the friend', async () => {
  const listener = await rawListen(bob)
  const node = await startNode(alice)
  await node.friends.add(longInvite(bob, [listener.address]))
  const peer = await listener.accept()
  expect(toHex(await peer.bytes(8))).toBe('02aabbcc00000008')
  expect(node.ups).toEqual([])
  peer.socket.write(SLICE_PROBE.subarray(0, 1))
  await node.until(() => isUp(node, bob))
  node.friends.send(bob.sslId, numbered(1), 7)
  expect(toHex(await peer.bytes(20))).toBe(`02aabbcc00000008${toHex(numbered(1))}`)
  listener.close()
})

test('what is sent in one turn goes out in one write, the most urgent first', async () => {
  const { node, peer } = await linked()
  for (const [number, priority] of [
    [1, 2],
    [2, 7],
    [3, 9],
    [4, 7],
  ] as const)
    node.friends.send(bob.sslId, numbered(number), priority)
  await peer.bytes(8 + 4 * 12)
  expect(peer.chunks.map(({ length }) => length)).toEqual([8, 48])
  const second = peer.chunks[1] as Uint8Array
  expect([0, 12, 24, 36].map((at) => numberOf(second.subarray(at)))).toEqual([3, 2, 4, 1])
})

test('the slice probe is repeated with what is sent, not more often than its period', async () => {
  const { node, peer } = await linked({ probeMs: 100 })
  const probes = (): number => toHex(peer.received()).split(toHex(SLICE_PROBE)).length - 1
  const begin = performance.now()
  const timer = setInterval(() => node.friends.send(bob.sslId, HEARTBEAT, 8), 5)
  while (probes() < 4) await peer.bytes(peer.received().length + 1)
  clearInterval(timer)
  expect(performance.now() - begin).toBeGreaterThan(190)
})

test('items are taken however the stream is cut, slices too', async () => {
  const { node, peer } = await linked()
  const sliced = numbered(2, 20)
  const stream = Buffer.concat([
    numbered(1),
    hex('10 01 00000007 0009'),
    sliced.subarray(0, 9),
    numbered(3),
    hex('10 02 00000007 000b'),
    sliced.subarray(9),
  ])
  peer.socket.setNoDelay(true)
  for (const byte of stream) peer.socket.write(Uint8Array.of(byte))
  await node.until(() => node.items.length === 3)
  expect(node.items.map(({ bytes }) => numberOf(bytes))).toEqual([1, 3, 2])
})

test.each([
  ['neither item nor slice', '47 45 54 20 2f 20 48 54', 'bad-version'],
  ['an item shorter than its header', '02 0012 17 00000007', 'bad-size'],
  ['an item over the limit', '02 0012 17 7fffffff', 'bad-size'],
  ['a slice that is first and last', '10 03 00000001 0001 00', 'bad-slice-flags'],
])('%s cuts that friend alone, and is counted', async (_, garbage, code) => {
  const { node, peer } = await linked()
  const other = await startNode(carol)
  await befriend(other, node)
  peer.socket.write(Buffer.concat([numbered(1), hex(garbage)]))
  await peer.closed
  expect(node.downs).toMatchObject([
    { friend: bob.sslId, reason: { code: 'PEER_MALFORMED', detail: expect.stringContaining(code) } },
  ])
  expect(node.friends.counters.closed.get('PEER_MALFORMED')).toBe(1)
  node.friends.send(carol.sslId, numbered(2), 7)
  await other.until(() => other.items.length === 1)
  expect(other.downs).toEqual([])
})

test('a friend that is cut while its items are handed over has no more of them handed over', async () => {
  const node = await startNode(alice, {
    onItem: (friend) => node.friends.cut(friend, 'test', 'first item'),
  })
  await node.friends.add(longInvite(bob))
  const peer = await rawDial(node.address, bob)
  peer.socket.write(Buffer.concat([numbered(1), numbered(2), numbered(3)]))
  await peer.closed
  expect(node.items).toHaveLength(1)
})

test('a friend that does not read is closed when its queue is full, with a bounded number of bytes in memory', async () => {
  const { node, peer } = await linked()
  peer.socket.pause()
  const item = numbered(1, 60_000)
  let taken = 0
  while (node.friends.send(bob.sslId, item, 7)) {
    taken++
    if (taken % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(node.downs).toMatchObject([{ reason: { code: 'PEER_QUEUE_FULL' } }])
  const { bytesOut, itemsDropped } = node.friends.counters
  expect(itemsDropped * item.length).toBeLessThanOrEqual(MAX_QUEUE_BYTES)
  expect(itemsDropped).toBe(taken - Math.floor(bytesOut / item.length))
  peer.socket.destroy()
})

test('a slow reader gets everything in order', async () => {
  const { node, peer } = await linked()
  peer.socket.pause()
  const items = Array.from({ length: 30 }, (_, i) => numbered(i, 60_000))
  for (const item of items) expect(node.friends.send(bob.sslId, item, 7)).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  peer.socket.resume()
  const all = await peer.bytes(8 + 30 * 60_000)
  expect(equalBytes(all.subarray(8), Buffer.concat(items))).toBe(true)
})

test('an accepted friend that says nothing is closed and was never up', async () => {
  const node = await startNode(alice, { timings: { firstBytesMs: 50 } })
  await node.friends.add(longInvite(bob))
  const peer = await rawDial(node.address, bob)
  await peer.closed
  expect(node.friends.counters.closed.get('PEER_SILENT')).toBe(1)
  expect([node.ups, node.downs]).toEqual([[], []])
})

test('a friend that falls silent is dropped', async () => {
  const { node, peer } = await linked({ heartbeatMs: 120, silenceMs: 60 })
  const begin = performance.now()
  await peer.closed
  expect(performance.now() - begin).toBeGreaterThan(80)
  expect(node.downs).toMatchObject([{ reason: { code: 'PEER_IDLE' } }])
})

test.each([
  ['heartbeats alone', HEARTBEAT],
  ['other items alone', numbered(1)],
])('a friend that sends %s is kept', async (_, item) => {
  const { node, peer } = await linked({ heartbeatMs: 500, silenceMs: 400 })
  const timer = setInterval(() => peer.socket.write(item), 100)
  await node.until(() => node.items.length === 8)
  clearInterval(timer)
  expect(node.downs).toEqual([])
})

test('a friend that sends other items too seldom and no heartbeat is dropped', async () => {
  const { node, peer } = await linked({ heartbeatMs: 150, silenceMs: 40 })
  const timer = setInterval(() => peer.socket.write(numbered(1)), 80)
  await peer.closed
  clearInterval(timer)
  expect(node.downs).toMatchObject([{ reason: { code: 'PEER_IDLE' } }])
})
