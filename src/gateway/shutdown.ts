/** Taking down what was set up: the last first, each step whatever became of the others. */
import type { Logger } from 'pino'

interface Step {
  readonly what: string
  readonly end: () => Promise<unknown>
}

/** Steps are added while a gateway is built, and run when it stops or when its start fails half-way. */
export class Shutdown {
  readonly #log: Logger
  readonly #steps: Step[] = []
  #done: Promise<void> | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** `end` will run before all that was added earlier. What fails is logged as `STOP_FAILED`. */
  add(what: string, end: () => Promise<unknown>): void {
    this.#steps.push({ what, end })
  }

  /** Runs all steps; once, however often it is called. Never rejects. */
  run(): Promise<void> {
    this.#done ??= this.#run()
    return this.#done
  }

  async #run(): Promise<void> {
    for (const { what, end } of this.#steps.toReversed())
      await end().catch((error: unknown) =>
        this.#log.error({ code: 'STOP_FAILED', what, err: error }, 'not stopped cleanly'),
      )
  }
}
