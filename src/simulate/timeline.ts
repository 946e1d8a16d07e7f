/** A virtual clock: what is to happen, in order of time and, at one time, in the order in which it was planned. */

interface Planned {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** A binary heap; `run` turns the clock. */
export class Timeline {
  readonly #heap: Planned[] = []
  #order = 0
  #nowMs: number

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Plans something; a time that has passed means now. */
  at(atMs: number, run: () => void): void {
    const planned = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run }
    let place = this.#heap.push(planned) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isEarlier(planned, this.#heap[parent])) break
      this.#swap(place, parent)
      place = parent
    }
  }

  /** Runs everything planned up to `untilMs`, also what gets planned meanwhile. */
  run(untilMs: number): void {
    for (let next = this.#heap[0]; next && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#takeFirst()
      this.#nowMs = next.atMs
      next.run()
    }
    this.#nowMs = untilMs
  }

  #takeFirst(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    for (let place = 0; ; ) {
      const left = 2 * place + 1
      const child = isEarlier(this.#heap[left + 1], this.#heap[left]) ? left + 1 : left
      if (!isEarlier(this.#heap[child], this.#heap[place])) return
      this.#swap(place, child)
      place = child
    }
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]]
    if (!first || !second) return
    this.#heap[a] = second
    this.#heap[b] = first
  }
}

const isEarlier = (a: Planned | undefined, b: Planned | undefined): boolean =>
  a !== undefined && (b === undefined || a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order))
