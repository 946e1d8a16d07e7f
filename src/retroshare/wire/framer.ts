/** Cuts the byte stream of a link into items and joins sliced ones. Source: docs/retroshare.md §3.1, §3.2. */
import { type DecodeFailure, fail, ok, type Result } from '../../util/result.ts'
import { HEADER_BYTES, ITEM_VERSION, MAX_ITEM_BYTES } from './header.ts'

/** Tells the peer that slices may be sent: `02 aabbcc 00000008`. Part of the first write and of one in 60 s. */
export const SLICE_PROBE: Uint8Array = Uint8Array.of(0x02, 0xaa, 0xbb, 0xcc, 0, 0, 0, 8)

/** What one link may hold in memory besides the item that is being read. */
export interface FramerLimits {
  /** Largest item, header included; 262143 by default. */
  readonly maxItemBytes: number
  /** Sliced packets that may be open at a time; 16 by default. */
  readonly maxOpenPackets: number
  /** Bytes that all open sliced packets may hold together; 1 MiB by default. */
  readonly maxOpenBytes: number
}

const DEFAULT_LIMITS: FramerLimits = {
  maxItemBytes: MAX_ITEM_BYTES,
  maxOpenPackets: 16,
  maxOpenBytes: 1_048_576,
}

/** A slice: `10 | u8 flags | u32 packet id | u16 data bytes`, then the data. */
const SLICE_VERSION = 0x10
const SLICE_FIRST = 0x01
const SLICE_LAST = 0x02

interface Frame {
  /** A whole item, its header included, or the data of a slice. */
  readonly bytes: Uint8Array
  fill: number
  readonly slice?: { readonly flags: number; readonly packet: number }
}

type Joined = { readonly item?: Uint8Array; readonly failure?: DecodeFailure }

/**
 * Reads one direction of one link. Fails with `bad-version` (neither item nor slice), `bad-size` (an item shorter than
 * its header, over the limit, or other than its slices together), `bad-slice-flags`, `too-many-packets`,
 * `too-many-bytes`; offsets count from the first byte of the link. After a failure every push fails alike.
 */
export class Framer {
  readonly #limits: FramerLimits
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFill = 0
  #frame: Frame | undefined
  readonly #open = new Map<number, GrowingBytes>()
  #openBytes = 0
  #straySlices = 0
  #offset = 0
  #failure: DecodeFailure | undefined

  constructor(limits: Partial<FramerLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  /** Slices ignored so far: parts of a packet of which the first slice did not come. */
  get straySlices(): number {
    return this.#straySlices
  }

  /** Items that are complete with this chunk, each in its own memory. Those before a failure in the same chunk are lost. */
  push(chunk: Uint8Array): Result<readonly Uint8Array[]> {
    const items: Uint8Array[] = []
    let at = 0
    while (!this.#failure) {
      if (!this.#frame) {
        const part = chunk.subarray(at, at + HEADER_BYTES - this.#headerFill)
        this.#header.set(part, this.#headerFill)
        this.#headerFill += part.length
        this.#offset += part.length
        at += part.length
        if (this.#headerFill < HEADER_BYTES) return ok(items)
        this.#headerFill = 0
        const begun = this.#begin()
        if ('code' in begun) this.#failure = begun
        else this.#frame = begun
        continue
      }
      const { bytes, fill } = this.#frame
      const part = chunk.subarray(at, at + bytes.length - fill)
      bytes.set(part, fill)
      this.#frame.fill += part.length
      this.#offset += part.length
      at += part.length
      if (this.#frame.fill < bytes.length) return ok(items)
      const { item, failure } = this.#finish(this.#frame)
      this.#frame = undefined
      this.#failure = failure
      if (item) items.push(item)
    }
    return fail(this.#failure)
  }

  /** The frame that the header announces. */
  #begin(): Frame | DecodeFailure {
    const header = this.#header
    const view = new DataView(header.buffer)
    if (header[0] === SLICE_VERSION) {
      const flags = view.getUint8(1)
      // Real nodes misread a slice that is first and last at once, so none may be sent.
      if (flags > SLICE_LAST) return this.#fault('bad-slice-flags', `slice with flags ${flags}`)
      return {
        bytes: new Uint8Array(view.getUint16(6)),
        fill: 0,
        slice: { flags, packet: view.getUint32(2) },
      }
    }
    if (header[0] !== ITEM_VERSION) return this.#fault('bad-version', `frame begins with ${header[0]}`)
    const size = view.getUint32(4)
    if (size < HEADER_BYTES || size > this.#limits.maxItemBytes)
      return this.#fault('bad-size', `item of ${size} bytes, at most ${this.#limits.maxItemBytes} allowed`)
    const bytes = new Uint8Array(size)
    bytes.set(header)
    return { bytes, fill: HEADER_BYTES }
  }

  #finish({ bytes, slice }: Frame): Joined {
    if (!slice) return { item: bytes }
    if (slice.flags === SLICE_FIRST) {
      this.#close(slice.packet)
      if (this.#open.size >= this.#limits.maxOpenPackets)
        return { failure: this.#fault('too-many-packets', `${this.#open.size} sliced packets are open`) }
      this.#open.set(slice.packet, new GrowingBytes())
    }
    const packet = this.#open.get(slice.packet)
    if (!packet) {
      this.#straySlices++
      return {}
    }
    if (packet.size + bytes.length > this.#limits.maxItemBytes)
      return { failure: this.#fault('bad-size', `slices of more than ${this.#limits.maxItemBytes} bytes`) }
    if (this.#openBytes + bytes.length > this.#limits.maxOpenBytes)
      return { failure: this.#fault('too-many-bytes', `open slices over ${this.#limits.maxOpenBytes} bytes`) }
    packet.append(bytes)
    this.#openBytes += bytes.length
    if (slice.flags !== SLICE_LAST) return {}
    this.#close(slice.packet)
    return this.#judge(packet.whole())
  }

  #judge(item: Uint8Array): Joined {
    if (item[0] !== ITEM_VERSION)
      return { failure: this.#fault('bad-version', `sliced item begins with ${item[0]}`) }
    if (item.length < HEADER_BYTES || new DataView(item.buffer).getUint32(4) !== item.length)
      return { failure: this.#fault('bad-size', `slices of ${item.length} bytes are not the item announced`) }
    return { item }
  }

  #close(packet: number): void {
    this.#openBytes -= this.#open.get(packet)?.size ?? 0
    this.#open.delete(packet)
  }

  #fault(code: string, detail: string): DecodeFailure {
    return { code, offset: this.#offset, detail }
  }
}

/** Bytes that come in parts of any size; never holds more than twice of what came. */
class GrowingBytes {
  #bytes = new Uint8Array(64)
  #size = 0

  get size(): number {
    return this.#size
  }

  append(part: Uint8Array): void {
    const size = this.#size + part.length
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(part, this.#size)
    this.#size = size
  }

  whole(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }
}
