/** Ids of items that have been seen, each for its own time. Source: docs/routing.md, duplicates. */

/**
 * Every operation costs the same however many ids there are: expired ids leave from the front of a queue, at
 * most two per operation, and nothing ever walks the whole cache.
 */
export class SeenCache {
  readonly #maxIds: number
  readonly #untilMs = new Map<string, number>()
  // A queue as two stacks: `#front` is read from `#head`, `#back` is written; they swap when `#front` is used up.
  #front: Queued[] = []
  #head = 0
  #back: Queued[] = []

  /** `maxIds`: the oldest id goes when there would be more. */
  constructor(maxIds: number) {
    this.#maxIds = maxIds
  }

  get size(): number {
    return this.#untilMs.size
  }

  /** Whether `id` is remembered; if so it is kept at least until `untilMs`. */
  refresh(id: string, untilMs: number, nowMs: number): boolean {
    this.#dropExpired(nowMs)
    const knownUntilMs = this.#untilMs.get(id)
    if (knownUntilMs === undefined || knownUntilMs <= nowMs) return false
    if (untilMs > knownUntilMs) this.#untilMs.set(id, untilMs)
    return true
  }

  /** Remembers `id` until `untilMs`. */
  add(id: string, untilMs: number, nowMs: number): void {
    this.#dropExpired(nowMs)
    if (!this.#untilMs.has(id)) this.#back.push({ id, dueMs: untilMs })
    this.#untilMs.set(id, untilMs)
    if (this.#untilMs.size > this.#maxIds) {
      const oldest = this.#shift()
      if (oldest) this.#untilMs.delete(oldest.id)
    }
  }

  #dropExpired(nowMs: number): void {
    for (let i = 0; i < 2; i++) {
      const oldest = this.#peek()
      if (!oldest || oldest.dueMs > nowMs) return
      this.#shift()
      const untilMs = this.#untilMs.get(oldest.id) ?? 0
      if (untilMs <= nowMs) this.#untilMs.delete(oldest.id)
      else this.#back.push({ id: oldest.id, dueMs: untilMs })
    }
  }

  #peek(): Queued | undefined {
    if (this.#head === this.#front.length) {
      this.#front = this.#back
      this.#back = []
      this.#head = 0
    }
    return this.#front[this.#head]
  }

  #shift(): Queued | undefined {
    const oldest = this.#peek()
    if (oldest) this.#head += 1
    return oldest
  }
}

/** `dueMs`: when to look at the id again; it may have been refreshed since. */
interface Queued {
  readonly id: string
  readonly dueMs: number
}
