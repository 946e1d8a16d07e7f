/** Lets work on one account wait for what was asked before, so that reading and then writing is one step. */

/** Pieces of work that wait for one account. */
const MAX_WAITING = 1_000

/** By key; bounded by the keys that have work and `MAX_WAITING` for each. */
export class OneAtATime {
  readonly #running = new Map<string, { last: Promise<unknown>; count: number }>()

  /** The outcome of `work`, begun when all work of this key before it has ended; undefined when too much waits. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T | undefined> {
    const before = this.#running.get(key)
    const queue = before ?? { last: Promise.resolve(), count: 0 }
    if (queue.count >= MAX_WAITING) return undefined
    this.#running.set(key, queue)
    queue.count++
    const done = before ? queue.last.then(work, work) : work()
    queue.last = done.catch(() => undefined)
    try {
      return await done
    } finally {
      if (--queue.count === 0) this.#running.delete(key)
    }
  }
}
