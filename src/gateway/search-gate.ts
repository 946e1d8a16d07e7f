/** Lets searches of archives through one at a time, so that nobody's searching keeps others from talking. */
import type { ArchiveAnswer } from '../muc/archive-port.ts'

/** Searches that wait for their turn. */
const MAX_WAITING_SEARCHES = 50
/** After a search others rest this many times as long as it took. */
const REST_FACTOR = 4

export class SearchGate {
  #waiting = 0
  #free: Promise<unknown> = Promise.resolve()

  /** Does `search` when it is its turn; `busy` when too many wait. Rejects as `search` does. */
  async run(search: () => Promise<ArchiveAnswer>): Promise<ArchiveAnswer> {
    if (this.#waiting >= MAX_WAITING_SEARCHES) return { kind: 'busy' }
    this.#waiting += 1
    const turn = this.#free.then(async () => {
      const startedAtMs = performance.now()
      const result = search()
      const tookMs = await result.catch(() => undefined).then(() => performance.now() - startedAtMs)
      return { result, tookMs }
    })
    this.#free = turn.then(({ tookMs }) => rest(tookMs * REST_FACTOR))
    const { result } = await turn
    this.#waiting -= 1
    return result
  }
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
