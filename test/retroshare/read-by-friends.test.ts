// A node and a scripted friend over real TLS: after each message the friend is asked soon whether it has read it.
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { OUR_SERVICES } from '../../src/retroshare/peer/service-info.ts'
import { decodeItem, encodeItem } from '../../src/retroshare/wire/codec.ts'
import { Framer } from '../../src/retroshare/wire/framer.ts'
import { formatLongInvite } from '../../src/retroshare/wire/invite.ts'
import type { Item } from '../../src/retroshare/wire/item.ts'
import { makeIdentity } from './peer/support/nodes.ts'
import { type RawLink, rawDial } from './peer/support/raw-peer.ts'
import { TestNode } from './test-node.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const itemsIn = (link: RawLink): Item[] => {
  const framer = new Framer()
  const pushed = framer.push(link.received())
  if (!pushed.ok) throw new Error(pushed.error.detail)
  return pushed.value.map(decodeItem).flatMap((item) => (item.ok ? [item.value] : []))
}

/** Resolves when so many items of a kind have come. */
async function came(link: RawLink, kind: Item['kind'], count: number): Promise<void> {
  while (itemsIn(link).filter((item) => item.kind === kind).length < count) await once(link.socket, 'data')
}

test("by the node's clock a second after a message, not only after ten", async () => {
  const clock = { nowMs: 1_800_000_000_000 }
  const node = await TestNode.start('asking', () => clock.nowMs)
  ends.push(() => node.end())
  const { sslId, location, profile, ...identity } = await makeIdentity('asked')
  const invite = formatLongInvite({ sslId, location, pgpKey: profile.publicKey })
  await node.network.addFriend(invite)
  const link = await rawDial({ host: '127.0.0.1', port: node.port }, identity)
  ends.push(() => {
    link.socket.destroy()
  })
  for (const item of [{ kind: 'service-info', services: OUR_SERVICES }, { kind: 'heartbeat' }] as const)
    link.socket.write(encodeItem(item))
  await came(link, 'rtt-ping', 1)
  expect(node.network.tellFriend(sslId, 'hello')).toBe(true)
  await came(link, 'private-message', 1)
  clock.nowMs += 1000
  await came(link, 'rtt-ping', 2)
})
