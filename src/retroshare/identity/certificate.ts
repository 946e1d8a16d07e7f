/** The X.509 certificate of a location, signed by a PGP profile. docs/retroshare.md §1.3 to §1.5. */
import { createHash } from 'node:crypto'
import { ByteReader, toHex, utf8 } from '../../util/bytes.ts'
import type { FriendId } from '../../util/ids.ts'
import { DecodeError, decoding, type Result } from '../../util/result.ts'
import { DER, der, read, readAny } from './der.ts'
import type { Profile, ProfileKey } from './profile.ts'

/** A certificate as presented in a TLS handshake; nothing is verified by reading it. */
export interface PeerCertificate {
  /** Id of the location. */
  readonly sslId: FriendId
  /** Further ids by which other implementations know the same certificate (serial 0x60001 only). */
  readonly sslIdAlternatives: readonly FriendId[]
  /** 16 upper-case hex digits: whose PGP key signed, as the certificate claims. */
  readonly issuerPgpId: string
  /** Lower-case hex without leading zeros: `70001` today. It selects the rules of ids and signatures. */
  readonly serial: string
  /** The complete DER of the signed part. */
  readonly tbs: Uint8Array
  /** A binary PGP signature packet. */
  readonly signature: Uint8Array
}

/** A certificate with more bytes is refused; real ones have about two thousand. */
export const MAX_CERTIFICATE_BYTES = 16_384

const SERIAL = '70001'
const SERIAL_WITH_TWO_IDS = '60001'
const ID_BYTES = 16
const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03)
const SHA256_WITH_RSA = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)

/** A certificate for a TLS key (DER of its SubjectPublicKeyInfo): X.509 v1, serial 0x70001, valid 2010 to 2110. */
export async function issueCertificate(profile: Profile, tlsPublicKeySpki: Uint8Array): Promise<Uint8Array> {
  const algorithm = der(DER.sequence, der(DER.oid, SHA256_WITH_RSA), der(DER.null))
  const tbs = der(
    DER.sequence,
    der(DER.integer, Uint8Array.of(0x07, 0x00, 0x01)),
    algorithm,
    nameOf(profile.pgpId),
    der(
      DER.sequence,
      der(DER.utcTime, utf8('100101000000Z')),
      der(DER.generalizedTime, utf8('21100101000000Z')),
    ),
    nameOf('-'),
    tlsPublicKeySpki,
  )
  const signature = await profile.sign(tbs)
  return der(DER.sequence, tbs, algorithm, der(DER.bitString, Uint8Array.of(0), signature))
}

const nameOf = (text: string): Uint8Array =>
  der(
    DER.sequence,
    der(DER.set, der(DER.sequence, der(DER.oid, COMMON_NAME), der(DER.utf8String, utf8(text)))),
  )

/**
 * Reads a certificate of any serial, X.509 v1 to v3. Failures besides those of readers: `der-tag`, `der-length`,
 * `certificate-too-large`, `certificate-issuer`, `certificate-serial`, `certificate-signature`, `certificate-id`.
 */
export function readCertificate(bytes: Uint8Array): Result<PeerCertificate> {
  return decoding(() => {
    if (bytes.length > MAX_CERTIFICATE_BYTES)
      throw new DecodeError('certificate-too-large', 0, `${bytes.length} bytes`)
    const outer = new ByteReader(bytes)
    const certificate = read(outer, DER.sequence)
    outer.end()
    const tbsFrom = certificate.offset
    const signed = readSignedPart(read(certificate, DER.sequence))
    const tbs = Uint8Array.from(bytes.subarray(tbsFrom, certificate.offset))
    read(certificate, DER.sequence)
    const bits = read(certificate, DER.bitString)
    certificate.end()
    if (bits.remaining <= ID_BYTES || bits.u8() !== 0)
      bits.fail('certificate-signature', 'expected whole bytes, at least 16')
    const signature = Uint8Array.from(bits.bytes(bits.remaining))
    const [sslId, ...sslIdAlternatives] = idsOf(signed.serial, signature)
    if (/^0*$/.test(sslId)) certificate.fail('certificate-id', 'the location id is zero')
    return { sslId, sslIdAlternatives, ...signed, tbs, signature }
  })
}

function readSignedPart(tbs: ByteReader): { serial: string; issuerPgpId: string } {
  let element = readAny(tbs)
  if (element.tag === DER.version) element = readAny(tbs)
  if (element.tag !== DER.integer || element.content.remaining === 0)
    element.content.fail('certificate-serial', 'expected the serial number')
  const serial = element.content.hex(element.content.remaining).replace(/^0+/, '')
  read(tbs, DER.sequence)
  const issuerPgpId = readIssuer(read(tbs, DER.sequence))
  for (let rest = 0; rest < 3; rest++) read(tbs, DER.sequence) // validity, subject, key: left to the TLS library
  return { serial, issuerPgpId }
}

/** The PGP id, also from a fingerprint (old RetroShare) or without its leading zeros (Xeres). */
function readIssuer(names: ByteReader): string {
  while (names.remaining > 0) {
    const attribute = read(read(names, DER.set), DER.sequence)
    const type = read(attribute, DER.oid)
    const { content } = readAny(attribute)
    if (type.hex(type.remaining) !== toHex(COMMON_NAME)) continue
    const text = content.utf8(content.remaining)
    if (/^([0-9a-fA-F]{1,16}|[0-9a-fA-F]{40})$/.test(text))
      return text.slice(-16).padStart(16, '0').toUpperCase()
  }
  return names.fail('certificate-issuer', 'expected a common name that is a PGP id')
}

function idsOf(serial: string, signature: Uint8Array): [FriendId, ...FriendId[]] {
  const hashed = (algorithm: string): FriendId =>
    toHex(createHash(algorithm).update(signature).digest().subarray(0, ID_BYTES)) as FriendId
  switch (serial) {
    case SERIAL:
      return [hashed('sha256')]
    case SERIAL_WITH_TWO_IDS:
      return [hashed('sha256'), hashed('sha1')]
    default:
      return [toHex(signature.subarray(-ID_BYTES)) as FriendId]
  }
}

/** Whether the profile signed the certificate and is the issuer that the certificate names. Never rejects. */
export async function verifyCertificate(cert: PeerCertificate, key: ProfileKey): Promise<boolean> {
  if (cert.issuerPgpId !== key.pgpId) return false
  const signed = cert.serial === SERIAL ? cert.tbs : createHash('sha1').update(cert.tbs).digest()
  return await key.verify(cert.signature, signed)
}
