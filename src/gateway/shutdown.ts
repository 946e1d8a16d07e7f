/** Taking down what was set up: the last first, each part whatever became of the others. */
import type { Logger } from 'pino'

/** What ends each of some parts, by name. */
type Ends = Readonly<Record<string, () => Promise<unknown>>>

/** Steps are added while a gateway is built, and run when it stops or when its start fails half-way. */
export class Shutdown {
  readonly #log: Logger
  readonly #steps: Ends[] = []
  #done: Promise<void> | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** These parts will end at the same time, before all that was added earlier. */
  add(ends: Ends): void {
    this.#steps.push(ends)
  }

  /** Runs all steps; once, however often it is called. Never rejects: what fails is logged as `STOP_FAILED`. */
  run(): Promise<void> {
    this.#done ??= this.#run()
    return this.#done
  }

  async #run(): Promise<void> {
    for (const ends of this.#steps.toReversed())
      await Promise.all(Object.entries(ends).map(([what, end]) => this.#end(what, end)))
  }

  async #end(what: string, end: () => Promise<unknown>): Promise<void> {
    try {
      await end()
    } catch (error) {
      this.#log.error({ code: 'STOP_FAILED', what, err: error }, 'not stopped cleanly')
    }
  }
}
