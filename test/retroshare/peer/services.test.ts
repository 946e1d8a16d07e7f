// The services of one link: gate, heartbeat, round trip, discovery; virtual time throughout.
import { expect, test } from 'vitest'
import type { SelfContact } from '../../../src/retroshare/peer/discovery.ts'
import { wroteChat } from '../../../src/retroshare/peer/rtt.ts'
import { compatibleServices, OUR_SERVICES } from '../../../src/retroshare/peer/service-info.ts'
import type { ServicesEffect, ServicesEnv, ServicesState } from '../../../src/retroshare/peer/services.ts'
import { SILENT_GATE_MS, startServices, stepServices } from '../../../src/retroshare/peer/services.ts'
import type { ContactItem, Item, ServiceDescription } from '../../../src/retroshare/wire/item.ts'
import { SERVICE } from '../../../src/retroshare/wire/item.ts'
import type { FriendId, ParticipantId } from '../../../src/util/ids.ts'

const FRIEND = 'f0'.repeat(16) as FriendId
const FRIEND_PGP = 'F1'.repeat(8)
const SELF: SelfContact = {
  pgpId: 'A1'.repeat(8),
  sslId: 'a0'.repeat(16) as FriendId,
  location: 'here',
  version: 'Foyer',
  publicKey: Uint8Array.of(1, 2, 3),
  local: { family: 4, host: '127.0.0.1', port: 7812 },
  external: null,
  dnsName: '',
}
const FRIEND_CONTACT: ContactItem = {
  kind: 'contact',
  pgpId: FRIEND_PGP,
  sslId: FRIEND,
  location: 'there',
  version: '0.6.7',
  netMode: 1,
  vsDisc: 2,
  vsDht: 0,
  lastContactSec: 0,
  reach: { kind: 'hidden', host: 'x.onion', port: 1 },
}
const identity = (n: number): ParticipantId => n.toString(16).padStart(32, '0') as ParticipantId
const LOBBY_LIST: Item = { kind: 'lobby-list', lobbies: [] }

interface World {
  readonly state: ServicesState
  nowMs: number
  own: Set<ParticipantId>
}

const begin = (needsKey = false): World & { effects: ServicesEffect[] } => ({
  ...startServices({ id: FRIEND, pgpId: FRIEND_PGP, needsKey }, 1_000_000 - SILENT_GATE_MS),
  nowMs: 1_000_000 - SILENT_GATE_MS,
  own: new Set(),
})
const env = (world: World): ServicesEnv => ({
  nowMs: world.nowMs,
  self: SELF,
  friendAddress: null,
  ownIdentities: world.own,
})
const take = (world: World, item: Item): ServicesEffect[] =>
  stepServices(world.state, { kind: 'item', item }, env(world))
const tick = (world: World, afterMs = 0): ServicesEffect[] => {
  world.nowMs += afterMs
  return stepServices(world.state, { kind: 'tick' }, env(world))
}
/** The friend's list comes, then time passes until the gate is open whatever the friend says: it is 1,000 s. */
const meet = (world: World, item: Item): ServicesEffect[] => [
  ...take(world, item),
  ...tick(world, SILENT_GATE_MS),
]
const sent = (effects: readonly ServicesEffect[]): Item[] =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [effect.item] : []))
const sentKinds = (effects: readonly ServicesEffect[]): string[] => sent(effects).map((item) => item.kind)
const list = (...numbers: number[]): Item => ({
  kind: 'service-info',
  services: OUR_SERVICES.filter((entry) => numbers.includes(entry.service)),
})
const ALL: Item = { kind: 'service-info', services: OUR_SERVICES }
const chat = OUR_SERVICES.find((entry) => entry.service === SERVICE.chat) as ServiceDescription

test('a link begins with our service list and nothing else', () => {
  const world = begin()
  expect(sentKinds(world.effects)).toEqual(['service-info'])
  expect(tick(world, 60_000)).toEqual([])
})

test('items of a service are refused until the friend lists it', () => {
  const world = begin()
  expect(take(world, LOBBY_LIST)).toEqual([{ kind: 'not-open', service: SERVICE.chat }])
  expect(take(world, { kind: 'rtt-ping', sequence: 1, pingAt: 0n })).toEqual([
    { kind: 'not-open', service: SERVICE.rtt },
  ])
  expect(take(world, list(SERVICE.chat))).toEqual([])
  expect(take(world, LOBBY_LIST)).toEqual([
    { kind: 'opened', service: SERVICE.chat },
    { kind: 'chat', item: LOBBY_LIST },
  ])
  expect(tick(world, 60_000)).toEqual([])
})

test('nothing but a heartbeat is sent before the friend shows that it has read our list', () => {
  const world = begin()
  expect(take(world, ALL)).toEqual([{ kind: 'send', item: { kind: 'heartbeat' } }])
  expect(tick(world, SILENT_GATE_MS - 1)).toEqual([])
  const effects = take(world, { kind: 'heartbeat' })
  expect(effects.filter((effect) => effect.kind === 'opened')).toHaveLength(OUR_SERVICES.length)
  expect(sentKinds(effects)).toEqual(expect.arrayContaining(['contact', 'status', 'rtt-ping']))
  expect(take(world, { kind: 'heartbeat' })).toEqual([])
})

test('to a friend that says nothing the gate opens after a while', () => {
  const world = begin()
  world.nowMs += 60_000
  expect(take(world, list(SERVICE.chat))).toEqual([])
  expect(take(world, { kind: 'slice-probe' })).toEqual([])
  expect(tick(world, SILENT_GATE_MS - 1)).toEqual([])
  expect(tick(world, 1)).toEqual([{ kind: 'opened', service: SERVICE.chat }])
  expect(tick(world, 60_000)).toEqual([])
})

test('a new service list replaces the old', () => {
  const world = begin()
  meet(world, list(SERVICE.chat, SERVICE.gxsId))
  const changed = take(world, list(SERVICE.gxsId, SERVICE.rtt))
  expect(changed.filter((effect) => effect.kind !== 'send')).toEqual([
    { kind: 'closed', service: SERVICE.chat },
    { kind: 'opened', service: SERVICE.rtt },
  ])
  expect(take(world, LOBBY_LIST)).toEqual([{ kind: 'not-open', service: SERVICE.chat }])
  expect(take(world, list(SERVICE.gxsId, SERVICE.rtt))).toEqual([])
})

test('services match by number, exact name and versions both ways', () => {
  const works = (entry: Partial<ServiceDescription>): boolean =>
    compatibleServices([{ ...chat, ...entry }]).has(SERVICE.chat)
  expect(works({})).toBe(true)
  expect(works({ name: 'Chat' })).toBe(false)
  expect(works({ major: 0, minor: 9 })).toBe(false)
  expect(works({ major: 2, minMajor: 1, minMinor: 1 })).toBe(false)
  expect(works({ major: 2, minor: 5 })).toBe(true)
  expect(works({ service: 0x0215 })).toBe(false)
  expect(compatibleServices([{ ...chat, name: 'old' }, chat]).has(SERVICE.chat)).toBe(true)
})

test('a heartbeat goes out every five seconds', () => {
  const world = begin()
  expect(sentKinds(take(world, list(SERVICE.heartbeat)))).toEqual(['heartbeat'])
  expect(sent(take(world, { kind: 'heartbeat' }))).toEqual([])
  expect(tick(world, 4999)).toEqual([])
  expect(sentKinds(tick(world, 1))).toEqual(['heartbeat'])
  expect(take(world, { kind: 'heartbeat' })).toEqual([])
})

test('a ping every ten seconds measures round trip and clock offset', () => {
  const world = begin()
  const [ping] = sent(meet(world, list(SERVICE.rtt)))
  if (ping?.kind !== 'rtt-ping') throw new Error('no ping')
  world.nowMs += 80
  const friendClock = BigInt(Math.floor((world.nowMs - 40 + 5000) / 1000)) << 32n
  const pong: Item = { kind: 'rtt-pong', sequence: ping.sequence, pingAt: ping.pingAt, pongAt: friendClock }
  expect(take(world, pong)).toEqual([
    { kind: 'measured', sample: { rttMs: 80, clockOffsetMs: 1_005_000 - 1_000_040 } },
  ])
  expect(take(world, pong)).toEqual([])
  expect(tick(world, 9919)).toEqual([])
  expect(sentKinds(tick(world, 1))).toEqual(['rtt-ping'])
})

test('while it is not known that chat was read, there is a ping every second, and then as before', () => {
  const world = begin()
  meet(world, list(SERVICE.rtt))
  const pings = (seconds: number): number[] => {
    const at: number[] = []
    for (let second = 1; second <= seconds; second++)
      if (sentKinds(tick(world, 1000)).includes('rtt-ping')) at.push(second)
    return at
  }
  expect(pings(5)).toEqual([])
  wroteChat(world.state.rtt, world.nowMs)
  expect(pings(30)).toEqual([1, 2, 12, 22])
  for (let i = 0; i < 8; i++) {
    wroteChat(world.state.rtt, world.nowMs)
    expect(pings(1)).toEqual([1])
  }
  expect(pings(12)).toEqual([1, 11])
})

test('a pong that answers no ping of ours, or twists its time, measures nothing', () => {
  const world = begin()
  const [ping] = sent(meet(world, list(SERVICE.rtt)))
  if (ping?.kind !== 'rtt-ping') throw new Error('no ping')
  expect(take(world, { kind: 'rtt-pong', sequence: 99, pingAt: ping.pingAt, pongAt: 0n })).toEqual([])
  expect(take(world, { kind: 'rtt-pong', sequence: ping.sequence, pingAt: 0n, pongAt: 0n })).toEqual([])
})

test("a friend's ping is answered with its own time stamp", () => {
  const world = begin()
  meet(world, list(SERVICE.rtt))
  expect(sent(take(world, { kind: 'rtt-ping', sequence: 7, pingAt: 42n }))).toEqual([
    { kind: 'rtt-pong', sequence: 7, pingAt: 42n, pongAt: 1000n << 32n },
  ])
})

test('our contact goes first, then our identities; a friend list never', () => {
  const world = begin()
  world.own.add(identity(1))
  const items = sent(meet(world, list(SERVICE.disc)))
  expect(items.map((item) => item.kind)).toEqual(['contact', 'identity-list'])
  expect(items[0]).toMatchObject({ pgpId: SELF.pgpId, sslId: SELF.sslId, version: 'Foyer' })
  const answers = [
    ...take(world, { kind: 'pgp-list', mode: 1, pgpIds: ['B1'.repeat(8)] }),
    ...take(world, { ...FRIEND_CONTACT, sslId: 'ee'.repeat(16) }),
  ]
  expect(answers).toEqual([])
})

test('a new own identity is pushed once, several together, at most once a second', () => {
  const world = begin()
  meet(world, list(SERVICE.disc))
  world.own.add(identity(1))
  expect(sent(tick(world))).toEqual([{ kind: 'identity-list', ids: [identity(1)] }])
  world.own.add(identity(2))
  world.own.delete(identity(1))
  expect(tick(world, 999)).toEqual([])
  world.own.add(identity(3))
  expect(sent(tick(world, 1))).toEqual([{ kind: 'identity-list', ids: [identity(2), identity(3)] }])
  expect(tick(world, 60_000)).toEqual([])
})

test('our key is given to who asks for it, no other', () => {
  const world = begin()
  meet(world, list(SERVICE.disc))
  const ask = (pgpId: string): Item[] => sent(take(world, { kind: 'pgp-list', mode: 2, pgpIds: [pgpId] }))
  expect(ask(SELF.pgpId)).toEqual([{ kind: 'pgp-key', pgpId: SELF.pgpId, key: SELF.publicKey }])
  expect(ask(FRIEND_PGP)).toEqual([])
})

test('a friend whose key is missing is asked for it until it is known', () => {
  const world = begin(true)
  const question: Item = { kind: 'pgp-list', mode: 2, pgpIds: [FRIEND_PGP] }
  expect(sent(meet(world, list(SERVICE.disc)))).toContainEqual(question)
  expect(tick(world, 29_999)).toEqual([])
  expect(sent(tick(world, 1))).toEqual([question])
  const key = Uint8Array.of(9)
  expect(take(world, { kind: 'pgp-key', pgpId: 'EE'.repeat(8), key })).toEqual([])
  expect(take(world, { kind: 'pgp-key', pgpId: FRIEND_PGP, key })).toEqual([{ kind: 'key', key }])
  stepServices(world.state, { kind: 'key-known' }, env(world))
  expect(take(world, { kind: 'pgp-key', pgpId: FRIEND_PGP, key })).toEqual([])
  expect(tick(world, 60_000)).toEqual([])
})

test("the friend's own contact and identities are reported", () => {
  const world = begin()
  meet(world, list(SERVICE.disc))
  expect(take(world, FRIEND_CONTACT)).toEqual([{ kind: 'contact', contact: FRIEND_CONTACT }])
  expect(take(world, { ...FRIEND_CONTACT, pgpId: 'EE'.repeat(8) })).toEqual([])
  const ids = Array.from({ length: 1200 }, (_, n) => identity(n))
  expect(take(world, { kind: 'identity-list', ids })).toEqual([
    { kind: 'identities', ids: ids.slice(0, 1000) },
  ])
})

test('GXS items pass through; unknown ones and probes are ignored', () => {
  const world = begin()
  meet(world, ALL)
  expect(take(world, { kind: 'gxs-pull' })).toEqual([{ kind: 'gxs', item: { kind: 'gxs-pull' } }])
  const unknown: Item = { kind: 'unknown', service: 0x0014, subtype: 1, body: new Uint8Array() }
  expect([...take(world, unknown), ...take(world, { kind: 'slice-probe' })]).toEqual([])
})

test('status says online once, when the friend lists it', () => {
  const world = begin()
  expect(sent(meet(world, list(SERVICE.status)))).toEqual([{ kind: 'status', sentAtSec: 1000, status: 3 }])
  expect(tick(world, 60_000)).toEqual([])
})
