// The stream of a link: items come out whole however it is cut, and bad frames end it within bounded memory.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeItem } from '../../../src/retroshare/wire/codec.ts'
import { Framer, SLICE_PROBE } from '../../../src/retroshare/wire/framer.ts'
import { concat, toHex } from '../../../src/util/bytes.ts'
import type { Result } from '../../../src/util/result.ts'
import { anyItem } from './arbitrary-items.ts'

const item = (size: number): Uint8Array =>
  encodeItem({
    kind: 'unknown',
    service: 0x13,
    subtype: size & 0xff,
    body: new Uint8Array(size - 8).fill(size),
  })

function slice(flags: number, packet: number, data: Uint8Array): Uint8Array {
  const header = new Uint8Array(8)
  const view = new DataView(header.buffer)
  view.setUint8(0, 0x10)
  view.setUint8(1, flags)
  view.setUint32(2, packet)
  view.setUint16(6, data.length)
  return concat([header, data])
}

/** The item as slices of at most `max` bytes: first, middle …, last. */
function sliced(packet: number, whole: Uint8Array, max: number): Uint8Array[] {
  const count = Math.max(2, Math.ceil(whole.length / max))
  return Array.from({ length: count }, (_, i) =>
    slice(i === 0 ? 1 : i === count - 1 ? 2 : 0, packet, whole.subarray(i * max, (i + 1) * max)),
  )
}

/** All items that come out of these chunks, and the first failure. */
function read(chunks: readonly Uint8Array[], framer = new Framer()): { items: string[]; code?: string } {
  const items: string[] = []
  for (const chunk of chunks) {
    const result = framer.push(chunk)
    if (!result.ok) return { items, code: result.error.code }
    items.push(...result.value.map(toHex))
  }
  return { items }
}

/** Cuts bytes at arbitrary places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end))
}

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code)

describe('a good stream', () => {
  test('gives the same items for any chunking, sliced or whole, with packets between each other', () => {
    const packets = fc.array(
      fc.record({
        item: anyItem.map(encodeItem),
        sliced: fc.boolean(),
        max: fc.integer({ min: 8, max: 60 }),
      }),
      { maxLength: 6 },
    )
    const property = fc.property(
      packets,
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.nat(),
      (all, places, turn) => {
        const queues = all.map(({ item, sliced: isSliced, max }, packet) =>
          isSliced ? sliced(packet, item, max) : [item],
        )
        const frames: Uint8Array[] = []
        const expected: string[] = []
        for (let i = turn; queues.some((queue) => queue.length > 0); i += turn + 1) {
          const open = [...queues.entries()].filter(([, queue]) => queue.length > 0)
          const [packet, queue] = open[i % open.length] ?? [0, []]
          frames.push(queue.shift() ?? new Uint8Array())
          if (queue.length === 0) expected.push(toHex(all[packet]?.item ?? new Uint8Array()))
        }
        expect(read(cut(concat(frames), places))).toEqual({ items: expected })
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('comes byte by byte as well', () => {
    const bytes = concat([SLICE_PROBE, item(300), ...sliced(7, item(5000), 1400), item(8)])
    expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte))).items).toEqual(
      [SLICE_PROBE, item(300), item(5000), item(8)].map(toHex),
    )
  })

  test('may hold items up to 262143 bytes, whole or sliced', () => {
    const largest = item(262_143)
    expect(read([largest, ...sliced(1, largest, 65_535)]).items).toHaveLength(2)
  })

  test('leaves each item in its own memory', () => {
    const chunk = concat([item(20), item(30)])
    const result = new Framer().push(chunk)
    chunk.fill(0)
    expect(result.ok && result.value.map(toHex)).toEqual([toHex(item(20)), toHex(item(30))])
  })
})

describe('a bad stream', () => {
  test.each([
    ['begins with neither item nor slice', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1), 'bad-version'],
    ['says an item shorter than its header', Uint8Array.of(2, 0, 0x12, 0x17, 0, 0, 0, 7), 'bad-size'],
    ['says an item over 262143 bytes', Uint8Array.of(2, 0, 0x12, 0x17, 0, 4, 0, 0), 'bad-size'],
    ['has a slice that is first and last', slice(3, 1, item(20)), 'bad-slice-flags'],
    ['has a slice with unknown flags', slice(4, 1, item(20)), 'bad-slice-flags'],
    ['joins slices to something else', concat(sliced(1, new Uint8Array(40), 20)), 'bad-version'],
    ['joins fewer bytes than a header', concat(sliced(1, Uint8Array.of(2, 0, 0), 2)), 'bad-size'],
    ['joins fewer bytes than announced', concat(sliced(1, item(60).subarray(0, 59), 20)), 'bad-size'],
    ['joins more bytes than announced', concat(sliced(1, concat([item(60), item(8)]), 20)), 'bad-size'],
  ])('that %s fails, and stays failed', (_, bytes, code) => {
    const framer = new Framer()
    expect(codeOf(framer.push(bytes))).toBe(code)
    expect(codeOf(framer.push(item(20)))).toBe(code)
  })

  test('tells the offset from the first byte of the link', () => {
    const framer = new Framer()
    framer.push(item(100))
    const result = framer.push(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0))
    expect(result).toMatchObject({ ok: false, error: { offset: 108 } })
  })

  test('slices without their first one are ignored and counted', () => {
    const framer = new Framer()
    const [, middle = item(8), last = item(8)] = sliced(5, item(60), 20)
    expect(read([middle, last, item(30)], framer)).toEqual({ items: [toHex(item(30))] })
    expect(framer.straySlices).toBe(2)
  })

  test('a packet that begins again replaces what came of it', () => {
    const [first = item(8)] = sliced(5, item(90), 20)
    expect(read([first, ...sliced(5, item(60), 20)]).items).toEqual([toHex(item(60))])
  })
})

describe('memory', () => {
  const first = (packet: number, size = 1400): Uint8Array => slice(1, packet, new Uint8Array(size).fill(2))

  test('16 sliced packets may be open, not more, and a finished one makes room', () => {
    const open = Array.from({ length: 16 }, (_, packet) => sliced(packet, item(60), 30))
    const framer = new Framer()
    expect(
      read(
        open.map(([begin = item(8)]) => begin),
        framer,
      ),
    ).toEqual({ items: [] })
    expect(read([open[0]?.[1] ?? item(8), first(99)], framer)).toEqual({ items: [toHex(item(60))] })
    expect(codeOf(framer.push(first(100)))).toBe('too-many-packets')
  })

  test('a sliced packet may not grow over the largest item', () => {
    const framer = new Framer({ maxItemBytes: 1000 })
    expect(read([first(1, 600), slice(0, 1, new Uint8Array(400))], framer)).toEqual({ items: [] })
    expect(codeOf(framer.push(slice(0, 1, new Uint8Array(1))))).toBe('bad-size')
  })

  test('open packets may hold 1 MiB together, and what is finished or begun again counts no more', () => {
    const framer = new Framer()
    for (let turn = 0; turn < 20; turn++) expect(codeOf(framer.push(first(1, 65_535)))).toBe('ok')
    for (let packet = 2; packet <= 16; packet++) expect(codeOf(framer.push(first(packet, 65_535)))).toBe('ok')
    expect(codeOf(framer.push(slice(0, 3, new Uint8Array(17))))).toBe('too-many-bytes')
  })

  test('empty slices without end need none', () => {
    const framer = new Framer()
    framer.push(first(1, 0))
    const empty = concat(Array.from({ length: 1000 }, () => slice(0, 1, new Uint8Array())))
    const before = process.memoryUsage().arrayBuffers
    for (let turn = 0; turn < 100; turn++) framer.push(empty)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000)
  })

  test('random and changed streams never throw, and give nothing but whole items', () => {
    const changed = fc
      .tuple(
        fc.array(anyItem.map(encodeItem), { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      )
      .map(([items, changes]) => {
        const bytes = concat(items.flatMap((one, packet) => (packet % 2 ? sliced(packet, one, 30) : [one])))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        return bytes
      })
    const property = fc.property(
      fc.oneof(changed, fc.uint8Array({ maxLength: 300 })),
      fc.array(fc.nat(), { maxLength: 5 }),
      (bytes, places) => {
        const framer = new Framer({ maxItemBytes: 1000, maxOpenBytes: 2000, maxOpenPackets: 3 })
        let size = 0
        for (const chunk of cut(bytes, places)) {
          const result = framer.push(chunk)
          if (!result.ok) {
            expect(result.error.offset).toBeLessThanOrEqual(bytes.length)
            continue
          }
          for (const one of result.value) {
            expect(new DataView(one.buffer).getUint32(4)).toBe(one.length)
            size += one.length
          }
        }
        expect(size).toBeLessThanOrEqual(bytes.length)
      },
    )
    fc.assert(property, { numRuns: 2000 })
  })
})
