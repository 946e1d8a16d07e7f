// Certificates of locations: those of real nodes verify, ids follow the serial, altered ones are refused.
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  issueCertificate,
  MAX_CERTIFICATE_BYTES,
  type PeerCertificate,
  readCertificate,
  verifyCertificate,
} from '../../../src/retroshare/identity/certificate.ts'
import { DER, der } from '../../../src/retroshare/identity/der.ts'
import {
  createProfile,
  type Profile,
  type ProfileKey,
  readProfileKey,
} from '../../../src/retroshare/identity/profile.ts'
import { fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import { type RecordedNode, recordedNodes } from './vectors.ts'

let nodes: RecordedNode[]
let profile: Profile
let key: ProfileKey
let issued: Uint8Array

const read = (bytes: Uint8Array): PeerCertificate => {
  const result = readCertificate(bytes)
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`)
  return result.value
}
const codeOf = (bytes: Uint8Array): string | undefined => {
  const result = readCertificate(bytes)
  return result.ok ? undefined : result.error.code
}
const keyOf = async (bytes: Uint8Array): Promise<ProfileKey> => {
  const result = await readProfileKey(bytes)
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}

beforeAll(async () => {
  nodes = await recordedNodes()
  profile = await createProfile('Foyer', 1024)
  key = await keyOf(profile.publicKey)
  const tls = generateKeyPairSync('rsa', { modulusLength: 1024 })
  issued = await issueCertificate(profile, tls.publicKey.export({ type: 'spki', format: 'der' }))
})

/** A certificate by hand: any serial and issuer, signed over what the serial's rule says. */
async function handMade(serial: string, issuer = profile.pgpId, version?: Uint8Array): Promise<Uint8Array> {
  const name = (text: string): Uint8Array =>
    der(
      DER.sequence,
      der(
        DER.set,
        der(DER.sequence, der(DER.oid, fromHex('550403') ?? utf8('')), der(DER.utf8String, utf8(text))),
      ),
    )
  const empty = der(DER.sequence)
  const tbs = der(
    DER.sequence,
    ...(version ? [version] : []),
    der(DER.integer, fromHex(serial) ?? utf8('')),
    empty,
    name(issuer),
    empty,
    name('-'),
    empty,
  )
  const signed = serial === '070001' ? tbs : createHash('sha1').update(tbs).digest()
  return der(
    DER.sequence,
    tbs,
    empty,
    der(DER.bitString, Uint8Array.of(0), await profile.sign(Uint8Array.from(signed))),
  )
}

describe('recorded certificates', () => {
  test('give the recorded location ids and issuers', () => {
    expect(nodes.length).toBeGreaterThan(12)
    for (const node of nodes) {
      expect(read(node.certificateDer)).toMatchObject({
        sslId: node.ids.sslid,
        sslIdAlternatives: [],
        issuerPgpId: node.ids.pgpid,
        serial: '70001',
      })
    }
  })

  test('verify by the keys of their profiles and by no other key', async () => {
    for (const node of nodes.filter(({ name }) => !name.includes('noself'))) {
      const certificate = read(node.certificateDer)
      expect([node.name, await verifyCertificate(certificate, await keyOf(node.publicKey))]).toEqual([
        node.name,
        true,
      ])
      expect(await verifyCertificate(certificate, key)).toBe(false)
      expect(await verifyCertificate({ ...certificate, issuerPgpId: key.pgpId }, key)).toBe(false)
    }
  })

  test('with one byte altered are refused, typed or by the signature, unless the byte has no meaning', async () => {
    const node = nodes.find(({ name }) => name.startsWith('long')) ?? nodes[0]
    if (!node) throw new Error('no recorded node')
    const original = node.certificateDer
    const nodeKey = await keyOf(node.publicKey)
    const { sslId } = read(original)
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const altered = Uint8Array.from(original)
        altered[at] = (altered[at] ?? 0) ^ flip
        const result = readCertificate(altered)
        if (!result.ok) return
        const isVerified = await verifyCertificate(result.value, nodeKey)
        // Outside the signed part and the signature lies only the repeated algorithm; a changed signature
        // that still verifies (its unhashed area) makes another location.
        const isSame = result.value.sslId === sslId
        const isUntouched = Buffer.compare(result.value.tbs, read(original).tbs) === 0
        expect(!isVerified || isUntouched).toBe(true)
        if (isVerified && isSame) expect(toHex(result.value.signature)).toBe(toHex(read(original).signature))
      }),
      { numRuns: 300 },
    )
  })
})

test('any bytes give a certificate or a typed failure', async () => {
  await fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(codeOf(bytes)).toMatch(/^(truncated|trailing-bytes|bad-utf8|der-|certificate-)/)
    }),
  )
  expect(codeOf(new Uint8Array(MAX_CERTIFICATE_BYTES + 1))).toBe('certificate-too-large')
  await fc.assert(
    fc.property(fc.nat(issued.length - 1), (length) => {
      expect(codeOf(issued.subarray(0, length))).toBe('truncated')
    }),
  )
  expect(codeOf(Buffer.concat([issued, Uint8Array.of(0)]))).toBe('trailing-bytes')
})

describe('an issued certificate', () => {
  test('is read back and verifies', async () => {
    const certificate = read(issued)
    expect(certificate).toMatchObject({ serial: '70001', issuerPgpId: profile.pgpId })
    expect(certificate.sslId).toBe(
      createHash('sha256').update(certificate.signature).digest('hex').slice(0, 32),
    )
    expect(await verifyCertificate(certificate, key)).toBe(true)
  })

  test('has the fields that RetroShare writes', () => {
    const x509 = new X509Certificate(issued)
    expect(x509.serialNumber).toBe('070001')
    expect(x509.issuer).toBe(`CN=${profile.pgpId}`)
    expect(x509.subject).toBe('CN=-')
    expect(x509.validFrom).toBe('Jan  1 00:00:00 2010 GMT')
    expect(x509.validTo).toBe('Jan  1 00:00:00 2110 GMT')
  })

  test('has the same shape as a real one up to its key', () => {
    const real = nodes.find(({ name }) => name.startsWith('long'))?.certificateDer ?? new Uint8Array()
    const head = (bytes: Uint8Array): string => toHex(bytes.subarray(8, 27))
    expect(head(issued)).toBe(head(real))
  })
})

describe('the serial number selects', () => {
  test('the id: SHA-256 of the signature, also SHA-1 for 0x60001, its last 16 bytes for all others', async () => {
    const newest = read(await handMade('070001'))
    expect(newest.sslId).toBe(createHash('sha256').update(newest.signature).digest('hex').slice(0, 32))
    const older = read(await handMade('060001'))
    expect(older.sslId).toBe(createHash('sha256').update(older.signature).digest('hex').slice(0, 32))
    expect(older.sslIdAlternatives).toEqual([
      createHash('sha1').update(older.signature).digest('hex').slice(0, 32),
    ])
    for (const serial of ['060000', '1234567890abcdef']) {
      const oldest = read(await handMade(serial))
      expect(oldest.sslId).toBe(toHex(oldest.signature.subarray(-16)))
      expect(oldest.sslIdAlternatives).toEqual([])
    }
  })

  test('what is signed: the whole part, or its SHA-1', async () => {
    for (const serial of ['070001', '060001', '060000', '1234567890abcdef']) {
      const certificate = read(await handMade(serial))
      expect([serial, await verifyCertificate(certificate, key)]).toEqual([serial, true])
      expect(await verifyCertificate({ ...certificate, serial: '70002' }, key)).toBe(serial !== '070001')
    }
  })
})

describe('the issuer', () => {
  test('may be a fingerprint, or a PGP id that lacks leading zeros', async () => {
    expect(read(await handMade('070001', profile.fingerprint)).issuerPgpId).toBe(profile.pgpId)
    expect(read(await handMade('070001', 'abc123')).issuerPgpId).toBe('0000000000ABC123')
  })

  test('must be the profile that signed', async () => {
    const certificate = read(await handMade('070001', 'ABCDEF0123456789'))
    expect(await verifyCertificate(certificate, key)).toBe(false)
    expect(await verifyCertificate({ ...certificate, issuerPgpId: key.pgpId }, key)).toBe(true)
  })

  test('must be a PGP id', async () => {
    for (const issuer of ['', '-', 'Alice', 'ABCDEFABCDEF12345', `${profile.pgpId} `])
      expect(codeOf(await handMade('070001', issuer))).toBe('certificate-issuer')
  })
})

test('X.509 v3 certificates are read too', async () => {
  const version = der(DER.version, der(DER.integer, Uint8Array.of(2)))
  expect(await verifyCertificate(read(await handMade('070001', profile.pgpId, version)), key)).toBe(true)
})

test('a signature too short for an id is refused', () => {
  const part = der(DER.sequence)
  const name = read(issued).issuerPgpId
  expect(name).toHaveLength(16)
  const short = der(DER.sequence, read(issued).tbs, part, der(DER.bitString, new Uint8Array(16)))
  expect(codeOf(short)).toBe('certificate-signature')
})
