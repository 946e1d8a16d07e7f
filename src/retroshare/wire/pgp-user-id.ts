/** Finds the name in a binary PGP public key without checking the key. Source: RFC 4880 §4.2. */
import { ByteReader } from '../../util/bytes.ts'
import { decoding } from '../../util/result.ts'
import { readLength } from './invite-sections.ts'

const USER_ID = 13

/** The first user id without comment and e-mail address; empty when the bytes hold none. */
export function pgpUserName(key: Uint8Array): string {
  const found = decoding(() => {
    const reader = new ByteReader(key)
    while (reader.remaining > 0) {
      const packet = readPacket(reader)
      if (packet.tag === USER_ID) return packet.content.utf8(packet.content.remaining)
    }
    return ''
  })
  return found.ok ? found.value.replace(/( \([^()]*\))?( <[^<>]*>)?$/, '') : ''
}

function readPacket(reader: ByteReader): { tag: number; content: ByteReader } {
  const head = reader.u8()
  if ((head & 0x80) === 0) reader.fail('bad-packet', 'not an OpenPGP packet')
  if (head & 0x40) {
    const tag = head & 0x3f
    return { tag, content: reader.part(readLength(reader)) }
  }
  const tag = (head >> 2) & 0x0f
  switch (head & 0x03) {
    case 0:
      return { tag, content: reader.part(reader.u8()) }
    case 1:
      return { tag, content: reader.part(reader.u16()) }
    case 2:
      return { tag, content: reader.part(reader.u32()) }
    default:
      return { tag, content: reader.part(reader.remaining) }
  }
}
