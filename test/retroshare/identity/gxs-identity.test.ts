// GXS identities: records of real nodes verify, own ones have the same shape, nothing altered passes.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  changeGxsIdentity,
  createGxsIdentity,
  type GxsIdentity,
  type RecordBytes,
  restoreGxsIdentity,
  verifyIdentity,
  verifyItemSignature,
  verifyLink,
} from '../../../src/retroshare/identity/gxs-identity.ts'
import type { KeyPair } from '../../../src/retroshare/identity/key-maker.ts'
import {
  createProfile,
  type Profile,
  type ProfileKey,
  readProfileKey,
} from '../../../src/retroshare/identity/profile.ts'
import { gxsIdOfPkcs1, profileLinkHash } from '../../../src/retroshare/wire/gxs-id.ts'
import {
  ADMIN_SIGNATURE,
  decodeIdentity,
  encodeIdentityMeta,
  type IdentityMeta,
  identitySignedBytes,
  KEY_FLAG,
} from '../../../src/retroshare/wire/gxs-record.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import type { ParticipantId } from '../../../src/util/ids.ts'
import { type RecordedIdentity, recordedIdentities, recordedNodes } from './vectors.ts'

const NOW_SEC = 1_795_000_000
const recorded = recordedIdentities()
let keys: KeyPair
let profile: Profile
let profileKey: ProfileKey
let anonymous: GxsIdentity
let linked: GxsIdentity

const keyOf = async (bytes: Uint8Array): Promise<ProfileKey> => {
  const result = await readProfileKey(bytes)
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}
const codeOf = (record: RecordBytes): string | undefined => {
  const result = verifyIdentity(record.data, record.meta)
  return result.ok ? undefined : result.error.code
}
const metaOf = (record: RecordBytes): IdentityMeta => {
  const result = decodeIdentity(record.data, record.meta)
  if (!result.ok) throw new Error(result.error.code)
  return result.value.meta
}
const newKeys = (modulusLength: number, publicExponent = 65537): KeyPair =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })
const plain = (identity: GxsIdentity): unknown => ({
  ...identity,
  data: toHex(identity.data),
  meta: toHex(identity.meta),
  publicKey: identity.publicKey.export({ type: 'pkcs1', format: 'pem' }),
  sign: null,
})

beforeAll(async () => {
  keys = newKeys(2048)
  profile = await createProfile('Foyer', 1024)
  profileKey = await keyOf(profile.publicKey)
  anonymous = await createGxsIdentity('Bob ü☂', keys, NOW_SEC)
  linked = await createGxsIdentity('Carol', keys, NOW_SEC, profile)
})

describe('recorded identities', () => {
  test('verify, with the recorded ids, nicks and links', () => {
    expect(recorded.length).toBeGreaterThan(6)
    for (const { id, nick, flags, data, meta } of recorded) {
      const result = verifyIdentity(data, meta)
      expect(result.ok && { ...result.value, publicKey: null }).toMatchObject({
        id,
        nick,
        isLinked: (Number(flags) & 1) !== 0,
      })
    }
  })

  test('are linked to whom they say, by the keys of the recorded profiles', async () => {
    const nodeKeys = await Promise.all(
      (await recordedNodes())
        .filter(({ name }) => !name.includes('noself'))
        .map((node) => keyOf(node.publicKey)),
    )
    const owners = new Map<RecordedIdentity, string[]>()
    for (const identity of recorded) {
      const checks = await Promise.all(nodeKeys.map((key) => verifyLink(identity, key)))
      owners.set(
        identity,
        nodeKeys.filter((_, at) => checks[at]).map((key) => key.name),
      )
    }
    for (const [identity, names] of owners) {
      if (Number(identity.flags) === 4) expect([identity.nick, names]).toEqual([identity.nick, []])
    }
    const real = [...owners].filter(([, names]) => names.length > 0)
    expect(real.length).toBeGreaterThan(0)
    expect(new Set(real.flatMap(([, names]) => names))).toContain('proto')
  })

  test('with one byte altered are refused, typed', () => {
    const [record] = recorded
    if (!record) throw new Error('no recorded identity')
    fc.assert(
      fc.property(
        fc.constantFrom('data' as const, 'meta' as const),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (part, where, flip) => {
          const altered = { data: Uint8Array.from(record.data), meta: Uint8Array.from(record.meta) }
          const at = where % altered[part].length
          altered[part][at] = (altered[part][at] ?? 0) ^ flip
          expect(codeOf(altered)).toMatch(/^[a-z0-9-]+$/)
        },
      ),
      { numRuns: 400 },
    )
  })
})

test('any bytes give an identity or a typed failure', () => {
  const bytes = fc.uint8Array({ maxLength: 400 })
  fc.assert(
    fc.property(bytes, bytes, (data, meta) => {
      expect(codeOf({ data, meta })).toMatch(/^[a-z0-9-]+$/)
    }),
  )
})

test('the link hash has the value of the known vector', () => {
  const id = 'bb3851c00134a29f921cb3643a4525a9' as ParticipantId
  const hash = profileLinkHash(id, 'C984CC1237437B5983A2031070DC1676FA60F825')
  expect(toHex(hash)).toBe('778db3511ba29027dd85f324c58717d05c4e3f30')
})

describe('an own identity', () => {
  test('verifies like a foreign one', () => {
    const result = verifyIdentity(anonymous.data, anonymous.meta)
    expect(result.ok && result.value).toMatchObject({
      id: anonymous.id,
      nick: 'Bob ü☂',
      isLinked: false,
      publishedAtSec: NOW_SEC,
    })
  })

  test('has the sizes of the format: 56 bytes of data, 786 and the nick of metadata', () => {
    expect(anonymous.data.length).toBe(56)
    expect(anonymous.meta.length).toBe(786 + utf8('Bob ü☂').length)
  })

  test('writes the same fields as a recorded anonymous one', () => {
    const real = recorded.find(({ flags, nick }) => Number(flags) === 4 && nick.startsWith('Bob Proto'))
    if (!real) throw new Error('no recorded identity')
    const shape = (meta: IdentityMeta): unknown => ({
      ...meta,
      gxsId: '',
      nick: '',
      publishedAtSec: 0,
      signatures: meta.signatures.map(({ kind, author }) => [kind, author === meta.gxsId]),
      keys: meta.keys.map(({ id, flags, endSec, key }) => [id === meta.gxsId, flags, endSec, key.length]),
    })
    expect(shape(metaOf(anonymous))).toEqual(shape(metaOf(real)))
    expect(toHex(anonymous.data)).toBe(toHex(real.data))
  })

  test('is linked to its profile and to no other', async () => {
    const other = await keyOf((await createProfile('other', 1024)).publicKey)
    expect(linked.isLinked).toBe(true)
    expect(metaOf(linked).groupFlags).toBe(0x101)
    expect(metaOf(anonymous).groupFlags).toBe(0x004)
    expect(await verifyLink(linked, profileKey)).toBe(true)
    expect(await verifyLink(linked, other)).toBe(false)
    expect(await verifyLink(anonymous, profileKey)).toBe(false)
    expect(await verifyLink({ data: linked.data, meta: new Uint8Array() }, profileKey)).toBe(false)
    const stranger = await createGxsIdentity('Mallory', newKeys(1024), NOW_SEC)
    expect(await verifyLink({ data: linked.data, meta: stranger.meta }, profileKey)).toBe(false)
  })

  test('signs items, and a signature fits only its bytes and key', async () => {
    const item = utf8('an item')
    const signature = await anonymous.sign(item)
    const other = createPublicKey(newKeys(1024).privateKey)
    expect(signature.length).toBe(256)
    expect(verifyItemSignature(anonymous.publicKey, item, signature)).toBe(true)
    expect(verifyItemSignature(anonymous.publicKey, utf8('another'), signature)).toBe(false)
    expect(verifyItemSignature(other, item, signature)).toBe(false)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(verifyItemSignature(anonymous.publicKey, item, bytes)).toBe(false)
      }),
    )
  })

  test('is the same after it was stored', () => {
    const again = restoreGxsIdentity(linked.privateKeyPem, { data: linked.data, meta: linked.meta })
    expect(again.ok && plain(again.value)).toEqual(plain(linked))
  })

  test('is not restored with another private key, or a record that does not verify', () => {
    const code = (pem: string, record: RecordBytes): string | undefined => {
      const result = restoreGxsIdentity(pem, record)
      return result.ok ? undefined : result.error.code
    }
    const other = newKeys(1024).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(code(other, linked)).toBe('bad-private-key')
    expect(code('nothing', linked)).toBe('bad-private-key')
    expect(code(linked.privateKeyPem, { data: linked.data, meta: anonymous.meta })).toBe('bad-signature')
    expect(code(linked.privateKeyPem, { data: linked.data, meta: utf8('') })).toBe('truncated')
  })

  test('keeps id, key and link under a new nick, and is published later', async () => {
    for (const nowSec of [NOW_SEC + 100, NOW_SEC - 100]) {
      const renamed = await changeGxsIdentity(linked, { nick: 'Dora' }, nowSec)
      expect(codeOf(renamed)).toBeUndefined()
      expect(renamed).toMatchObject({ id: linked.id, nick: 'Dora', isLinked: true, data: linked.data })
      expect(renamed.publishedAtSec).toBe(Math.max(nowSec, NOW_SEC + 1))
      expect(metaOf(renamed).keys).toEqual(metaOf(linked).keys)
    }
  })

  test('can be linked later', async () => {
    const nowLinked = await changeGxsIdentity(anonymous, { nick: anonymous.nick, link: profile }, NOW_SEC)
    expect(codeOf(nowLinked)).toBeUndefined()
    expect(nowLinked).toMatchObject({ id: anonymous.id, isLinked: true })
    expect(await verifyLink(nowLinked, profileKey)).toBe(true)
  })

  test('has no nick that peers would drop', async () => {
    for (const nick of ['', '  ', 'a\tb', 'x'.repeat(51), 'ü'.repeat(26)]) {
      await expect(createGxsIdentity(nick, keys, NOW_SEC)).rejects.toMatchObject({
        code: 'IDENTITY_NICK_INVALID',
      })
      await expect(changeGxsIdentity(anonymous, { nick }, NOW_SEC)).rejects.toMatchObject({
        code: 'IDENTITY_NICK_INVALID',
      })
    }
  })
})

describe('a record', () => {
  /** `record` with its metadata changed and signed again as version `signedAs`. */
  const again = async (change: Partial<IdentityMeta>, signedAs: number): Promise<RecordBytes> => {
    const meta = { ...metaOf(anonymous), ...change }
    const signature = await anonymous.sign(
      identitySignedBytes(anonymous.data, { ...meta, version: signedAs, signatures: [] }),
    )
    const signatures = [{ kind: 0x40, author: meta.gxsId, signature }]
    return { data: anonymous.data, meta: encodeIdentityMeta({ ...meta, signatures }) }
  }

  test('may be signed as the new or the old version of the metadata', async () => {
    for (const version of [0xaf01, 0])
      for (const signedAs of [0xaf01, 0]) expect(codeOf(await again({ version }, signedAs))).toBeUndefined()
    expect(codeOf(await again({}, 7))).toBe('bad-signature')
  })

  test('is accepted with RSA keys from 1024 bits on and with any usual exponent', async () => {
    expect(codeOf(await createGxsIdentity('x', newKeys(512), NOW_SEC))).toBe('bad-key')
    expect(codeOf(await createGxsIdentity('x', newKeys(1024), NOW_SEC))).toBeUndefined()
    expect(codeOf(await createGxsIdentity('x', newKeys(1024, 3), NOW_SEC))).toBeUndefined()
  })

  test('is refused with an exponent that would make each verification slow, or a key that is none', () => {
    const { n = '' } = keys.publicKey.export({ format: 'jwk' })
    const e = Buffer.alloc(256, 1).toString('base64url')
    const slow = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
    const withKey = (key: Uint8Array): string | undefined => {
      const id = gxsIdOfPkcs1(key)
      if (!id.ok) throw new Error(id.error.code)
      const meta: IdentityMeta = {
        ...metaOf(anonymous),
        gxsId: id.value,
        signatures: [{ kind: ADMIN_SIGNATURE, author: id.value, signature: new Uint8Array(256) }],
        keys: [{ id: id.value, flags: KEY_FLAG.admin, startSec: 0, endSec: 0, key }],
      }
      return codeOf({ data: anonymous.data, meta: encodeIdentityMeta(meta) })
    }
    expect(withKey(keys.publicKey.export({ type: 'pkcs1', format: 'der' }))).toBe('bad-signature')
    expect(withKey(slow.export({ type: 'pkcs1', format: 'der' }))).toBe('bad-key')
    expect(withKey(Uint8Array.of(0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01))).toBe('bad-key')
  })
})
