/** The little of DER (ITU-T X.690) that certificates need: definite lengths, one-byte tags. */
import { type ByteReader, concat } from '../../util/bytes.ts'

export const DER = {
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[0]`, constructed: the version of an X.509 v2 or v3 certificate. */
  version: 0xa0,
} as const

/** One element: tag, length, then the parts one after another. At most 65,535 bytes of content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts)
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return concat([Uint8Array.from(header), content])
}

/** A reader over the content of the next element. Throws `DecodeError` `der-length` for lengths that are not DER. */
export function readAny(reader: ByteReader): { readonly tag: number; readonly content: ByteReader } {
  const tag = reader.u8()
  return { tag, content: reader.part(readLength(reader)) }
}

/** The content of the next element, which must have this tag. Throws `DecodeError` `der-tag`. */
export function read(reader: ByteReader, tag: number): ByteReader {
  const element = readAny(reader)
  if (element.tag !== tag)
    reader.fail('der-tag', `tag 0x${tag.toString(16)} expected, 0x${element.tag.toString(16)} found`)
  return element.content
}

function readLength(reader: ByteReader): number {
  const first = reader.u8()
  if (first < 0x80) return first
  const length = first === 0x81 ? reader.u8() : first === 0x82 ? reader.u16() : -1
  if (length < 0x80 || (first === 0x82 && length < 0x100))
    reader.fail('der-length', 'not the shortest form of a length below 64 KiB')
  return length
}
