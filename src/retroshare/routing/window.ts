/** What happened within the last seconds: a sliding window of items. Source: docs/routing.md, flood. */
import type { ParticipantId } from '../../util/ids.ts'

/** What is kept of an item. */
interface Entry {
  readonly messageId: string
  readonly author: ParticipantId
}

/** Adding, counting and expiring cost the same however much the window has seen: a ring that grows when it is full. */
export class Window {
  readonly #lengthMs: number
  #entries: (Entry | undefined)[] = []
  #timesMs: number[] = []
  #first = 0
  #size = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  /** As `size` found them last, with those added since. */
  get length(): number {
    return this.#size
  }

  /** Items that are less than the window's length ago. */
  size(nowMs: number): number {
    while (this.#size > 0 && (this.#timesMs[this.#first] as number) + this.#lengthMs <= nowMs) {
      this.#entries[this.#first] = undefined
      this.#first = (this.#first + 1) & (this.#entries.length - 1)
      this.#size -= 1
    }
    return this.#size
  }

  /** `nowMs` never goes back. */
  add(item: Entry, nowMs: number): void {
    if (this.#size === this.#entries.length) this.#grow()
    const at = (this.#first + this.#size) & (this.#entries.length - 1)
    this.#entries[at] = item
    this.#timesMs[at] = nowMs
    this.#size += 1
  }

  /** How many items are of this author; those that `size` would drop may be among them. */
  countOf(author: ParticipantId): number {
    let count = 0
    for (let place = 0; place < this.#size; place++) if (this.#entry(place)?.author === author) count += 1
    return count
  }

  /** Of all items; those that `size` would drop may be among them. */
  *authors(): Generator<ParticipantId> {
    for (let place = 0; place < this.#size; place++) {
      const entry = this.#entry(place)
      if (entry) yield entry.author
    }
  }

  /** Takes an item back; false when it is not there. */
  remove(messageId: string): boolean {
    for (let place = this.#size - 1; place >= 0; place--) {
      if (this.#entry(place)?.messageId !== messageId) continue
      this.#close(place)
      return true
    }
    return false
  }

  /** When the `place`-th oldest item, counted from 0, is no longer in the window; undefined when there is none. */
  endMs(place: number): number | undefined {
    return place < this.#size ? (this.#timesMs[this.#index(place)] as number) + this.#lengthMs : undefined
  }

  #index(place: number): number {
    return (this.#first + place) & (this.#entries.length - 1)
  }

  #entry(place: number): Entry | undefined {
    return this.#entries[this.#index(place)]
  }

  /** The younger ones move up. */
  #close(place: number): void {
    for (let i = place; i < this.#size - 1; i++) {
      this.#entries[this.#index(i)] = this.#entries[this.#index(i + 1)]
      this.#timesMs[this.#index(i)] = this.#timesMs[this.#index(i + 1)] as number
    }
    this.#size -= 1
    this.#entries[this.#index(this.#size)] = undefined
  }

  #grow(): void {
    const entries: (Entry | undefined)[] = []
    const timesMs: number[] = []
    for (let place = 0; place < this.#size; place++) {
      entries.push(this.#entry(place))
      timesMs.push(this.#timesMs[this.#index(place)] as number)
    }
    const length = Math.max(LEAST_PLACES, this.#size * 2)
    while (entries.length < length) {
      entries.push(undefined)
      timesMs.push(0)
    }
    this.#entries = entries
    this.#timesMs = timesMs
    this.#first = 0
  }
}

/** A power of two, as every larger ring then is. */
const LEAST_PLACES = 16
