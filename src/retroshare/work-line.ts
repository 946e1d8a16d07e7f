/** Work that takes time, some of it at once: what comes later waits for its turn. */

export class WorkLine<T> {
  readonly #maxAtOnce: number
  readonly #work: (item: T) => Promise<void>
  readonly #waiting: T[] = []
  #atWork = 0

  /** `work` must not reject. */
  constructor(maxAtOnce: number, work: (item: T) => Promise<void>) {
    this.#maxAtOnce = maxAtOnce
    this.#work = work
  }

  add(items: Iterable<T>): void {
    this.#waiting.push(...items)
    this.#next()
  }

  /** What waits is forgotten. */
  clear(): void {
    this.#waiting.length = 0
  }

  #next(): void {
    while (this.#atWork < this.#maxAtOnce && this.#waiting.length > 0)
      void this.#do(this.#waiting.shift() as T)
  }

  async #do(item: T): Promise<void> {
    this.#atWork++
    await this.#work(item)
    this.#atWork--
    this.#next()
  }
}
