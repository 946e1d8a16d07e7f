/** The 8-byte header of an item. Source: docs/retroshare.md §3.1. */
import type { ByteReader } from '../../util/bytes.ts'

export const HEADER_BYTES = 8
/** The largest item that RetroShare reads, header included. */
export const MAX_ITEM_BYTES = 262_143
/** First byte of an item; slices begin with another one. */
export const ITEM_VERSION = 0x02

/**
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | 0x02 |
 * | 1 | 2 | service number, big-endian |
 * | 3 | 1 | subtype |
 * | 4 | 4 | size of the whole item, big-endian |
 */
export interface ItemHeader {
  readonly service: number
  readonly subtype: number
  /** Bytes of the whole item, this header included. */
  readonly size: number
}

/** Reads a header; fails with `bad-version`. The size is not judged here. */
export function readHeader(reader: ByteReader): ItemHeader {
  const version = reader.u8()
  if (version !== ITEM_VERSION) reader.fail('bad-version', `item begins with ${version}, not ${ITEM_VERSION}`)
  return { service: reader.u16(), subtype: reader.u8(), size: reader.u32() }
}

/** A whole item: header with the right size, then `body`. */
export function itemBytes(service: number, subtype: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, ITEM_VERSION)
  view.setUint16(1, service)
  view.setUint8(3, subtype)
  view.setUint32(4, bytes.length)
  bytes.set(body, HEADER_BYTES)
  return bytes
}
