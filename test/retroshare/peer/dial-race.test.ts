// Both sides dial at once over a slow network: one link remains, and no item is lost. docs/retroshare.md, dial race.
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { NodeIdentity } from '../../../src/retroshare/identity/node-identity.ts'
import { Framer, SLICE_PROBE } from '../../../src/retroshare/wire/framer.ts'
import type { Endpoint } from '../../../src/retroshare/wire/invite.ts'
import { type DelayProxy, delayProxy } from './support/delay-proxy.ts'
import {
  isUp,
  longInvite,
  makeIdentity,
  numbered,
  numberOf,
  startNode,
  stopNodes,
  type TestNode,
} from './support/nodes.ts'
import { rawDial, rawListen } from './support/raw-peer.ts'

const DELAY_MS = 60
const STARTS_MS = Array.from({ length: 13 }, (_, i) => i * 50)
const ITEMS = 44
const TIMINGS = { settleMs: 500, raceMs: 2000 }

let alice: NodeIdentity
let bob: NodeIdentity
const proxies: DelayProxy[] = []

beforeAll(async () => {
  ;[alice, bob] = (await Promise.all(['Alice', 'Bob'].map(makeIdentity))) as [NodeIdentity, NodeIdentity]
})
afterEach(stopNodes)
afterAll(() => {
  for (const proxy of proxies) proxy.close()
})

const proxyTo = async (address: Endpoint): Promise<DelayProxy> => {
  const proxy = await delayProxy(address, DELAY_MS)
  proxies.push(proxy)
  return proxy
}

/** From its up on, a node says one number after another. */
async function talk(node: TestNode, to: NodeIdentity): Promise<void> {
  await node.until(() => isUp(node, to))
  for (let number = 0; number < ITEMS; number++) {
    expect(node.friends.send(to.sslId, numbered(number), 7)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const heard = (node: TestNode): number[] => node.items.map(({ bytes }) => numberOf(bytes))

const dialAfter = (node: TestNode, friend: NodeIdentity, address: Endpoint, delayMs: number): void =>
  void setTimeout(
    () => node.friends.setContact(friend.sslId, { location: '', addresses: [address] }),
    delayMs,
  )

test('our dial is closed before its first byte when its handshake ends after a link of the friend was accepted', async () => {
  const listener = await rawListen(bob)
  const proxy = await proxyTo(listener.address)
  const node = await startNode(alice)
  await node.friends.add(longInvite(bob, [proxy.address]))
  await node.until(() => proxy.live === 1)
  const accepted = await rawDial(node.address, bob)
  accepted.socket.write(SLICE_PROBE)
  await node.until(() => isUp(node, bob))
  await node.until(() => proxy.live === 0)
  expect(node.ups).toMatchObject([{ link: { role: 'accepted' } }])
  expect(node.downs).toEqual([])
  expect(node.friends.counters).toMatchObject({ dials: 1, dialFailures: 0, bytesOut: SLICE_PROBE.length })
  accepted.socket.destroy()
  listener.close()
})

/** What is seen when both nodes have said everything, by the pause between the two dials. */
type Outcome = Readonly<Record<string, unknown>>

const forAllStarts = async (run: (startMs: number) => Promise<Outcome>): Promise<Outcome[]> =>
  Promise.all(STARTS_MS.map(async (startMs) => ({ startMs, ...(await run(startMs)) })))

const expected = (outcome: Outcome): Outcome[] => STARTS_MS.map((startMs) => ({ startMs, ...outcome }))

const ALL_NUMBERS = Array.from({ length: ITEMS }, (_, i) => i)

test.each([
  ['lower', true],
  ['higher', false],
])(
  'two nodes of which the one with the %s id dials first end with one link, each heard all in order',
  async (_, isLowerFirst) => {
    const isAliceFirst = alice.sslId < bob.sslId === isLowerFirst
    const [first, second] = isAliceFirst ? [alice, bob] : [bob, alice]
    const outcomes = await forAllStarts(async (startMs) => {
      const a = await startNode(first, { timings: TIMINGS })
      const b = await startNode(second, { timings: TIMINGS })
      const [toA, toB] = [await proxyTo(a.address), await proxyTo(b.address)]
      await a.friends.add(longInvite(second))
      await b.friends.add(longInvite(first))
      dialAfter(a, second, toB.address, 0)
      dialAfter(b, first, toA.address, startMs)
      await Promise.all([talk(a, second), talk(b, first)])
      await a.until(() => a.items.length >= ITEMS && toA.live + toB.live === 1)
      await b.until(() => b.items.length >= ITEMS)
      return {
        heard: [heard(a), heard(b)],
        ups: [a.ups.length, b.ups.length],
        downs: [a.downs, b.downs],
        links: toA.live + toB.live,
      }
    })
    expect(outcomes).toEqual(
      expected({ heard: [ALL_NUMBERS, ALL_NUMBERS], ups: [1, 1], downs: [[], []], links: 1 }),
    )
  },
)

/**
 * A peer with the habits of a real node: an accepted link counts after the first bytes of the client and a tick, a
 * dialled one with its handshake; the newest link replaces the older one, which is closed; a dial still in its
 * handshake is given up when an accepted link counts.
 */
class RealNode {
  readonly heard: number[] = []
  #said = 0
  disconnects = 0
  readonly #server
  readonly #tls
  #link: TLSSocket | undefined
  #dial: TLSSocket | undefined

  constructor(identity: NodeIdentity) {
    this.#tls = { key: identity.tlsKeyPem, cert: identity.tlsCertPem, rejectUnauthorized: false }
    this.#server = createServer({ ...this.#tls, requestCert: true }, (socket) => {
      socket.on('error', () => {})
      socket.once('readable', () => setTimeout(() => !socket.destroyed && this.#use(socket), 200))
    })
  }

  async listen(): Promise<Endpoint> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return { host: '127.0.0.1', port: (this.#server.address() as { port: number }).port }
  }

  dial(to: Endpoint): void {
    if (this.#link) return
    const socket = connect({ ...to, ...this.#tls, checkServerIdentity: () => undefined })
    this.#dial = socket
    socket.on('error', () => {})
    socket.once('secureConnect', () => this.#use(socket))
  }

  /** Says the next number on the link that counts. */
  say(): void {
    if (this.#link && this.#said < ITEMS) this.#link.write(numbered(this.#said++))
  }

  close(): void {
    this.#server.close()
    this.#link?.destroy()
  }

  #use(socket: TLSSocket): void {
    if (this.#dial !== socket) this.#dial?.destroy()
    this.#dial = undefined
    const older = this.#link
    this.#link = socket
    older?.end(() => older.destroy())
    const framer = new Framer()
    socket.on('data', (chunk) => {
      if (this.#link !== socket) return
      const items = framer.push(chunk)
      if (!items.ok) throw new Error(items.error.detail)
      for (const item of items.value) if (item.length > 8) this.heard.push(numberOf(item))
    })
    socket.on('close', () => {
      if (this.#link !== socket) return
      this.#link = undefined
      this.disconnects++
    })
    socket.write(SLICE_PROBE)
  }
}

test('with a node that keeps the newest link and closes the older, the link lives and nothing is lost', async () => {
  const outcomes = await forAllStarts(async (startMs) => {
    const real = new RealNode(bob)
    const node = await startNode(alice, { timings: TIMINGS })
    const [toReal, toNode] = [await proxyTo(await real.listen()), await proxyTo(node.address)]
    await node.friends.add(longInvite(bob))
    real.dial(toNode.address)
    dialAfter(node, bob, toReal.address, startMs)
    const saying = setInterval(() => real.say(), 25)
    await talk(node, bob)
    await node.until(() => node.items.length >= ITEMS && real.heard.length >= ITEMS)
    clearInterval(saying)
    const outcome = {
      heard: [heard(node), real.heard],
      ups: node.ups.length,
      downs: [node.downs, real.disconnects],
      links: toReal.live + toNode.live,
    }
    real.close()
    return outcome
  })
  expect(outcomes).toEqual(expected({ heard: [ALL_NUMBERS, ALL_NUMBERS], ups: 1, downs: [[], 0], links: 1 }))
})
