/** Type-length-value fields and the ids inside items. Source: docs/retroshare.md §4.1, §4.2. */
import { type ByteReader, ByteWriter, fromHex, utf8 } from '../../util/bytes.ts'

/** Types that Foyer reads or writes. */
export const TLV = {
  none: 0x0000,
  generic: 0x0001,
  bandwidth: 0x0035,
  name: 0x0051,
  message: 0x0057,
  genericId: 0x005a,
  location: 0x005c,
  version: 0x005f,
  sha1Hash: 0x0070,
  dynDns: 0x0083,
  domainAddress: 0x0084,
  ipv4: 0x0085,
  ipv6: 0x0086,
  groupId: 0x00a0,
  keyId: 0x00a4,
  signature: 0x00b4,
  rsaKey: 0x0110,
  rsaSignature: 0x0120,
  imageBytes: 0x0130,
  gxsPart: 0x0211,
  pgpIdSet: 0x1023,
  recognitionTags: 0x1024,
  securityKey: 0x1040,
  securityKeySet: 0x1041,
  keySignature: 0x1050,
  keySignatureSet: 0x1051,
  keySignatureKind: 0x1052,
  image: 0x1060,
  addressInfo: 0x1070,
  addressSet: 0x1071,
  address: 0x1072,
} as const

const TLV_HEADER_BYTES = 6

/** `u16 type | u32 size, these 6 bytes included | content`. */
export function tlv(type: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TLV_HEADER_BYTES + content.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, type)
  view.setUint32(2, bytes.length)
  bytes.set(content, TLV_HEADER_BYTES)
  return bytes
}

/** A TLV that holds UTF-8 text. */
export const textTlv = (type: number, text: string): Uint8Array => tlv(type, utf8(text))

/** Reads any TLV: its type and a reader over its content. Fails with `bad-tlv-size`. */
export function readAnyTlv(reader: ByteReader): { type: number; content: ByteReader } {
  const type = reader.u16()
  const size = reader.u32()
  if (size < TLV_HEADER_BYTES) reader.fail('bad-tlv-size', `TLV ${hex16(type)} says ${size} bytes`)
  return { type, content: reader.part(size - TLV_HEADER_BYTES) }
}

/** Reads a TLV of this type. Fails with `bad-tlv-type`, `bad-tlv-size`. */
export function readTlv(reader: ByteReader, type: number): ByteReader {
  const found = readAnyTlv(reader)
  if (found.type !== type)
    reader.fail('bad-tlv-type', `TLV ${hex16(type)} expected, ${hex16(found.type)} came`)
  return found.content
}

export function readBytesTlv(reader: ByteReader, type: number): Uint8Array {
  const content = readTlv(reader, type)
  return content.bytes(content.remaining)
}

/** Fails with `bad-utf8` too: text that is not UTF-8 could not be written again as it came. */
export function readTextTlv(reader: ByteReader, type: number): string {
  const content = readTlv(reader, type)
  return content.utf8(content.remaining)
}

/** `u32 length | bytes`, a memory block or plain string. */
export const block = (bytes: Uint8Array): Uint8Array =>
  new ByteWriter().u32(bytes.length).bytes(bytes).finish()

export const readBlock = (reader: ByteReader): Uint8Array => reader.bytes(reader.u32())

/** The `count` bytes that an id of this program stands for; anything else in `hex` is a bug and throws. */
export function idBytes(hex: string, count: number): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes?.length !== count) throw new Error(`id of ${count} bytes in hex expected`)
  return bytes
}

const hex16 = (type: number): string => `0x${type.toString(16).padStart(4, '0')}`
