/** Items of the identity exchange, 0x0211. Source: docs/retroshare.md §7.5. */
import { type ByteReader, ByteWriter } from '../../util/bytes.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { itemBytes } from './header.ts'
import { type GxsItem, SERVICE } from './item.ts'
import { idBytes, readBytesTlv, readTextTlv, TLV, textTlv, tlv } from './tlv.ts'

const SUBTYPE = {
  syncRequest: 0x01,
  groupEntry: 0x02,
  statistics: 0x03,
  group: 0x04,
  transaction: 0x40,
  pull: 0x90,
} as const

export function encodeGxsItem(item: GxsItem): Uint8Array {
  const body = new ByteWriter()
  switch (item.kind) {
    case 'gxs-sync-request':
      body
        .u32(item.transaction)
        .u8(item.flag)
        .u32(item.createdSinceSec)
        .bytes(textTlv(TLV.sha1Hash, item.hash))
        .u32(item.updatedAtSec)
      return gxs(SUBTYPE.syncRequest, body)
    case 'gxs-group-entry':
      body
        .u32(item.transaction)
        .u8(item.flag)
        .bytes(idBytes(item.groupId, 16))
        .u32(item.publishedAtSec)
        .bytes(idBytes(item.authorId, 16))
      return gxs(SUBTYPE.groupEntry, body)
    case 'gxs-group':
      body
        .u32(item.transaction)
        .u8(item.position)
        .bytes(idBytes(item.groupId, 16))
        .bytes(tlv(TLV.gxsPart, item.data))
        .bytes(tlv(TLV.gxsPart, item.meta))
      return gxs(SUBTYPE.group, body)
    case 'gxs-statistics':
      body.u32(item.type).bytes(idBytes(item.groupId, 16)).u32(item.posts).u32(item.lastPostSec)
      return gxs(SUBTYPE.statistics, body)
    case 'gxs-transaction':
      body.u32(item.transaction).u16(item.flags).u32(item.items).u32(item.updatedAtSec)
      return gxs(SUBTYPE.transaction, body)
    case 'gxs-pull':
      return gxs(SUBTYPE.pull, body)
  }
}

/** Reads the body of an identity exchange item; `undefined` for a subtype that Foyer does not know. */
export function decodeGxsItem(subtype: number, body: ByteReader): GxsItem | undefined {
  switch (subtype) {
    case SUBTYPE.syncRequest: {
      const transaction = body.u32()
      const flag = body.u8()
      const createdSinceSec = body.u32()
      const hash = readTextTlv(body, TLV.sha1Hash)
      const updatedAtSec = body.u32()
      return { kind: 'gxs-sync-request', transaction, flag, createdSinceSec, hash, updatedAtSec }
    }
    case SUBTYPE.groupEntry: {
      const transaction = body.u32()
      const flag = body.u8()
      const groupId = readGroupId(body)
      const publishedAtSec = body.u32()
      const authorId = body.hex(16)
      return { kind: 'gxs-group-entry', transaction, flag, groupId, publishedAtSec, authorId }
    }
    case SUBTYPE.group: {
      const transaction = body.u32()
      const position = body.u8()
      const groupId = readGroupId(body)
      const data = readBytesTlv(body, TLV.gxsPart)
      const meta = readBytesTlv(body, TLV.gxsPart)
      return { kind: 'gxs-group', transaction, position, groupId, data, meta }
    }
    case SUBTYPE.statistics: {
      const type = body.u32()
      const groupId = readGroupId(body)
      const posts = body.u32()
      return { kind: 'gxs-statistics', type, groupId, posts, lastPostSec: body.u32() }
    }
    case SUBTYPE.transaction: {
      const transaction = body.u32()
      const flags = body.u16()
      const items = body.u32()
      return { kind: 'gxs-transaction', transaction, flags, items, updatedAtSec: body.u32() }
    }
    case SUBTYPE.pull:
      return { kind: 'gxs-pull' }
    default:
      return undefined
  }
}

const gxs = (subtype: number, body: ByteWriter): Uint8Array =>
  itemBytes(SERVICE.gxsId, subtype, body.finish())

const readGroupId = (body: ByteReader): ParticipantId => body.hex(16) as ParticipantId
