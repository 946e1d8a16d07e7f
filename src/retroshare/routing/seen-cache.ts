/** Ids of items that have been seen, each for its own time. Source: docs/routing.md, duplicates. */

/**
 * Every operation costs the same however many ids there are: expired ids leave from the front of a queue, at
 * most two per operation, and nothing ever walks the whole cache.
 */
export class SeenCache {
  readonly #maxIds: number
  readonly #untilMs = new Map<string, number>()
  readonly #queue = new DueQueue()

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
    if (!this.#untilMs.has(id)) this.#queue.push(id, untilMs)
    this.#untilMs.set(id, untilMs)
    if (this.#untilMs.size > this.#maxIds) this.#untilMs.delete(this.#queue.shift() ?? id)
  }

  #dropExpired(nowMs: number): void {
    for (let i = 0; i < 2 && this.#queue.firstDueMs() <= nowMs; i++) {
      const id = this.#queue.shift()
      if (id === undefined) return
      const untilMs = this.#untilMs.get(id) ?? 0
      if (untilMs <= nowMs) this.#untilMs.delete(id)
      else this.#queue.push(id, untilMs)
    }
  }
}

/**
 * Ids in the order in which they came, each with the time when to look at it again; it may have been refreshed
 * since. Two pairs of plain arrays, since a million small objects would keep the garbage collector busy: one is
 * read from its head, the other is written, and they change places when the first is used up.
 */
class DueQueue {
  #ids: string[] = []
  #dueMs: number[] = []
  #head = 0
  #nextIds: string[] = []
  #nextDueMs: number[] = []

  push(id: string, dueMs: number): void {
    this.#nextIds.push(id)
    this.#nextDueMs.push(dueMs)
  }

  /** Infinite when there is none. */
  firstDueMs(): number {
    this.#turn()
    return this.#dueMs[this.#head] ?? Number.POSITIVE_INFINITY
  }

  shift(): string | undefined {
    this.#turn()
    const id = this.#ids[this.#head]
    if (id !== undefined) this.#head += 1
    return id
  }

  #turn(): void {
    if (this.#head < this.#ids.length || this.#nextIds.length === 0) return
    this.#ids = this.#nextIds
    this.#dueMs = this.#nextDueMs
    this.#head = 0
    this.#nextIds = []
    this.#nextDueMs = []
  }
}
