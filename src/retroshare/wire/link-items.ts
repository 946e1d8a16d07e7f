/** Items that keep a link going: service list, heartbeat, round trip time, bandwidth, status, slice probe. Source: docs/retroshare.md §3.2, §5. */
import { type ByteReader, ByteWriter, concat, utf8 } from '../../util/bytes.ts'
import { itemBytes } from './header.ts'
import { type LinkItem, SERVICE, type ServiceDescription } from './item.ts'
import { block, readTlv, TLV, tlv } from './tlv.ts'

/** Subtype of a service list, heartbeat, bandwidth, status and ping; a pong is the next one. */
const FIRST = 0x01
const PONG = 0x02

export function encodeLinkItem(item: LinkItem): Uint8Array {
  const body = new ByteWriter()
  switch (item.kind) {
    case 'service-info':
      return itemBytes(SERVICE.serviceInfo, FIRST, tlv(TLV.generic, concat(item.services.map(serviceTlv))))
    case 'heartbeat':
      return itemBytes(SERVICE.heartbeat, FIRST, new Uint8Array())
    case 'rtt-ping':
      body.u32(item.sequence).u64(item.pingAt)
      return itemBytes(SERVICE.rtt, FIRST, body.finish())
    case 'rtt-pong':
      body.u32(item.sequence).u64(item.pingAt).u64(item.pongAt)
      return itemBytes(SERVICE.rtt, PONG, body.finish())
    case 'bandwidth':
      body.bytes(tlv(TLV.bandwidth, new ByteWriter().u32(item.bytesPerSec).finish()))
      return itemBytes(SERVICE.bandwidth, FIRST, body.finish())
    case 'status':
      body.u32(item.sentAtSec).u32(item.status)
      return itemBytes(SERVICE.status, FIRST, body.finish())
  }
}

/** Reads the body of an item of one of these services; `undefined` for a subtype that Foyer does not know. */
export function decodeLinkItem(service: number, subtype: number, body: ByteReader): LinkItem | undefined {
  if (service === SERVICE.rtt && subtype === PONG)
    return { kind: 'rtt-pong', sequence: body.u32(), pingAt: body.u64(), pongAt: body.u64() }
  if (subtype !== FIRST) return undefined
  switch (service) {
    case SERVICE.serviceInfo:
      return { kind: 'service-info', services: readServices(body) }
    case SERVICE.heartbeat:
      return { kind: 'heartbeat' }
    case SERVICE.rtt:
      return { kind: 'rtt-ping', sequence: body.u32(), pingAt: body.u64() }
    case SERVICE.bandwidth: {
      const content = readTlv(body, TLV.bandwidth)
      const bytesPerSec = content.u32()
      content.end()
      return { kind: 'bandwidth', bytesPerSec }
    }
    case SERVICE.status:
      return { kind: 'status', sentAtSec: body.u32(), status: body.u32() }
    default:
      return undefined
  }
}

/** The id of a service inside a service list: `0x02 | u16 service number | 0x00`. */
const fullId = (service: number): number => 0x0200_0000 + service * 0x100

/** One pair of the map: the key is the full id, the value repeats it after the name. */
function serviceTlv(description: ServiceDescription): Uint8Array {
  const id = fullId(description.service)
  const value = new ByteWriter()
    .bytes(block(utf8(description.name)))
    .u32(id)
    .u16(description.major)
    .u16(description.minor)
    .u16(description.minMajor)
    .u16(description.minMinor)
  return tlv(
    TLV.generic,
    concat([tlv(TLV.generic, new ByteWriter().u32(id).finish()), tlv(TLV.generic, value.finish())]),
  )
}

function readServices(body: ByteReader): ServiceDescription[] {
  const map = readTlv(body, TLV.generic)
  const services: ServiceDescription[] = []
  while (map.remaining > 0) {
    const pair = readTlv(map, TLV.generic)
    const key = readTlv(pair, TLV.generic)
    const id = key.u32()
    key.end()
    const value = readTlv(pair, TLV.generic)
    const name = value.utf8(value.u32())
    const service = (id >>> 8) & 0xffff
    if (value.u32() !== id || id !== fullId(service))
      value.fail('bad-service-id', `service list entry ${id.toString(16)} is no service`)
    const [major, minor, minMajor, minMinor] = [value.u16(), value.u16(), value.u16(), value.u16()]
    value.end()
    pair.end()
    services.push({ service, name, major, minor, minMajor, minMinor })
  }
  return services
}
