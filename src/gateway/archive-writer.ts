/** Group commit: entries of all rooms that come during one commit share the next. */
import type { Logger } from 'pino'
import type { ArchiveWrite } from '../muc/archive-port.ts'
import type { AppendOutcome } from './room-runner.ts'

interface Waiting {
  readonly entry: ArchiveWrite
  readonly done: (outcome: AppendOutcome) => void
}

/** The part of an archive that stores. */
export interface Appender {
  append(entries: readonly ArchiveWrite[]): Promise<readonly ('stored' | 'duplicate')[]>
}

/** Who hears of the writer. */
export interface WriterWatch {
  /** A commit took so long. */
  onCommit(seconds: number): void
  /** `isFailing` is another now. */
  onHealth(): void
  /** An entry was not stored. */
  onFailed(): void
}

/** A failing archive is tried again this often, so that readiness comes back without a message. */
const RETRY_MS = 5_000
/** Entries of one commit at most. */
const COMMIT_BATCH = 1_000
/** What may wait for a slow archive, in entries and in characters of their XML; more fails at once. */
const MAX_WAITING = 10_000
const MAX_WAITING_CHARACTERS = 33_554_432

export class ArchiveWriter {
  readonly #archive: Appender
  readonly #log: Logger
  readonly #watch: WriterWatch
  #waiting: Waiting[] = []
  /** Characters of XML in `#waiting`. */
  #characters = 0
  #isWriting = false
  #isFailing = false
  #flushed: (() => void)[] = []
  #retry: NodeJS.Timeout | undefined

  constructor(archive: Appender, log: Logger, watch: WriterWatch) {
    this.#archive = archive
    this.#log = log
    this.#watch = watch
  }

  /** The last commit failed; the next success ends it, and one is tried every 5 s. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Entries that wait for their commit to begin. */
  get waiting(): number {
    return this.#waiting.length
  }

  append(entry: ArchiveWrite, done: (outcome: AppendOutcome) => void): void {
    if (this.#waiting.length >= MAX_WAITING || this.#characters >= MAX_WAITING_CHARACTERS) {
      this.#watch.onFailed()
      setImmediate(() => done('failed'))
      return
    }
    this.#waiting.push({ entry, done })
    this.#characters += entry.xml.length
    this.#begin()
  }

  /** The archive may be in order again. */
  tryAgain(): void {
    if (this.#isFailing) this.#begin()
  }

  /** Resolves when everything handed over so far is answered. */
  flush(): Promise<void> {
    return this.#isWriting ? new Promise((resolve) => this.#flushed.push(resolve)) : Promise.resolve()
  }

  /** The last call: flushes, and tries no more. */
  async close(): Promise<void> {
    await this.flush()
    clearInterval(this.#retry)
  }

  #begin(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    setImmediate(() => void this.#write())
  }

  async #write(): Promise<void> {
    do {
      const batch = this.#waiting.splice(0, COMMIT_BATCH)
      for (const { entry } of batch) this.#characters -= entry.xml.length
      const outcomes = await this.#store(batch)
      for (const [i, { done }] of batch.entries()) {
        const outcome = outcomes?.[i] ?? 'failed'
        if (outcome === 'failed') this.#watch.onFailed()
        done(outcome)
      }
    } while (this.#waiting.length > 0)
    this.#isWriting = false
    const flushed = this.#flushed
    this.#flushed = []
    for (const resolve of flushed) resolve()
  }

  async #store(batch: readonly Waiting[]): Promise<readonly AppendOutcome[] | undefined> {
    const startedAtMs = performance.now()
    try {
      const outcomes = await this.#archive.append(batch.map((waiting) => waiting.entry))
      this.#recovered()
      this.#watch.onCommit((performance.now() - startedAtMs) / 1000)
      return outcomes
    } catch (error) {
      if (!this.#isFailing || batch.length > 0)
        this.#log.error({ code: 'ARCHIVE_WRITE', entries: batch.length, err: error }, 'archive write failed')
      if (!this.#isFailing) {
        this.#isFailing = true
        this.#watch.onHealth()
      }
      this.#retry ??= setInterval(() => this.#begin(), RETRY_MS)
      return undefined
    }
  }

  #recovered(): void {
    if (!this.#isFailing) return
    this.#isFailing = false
    clearInterval(this.#retry)
    this.#retry = undefined
    this.#log.info('archive writes again')
    this.#watch.onHealth()
  }
}
