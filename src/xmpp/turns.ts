/** Work that is put together once per turn of the event loop: one write per connection, a fair share of input for each. */

/** A connection that has text to send. */
export interface Flushable {
  flush(): void
}

/** A connection that has input to handle. */
export interface Pumpable {
  pump(): void
}

const THROTTLED_MS = 100

/** Runs what was asked for, each thing once per turn; bounded by the number of connections. */
export class Turns {
  #toFlush: Flushable[] = []
  #toPump: Pumpable[] = []
  #throttled: Pumpable[] = []
  #isSet = false

  /** Calls `flush` at the end of this turn. The caller sees to it that it asks once. */
  flushSoon(connection: Flushable): void {
    this.#toFlush.push(connection)
    this.#set()
  }

  /** Calls `pump` in the next turn, after others had theirs. */
  pumpSoon(connection: Pumpable): void {
    this.#toPump.push(connection)
    this.#set()
  }

  /** Calls `pump` in a tenth of a second. */
  pumpLater(connection: Pumpable): void {
    this.#throttled.push(connection)
    if (this.#throttled.length > 1) return
    setTimeout(() => {
      const due = this.#throttled
      this.#throttled = []
      for (const waiting of due) waiting.pump()
    }, THROTTLED_MS)
  }

  #set(): void {
    if (this.#isSet) return
    this.#isSet = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#isSet = false
    const toPump = this.#toPump
    this.#toPump = []
    for (const connection of toPump) connection.pump()
    const toFlush = this.#toFlush
    this.#toFlush = []
    for (const connection of toFlush) connection.flush()
  }
}
