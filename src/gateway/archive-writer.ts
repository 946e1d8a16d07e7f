/** Group commit: entries of all rooms that come within one turn of the event loop share one transaction. */
import type { Logger } from 'pino'
import type { ArchiveEntry } from '../muc/archive-port.ts'
import type { AppendOutcome } from './room-runner.ts'

interface Waiting {
  readonly entry: ArchiveEntry
  readonly done: (outcome: AppendOutcome) => void
}

/** The part of an archive that stores. */
export interface Appender {
  append(entries: readonly ArchiveEntry[]): Promise<readonly ('stored' | 'duplicate')[]>
}

export class ArchiveWriter {
  readonly #archive: Appender
  readonly #log: Logger
  readonly #onCommit: (seconds: number) => void
  #waiting: Waiting[] = []
  #isWriting = false
  #isFailing = false
  #flushed: (() => void)[] = []

  constructor(archive: Appender, log: Logger, onCommit: (seconds: number) => void) {
    this.#archive = archive
    this.#log = log
    this.#onCommit = onCommit
  }

  /** The last commit failed; the next success ends it. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  append(entry: ArchiveEntry, done: (outcome: AppendOutcome) => void): void {
    this.#waiting.push({ entry, done })
    if (this.#isWriting) return
    this.#isWriting = true
    setImmediate(() => void this.#write())
  }

  /** Resolves when everything handed over so far is answered. */
  flush(): Promise<void> {
    return this.#isWriting ? new Promise((resolve) => this.#flushed.push(resolve)) : Promise.resolve()
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      const outcomes = await this.#store(batch)
      for (const [i, { done }] of batch.entries()) done(outcomes?.[i] ?? 'failed')
    }
    this.#isWriting = false
    const flushed = this.#flushed
    this.#flushed = []
    for (const resolve of flushed) resolve()
  }

  async #store(batch: readonly Waiting[]): Promise<readonly AppendOutcome[] | undefined> {
    const startedAtMs = performance.now()
    try {
      const outcomes = await this.#archive.append(batch.map((waiting) => waiting.entry))
      if (this.#isFailing) this.#log.info('archive writes again')
      this.#isFailing = false
      this.#onCommit((performance.now() - startedAtMs) / 1000)
      return outcomes
    } catch (error) {
      this.#isFailing = true
      this.#log.error({ code: 'ARCHIVE_WRITE', entries: batch.length, err: error }, 'archive write failed')
      return undefined
    }
  }
}
