/** Group sync: who asks while one is running shares the next one. */

export class GroupSync {
  readonly #sync: () => Promise<void>
  /** Fulfilled when the sync that runs has ended, well or not. */
  #running: Promise<unknown> = Promise.resolve()
  /** The one that has not begun. */
  #next: Promise<void> | undefined

  /** `sync` makes durable what was written before it is called. */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync
  }

  /** Fulfilled when all that was written before this call is durable; rejects with what `sync` rejects with. */
  sync(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      const run = this.#sync()
      this.#running = run.catch(() => undefined)
      return run
    })
    return this.#next
  }

  /** Fulfilled when nothing that was asked for is left. */
  async idle(): Promise<void> {
    await this.#next?.catch(() => undefined)
    await this.#running
  }
}
