/** Pictures embedded in lobby messages, and those that friends show of themselves: decoded and judged by their first bytes. Sources: PNG, JPEG (T.81), GIF89a, RFC 9649. */
import { sha256 } from '@noble/hashes/sha2.js'

/** A picture that is what it says, and small enough to be shown. */
export interface Picture {
  readonly mediaType: string
  /** Without dot. */
  readonly extension: string
  /** In pixels. */
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
  readonly sha256: Uint8Array
}

/** Pictures of one message that are shown. */
export const MAX_PICTURES = 8
const MAX_PICTURE_BYTES = 65_536
/** Pixels of either side: few bytes can hold very many. */
const MAX_PICTURE_SIDE = 4096

interface Format {
  readonly mediaType: string
  readonly extension: string
  /** Width and height, or undefined when the bytes are not of this format. */
  size(view: DataView): readonly [number, number] | undefined
}

const text = (view: DataView, at: number, length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(view.getUint8(at + i))).join('')

const PNG: Format = {
  mediaType: 'image/png',
  extension: 'png',
  size: (view) =>
    text(view, 0, 8) === '\x89PNG\r\n\x1A\n' && view.getUint32(8) === 13 && text(view, 12, 4) === 'IHDR'
      ? [view.getUint32(16), view.getUint32(20)]
      : undefined,
}

const GIF: Format = {
  mediaType: 'image/gif',
  extension: 'gif',
  size: (view) =>
    /^GIF8[79]a$/.test(text(view, 0, 6)) ? [view.getUint16(6, true), view.getUint16(8, true)] : undefined,
}

/** Markers of a frame header: SOF0 to SOF15 but DHT, JPG and DAC. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

const JPEG: Format = {
  mediaType: 'image/jpeg',
  extension: 'jpg',
  size(view) {
    if (view.getUint16(0) !== 0xffd8) return undefined
    for (let at = 2; view.getUint8(at) === 0xff; ) {
      const marker = view.getUint8(at + 1)
      // A fill byte is part of no segment.
      if (marker === 0xff) at += 1
      else if (isFrameHeader(marker)) return [view.getUint16(at + 7), view.getUint16(at + 5)]
      else at += 2 + Math.max(2, view.getUint16(at + 2))
    }
    return undefined
  },
}

const uint24 = (view: DataView, at: number): number =>
  view.getUint16(at, true) + 0x1_0000 * view.getUint8(at + 2)

const WEBP: Format = {
  mediaType: 'image/webp',
  extension: 'webp',
  size(view) {
    if (text(view, 0, 4) !== 'RIFF' || text(view, 8, 4) !== 'WEBP') return undefined
    switch (text(view, 12, 4)) {
      case 'VP8X':
        return [1 + uint24(view, 24), 1 + uint24(view, 27)]
      case 'VP8L': {
        const bits = view.getUint32(21, true)
        return view.getUint8(20) === 0x2f ? [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)] : undefined
      }
      case 'VP8 ':
        return uint24(view, 23) === 0x2a019d
          ? [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff]
          : undefined
      default:
        return undefined
    }
  },
}

const FORMATS: readonly Format[] = [PNG, JPEG, GIF, WEBP]

/** Bytes of a `data:` URL; the type that it names is not looked at. */
function decode(url: string): Uint8Array | undefined {
  const base64 = /^\s*data:[^,]{0,100};\s*base64\s*,/i.exec(url)
  if (!base64) return undefined
  const digits = url.slice(base64[0].length).replace(/\s+/g, '').replace(/=+$/, '')
  if (digits.length * 3 > MAX_PICTURE_BYTES * 4 || digits.length % 4 === 1) return undefined
  if (!/^[A-Za-z0-9+/]*$/.test(digits)) return undefined
  return Uint8Array.from(atob(digits), (character) => character.charCodeAt(0))
}

/** The format and size that the first bytes tell; bytes that end too early are of no format. */
function measure(
  bytes: Uint8Array,
): { readonly format: Format; readonly size: readonly [number, number] } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const format of FORMATS) {
    try {
      const size = format.size(view)
      if (size) return { format, size }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  return undefined
}

/** The picture in a `data:` URL; undefined when it is none of PNG, JPEG, GIF and WebP, or too large to be shown. */
export function readPicture(url: string): Picture | undefined {
  const bytes = decode(url)
  return bytes && judgePicture(bytes)
}

/** The same of bytes. */
export function judgePicture(bytes: Uint8Array): Picture | undefined {
  const measured = bytes.length <= MAX_PICTURE_BYTES ? measure(bytes) : undefined
  if (!measured) return undefined
  const { format, size } = measured
  const [width, height] = size
  if (size.some((side) => side < 1 || side > MAX_PICTURE_SIDE)) return undefined
  const { mediaType, extension } = format
  return { mediaType, extension, width, height, bytes, sha256: sha256(bytes) }
}
