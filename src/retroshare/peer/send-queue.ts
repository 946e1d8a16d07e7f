/** What is waiting to be written to one friend: whole items, by priority, bounded in bytes. Pure. */

/** Priorities as in RetroShare's senders: 9 goes first. Source: docs/retroshare.md §3.2. */
export const PRIORITY = {
  rtt: 9,
  serviceInfo: 8,
  heartbeat: 8,
  chat: 7,
  gxs: 6,
  discovery: 2,
  status: 2,
} as const
/** The highest priority; others are clamped to 0 … 9. */
const HIGHEST = 9

/** Items of one priority leave in the order in which they came. */
export class SendQueue {
  readonly #maxBytes: number
  readonly #lanes: Lane[] = Array.from({ length: HIGHEST + 1 }, () => new Lane())
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes waiting. */
  get bytes(): number {
    return this.#bytes
  }

  /** False, and nothing changed, when the item would exceed the bound. */
  push(item: Uint8Array, priority: number): boolean {
    if (this.#bytes + item.length > this.#maxBytes) return false
    this.#lanes[Math.min(Math.max(Math.trunc(priority), 0), HIGHEST)]?.push(item)
    this.#bytes += item.length
    return true
  }

  /** Removes the most urgent items: as many as fit into `maxBytes`, but one at least. */
  take(maxBytes: number): Uint8Array[] {
    const items: Uint8Array[] = []
    let size = 0
    for (const lane of this.#lanes.toReversed()) {
      for (let item = lane.first; item; item = lane.first) {
        if (items.length > 0 && size + item.length > maxBytes) return items
        lane.shift()
        items.push(item)
        size += item.length
        this.#bytes -= item.length
      }
    }
    return items
  }

  /** Forgets everything; the number of items that were waiting. */
  clear(): number {
    this.#bytes = 0
    return this.#lanes.reduce((count, lane) => count + lane.clear(), 0)
  }
}

/** First in, first out, in constant time. */
class Lane {
  #items: Uint8Array[] = []
  #head = 0

  get first(): Uint8Array | undefined {
    return this.#items[this.#head]
  }

  push(item: Uint8Array): void {
    this.#items.push(item)
  }

  shift(): void {
    this.#head++
    if (this.#head < 64 || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }

  clear(): number {
    const count = this.#items.length - this.#head
    this.#items = []
    this.#head = 0
    return count
  }
}
