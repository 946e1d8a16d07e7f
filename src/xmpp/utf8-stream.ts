/** Bytes to text, across segment boundaries, refusing what is not UTF-8 (RFC 6120 §11.6). */
import { isUtf8 } from 'node:buffer'

/** Holds back at most three bytes: a character that is not complete yet. */
export class Utf8Stream {
  #rest: Buffer | undefined

  /** The text of what is complete, or undefined when the bytes can be no UTF-8. */
  decode(chunk: Buffer): string | undefined {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    const end = bytes.length - incompleteLength(bytes)
    this.#rest = end < bytes.length ? Buffer.from(bytes.subarray(end)) : undefined
    const whole = end < bytes.length ? bytes.subarray(0, end) : bytes
    return isUtf8(whole) ? whole.toString('utf8') : undefined
  }
}

/** How many bytes at the end begin a character that needs more of them. */
function incompleteLength(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
  }
  return 0
}
