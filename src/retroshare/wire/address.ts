/** Addresses inside discovery items. Source: docs/retroshare.md §4.5. */
import { type ByteReader, ByteWriter, concat } from '../../util/bytes.ts'
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from './ip-address.ts'
import type { SeenAddress, WireAddress } from './item.ts'
import { readAnyTlv, readTlv, TLV, tlv } from './tlv.ts'

/** `ADDRESS`: empty, or an IPv4 or IPv6 TLV. A host that is no address of the family is a bug and throws. */
export function addressTlv(address: WireAddress): Uint8Array {
  if (!address) return tlv(TLV.address, new Uint8Array())
  const host = address.family === 4 ? ipv4Bytes(address.host) : ipv6Bytes(address.host)
  if (!host) throw new Error(`no IPv${address.family} address: ${address.host}`)
  const type = address.family === 4 ? TLV.ipv4 : TLV.ipv6
  const port = Uint8Array.of(address.port & 0xff, address.port >> 8)
  return tlv(TLV.address, tlv(type, concat([reversedWords(host), port])))
}

/** Fails with `bad-tlv-type` for a family that is neither IPv4 nor IPv6. */
export function readAddress(reader: ByteReader): WireAddress {
  return readAddressContent(readTlv(reader, TLV.address))
}

/** The inside of an `ADDRESS` TLV. */
export function readAddressContent(outer: ByteReader): WireAddress {
  if (outer.remaining === 0) return null
  const { type, content } = readAnyTlv(outer)
  if (type !== TLV.ipv4 && type !== TLV.ipv6) outer.fail('bad-tlv-type', 'address is neither IPv4 nor IPv6')
  const family = type === TLV.ipv4 ? 4 : 6
  const bytes = reversedWords(content.bytes(family === 4 ? 4 : 16))
  const port = content.u8() + content.u8() * 0x100
  content.end()
  outer.end()
  return { family, host: family === 4 ? ipv4Text(bytes) : ipv6Text(bytes), port }
}

export function addressSetTlv(addresses: readonly SeenAddress[]): Uint8Array {
  return tlv(
    TLV.addressSet,
    concat(
      addresses.map(({ address, seenAtSec, source }) =>
        tlv(TLV.addressInfo, new ByteWriter().bytes(addressTlv(address)).u64(seenAtSec).u32(source).finish()),
      ),
    ),
  )
}

export function readAddressSet(reader: ByteReader): SeenAddress[] {
  const set = readTlv(reader, TLV.addressSet)
  const addresses: SeenAddress[] = []
  while (set.remaining > 0) {
    const info = readTlv(set, TLV.addressInfo)
    addresses.push({ address: readAddress(info), seenAtSec: info.u64(), source: info.u32() })
    info.end()
  }
  return addresses
}

/** Each 32-bit word with its bytes reversed: how addresses of both families go over the wire. */
function reversedWords(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, i) => bytes[(i & ~3) + 3 - (i & 3)] ?? 0)
}
