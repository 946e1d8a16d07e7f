/** Public records of identities: the data and metadata parts of a `gxs-group`. Source: docs/retroshare.md §7.2 to §7.4. */
import { ByteReader, ByteWriter, concat } from '../../util/bytes.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { decoding, type Result } from '../../util/result.ts'
import { gxsIdOfPkcs1 } from './gxs-id.ts'
import { itemBytes, readHeader } from './header.ts'
import { SERVICE } from './item.ts'
import { type KeySignature, keySignatureTlv, readKeyId, readKeySignature } from './key-signature.ts'
import { idBytes, readBytesTlv, readTextTlv, readTlv, TLV, textTlv, tlv } from './tlv.ts'

export { gxsIdOfKey, gxsIdOfPkcs1, profileLinkHash } from './gxs-id.ts'

/** Group flags of an identity; with `linkedBit` set it counts as linked to a profile, also in signed lobbies. */
export const IDENTITY_FLAG = { linked: 0x0101, anonymous: 0x0004, linkedBit: 0x0001 } as const

/** Flags of the public keys in a record: the admin key signs, publish keys are not used here. */
export const KEY_FLAG = { admin: 0x41, publish: 0x21 } as const

/** Kind of the signature by the admin key. */
export const ADMIN_SIGNATURE = 0x40

/** The data part. */
export interface IdentityData {
  /** 20 bytes, see `profileLinkHash`; zero for anonymous identities. */
  readonly linkHash: Uint8Array
  /** Detached binary PGP signature of `linkHash`; empty for anonymous identities. */
  readonly linkSignature: Uint8Array
  readonly recognitionTags: readonly string[]
  /** The avatar; empty bytes without one, absent in very old records. `type` is 0 on the wire. */
  readonly image?: { readonly type: number; readonly bytes: Uint8Array }
}

export interface SecurityKey {
  readonly id: ParticipantId
  /** One of `KEY_FLAG`. */
  readonly flags: number
  readonly startSec: number
  /** 0: no end. */
  readonly endSec: number
  /** PKCS#1 `RSAPublicKey` in DER. */
  readonly key: Uint8Array
}

export interface RecordSignature extends KeySignature {
  readonly kind: number
}

/** The metadata part; `PLAIN_META` has the fields that are the same for all identities. */
export interface IdentityMeta {
  /** 0xaf01, or 0 in old records, which end before `signatureFlags`. */
  readonly version: number
  readonly gxsId: ParticipantId
  /** These four are 32 hex digits, zero for identities. */
  readonly originalGroupId: string
  readonly parentGroupId: string
  readonly authorId: string
  readonly circleId: string
  readonly nick: string
  /** `IDENTITY_FLAG.linked` or `.anonymous`. */
  readonly groupFlags: number
  /** Time of the last change; a newer record replaces an older one. */
  readonly publishedAtSec: number
  /** 1: public. */
  readonly circleType: number
  readonly authenticationFlags: number
  readonly serviceString: string
  readonly signatures: readonly RecordSignature[]
  readonly keyGroupId: string
  readonly keys: readonly SecurityKey[]
  readonly signatureFlags: number
}

/** An identity record that belongs together; whether `adminSignature` is right is for the caller to verify. */
export interface IdentityRecord {
  readonly data: IdentityData
  readonly meta: IdentityMeta
  /** PKCS#1 DER of the key that signs the record and everything the identity says; its hash is the GXS id. */
  readonly adminKey: Uint8Array
  /** RSA PKCS#1 v1.5 with SHA-1 over `signedBytes`. */
  readonly adminSignature: Uint8Array
  readonly signedBytes: Uint8Array
}

const META_VERSION = 0xaf01
const META_VERSION_OLD = 0
const IDENTITY_SUBTYPE = 0x02
const LINK_HASH_BYTES = 20
const NO_ID = '0'.repeat(32)

export const PLAIN_META = {
  version: META_VERSION,
  originalGroupId: NO_ID,
  parentGroupId: NO_ID,
  authorId: NO_ID,
  circleId: NO_ID,
  circleType: 1,
  authenticationFlags: 0,
  serviceString: '',
  keyGroupId: '',
  signatureFlags: 0,
} as const satisfies Partial<IdentityMeta>

/**
 * Reads a record and checks that its parts belong together: the admin key must hash to the GXS id (`bad-gxs-id`; the
 * old id, a piece of the modulus, can be forged and is refused), and key and signature must be there (`missing-key`,
 * `missing-signature`). Fails too with `bad-version`, `bad-size`, `bad-subtype`, `bad-key` and as `decodeItem` does.
 */
export function decodeIdentity(data: Uint8Array, meta: Uint8Array): Result<IdentityRecord> {
  return decoding(() => {
    const identityData = readIdentityData(data)
    const reader = new ByteReader(meta)
    const identityMeta = readIdentityMeta(reader, meta.length)
    const { gxsId, keys, signatures } = identityMeta
    const adminKey = keys.find((key) => key.id === gxsId)?.key
    if (!adminKey) return reader.fail('missing-key', `no key ${gxsId} in its record`)
    const id = gxsIdOfPkcs1(adminKey)
    if (!id.ok) return reader.fail(id.error.code, `admin key of ${gxsId}: ${id.error.detail}`)
    if (id.value !== gxsId) return reader.fail('bad-gxs-id', `record of ${gxsId} has the key of ${id.value}`)
    const isAdmin = (one: RecordSignature): boolean => one.kind === ADMIN_SIGNATURE && one.author === gxsId
    const adminSignature = signatures.find(isAdmin)?.signature
    if (!adminSignature) return reader.fail('missing-signature', `record of ${gxsId} is not signed by it`)
    const signedBytes = identitySignedBytes(data, identityMeta)
    return { data: identityData, meta: identityMeta, adminKey, adminSignature, signedBytes }
  })
}

/** What the admin key signs: the data part as sent, then the metadata without signatures. */
export function identitySignedBytes(data: Uint8Array, meta: IdentityMeta): Uint8Array {
  return concat([data, encodeIdentityMeta({ ...meta, signatures: [] })])
}

export function encodeIdentityData(data: IdentityData): Uint8Array {
  const body = new ByteWriter()
    .bytes(data.linkHash)
    .bytes(tlv(TLV.signature, data.linkSignature))
    .bytes(tlv(TLV.recognitionTags, concat(data.recognitionTags.map((tag) => textTlv(TLV.genericId, tag)))))
  if (data.image) {
    const { type, bytes } = data.image
    body.bytes(tlv(TLV.image, new ByteWriter().u32(type).bytes(tlv(TLV.imageBytes, bytes)).finish()))
  }
  return itemBytes(SERVICE.gxsId, IDENTITY_SUBTYPE, body.finish())
}

export function encodeIdentityMeta(meta: IdentityMeta): Uint8Array {
  const body = new ByteWriter()
    .bytes(idBytes(meta.gxsId, 16))
    .bytes(idBytes(meta.originalGroupId, 16))
    .bytes(idBytes(meta.parentGroupId, 16))
    .bytes(textTlv(TLV.none, meta.nick))
    .u32(meta.groupFlags)
    .u32(meta.publishedAtSec)
    .u32(meta.circleType)
    .u32(meta.authenticationFlags)
    .bytes(idBytes(meta.authorId, 16))
    .bytes(textTlv(TLV.none, meta.serviceString))
    .bytes(idBytes(meta.circleId, 16))
    .bytes(tlv(TLV.keySignatureSet, concat(meta.signatures.map(signatureBytes))))
    .bytes(tlv(TLV.securityKeySet, concat([textTlv(TLV.groupId, meta.keyGroupId), ...meta.keys.map(keyTlv)])))
  if (meta.version !== META_VERSION_OLD) body.u32(meta.signatureFlags)
  return new ByteWriter()
    .u32(meta.version)
    .u32(8 + body.size)
    .bytes(body.finish())
    .finish()
}

function readIdentityData(bytes: Uint8Array): IdentityData {
  const reader = new ByteReader(bytes)
  const { service, subtype, size } = readHeader(reader)
  if (size !== bytes.length) reader.fail('bad-size', `data says ${size} bytes, ${bytes.length} came`)
  if (service !== SERVICE.gxsId || subtype !== IDENTITY_SUBTYPE)
    reader.fail('bad-subtype', `data of service ${service} subtype ${subtype} is no identity`)
  const linkHash = reader.bytes(LINK_HASH_BYTES)
  const linkSignature = readBytesTlv(reader, TLV.signature)
  const tags = readTlv(reader, TLV.recognitionTags)
  const recognitionTags: string[] = []
  while (tags.remaining > 0) recognitionTags.push(readTextTlv(tags, TLV.genericId))
  if (reader.remaining === 0) return { linkHash, linkSignature, recognitionTags }
  const image = readTlv(reader, TLV.image)
  const type = image.u32()
  const imageBytes = readBytesTlv(image, TLV.imageBytes)
  image.end()
  reader.end()
  return { linkHash, linkSignature, recognitionTags, image: { type, bytes: imageBytes } }
}

function readIdentityMeta(reader: ByteReader, length: number): IdentityMeta {
  const version = reader.u32()
  if (version !== META_VERSION && version !== META_VERSION_OLD)
    reader.fail('bad-version', `metadata of version ${version}`)
  const size = reader.u32()
  if (size !== length) reader.fail('bad-size', `metadata says ${size} bytes, ${length} came`)
  const meta = {
    version,
    gxsId: reader.hex(16) as ParticipantId,
    originalGroupId: reader.hex(16),
    parentGroupId: reader.hex(16),
    nick: readTextTlv(reader, TLV.none),
    groupFlags: reader.u32(),
    publishedAtSec: reader.u32(),
    circleType: reader.u32(),
    authenticationFlags: reader.u32(),
    authorId: reader.hex(16),
    serviceString: readTextTlv(reader, TLV.none),
    circleId: reader.hex(16),
    signatures: readSignatures(reader),
    ...readKeys(reader),
    signatureFlags: version === META_VERSION_OLD ? 0 : reader.u32(),
  }
  reader.end()
  return meta
}

function signatureBytes(signature: RecordSignature): Uint8Array {
  const kind = new ByteWriter().u32(signature.kind).finish()
  return concat([tlv(TLV.keySignatureKind, kind), keySignatureTlv(signature)])
}

function readSignatures(reader: ByteReader): RecordSignature[] {
  const set = readTlv(reader, TLV.keySignatureSet)
  const signatures: RecordSignature[] = []
  while (set.remaining > 0) {
    const kind = readTlv(set, TLV.keySignatureKind)
    signatures.push({ kind: kind.u32(), ...readKeySignature(set) })
    kind.end()
  }
  return signatures
}

function keyTlv({ id, flags, startSec, endSec, key }: SecurityKey): Uint8Array {
  return tlv(
    TLV.securityKey,
    new ByteWriter()
      .bytes(textTlv(TLV.keyId, id))
      .u32(flags)
      .u32(startSec)
      .u32(endSec)
      .bytes(tlv(TLV.rsaKey, key))
      .finish(),
  )
}

function readKeys(reader: ByteReader): Pick<IdentityMeta, 'keyGroupId' | 'keys'> {
  const set = readTlv(reader, TLV.securityKeySet)
  const keyGroupId = readTextTlv(set, TLV.groupId)
  const keys: SecurityKey[] = []
  while (set.remaining > 0) {
    const content = readTlv(set, TLV.securityKey)
    keys.push({
      id: readKeyId(content),
      flags: content.u32(),
      startSec: content.u32(),
      endSec: content.u32(),
      key: readBytesTlv(content, TLV.rsaKey),
    })
    content.end()
  }
  return { keyGroupId, keys }
}
