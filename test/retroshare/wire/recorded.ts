// Reads the recorded sessions of test/vectors/retroshare: which items went over the links of real nodes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeItem } from '../../../src/retroshare/wire/codec.ts'
import { Framer } from '../../../src/retroshare/wire/framer.ts'
import type { Item } from '../../../src/retroshare/wire/item.ts'
import { fromHex } from '../../../src/util/bytes.ts'
import type { DecodeFailure, Result } from '../../../src/util/result.ts'

export const VECTORS = 'test/vectors/retroshare'

export interface RecordedItem {
  readonly line: number
  readonly direction: 'R' | 'W'
  readonly bytes: Uint8Array
  readonly decoded: Result<Item>
}

export interface Recording {
  /** Path below `VECTORS`. */
  readonly file: string
  readonly dataLines: number
  readonly items: readonly RecordedItem[]
  /** Where the framer refused the stream. */
  readonly refusals: readonly { readonly line: number; readonly failure: DecodeFailure }[]
  readonly straySlices: number
}

export const filesNamed = (ending: string): string[] =>
  readdirSync(VECTORS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .sort()

export const readVector = (file: string): string => readFileSync(join(VECTORS, file), 'utf8')

const LINE = /^\d+\.\d+ \S+ (?:# .*|([RW]) ((?:[0-9a-f]{2})+))$/

export function recording(file: string): Recording {
  const framers = { R: new Framer(), W: new Framer() }
  const items: RecordedItem[] = []
  const refusals: { line: number; failure: DecodeFailure }[] = []
  let dataLines = 0
  for (const [index, text] of readVector(file).trimEnd().split('\n').entries()) {
    const line = index + 1
    const match = LINE.exec(text)
    if (!match) throw new Error(`${file}:${line} is not a line of a capture`)
    const [, direction, hex] = match
    if (!hex || (direction !== 'R' && direction !== 'W')) continue
    dataLines++
    const pushed = framers[direction].push(fromHex(hex) ?? new Uint8Array())
    if (!pushed.ok) refusals.push({ line, failure: pushed.error })
    else for (const bytes of pushed.value) items.push({ line, direction, bytes, decoded: decodeItem(bytes) })
  }
  const straySlices = framers.R.straySlices + framers.W.straySlices
  return { file, dataLines, items, refusals, straySlices }
}

/** All recordings, read once. */
export const recordings: readonly Recording[] = filesNamed('.hex').map(recording)

/** `service/subtype` in hex, as the check files write it. */
export const typeOf = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  return `${hex.slice(2, 6)}/${hex.slice(6, 8)}`
}
