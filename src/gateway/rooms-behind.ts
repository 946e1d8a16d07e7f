/** Stores rooms and nicks behind the back of whoever waits for an answer: in order, and later if the database is away. */
import type { Store } from '../archive/store.ts'
import { GatewayError } from '../util/errors.ts'

/** Writes that may wait for the database; more fail. */
const MAX_BEHIND = 10_000

interface Job {
  attempt(): Promise<void>
  reject(error: unknown): void
}

/** The tables of a store whose writes outlast a lost database: rooms that are made meanwhile are stored when it is back. */
export class RoomsBehind implements Pick<Store, 'rooms' | 'nicks'> {
  readonly rooms: Store['rooms']
  readonly nicks: Store['nicks']
  readonly #store: Pick<Store, 'problem'>
  #jobs: Job[] = []
  #isRunning = false

  constructor(store: Pick<Store, 'rooms' | 'nicks' | 'problem'>) {
    const { rooms, nicks } = store
    this.#store = store
    this.rooms = {
      ...rooms,
      add: (row) => this.#later(() => rooms.add(row)),
      update: (localpart, changes) => this.#later(() => rooms.update(localpart, changes)),
      remove: (localpart) => this.#later(() => rooms.remove(localpart)),
    }
    this.nicks = { ...nicks, apply: (room, claims) => this.#later(() => nicks.apply(room, claims)) }
  }

  /** The database may be back. */
  resume(): void {
    if (!this.#isRunning) void this.#run()
  }

  /** The last call: what still waits for the database fails. */
  stop(): void {
    for (const { reject } of this.#jobs.splice(0))
      reject(new GatewayError('ARCHIVE_FAILED', 'the gateway stopped before the database was back'))
  }

  #later<T>(work: () => Promise<T>): Promise<T> {
    if (this.#jobs.length >= MAX_BEHIND)
      return Promise.reject(new GatewayError('ARCHIVE_FAILED', 'too much waits for the database'))
    return new Promise((resolve, reject) => {
      this.#jobs.push({ attempt: () => work().then(resolve), reject })
      this.resume()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let hasFailed = false
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      try {
        await job.attempt()
      } catch (error) {
        // Out of reach: `resume` goes on. Else once more, as it may have come back just now.
        if (this.#store.problem() !== undefined) break
        if (!hasFailed) {
          hasFailed = true
          continue
        }
        job.reject(error)
      }
      hasFailed = false
      if (this.#jobs[0] === job) this.#jobs.shift()
    }
    this.#isRunning = false
  }
}
