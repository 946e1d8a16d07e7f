// Items and bytes: known vectors, decode∘encode = identity for every kind, and typed failures for anything else.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeItem, encodeItem, signedBytes } from '../../../src/retroshare/wire/codec.ts'
import type { BouncedItem, Item } from '../../../src/retroshare/wire/item.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'
import type { LobbyId, ParticipantId } from '../../../src/util/ids.ts'
import { anyItem, itemOfKind } from './arbitrary-items.ts'

const hexBytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

const lobby = '0102030405060708' as LobbyId
const bounce = {
  lobby,
  messageId: '1112131415161718',
  nick: 'bob',
  author: 'bb3851c00134a29f921cb3643a4525a9' as ParticipantId,
  signature: new Uint8Array(256).fill(7),
}
const keepAlive: BouncedItem = {
  kind: 'lobby-event',
  event: 5,
  text: '',
  sentAtSec: 0x65000000,
  ...bounce,
}
const hi: BouncedItem = {
  kind: 'lobby-message',
  flags: 0x201,
  sentAtSec: 0x65000000,
  text: 'hi',
  parent: '0000000000000000',
  ...bounce,
}

describe('vectors of docs/retroshare.md §11.1', () => {
  test('what an author signs leaves out the signature and shortens the size', () => {
    expect(toHex(signedBytes(keepAlive))).toBe(
      '020012180000002c050051000000066500000001020304050607081112131415161718005100000009626f62',
    )
    expect(toHex(signedBytes(hi))).toBe(
      '020012170000003900000201650000000057000000086869000000000000000001020304050607081112131415161718005100000009626f62',
    )
  })

  test('a signed item is 306 bytes longer than what is signed, its signature last', () => {
    for (const item of [keepAlive, hi]) {
      const whole = encodeItem(item)
      const part = signedBytes(item)
      expect(whole.length).toBe(part.length + 306)
      expect(toHex(whole.subarray(8, part.length))).toBe(toHex(part.subarray(8)))
      expect(toHex(whole.subarray(part.length))).toBe(
        `10500000013200a400000026${Buffer.from(bounce.author).toString('hex')}012000000106${'07'.repeat(256)}`,
      )
    }
    expect(toHex(encodeItem(keepAlive).subarray(0, 8))).toBe('020012180000015e')
    expect(toHex(encodeItem(hi).subarray(0, 8))).toBe('020012170000016b')
  })

  const entry = { lobby, name: 'Test', topic: 'Topic', flags: 4 }
  const chat = { service: 0x12, name: 'chat', major: 1, minor: 0, minMajor: 1, minMinor: 0 }
  test.each<[string, Item]>([
    [
      '0200121b00000029010203040506070800510000000a5465737400510000000b546f70696300000004',
      { kind: 'lobby-invite', ...entry },
    ],
    [
      '020012190000003100000001010203040506070800510000000a5465737400510000000b546f7069630000000300000004',
      { kind: 'lobby-list', lobbies: [{ ...entry, participants: 3 }] },
    ],
    ['0200120d00000008', { kind: 'lobby-list-request' }],
    ['0200160100000008', { kind: 'heartbeat' }],
    ['02aabbcc00000008', { kind: 'slice-probe' }],
    [
      '020020010000003800010000003000010000002a00010000000a0200120000010000001a0000000463686174020012000001000000010000',
      { kind: 'service-info', services: [chat] },
    ],
  ])('%s', (hex, item) => {
    expect(toHex(encodeItem(item))).toBe(hex)
    expect(decodeItem(hexBytes(hex))).toEqual({ ok: true, value: item })
  })

  test('an address is written with its bytes and its port reversed', () => {
    // The contact item of a real node, in docs/retroshare.md §4.5: 127.0.0.1:19101.
    const contact = fc.sample(itemOfKind.contact, { numRuns: 1, seed: 1 })[0]
    if (!contact) throw new Error('no sample')
    const host = (address: { family: 4 | 6; host: string; port: number }): string =>
      toHex(
        encodeItem({
          ...contact,
          reach: {
            kind: 'open',
            localV4: address,
            externalV4: null,
            localV6: null,
            externalV6: null,
            current: null,
            dynDns: '',
            localSet: [],
            externalSet: [],
          },
        }),
      )
    expect(host({ family: 4, host: '127.0.0.1', port: 19101 })).toContain(
      '10720000001200850000000c0100007f9d4a',
    )
    expect(host({ family: 6, host: '2001:db8::1', port: 19101 })).toContain(
      '10720000001e008600000018b80d01200000000000000000010000009d4a',
    )
  })
})

describe.each(Object.entries(itemOfKind))('%s', (_, arbitrary) => {
  test('decodes to what was encoded', () => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<Item>, (item) => {
        expect(decodeItem(encodeItem(item))).toEqual({ ok: true, value: item })
      }),
    )
  })
})

/** Bytes near an item: cut, extended, or with some bytes changed. */
const nearItem = fc
  .tuple(
    anyItem,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    fc.integer({ min: -8, max: 8 }),
  )
  .map(([item, changes, longer]) => {
    const bytes = encodeItem(item)
    const changed = new Uint8Array(Math.max(0, bytes.length + longer))
    changed.set(bytes.subarray(0, changed.length))
    for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte
    // Mostly with a size that fits, or the header alone would decide.
    if (changed.length >= 8 && longer % 2 === 0) new DataView(changed.buffer).setUint32(4, changed.length)
    return changed
  })

const CODES = [
  'bad-version',
  'bad-size',
  'truncated',
  'trailing-bytes',
  'bad-tlv-type',
  'bad-tlv-size',
  'bad-utf8',
  'bad-key-id',
  'bad-service-id',
]

describe('whatever comes', () => {
  const survives = (bytes: Uint8Array): void => {
    const result = decodeItem(bytes)
    if (result.ok) expect(toHex(encodeItem(result.value))).toBe(toHex(bytes))
    else {
      expect(CODES).toContain(result.error.code)
      expect(result.error.offset).toBeLessThanOrEqual(bytes.length)
    }
  }

  test('random bytes decode to an item of these bytes, or fail with a known code', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives))
  })

  test('changed items decode to an item of these bytes, or fail with a known code', () => {
    fc.assert(fc.property(nearItem, survives), { numRuns: 3000 })
  })

  test.each([
    ['0300121700000008', 'bad-version', 1],
    ['0200121700000009', 'bad-size', 8],
    ['020012', 'truncated', 3],
    ['0200160100000009ff', 'trailing-bytes', 8],
    ['0200120400000012000000000051000000060000', 'bad-size', 8],
    ['020012040000001200000000005100000006', 'bad-tlv-type', 18],
    ['020012040000001200000000005700000005', 'bad-tlv-size', 18],
    ['020012040000001200000000005700000007', 'truncated', 18],
    ['020012040000001300000000005700000007ff', 'bad-utf8', 18],
    ['020012190000000cffffffff', 'truncated', 12],
    ['020011060000000cffffffff', 'truncated', 12],
  ])('%s is refused as %s', (hex, code, offset) => {
    expect(decodeItem(hexBytes(hex))).toEqual({ ok: false, error: expect.objectContaining({ code, offset }) })
  })

  test('a key id that is not lower-case hex is refused, for it could not be compared', () => {
    const bytes = encodeItem(hi)
    const at = Buffer.from(bytes).indexOf('bb3851')
    bytes.set(Buffer.from('BB'), at)
    expect(decodeItem(bytes)).toMatchObject({ ok: false, error: { code: 'bad-key-id' } })
  })

  test('a service list entry whose key and value differ is refused', () => {
    const [service] = fc.sample(
      itemOfKind['service-info'].filter(({ services }) => services.length === 1),
      { numRuns: 1, seed: 1 },
    )
    if (!service) throw new Error('no sample')
    const bytes = encodeItem(service)
    bytes[8 + 6 + 6 + 6 + 3] = 1
    expect(decodeItem(bytes)).toMatchObject({ ok: false, error: { code: 'bad-service-id' } })
  })

  test('items of unknown services and subtypes are kept as they are', () => {
    for (const hex of ['020230900000000a0102', '0200126300000008', '02aabb0100000008', '0200200200000008'])
      expect(decodeItem(hexBytes(hex))).toMatchObject({ ok: true, value: { kind: 'unknown' } })
  })
})

test('an id that is no id is a bug and throws', () => {
  expect(() => encodeItem({ kind: 'lobby-challenge', code: 'zz' })).toThrow('8 bytes in hex')
})
