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
/** Tries in a row that must succeed at most before a failing archive counts as well without a message: two minutes. */
const MAX_TRIES_IN_A_ROW = 24
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
  /** Entries not stored since the archive began to fail, and what the log has as the reason. */
  #lost = 0
  #reason: string | undefined
  /** Tries without entries that succeeded in a row, and how many of them end a failure. */
  #tries = 0
  #triesNeeded = 1
  #isClosed = false
  #flushed: (() => void)[] = []
  #retry: NodeJS.Timeout | undefined

  constructor(archive: Appender, log: Logger, watch: WriterWatch) {
    this.#archive = archive
    this.#log = log
    this.#watch = watch
  }

  /**
   * The last commit failed. An entry that is stored ends it, or a try without entries, one every 5 s. A full disk takes
   * those and no entry: each time that an entry fails after such an end, twice as many are needed.
   */
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

  /** Something else could not be written, for a reason that entries meet too; a commit of ours that is on its way tells itself. */
  otherFailed(error: unknown): void {
    if (this.#isClosed || this.#isWriting) return
    this.#failed([], error)
    this.#retry ??= setInterval(() => this.#begin(), RETRY_MS)
  }

  /** Resolves when everything handed over so far is answered. */
  flush(): Promise<void> {
    return this.#isWriting ? new Promise((resolve) => this.#flushed.push(resolve)) : Promise.resolve()
  }

  /** The last call: flushes, and tries no more. */
  async close(): Promise<void> {
    this.#isClosed = true
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
      this.#succeeded(batch.length)
      this.#watch.onCommit((performance.now() - startedAtMs) / 1000)
      return outcomes
    } catch (error) {
      this.#failed(batch, error)
      this.#retry ??= setInterval(() => this.#begin(), RETRY_MS)
      return undefined
    }
  }

  /** The log has an outage once for each reason, however many entries fail. */
  #failed(batch: readonly Waiting[], error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#tries = 0
    this.#lost += batch.length
    if (reason !== this.#reason)
      this.#log.error({ code: 'ARCHIVE_WRITE', reason, room: batch[0]?.entry.room }, 'archive write failed')
    this.#reason = reason
    if (this.#isFailing) return
    this.#isFailing = true
    this.#watch.onHealth()
  }

  #succeeded(entries: number): void {
    if (entries > 0) this.#triesNeeded = 1
    if (!this.#isFailing) return
    if (entries === 0) {
      this.#tries++
      if (this.#tries < this.#triesNeeded) return
      this.#triesNeeded = Math.min(this.#triesNeeded * 2, MAX_TRIES_IN_A_ROW)
    }
    this.#isFailing = false
    clearInterval(this.#retry)
    this.#retry = undefined
    this.#log.info({ notStored: this.#lost }, 'archive writes again')
    this.#lost = 0
    this.#reason = undefined
    this.#watch.onHealth()
  }
}
