/** What both forms of invite are made of: base64 text, sections, checksum. Source: docs/retroshare.md §2. */
import { ByteReader, ByteWriter, toHex } from '../../util/bytes.ts'
import { DecodeError, decoding } from '../../util/result.ts'

/** `u8 tag | length | data`. */
export interface InviteSection {
  readonly tag: number
  readonly data: Uint8Array
}

export const section = (tag: number, data: Uint8Array): InviteSection => ({ tag, data })

/** Longest text that is looked at, in UTF-16 units; invites of real nodes have about 100 to 2000. */
const MAX_TEXT = 32_768
const CHECKSUM_BYTES = 3

/** The bytes of an invite given as URL (`…?rsInvite=…`) or bare base64. Fails with `too-long`, `bad-base64`. */
export function inviteBytes(text: string): Uint8Array {
  if (text.length > MAX_TEXT)
    throw new DecodeError('too-long', 0, `${text.length} characters, at most ${MAX_TEXT} allowed`)
  const compact = text.replace(/\s+/g, '')
  const parameter = /[?&]rsInvite=([^&#]*)/.exec(compact)?.[1]
  try {
    const base64 = parameter === undefined ? compact : decodeURIComponent(parameter)
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  } catch {
    throw new DecodeError('bad-base64', 0, 'an invite is base64, or a URL with base64 in rsInvite')
  }
}

/** Bare base64 in one line, padded. */
export const inviteText = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))

/**
 * Splits an invite; the checksum, which has to be right and last, is left out, empty sections too. Fails with
 * `truncated`, `bad-checksum`. `checksumTag` is the tag of the checksum, which tells the form of the invite.
 */
export function readSections(bytes: Uint8Array): { checksumTag: number; sections: Sections } {
  const reader = new ByteReader(bytes)
  const found: FoundSection[] = []
  while (reader.remaining > 0) {
    const start = reader.offset
    const tag = reader.u8()
    const size = readLength(reader)
    if (size > reader.remaining)
      reader.fail('truncated', `section ${tag} of ${size} bytes, ${reader.remaining} left`)
    const offset = reader.offset
    const data = reader.bytes(size)
    if (reader.remaining > 0) {
      if (size > 0) found.push({ tag, data, offset })
      continue
    }
    const expected = toHex(checksum(bytes.subarray(0, start)))
    if (toHex(data) !== expected)
      throw new DecodeError('bad-checksum', start, `section ${tag} ends it, checksum ${expected} expected`)
    return { checksumTag: tag, sections: new Sections(found, bytes.length) }
  }
  return reader.fail('truncated', 'no sections')
}

/** A section with the place of its data in the decoded invite. */
interface FoundSection extends InviteSection {
  readonly offset: number
}

/** The sections of an invite, taken out one after another in any order. */
export class Sections {
  #left: readonly FoundSection[]
  readonly #end: number

  /** `end`: size of the invite, the offset of what is missing. */
  constructor(sections: readonly FoundSection[], end: number) {
    this.#left = sections
    this.#end = end
  }

  /** Reads all sections of this tag whose data is `accepted`; each must be used up, else `bad-section`. */
  takeAll<T>(
    tag: number,
    label: string,
    read: (data: ByteReader) => T,
    accepted: (data: Uint8Array) => boolean = () => true,
  ): T[] {
    const isMine = (section: FoundSection): boolean => section.tag === tag && accepted(section.data)
    const mine = this.#left.filter(isMine)
    this.#left = this.#left.filter((section) => !isMine(section))
    return mine.map(({ data, offset }) => {
      const result = decoding(() => {
        const reader = new ByteReader(data, offset)
        const value = read(reader)
        reader.end()
        return value
      })
      if (result.ok) return result.value
      throw new DecodeError(
        'bad-section',
        result.error.offset,
        `${label} (section ${tag}): ${result.error.detail}`,
      )
    })
  }

  /** Reads the section of this tag, which may be missing; `bad-section` when it comes twice. */
  take<T>(tag: number, label: string, read: (data: ByteReader) => T): T | undefined {
    const offset = this.#left.findLast((section) => section.tag === tag)?.offset ?? this.#end
    const values = this.takeAll(tag, label, read)
    if (values.length > 1)
      throw new DecodeError('bad-section', offset, `${label} (section ${tag}) comes twice`)
    return values[0]
  }

  /** Reads the section of this tag; `missing-section` without it. */
  need<T>(tag: number, label: string, read: (data: ByteReader) => T): T {
    if (!this.#left.some((section) => section.tag === tag))
      throw new DecodeError('missing-section', this.#end, `${label} (section ${tag}) is missing`)
    return this.take(tag, label, read) as T
  }

  /** What was not taken. */
  rest(): InviteSection[] {
    return this.#left.map(({ tag, data }) => section(tag, data))
  }
}

/** Joins sections and closes them with the checksum. */
export function writeSections(checksumTag: number, sections: readonly InviteSection[]): Uint8Array {
  const writer = new ByteWriter()
  for (const { tag, data } of sections) {
    writer.u8(tag)
    writeLength(writer, data.length)
    writer.bytes(data)
  }
  const body = writer.finish()
  return new ByteWriter().bytes(body).u8(checksumTag).u8(CHECKSUM_BYTES).bytes(checksum(body)).finish()
}

/** CRC-24 of OpenPGP (RFC 4880 §6.1), a number of 24 bits. */
export function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce
  for (const byte of bytes) {
    crc ^= byte << 16
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? ((crc << 1) & 0xffffff) ^ 0x864cfb : crc << 1
  }
  return crc
}

/** Low byte first. */
function checksum(bytes: Uint8Array): Uint8Array {
  const crc = crc24(bytes)
  return Uint8Array.of(crc & 0xff, (crc >> 8) & 0xff, crc >> 16)
}

/** A length as in new OpenPGP packets (RFC 4880 §4.2.2), without partial lengths. */
export function readLength(reader: ByteReader): number {
  const first = reader.u8()
  if (first < 192) return first
  if (first < 224) return (first - 192) * 256 + reader.u8() + 192
  if (first < 255) reader.fail('bad-length', `length begins with ${first}`)
  return reader.u32()
}

function writeLength(writer: ByteWriter, length: number): void {
  if (length < 192) writer.u8(length)
  else if (length < 8384) writer.u16(length - 192 + (192 << 8))
  else writer.u8(255).u32(length)
}
