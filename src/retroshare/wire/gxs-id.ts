/** What GXS ids and profile links are computed from. Source: docs/retroshare.md §7.1, §7.3. */
import { sha1 } from '@noble/hashes/legacy.js'
import { ByteReader, concat, toHex, utf8 } from '../../util/bytes.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { decoding, type Result } from '../../util/result.ts'
import { idBytes } from './tlv.ts'

/** The id of an identity: 16 bytes of SHA-1 over modulus and exponent, big-endian without leading zeros. */
export function gxsIdOfKey(modulus: Uint8Array, exponent: Uint8Array): ParticipantId {
  return toHex(sha1(concat([modulus, exponent])).subarray(0, 16)) as ParticipantId
}

/** The id of an RSA key in PKCS#1 DER (`RSAPublicKey`, RFC 8017 §A.1.1). Fails with `bad-key` or `truncated`. */
export function gxsIdOfPkcs1(der: Uint8Array): Result<ParticipantId> {
  return decoding(() => {
    const sequence = readDer(new ByteReader(der), 0x30)
    const modulus = readInteger(sequence)
    const exponent = readInteger(sequence)
    sequence.end()
    return gxsIdOfKey(modulus, exponent)
  })
}

/**
 * The 20 bytes that a profile signs to own an identity.
 * `fingerprint`: 40 hex digits of the PGP key. Source: docs/retroshare.md §7.3.
 */
export function profileLinkHash(gxsId: ParticipantId, fingerprint: string): Uint8Array {
  return sha1(concat([utf8(gxsId), idBytes(fingerprint, 20)]))
}

/** An unsigned INTEGER without leading zeros. */
function readInteger(reader: ByteReader): Uint8Array {
  const content = readDer(reader, 0x02)
  const bytes = content.bytes(content.remaining)
  const from = bytes.findIndex((byte) => byte !== 0)
  if (from < 0) reader.fail('bad-key', 'zero in an RSA key')
  return bytes.subarray(from)
}

function readDer(reader: ByteReader, tag: number): ByteReader {
  const found = reader.u8()
  if (found !== tag) reader.fail('bad-key', `DER tag ${found}, ${tag} expected`)
  const first = reader.u8()
  if (first < 0x80) return reader.part(first)
  if (first === 0x81) return reader.part(reader.u8())
  if (first === 0x82) return reader.part(reader.u16())
  return reader.fail('bad-key', `DER length of form ${first}`)
}
