/** The part of a file that a request is for: RFC 9110 §14. One range of bytes; whoever asks for several gets all. */

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What a `Range` header means for a file of `size` bytes; undefined: all of it. */
export function byteRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  // A last byte before the first makes no range, which is to be left aside (§14.1.1).
  if (first !== '' && last !== '' && Number(last) < start) return undefined
  return start > end ? 'unsatisfiable' : { start, end }
}
