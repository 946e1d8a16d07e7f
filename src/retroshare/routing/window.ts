/** What happened within the last seconds: a sliding window over labelled moments. Source: docs/routing.md, flood. */

/** Adding, counting and expiring cost the same however much the window has seen. */
export class Window {
  readonly #lengthMs: number
  #labels: string[] = []
  #timesMs: number[] = []
  #head = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  /** Moments that are less than the window's length ago. */
  size(nowMs: number): number {
    const times = this.#timesMs
    let head = this.#head
    while (head < times.length && (times[head] as number) + this.#lengthMs <= nowMs) head += 1
    if (head !== this.#head) this.#dropUntil(head)
    return this.#timesMs.length - this.#head
  }

  /** `nowMs` never goes back. */
  add(label: string, nowMs: number): void {
    this.#labels.push(label)
    this.#timesMs.push(nowMs)
  }

  /** How many moments have this label; those that `size` would drop may be among them. */
  count(label: string): number {
    let count = 0
    for (let i = this.#head; i < this.#labels.length; i++) if (this.#labels[i] === label) count += 1
    return count
  }

  /** Takes the youngest moment with this label back; false when there is none. */
  remove(label: string): boolean {
    const at = this.#labels.lastIndexOf(label)
    if (at < this.#head) return false
    this.#labels.splice(at, 1)
    this.#timesMs.splice(at, 1)
    return true
  }

  /** When the `place`-th oldest moment, counted from 0, is no longer in the window; undefined when there is none. */
  endMs(place: number): number | undefined {
    const atMs = this.#timesMs[this.#head + place]
    return atMs === undefined ? undefined : atMs + this.#lengthMs
  }

  #dropUntil(head: number): void {
    this.#head = head
    if (head < MIN_DROPPED || head * 2 < this.#timesMs.length) return
    this.#labels = this.#labels.slice(head)
    this.#timesMs = this.#timesMs.slice(head)
    this.#head = 0
  }
}

/** The arrays are made anew when at least so many of their places, and half of them, are behind the head. */
const MIN_DROPPED = 32
