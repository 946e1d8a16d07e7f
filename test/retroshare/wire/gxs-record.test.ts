// Identity records: real ones read and write exactly, made ones verify, and parts that do not belong together are refused.
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ADMIN_SIGNATURE,
  decodeIdentity,
  encodeIdentityData,
  encodeIdentityMeta,
  gxsIdOfKey,
  gxsIdOfPkcs1,
  IDENTITY_FLAG,
  type IdentityData,
  type IdentityMeta,
  identitySignedBytes,
  KEY_FLAG,
  PLAIN_META,
  profileLinkHash,
} from '../../../src/retroshare/wire/gxs-record.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { ParticipantId } from '../../../src/util/ids.ts'
import { filesNamed, readVector } from './recorded.ts'

interface Listed {
  readonly id: ParticipantId
  readonly nick: string
  readonly data: string
  readonly meta: string
}
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const listed = filesNamed('.identities.json').flatMap((file): Listed[] => JSON.parse(readVector(file)))
const recordOf = ({ data, meta }: Listed) => {
  const record = decodeIdentity(bytesOf(data), bytesOf(meta))
  if (!record.ok) throw new Error(record.error.detail)
  return record.value
}
const codeOf = (data: Uint8Array, meta: Uint8Array): string => {
  const result = decodeIdentity(data, meta)
  return result.ok ? 'ok' : result.error.code
}

describe('records of real identities', () => {
  test('encode to the bytes they came in', () => {
    for (const one of listed) {
      const { data, meta } = recordOf(one)
      expect(toHex(encodeIdentityData(data))).toBe(one.data)
      expect(toHex(encodeIdentityMeta(meta))).toBe(one.meta)
    }
  })

  test('are signed by the key that hashes to their id', () => {
    for (const one of listed) {
      const { adminKey, adminSignature, signedBytes, meta, data } = recordOf(one)
      const key = createPublicKey({ key: Buffer.from(adminKey), format: 'der', type: 'pkcs1' })
      expect(verify('RSA-SHA1', signedBytes, key, adminSignature), one.id).toBe(true)
      const jwk = key.export({ format: 'jwk' })
      const [modulus, exponent] = [jwk.n, jwk.e].map(
        (part) => new Uint8Array(Buffer.from(part ?? '', 'base64url')),
      )
      expect(gxsIdOfKey(modulus ?? new Uint8Array(), exponent ?? new Uint8Array())).toBe(meta.gxsId)
      expect(data.image?.bytes).toHaveLength(0)
    }
  })

  test('with a profile name it by hash: alice owns LinkAlice, nobody owns an anonymous one', () => {
    const linked = listed.find(({ nick }) => nick === 'LinkAlice')
    const anonymous = listed.find(({ nick }) => nick === 'AliceNick')
    if (!linked || !anonymous) throw new Error('vectors are missing')
    const alice = '0706FEFE266E1DFD8B29EBA7C9F221757ACFB42F'
    expect(toHex(recordOf(linked).data.linkHash)).toBe(toHex(profileLinkHash(linked.id, alice)))
    expect(recordOf(linked).meta.groupFlags).toBe(IDENTITY_FLAG.linked)
    expect(toHex(recordOf(anonymous).data.linkHash)).toBe('00'.repeat(20))
    expect(recordOf(anonymous).meta.groupFlags).toBe(IDENTITY_FLAG.anonymous)
  })
})

test('the profile link hash is that of docs/retroshare.md §11.4', () => {
  const id = 'bb3851c00134a29f921cb3643a4525a9' as ParticipantId
  expect(toHex(profileLinkHash(id, 'C984CC1237437B5983A2031070DC1676FA60F825'))).toBe(
    '778db3511ba29027dd85f324c58717d05c4e3f30',
  )
})

/** An anonymous identity made here, as its owner makes it. */
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const der = new Uint8Array(publicKey.export({ format: 'der', type: 'pkcs1' }))
const found = gxsIdOfPkcs1(der)
const gxsId = found.ok ? found.value : ('' as ParticipantId)
const plainData: IdentityData = {
  linkHash: new Uint8Array(20),
  linkSignature: new Uint8Array(),
  recognitionTags: [],
  image: { type: 0, bytes: new Uint8Array() },
}
const data = encodeIdentityData(plainData)
const unsigned: IdentityMeta = {
  ...PLAIN_META,
  gxsId,
  nick: 'Ann ☂',
  groupFlags: IDENTITY_FLAG.anonymous,
  publishedAtSec: 1_795_000_000,
  signatures: [],
  keys: [{ id: gxsId, flags: KEY_FLAG.admin, startSec: 1_795_000_000, endSec: 0, key: der }],
}
const signature = new Uint8Array(sign('RSA-SHA1', identitySignedBytes(data, unsigned), privateKey))
const signed: IdentityMeta = {
  ...unsigned,
  signatures: [{ kind: ADMIN_SIGNATURE, author: gxsId, signature }],
}
const meta = encodeIdentityMeta(signed)

describe('a record made here', () => {
  test('has the sizes of docs/retroshare.md §7.2 and §7.4', () => {
    const nickBytes = 7
    expect(data).toHaveLength(56)
    expect(meta).toHaveLength(786 + nickBytes)
    expect(encodeIdentityMeta(unsigned)).toHaveLength(470 + nickBytes)
  })

  test('reads back whole', () => {
    expect(decodeIdentity(data, meta)).toEqual({
      ok: true,
      value: {
        data: plainData,
        meta: signed,
        adminKey: der,
        adminSignature: signature,
        signedBytes: identitySignedBytes(data, unsigned),
      },
    })
  })

  test('of the old version ends without signature flags', () => {
    const old = { ...signed, version: 0 }
    const result = decodeIdentity(data, encodeIdentityMeta(old))
    expect(result.ok && result.value.meta).toEqual(old)
    expect(encodeIdentityMeta(old)).toHaveLength(meta.length - 4)
  })

  test('may lack the image, as very old ones do, and may have link, tags and avatar', () => {
    const full: IdentityData = {
      linkHash: new Uint8Array(20).fill(1),
      linkSignature: Uint8Array.of(1, 2),
      recognitionTags: ['a', 'ü'],
      image: { type: 0, bytes: Uint8Array.of(9) },
    }
    const { image: _, ...bare } = full
    for (const one of [full, bare]) {
      const result = decodeIdentity(encodeIdentityData(one), meta)
      expect(result.ok && result.value.data).toEqual(one)
    }
  })
})

describe('a record is refused', () => {
  const other = { ...unsigned.keys[0], id: '0'.repeat(32) as ParticipantId }
  test.each<[string, string, Partial<IdentityMeta>]>([
    ['without the key of its id', 'missing-key', { keys: [] }],
    ['with a key under another id', 'missing-key', { keys: [other as IdentityMeta['keys'][number]] }],
    ['without the signature of its key', 'missing-signature', { signatures: [] }],
    [
      'with only a signature of another kind',
      'missing-signature',
      { signatures: [{ kind: 0x10, author: gxsId, signature }] },
    ],
    ['of an unknown version', 'bad-version', { version: 7 }],
    [
      'when its admin key is no RSA key',
      'bad-key',
      { keys: [{ id: gxsId, flags: KEY_FLAG.admin, startSec: 0, endSec: 0, key: Uint8Array.of(1, 1, 0) }] },
    ],
  ])('%s: %s', (_, code, change) => {
    expect(codeOf(data, encodeIdentityMeta({ ...signed, ...change }))).toBe(code)
  })

  test('when its id is the old, forgeable one, a piece of the modulus: bad-gxs-id', () => {
    const jwk = publicKey.export({ format: 'jwk' })
    const old = toHex(new Uint8Array(Buffer.from(jwk.n ?? '', 'base64url').subarray(0, 16))) as ParticipantId
    const forged: IdentityMeta = {
      ...signed,
      gxsId: old,
      keys: [{ id: old, flags: KEY_FLAG.admin, startSec: 0, endSec: 0, key: der }],
      signatures: [{ kind: ADMIN_SIGNATURE, author: old, signature }],
    }
    expect(codeOf(data, encodeIdentityMeta(forged))).toBe('bad-gxs-id')
  })

  test('when sizes, type or rest do not fit', () => {
    const longer = (bytes: Uint8Array): Uint8Array => Uint8Array.of(...bytes, 0)
    const changed = (bytes: Uint8Array, at: number, byte: number): Uint8Array =>
      bytes.map((old, i) => (i === at ? byte : old))
    expect(codeOf(longer(data), meta)).toBe('bad-size')
    expect(codeOf(data, longer(meta))).toBe('bad-size')
    expect(codeOf(changed(data, 3, 0x03), meta)).toBe('bad-subtype')
    expect(codeOf(changed(data, 0, 0x01), meta)).toBe('bad-version')
    expect(codeOf(changed(longer(data), 7, data.length + 1), meta)).toBe('trailing-bytes')
  })

  test('or read, whatever bytes change, without an exception', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), fc.integer({ min: 0, max: 255 }), (inMeta, at, byte) => {
        const part = (inMeta ? meta : data).slice()
        part[at % part.length] = byte
        const result = inMeta ? decodeIdentity(data, part) : decodeIdentity(part, meta)
        if (!result.ok) return
        expect(toHex(encodeIdentityData(result.value.data))).toBe(toHex(inMeta ? data : part))
        expect(toHex(encodeIdentityMeta(result.value.meta))).toBe(toHex(inMeta ? part : meta))
      }),
      { numRuns: 1000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (one, two) => {
        expect(decodeIdentity(one, two).ok).toBe(false)
      }),
    )
  })
})

describe('a key in DER', () => {
  test('may have short lengths, and is its modulus and exponent without leading zeros', () => {
    const modulus = Uint8Array.of(0x81, ...new Uint8Array(129))
    const integer = Uint8Array.of(0x02, 0x81, 131, 0, ...modulus)
    const key = Uint8Array.of(0x30, 0x81, integer.length + 3, ...integer, 0x02, 1, 3)
    expect(gxsIdOfPkcs1(key)).toEqual({ ok: true, value: gxsIdOfKey(modulus, Uint8Array.of(3)) })
  })

  test.each([
    ['nothing', [], 'truncated'],
    ['no sequence', [0x02, 1, 1], 'bad-key'],
    ['a length of a form not used here', [0x30, 0x84, 0, 0, 0, 1, 1], 'bad-key'],
    ['a zero', [0x30, 6, 0x02, 1, 0, 0x02, 1, 3], 'bad-key'],
    ['a third number', [0x30, 9, 0x02, 1, 5, 0x02, 1, 3, 0x02, 1, 1], 'trailing-bytes'],
  ])('with %s is refused', (_, bytes, code) => {
    expect(gxsIdOfPkcs1(Uint8Array.from(bytes))).toMatchObject({ ok: false, error: { code } })
  })
})
