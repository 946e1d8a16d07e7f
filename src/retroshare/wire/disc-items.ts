/** Items of the discovery service, 0x0011. Source: docs/retroshare.md §5.4. */
import { type ByteReader, ByteWriter, concat } from '../../util/bytes.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { addressSetTlv, addressTlv, readAddress, readAddressContent, readAddressSet } from './address.ts'
import { itemBytes } from './header.ts'
import { type ContactItem, type DiscItem, SERVICE } from './item.ts'
import { block, idBytes, readAnyTlv, readBlock, readTextTlv, readTlv, TLV, textTlv, tlv } from './tlv.ts'

const SUBTYPE = { pgpList: 0x01, contact: 0x05, identityList: 0x06, pgpKey: 0x09 } as const

export function encodeDiscItem(item: DiscItem): Uint8Array {
  switch (item.kind) {
    case 'contact':
      return disc(SUBTYPE.contact, contactBody(item))
    case 'pgp-list': {
      const ids = tlv(TLV.pgpIdSet, concat(item.pgpIds.map((id) => idBytes(id, 8))))
      return disc(SUBTYPE.pgpList, new ByteWriter().u32(item.mode).bytes(ids).finish())
    }
    case 'identity-list': {
      const body = new ByteWriter().u32(item.ids.length)
      for (const id of item.ids) body.bytes(idBytes(id, 16))
      return disc(SUBTYPE.identityList, body.finish())
    }
    case 'pgp-key':
      return disc(SUBTYPE.pgpKey, concat([idBytes(item.pgpId, 8), block(item.key)]))
  }
}

/** Reads the body of a discovery item; `undefined` for a subtype that Foyer does not know. */
export function decodeDiscItem(subtype: number, body: ByteReader): DiscItem | undefined {
  switch (subtype) {
    case SUBTYPE.contact:
      return readContact(body)
    case SUBTYPE.pgpList: {
      const mode = body.u32()
      const set = readTlv(body, TLV.pgpIdSet)
      const pgpIds: string[] = []
      while (set.remaining > 0) pgpIds.push(readPgpId(set))
      return { kind: 'pgp-list', mode, pgpIds }
    }
    case SUBTYPE.identityList: {
      const ids: ParticipantId[] = []
      for (let left = body.u32(); left > 0; left--) ids.push(body.hex(16) as ParticipantId)
      return { kind: 'identity-list', ids }
    }
    case SUBTYPE.pgpKey:
      return { kind: 'pgp-key', pgpId: readPgpId(body), key: readBlock(body) }
    default:
      return undefined
  }
}

const disc = (subtype: number, body: Uint8Array): Uint8Array => itemBytes(SERVICE.disc, subtype, body)

const readPgpId = (reader: ByteReader): string => reader.hex(8).toUpperCase()

function contactBody(item: ContactItem): Uint8Array {
  const body = new ByteWriter()
    .bytes(idBytes(item.pgpId, 8))
    .bytes(idBytes(item.sslId, 16))
    .bytes(textTlv(TLV.location, item.location))
    .bytes(textTlv(TLV.version, item.version))
    .u32(item.netMode)
    .u16(item.vsDisc)
    .u16(item.vsDht)
    .u32(item.lastContactSec)
  const { reach } = item
  if (reach.kind === 'hidden')
    return body.bytes(textTlv(TLV.domainAddress, reach.host)).u16(reach.port).finish()
  return body
    .bytes(addressTlv(reach.localV4))
    .bytes(addressTlv(reach.externalV4))
    .bytes(addressTlv(reach.localV6))
    .bytes(addressTlv(reach.externalV6))
    .bytes(addressTlv(reach.current))
    .bytes(textTlv(TLV.dynDns, reach.dynDns))
    .bytes(addressSetTlv(reach.localSet))
    .bytes(addressSetTlv(reach.externalSet))
    .finish()
}

function readContact(body: ByteReader): ContactItem {
  return {
    kind: 'contact',
    pgpId: readPgpId(body),
    sslId: body.hex(16),
    location: readTextTlv(body, TLV.location),
    version: readTextTlv(body, TLV.version),
    netMode: body.u32(),
    vsDisc: body.u16(),
    vsDht: body.u16(),
    lastContactSec: body.u32(),
    reach: readReach(body),
  }
}

/** The type of the next TLV tells a hidden node from one with addresses. */
function readReach(body: ByteReader): ContactItem['reach'] {
  const { type, content } = readAnyTlv(body)
  if (type === TLV.domainAddress)
    return { kind: 'hidden', host: content.utf8(content.remaining), port: body.u16() }
  if (type !== TLV.address) body.fail('bad-tlv-type', 'contact has neither a hidden nor an open address')
  return {
    kind: 'open',
    localV4: readAddressContent(content),
    externalV4: readAddress(body),
    localV6: readAddress(body),
    externalV6: readAddress(body),
    current: readAddress(body),
    dynDns: readTextTlv(body, TLV.dynDns),
    localSet: readAddressSet(body),
    externalSet: readAddressSet(body),
  }
}
