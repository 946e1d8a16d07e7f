/** Items to bytes and back, byte for byte. Source: docs/retroshare.md §3 to §7. */
import { ByteReader } from '../../util/bytes.ts'
import { decoding, type Result } from '../../util/result.ts'
import { decodeChatItem, encodeChatItem } from './chat-items.ts'
import { decodeDiscItem, encodeDiscItem } from './disc-items.ts'
import { decodeGxsItem, encodeGxsItem } from './gxs-items.ts'
import { itemBytes, readHeader } from './header.ts'
import { type Item, SERVICE } from './item.ts'
import { decodeLinkItem, encodeLinkItem } from './link-items.ts'

export { signedBytes } from './chat-items.ts'

/** The slice probe looks like an empty item of this service and subtype. */
const PROBE = { service: 0xaabb, subtype: 0xcc } as const

/** A whole item, header included. */
export function encodeItem(item: Item): Uint8Array {
  switch (item.kind) {
    case 'service-info':
    case 'heartbeat':
    case 'rtt-ping':
    case 'rtt-pong':
    case 'bandwidth':
    case 'status':
      return encodeLinkItem(item)
    case 'contact':
    case 'pgp-list':
    case 'identity-list':
    case 'pgp-key':
      return encodeDiscItem(item)
    case 'gxs-sync-request':
    case 'gxs-group-entry':
    case 'gxs-group':
    case 'gxs-statistics':
    case 'gxs-transaction':
    case 'gxs-pull':
      return encodeGxsItem(item)
    case 'slice-probe':
      return itemBytes(PROBE.service, PROBE.subtype, new Uint8Array())
    case 'unknown':
      return itemBytes(item.service, item.subtype, item.body)
    default:
      return encodeChatItem(item)
  }
}

/**
 * Reads one whole item. What is accepted is exactly what `encodeItem` writes, so a signature over the fields is a
 * signature over the bytes: fails with `bad-version`, `bad-size`, `truncated`, `trailing-bytes`, `bad-tlv-type`,
 * `bad-tlv-size`, `bad-utf8`, `bad-key-id`, `bad-service-id`. An item of another service or subtype is `unknown`.
 * Byte arrays in the item share memory with `bytes`.
 */
export function decodeItem(bytes: Uint8Array): Result<Item> {
  return decoding(() => {
    const reader = new ByteReader(bytes)
    const { service, subtype, size } = readHeader(reader)
    if (size !== bytes.length) reader.fail('bad-size', `header says ${size} bytes, ${bytes.length} came`)
    const item = decodeBody(service, subtype, reader)
    if (!item) return { kind: 'unknown', service, subtype, body: reader.bytes(reader.remaining) }
    reader.end()
    return item
  })
}

function decodeBody(service: number, subtype: number, body: ByteReader): Item | undefined {
  switch (service) {
    case SERVICE.chat:
      return decodeChatItem(subtype, body)
    case SERVICE.disc:
      return decodeDiscItem(subtype, body)
    case SERVICE.gxsId:
      return decodeGxsItem(subtype, body)
    case PROBE.service:
      return subtype === PROBE.subtype ? { kind: 'slice-probe' } : undefined
    default:
      return decodeLinkItem(service, subtype, body)
  }
}
