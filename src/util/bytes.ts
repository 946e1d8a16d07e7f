/** Byte cursors for binary protocols: big-endian readers and writers over `Uint8Array`, and hex. */
import { DecodeError } from './result.ts'

const utf8Encoder = new TextEncoder()
// A leading U+FEFF is kept: text must encode to the bytes it was decoded from.
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** Value of each hex digit by its character code. */
const DIGITS = new Map(
  Array.from('0123456789abcdefABCDEF', (digit) => [digit.charCodeAt(0), Number.parseInt(digit, 16)]),
)

export const utf8 = (text: string): Uint8Array => utf8Encoder.encode(text)

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Bytes of an even number of hex digits, either case; `undefined` when `hex` is anything else. */
export function fromHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGITS.get(hex.charCodeAt(2 * i))
    const low = DIGITS.get(hex.charCodeAt(2 * i + 1))
    if (high === undefined || low === undefined) return undefined
    bytes[i] = high * 16 + low
  }
  return bytes
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/**
 * Reads big-endian values one after another. Throws `DecodeError` (`truncated`, `bad-utf8`, `trailing-bytes`),
 * so use it inside `decoding`. Slices share memory with the input.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #base: number
  #at = 0

  /** `base` is added to the offsets in errors, for a reader over a part of a larger input. */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#base = base
  }

  get offset(): number {
    return this.#base + this.#at
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8))
  }

  bytes(count: number): Uint8Array {
    const from = this.#take(count)
    return this.#bytes.subarray(from, from + count)
  }

  hex(count: number): string {
    return toHex(this.bytes(count))
  }

  utf8(count: number): string {
    const offset = this.offset
    try {
      return utf8Decoder.decode(this.bytes(count))
    } catch (error) {
      if (error instanceof DecodeError) throw error
      throw new DecodeError('bad-utf8', offset, `${count} bytes are not UTF-8`)
    }
  }

  /** A reader over the next `count` bytes, which this reader skips. */
  part(count: number): ByteReader {
    const offset = this.offset
    return new ByteReader(this.bytes(count), offset)
  }

  /** Fails unless everything was read. */
  end(): void {
    if (this.remaining > 0)
      throw new DecodeError('trailing-bytes', this.offset, `${this.remaining} bytes left over`)
  }

  fail(code: string, detail: string): never {
    throw new DecodeError(code, this.offset, detail)
  }

  #take(count: number): number {
    if (count > this.remaining)
      throw new DecodeError('truncated', this.offset, `${count} bytes wanted, ${this.remaining} left`)
    const from = this.#at
    this.#at += count
    return from
  }
}

/** Collects big-endian values; `finish` gives them in one array of their own. */
export class ByteWriter {
  #bytes = new Uint8Array(64)
  #view = new DataView(this.#bytes.buffer)
  #size = 0

  get size(): number {
    return this.#size
  }

  u8(value: number): this {
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
    return this
  }

  u16(value: number): this {
    const at = this.#grow(2)
    this.#view.setUint16(at, value)
    return this
  }

  u32(value: number): this {
    const at = this.#grow(4)
    this.#view.setUint32(at, value)
    return this
  }

  u64(value: bigint): this {
    const at = this.#grow(8)
    this.#view.setBigUint64(at, value)
    return this
  }

  bytes(part: Uint8Array): this {
    const at = this.#grow(part.length)
    this.#bytes.set(part, at)
    return this
  }

  utf8(text: string): this {
    return this.bytes(utf8(text))
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }

  /** Makes room for `count` bytes and returns where they go. */
  #grow(count: number): number {
    const at = this.#size
    this.#size += count
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#size, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}
