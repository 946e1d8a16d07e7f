/** A map whose entries live for a fixed time since they were last set; time is given, never read. */
export class ExpiringMap<K, V> {
  readonly #lifeMs: number
  readonly #maxEntries: number
  readonly #entries = new Map<K, { value: V; atMs: number }>()

  /** `lifeMs`: how long an entry lives; `maxEntries`: the oldest entry goes when there would be more. */
  constructor(lifeMs: number, maxEntries = Number.POSITIVE_INFINITY) {
    this.#lifeMs = lifeMs
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  /** Sets or refreshes an entry: it becomes the youngest. */
  set(key: K, value: V, nowMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, atMs: nowMs })
    if (this.#entries.size > this.#maxEntries) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
  }

  get(key: K, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.atMs + this.#lifeMs > nowMs ? entry.value : undefined
  }

  has(key: K, nowMs: number): boolean {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.atMs + this.#lifeMs > nowMs
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  /** Live entries, oldest first. */
  *entries(nowMs: number): Generator<[K, V, number]> {
    for (const [key, entry] of this.#entries)
      if (entry.atMs + this.#lifeMs > nowMs) yield [key, entry.value, entry.atMs]
  }

  /** Removes what has expired and returns it, oldest first. */
  expire(nowMs: number): [K, V][] {
    const gone: [K, V][] = []
    for (const [key, entry] of this.#entries) {
      if (entry.atMs + this.#lifeMs > nowMs) break
      this.#entries.delete(key)
      gone.push([key, entry.value])
    }
    return gone
  }
}
