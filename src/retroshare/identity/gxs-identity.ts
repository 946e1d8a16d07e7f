/** GXS identities: making, changing and verifying their records, and signatures of items. docs/retroshare.md §7.1 to §7.4. */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signWithKey,
  verify as verifyWithKey,
} from 'node:crypto'
import { equalBytes } from '../../util/bytes.ts'
import { GatewayError } from '../../util/errors.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { fail, ok, type Result } from '../../util/result.ts'
import { gxsIdOfPkcs1, profileLinkHash } from '../wire/gxs-id.ts'
import {
  ADMIN_SIGNATURE,
  decodeIdentity,
  encodeIdentityData,
  encodeIdentityMeta,
  IDENTITY_FLAG,
  type IdentityMeta,
  identitySignedBytes,
  KEY_FLAG,
  PLAIN_META,
} from '../wire/gxs-record.ts'
import type { KeyPair } from './key-maker.ts'
import type { Profile, ProfileKey } from './profile.ts'

/** A record as it travels: both parts byte for byte. */
export interface RecordBytes {
  readonly data: Uint8Array
  readonly meta: Uint8Array
}

/** An identity whose record verified. */
export interface KnownIdentity {
  readonly id: ParticipantId
  readonly nick: string
  readonly publicKey: KeyObject
  /** The record says that a profile owns it; whether that is true only `verifyLink` can tell. */
  readonly isLinked: boolean
  /** A record with a later time replaces one with an earlier. */
  readonly publishedAtSec: number
}

/** An identity of ours. */
export interface GxsIdentity extends KnownIdentity, RecordBytes {
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string
  /** RSA PKCS#1 v1.5 with SHA-1, in the thread pool. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** RetroShare drops records whose nick has more bytes. */
export const MAX_IDENTITY_NICK_BYTES = 50
/** RSA keys that are accepted in foreign records: larger ones, or larger exponents, would cost us too much time. */
export const GXS_KEY_BITS = { min: 1024, max: 4096 } as const
const MAX_EXPONENT = 0xffff_ffffn

const OLD_META_VERSION = 0
const NO_LINK = { linkHash: new Uint8Array(20), linkSignature: new Uint8Array() }

/**
 * Makes an identity of a fresh key pair, anonymous or owned by the profile `link`.
 * Rejects with `IDENTITY_NICK_INVALID` for a nick that peers would drop: empty, over 50 bytes of UTF-8, control characters.
 */
export async function createGxsIdentity(
  nick: string,
  keys: KeyPair,
  nowSec: number,
  link?: Profile,
): Promise<GxsIdentity> {
  const adminKey = keys.publicKey.export({ type: 'pkcs1', format: 'der' })
  const id = gxsIdOfPkcs1(adminKey)
  if (!id.ok) throw new Error(`the id of a fresh key: ${id.error.detail}`)
  const meta: IdentityMeta = {
    ...PLAIN_META,
    gxsId: id.value,
    nick,
    groupFlags: link ? IDENTITY_FLAG.linked : IDENTITY_FLAG.anonymous,
    publishedAtSec: nowSec,
    signatures: [],
    keys: [{ id: id.value, flags: KEY_FLAG.admin, startSec: nowSec, endSec: 0, key: adminKey }],
  }
  return await signed(await dataOf(id.value, link), meta, keys.privateKey)
}

/**
 * The same identity under another nick, or now owned by the profile `link` (a link is never taken back); published
 * later than before. Rejects with `IDENTITY_NICK_INVALID`.
 */
export async function changeGxsIdentity(
  identity: GxsIdentity,
  change: { readonly nick: string; readonly link?: Profile | undefined },
  nowSec: number,
): Promise<GxsIdentity> {
  const record = decodeIdentity(identity.data, identity.meta)
  if (!record.ok) throw new Error(`own record of ${identity.id}: ${record.error.detail}`)
  const isNewlyLinked = change.link !== undefined && !identity.isLinked
  const meta: IdentityMeta = {
    ...record.value.meta,
    nick: change.nick,
    groupFlags: isNewlyLinked ? IDENTITY_FLAG.linked : record.value.meta.groupFlags,
    publishedAtSec: Math.max(nowSec, identity.publishedAtSec + 1),
  }
  const data = isNewlyLinked ? await dataOf(identity.id, change.link) : identity.data
  return await signed(data, meta, createPrivateKey(identity.privateKeyPem))
}

async function dataOf(id: ParticipantId, link?: Profile): Promise<Uint8Array> {
  const image = { type: 0, bytes: new Uint8Array() }
  if (!link) return encodeIdentityData({ ...NO_LINK, recognitionTags: [], image })
  const linkHash = profileLinkHash(id, link.fingerprint)
  return encodeIdentityData({
    linkHash,
    linkSignature: await link.sign(linkHash),
    recognitionTags: [],
    image,
  })
}

async function signed(data: Uint8Array, meta: IdentityMeta, privateKey: KeyObject): Promise<GxsIdentity> {
  if (
    meta.nick.trim() === '' ||
    Buffer.byteLength(meta.nick) > MAX_IDENTITY_NICK_BYTES ||
    /\p{Cc}/u.test(meta.nick)
  )
    throw new GatewayError(
      'IDENTITY_NICK_INVALID',
      `a nick has 1 to ${MAX_IDENTITY_NICK_BYTES} bytes and no control characters`,
    )
  const signature = await signItem(privateKey, identitySignedBytes(data, meta))
  const signatures = [{ kind: ADMIN_SIGNATURE, author: meta.gxsId, signature }]
  return ownIdentity({ data, meta: encodeIdentityMeta({ ...meta, signatures }) }, meta, privateKey)
}

function ownIdentity(record: RecordBytes, meta: IdentityMeta, privateKey: KeyObject): GxsIdentity {
  return {
    ...known(meta, createPublicKey(privateKey)),
    data: record.data,
    meta: record.meta,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: (bytes) => signItem(privateKey, bytes),
  }
}

/** An identity of ours as it was stored. Failures: those of `verifyIdentity`, and `bad-private-key`. */
export function restoreGxsIdentity(privateKeyPem: string, record: RecordBytes): Result<GxsIdentity> {
  const decoded = decodeIdentity(record.data, record.meta)
  if (!decoded.ok) return decoded
  const verified = verifyIdentity(record.data, record.meta)
  if (!verified.ok) return verified
  const privateKey = keyOrNone(() => createPrivateKey(privateKeyPem))
  if (!privateKey || !createPublicKey(privateKey).equals(verified.value.publicKey))
    return failed('bad-private-key', `not the private key of ${verified.value.id}`)
  return ok(ownIdentity(record, decoded.value.meta, privateKey))
}

/**
 * Reads a record and verifies the signature of its admin key. Failures: those of `decodeIdentity`, `bad-key` (no RSA
 * key, or outside the accepted sizes) and `bad-signature`.
 */
export function verifyIdentity(data: Uint8Array, meta: Uint8Array): Result<KnownIdentity> {
  const decoded = decodeIdentity(data, meta)
  if (!decoded.ok) return decoded
  const record = decoded.value
  const publicKey = keyOrNone(() =>
    createPublicKey({ key: Buffer.from(record.adminKey), format: 'der', type: 'pkcs1' }),
  )
  if (!publicKey || !isAcceptable(publicKey)) return failed('bad-key', `the key of ${record.meta.gxsId}`)
  const isSigned = [PLAIN_META.version, OLD_META_VERSION].some((version) =>
    verifyItemSignature(
      publicKey,
      identitySignedBytes(data, { ...record.meta, version }),
      record.adminSignature,
    ),
  )
  if (!isSigned) return failed('bad-signature', `the record of ${record.meta.gxsId}`)
  return ok(known(record.meta, publicKey))
}

/** Whether the profile really owns the identity: the link names both, and the profile signed it. Never rejects. */
export async function verifyLink(record: RecordBytes, key: ProfileKey): Promise<boolean> {
  const decoded = decodeIdentity(record.data, record.meta)
  if (!decoded.ok) return false
  const { linkHash, linkSignature } = decoded.value.data
  const expected = profileLinkHash(decoded.value.meta.gxsId, key.fingerprint)
  return equalBytes(linkHash, expected) && (await key.verify(linkSignature, linkHash))
}

/** Whether `signature` is one of `bytes` by an identity: RSA PKCS#1 v1.5 with SHA-1. Takes some 30 microseconds. */
export const verifyItemSignature = (
  publicKey: KeyObject,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean => verifyWithKey('RSA-SHA1', bytes, publicKey, signature)

const signItem = (privateKey: KeyObject, bytes: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    signWithKey('RSA-SHA1', bytes, privateKey, (error, signature) =>
      error ? reject(error) : resolve(signature),
    ),
  )

const known = (meta: IdentityMeta, publicKey: KeyObject): KnownIdentity => ({
  id: meta.gxsId,
  nick: meta.nick,
  publicKey,
  isLinked: (meta.groupFlags & IDENTITY_FLAG.linkedBit) !== 0,
  publishedAtSec: meta.publishedAtSec,
})

function isAcceptable(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  return (
    modulusLength >= GXS_KEY_BITS.min && modulusLength <= GXS_KEY_BITS.max && publicExponent <= MAX_EXPONENT
  )
}

function keyOrNone(read: () => KeyObject): KeyObject | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const failed = (code: string, detail: string): Result<never> => fail({ code, offset: 0, detail })
