// PGP profiles: keys of real nodes are read, signatures come out as RetroShare and Xeres want them.
import fc from 'fast-check'
import {
  config,
  createMessage,
  enums,
  generateKey,
  PacketList,
  readKey,
  readPrivateKey,
  SignaturePacket,
} from 'openpgp'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createProfile,
  loadProfile,
  MAX_PROFILE_KEY_BYTES,
  type Profile,
  type ProfileKey,
  readProfileKey,
} from '../../../src/retroshare/identity/profile.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { recordedNodes } from './vectors.ts'

const BITS = 1024
const data = utf8('a document')
let profile: Profile
let key: ProfileKey

const keyOf = async (bytes: Uint8Array): Promise<ProfileKey> => {
  const result = await readProfileKey(bytes)
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}
const codeOf = async (bytes: Uint8Array): Promise<string | undefined> => {
  const result = await readProfileKey(bytes)
  return result.ok ? undefined : result.error.code
}

beforeAll(async () => {
  profile = await createProfile('Foyer ü', BITS)
  key = await keyOf(profile.publicKey)
})

describe('keys of recorded nodes', () => {
  test('give the recorded fingerprints, ids and names', async () => {
    const nodes = (await recordedNodes()).filter((node) => !node.name.includes('noself'))
    expect(nodes.length).toBeGreaterThan(10)
    for (const node of nodes)
      expect(await keyOf(node.publicKey)).toMatchObject({
        fingerprint: node.ids.pgpfpr,
        pgpId: node.ids.pgpid,
        name: node.ids.name,
      })
  })

  test('without a self-certification are refused, as RetroShare does', async () => {
    const nodes = (await recordedNodes()).filter((node) => node.name.includes('noself'))
    expect(await Promise.all(nodes.map((node) => codeOf(node.publicKey)))).toEqual(
      nodes.map(() => 'pgp-no-self-certification'),
    )
  })

  test('with any byte altered are refused, or are another key', async () => {
    const [node] = await recordedNodes()
    const original = node?.publicKey ?? new Uint8Array()
    const { fingerprint } = await keyOf(original)
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const altered = Uint8Array.from(original)
        altered[at] = (altered[at] ?? 0) ^ flip
        const result = await readProfileKey(altered)
        // The unhashed end of a self-certification is not protected: then it is still the same key.
        if (result.ok) expect(result.value.fingerprint).toBe(fingerprint)
        else expect(result.error.code).toMatch(/^pgp-/)
      }),
      { numRuns: 60 },
    )
  })
})

test('any bytes give a key or a typed failure', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await codeOf(bytes)).toMatch(/^pgp-/)
    }),
    { numRuns: 200 },
  )
  expect(await codeOf(new Uint8Array(MAX_PROFILE_KEY_BYTES + 1))).toBe('pgp-too-large')
})

test('keys that are not RSA are refused', async () => {
  const { publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'e' }],
    format: 'binary',
  })
  expect(await codeOf(publicKey)).toBe('pgp-not-rsa')
})

test('RSA keys are accepted from 1024 bits on', async () => {
  const small = (rsaBits: number) =>
    generateKey({
      type: 'rsa',
      rsaBits,
      userIDs: [{ name: 'small' }],
      format: 'binary',
      config: { minRSABits: 512 },
    })
  expect(await codeOf((await small(1000)).publicKey)).toBe('pgp-key-size')
  expect(await codeOf((await small(1024)).publicKey)).toBeUndefined()
})

describe('an own profile', () => {
  test('has a minimal public key: key, user id, one self-certification', async () => {
    const packets = (await readKey({ binaryKey: profile.publicKey })).toPacketList()
    expect(packets.map((packet) => Reflect.get(packet.constructor, 'tag'))).toEqual([6, 13, 2])
    expect(packets[2]).toMatchObject({ version: 4, hashAlgorithm: enums.hash.sha256 })
    expect(packets.write()).toEqual(profile.publicKey)
    expect(key).toMatchObject({ fingerprint: profile.fingerprint, pgpId: profile.pgpId, name: 'Foyer ü' })
    expect(profile.pgpId).toBe(profile.fingerprint.slice(24))
    expect(profile.fingerprint).toMatch(/^[0-9A-F]{40}$/)
  })

  test('signs with v4, binary, RSA, SHA-256 and its id in the hashed area', async () => {
    const signature = await profile.sign(data)
    const { head, hashed, unhashed } = partsOf(signature)
    expect(toHex(head)).toBe('04000108')
    expect(toHex(hashed)).toContain(`0910${profile.pgpId.toLowerCase()}`)
    expect(unhashed).toHaveLength(0)
    expect(await key.verify(signature, data)).toBe(true)
  })

  test('is the same after it was stored', async () => {
    const again = await loadProfile(profile.privateKeyArmored)
    expect({ ...again, sign: null }).toEqual({ ...profile, sign: null })
    expect(await key.verify(await again.sign(data), data)).toBe(true)
  })

  test('is not made with a name that a user id cannot carry', async () => {
    for (const name of ['', ' ', 'a\nb', 'a <b>', 'x'.repeat(101)])
      await expect(createProfile(name, BITS)).rejects.toMatchObject({ code: 'PROFILE_NAME_INVALID' })
  })

  test('is refused when its file is not a plain RSA key', async () => {
    const encrypted = await generateKey({ type: 'ecc', userIDs: [{ name: 'e' }], passphrase: 'p' })
    const elliptic = await generateKey({ type: 'ecc', userIDs: [{ name: 'e' }] })
    for (const text of ['', 'nothing', encrypted.privateKey, elliptic.privateKey])
      await expect(loadProfile(text)).rejects.toMatchObject({ code: 'PROFILE_UNREADABLE' })
  })
})

describe('verification', () => {
  test('refuses other data, another key and every altered byte of the signed part', async () => {
    const signature = await profile.sign(data)
    const other = await keyOf((await createProfile('other', BITS)).publicKey)
    expect(await key.verify(signature, utf8('another document'))).toBe(false)
    expect(await other.verify(signature, data)).toBe(false)
    for (let at = 0; at < signature.length; at++) {
      const altered = Uint8Array.from(signature)
      altered[at] = (altered[at] ?? 0) ^ 1
      const isBitCount = at === partsOf(signature).numberAt + 1 // of the same bytes, so it may be off by some
      if (!isBitCount) expect([at, await key.verify(altered, data)]).toEqual([at, false])
    }
  })

  test('answers false to any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(await key.verify(bytes, data)).toBe(false)
      }),
      { numRuns: 200 },
    )
  })

  test('takes SHA-1, SHA-256 and SHA-512 and no other hash', async () => {
    const accepted: Record<string, boolean> = {}
    for (const hash of ['sha1', 'sha256', 'sha512', 'sha384', 'sha224'] as const)
      accepted[hash] = await key.verify(await signWith(enums.hash[hash]), data)
    expect(accepted).toEqual({ sha1: true, sha256: true, sha512: true, sha384: false, sha224: false })
  })

  test('refuses signatures of another kind', async () => {
    expect(await key.verify(await signWith(enums.hash.sha256, enums.signature.text), data)).toBe(false)
    expect(await key.verify(await signWith(enums.hash.sha256, enums.signature.standalone), data)).toBe(false)
  })
})

/** Of a version 4 signature packet with a new-style header (RFC 4880 §5.2.3); `numberAt`: where the RSA number is. */
function partsOf(signature: Uint8Array) {
  const bodyAt = (signature[1] ?? 0) < 192 ? 2 : 3
  const u16 = (at: number): number => ((signature[at] ?? 0) << 8) | (signature[at + 1] ?? 0)
  const hashedEnd = bodyAt + 6 + u16(bodyAt + 4)
  const unhashedEnd = hashedEnd + 2 + u16(hashedEnd)
  return {
    head: signature.subarray(bodyAt, bodyAt + 4),
    hashed: signature.subarray(bodyAt + 6, hashedEnd),
    unhashed: signature.subarray(hashedEnd + 2, unhashedEnd),
    numberAt: unhashedEnd + 2,
  }
}

/** A detached signature by `profile` of a sort that the profile itself does not make. */
async function signWith(hash: enums.hash, signatureType = enums.signature.binary): Promise<Uint8Array> {
  const privateKey = await readPrivateKey({ armoredKey: profile.privateKeyArmored })
  const [literal] = (await createMessage({ binary: data })).packets
  const packet = new SignaturePacket()
  Object.assign(packet, {
    signatureType,
    publicKeyAlgorithm: enums.publicKey.rsaEncryptSign,
    hashAlgorithm: hash,
  })
  const sign = packet.sign as (...args: unknown[]) => Promise<void>
  await sign.call(packet, privateKey.keyPacket, literal, new Date(), true, {
    ...config,
    nonDeterministicSignaturesViaNotation: false,
  })
  const packets = new PacketList<SignaturePacket>()
  packets.push(packet)
  return packets.write()
}
