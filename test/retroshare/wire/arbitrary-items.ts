// Generates items of every kind that Foyer reads or writes, for properties.
import fc from 'fast-check'
import type { Item, SeenAddress, WireAddress } from '../../../src/retroshare/wire/item.ts'
import type { LobbyId, ParticipantId } from '../../../src/util/ids.ts'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
/** Any Unicode text, byte order mark and control characters included. */
export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\uFEFFx', 'ü☂\u0000\t', '👋🏽'),
)
export const bytes = (maxLength = 40) => fc.uint8Array({ maxLength })
const hex = (count: number) =>
  fc.uint8Array({ minLength: count, maxLength: count }).map((id) => Buffer.from(id).toString('hex'))
const lobby = hex(8).map((id) => id as LobbyId)
const participant = hex(16).map((id) => id as ParticipantId)
const pgpId = hex(8).map((id) => id.toUpperCase())
const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 4 })

/** IPv6 in canonical form, as it is read. */
const ipv6 = fc.constantFrom('::', '::1', '2001:db8::5', 'fe80:0:0:1::', '1:2:3:4:5:6:7:8', '1:0:2:3:4:5:6:7')
export const address: fc.Arbitrary<WireAddress> = fc.oneof(
  fc.constant(null),
  fc.record({ family: fc.constant(4 as const), host: fc.ipV4(), port: u16 }),
  fc.record({ family: fc.constant(6 as const), host: ipv6, port: u16 }),
)
const seen: fc.Arbitrary<SeenAddress> = fc.record({ address, seenAtSec: u64, source: u32 })

const bounce = {
  lobby,
  messageId: hex(8),
  nick: text,
  author: participant,
  signature: bytes(256),
}
const kind = <K extends string>(name: K) => fc.constant(name)
const version = { major: u16, minor: u16, minMajor: u16, minMinor: u16 }

const reach = fc.oneof(
  fc.record({ kind: kind('hidden'), host: text, port: u16 }),
  fc.record({
    kind: kind('open'),
    localV4: address,
    externalV4: address,
    localV6: address,
    externalV6: address,
    current: address,
    dynDns: text,
    localSet: list(seen),
    externalSet: list(seen),
  }),
)

/** One generator per kind: a kind that is added to `Item` has to be added here. */
export const itemOfKind: { readonly [K in Item['kind']]: fc.Arbitrary<Extract<Item, { kind: K }>> } = {
  'service-info': fc.record({
    kind: kind('service-info'),
    services: list(fc.record({ service: u16, name: text, ...version })),
  }),
  heartbeat: fc.record({ kind: kind('heartbeat') }),
  'rtt-ping': fc.record({ kind: kind('rtt-ping'), sequence: u32, pingAt: u64 }),
  'rtt-pong': fc.record({ kind: kind('rtt-pong'), sequence: u32, pingAt: u64, pongAt: u64 }),
  bandwidth: fc.record({ kind: kind('bandwidth'), bytesPerSec: u32 }),
  status: fc.record({ kind: kind('status'), sentAtSec: u32, status: u32 }),
  'lobby-message': fc.record({
    kind: kind('lobby-message'),
    flags: u32,
    sentAtSec: u32,
    text,
    parent: hex(8),
    ...bounce,
  }),
  'lobby-event': fc.record({ kind: kind('lobby-event'), event: u8, text, sentAtSec: u32, ...bounce }),
  'lobby-challenge': fc.record({ kind: kind('lobby-challenge'), code: hex(8) }),
  'lobby-unsubscribe': fc.record({ kind: kind('lobby-unsubscribe'), lobby }),
  'lobby-list-request': fc.record({ kind: kind('lobby-list-request') }),
  'lobby-list': fc.record({
    kind: kind('lobby-list'),
    lobbies: list(fc.record({ lobby, name: text, topic: text, participants: u32, flags: u32 })),
  }),
  'lobby-invite': fc.record({ kind: kind('lobby-invite'), lobby, name: text, topic: text, flags: u32 }),
  'lobby-invite-old': fc.record({ kind: kind('lobby-invite-old'), lobby, name: text, flags: u32 }),
  'private-message': fc.record({
    kind: kind('private-message'),
    flags: u32,
    sentAtSec: u32,
    text: bytes(),
  }),
  avatar: fc.record({ kind: kind('avatar'), image: bytes() }),
  'status-string': fc.record({ kind: kind('status-string'), flags: u32, text }),
  'avatar-info': fc.record({ kind: kind('avatar-info'), atSec: u32 }),
  contact: fc.record({
    kind: kind('contact'),
    pgpId,
    sslId: hex(16),
    location: text,
    version: text,
    netMode: u32,
    vsDisc: u16,
    vsDht: u16,
    lastContactSec: u32,
    reach,
  }),
  'pgp-list': fc.record({ kind: kind('pgp-list'), mode: u32, pgpIds: list(pgpId) }),
  'identity-list': fc.record({ kind: kind('identity-list'), ids: list(participant) }),
  'pgp-key': fc.record({ kind: kind('pgp-key'), pgpId, key: bytes() }),
  'gxs-sync-request': fc.record({
    kind: kind('gxs-sync-request'),
    transaction: u32,
    flag: u8,
    createdSinceSec: u32,
    hash: text,
    updatedAtSec: u32,
  }),
  'gxs-group-entry': fc.record({
    kind: kind('gxs-group-entry'),
    transaction: u32,
    flag: u8,
    groupId: participant,
    publishedAtSec: u32,
    authorId: hex(16),
  }),
  'gxs-group': fc.record({
    kind: kind('gxs-group'),
    transaction: u32,
    position: u8,
    groupId: participant,
    data: bytes(),
    meta: bytes(),
  }),
  'gxs-statistics': fc.record({
    kind: kind('gxs-statistics'),
    type: u32,
    groupId: participant,
    posts: u32,
    lastPostSec: u32,
  }),
  'gxs-transaction': fc.record({
    kind: kind('gxs-transaction'),
    transaction: u32,
    flags: u16,
    items: u32,
    updatedAtSec: u32,
  }),
  'gxs-pull': fc.record({ kind: kind('gxs-pull') }),
  'slice-probe': fc.record({ kind: kind('slice-probe') }),
  unknown: fc.record({
    kind: kind('unknown'),
    service: fc.constantFrom(0x0013, 0x0230, 0xffff),
    subtype: u8,
    body: bytes(),
  }),
}

export const anyItem: fc.Arbitrary<Item> = fc.oneof(...Object.values(itemOfKind))
