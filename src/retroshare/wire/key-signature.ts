/** The signature field of bounced items and identity records. Source: docs/retroshare.md §4.3. */
import type { ByteReader } from '../../util/bytes.ts'
import { concat } from '../../util/bytes.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { readBytesTlv, readTextTlv, readTlv, TLV, textTlv, tlv } from './tlv.ts'

/** Who signed, and the raw RSA signature (256 bytes for RSA-2048). */
export interface KeySignature {
  readonly author: ParticipantId
  readonly signature: Uint8Array
}

export function keySignatureTlv({ author, signature }: KeySignature): Uint8Array {
  return tlv(TLV.keySignature, concat([textTlv(TLV.keyId, author), tlv(TLV.rsaSignature, signature)]))
}

/** Fails with `bad-key-id` besides what TLVs fail with. */
export function readKeySignature(reader: ByteReader): KeySignature {
  const content = readTlv(reader, TLV.keySignature)
  const author = readKeyId(content)
  const signature = readBytesTlv(content, TLV.rsaSignature)
  content.end()
  return { author, signature }
}

/** A GXS id written as 32 lower-case hex digits in a TLV; fails with `bad-key-id`. */
export function readKeyId(reader: ByteReader): ParticipantId {
  const text = readTextTlv(reader, TLV.keyId)
  if (!/^[0-9a-f]{32}$/.test(text)) reader.fail('bad-key-id', 'key id is not 32 lower-case hex digits')
  return text as ParticipantId
}
