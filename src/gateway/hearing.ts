/** When lobbies were not heard: the gaps in the histories of rooms, known also across restarts and sudden death. */
import type { Logger } from 'pino'
import type { HearingRow, Store } from '../archive/store.ts'
import type { RoomEvent } from '../muc/room-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { GapsView } from './status.ts'

/** What a room is to be told. */
export type HearingNews = Extract<RoomEvent, { kind: 'hearing' | 'gap' }>

export interface HearingOptions {
  readonly store: Pick<Store, 'hearing' | 'meta'>
  readonly log: Logger
  nowMs(): number
}

/** How often the gateway notes that it is alive. What is said between the last note and a kill counts as missed. */
const ALIVE_MS = 30_000
/** Shorter silences, as when a link is replaced, are no gaps. */
const MIN_GAP_MS = 1_000
const ALIVE = 'alive_ms'
const NEVER_HEARD = { deafSinceMs: null, gaps: 0, lastGap: null } as const
const isoTime = (ms: number): string => new Date(ms).toISOString()

export class Hearing {
  readonly #options: HearingOptions
  readonly #rows: Map<string, HearingRow>
  /** Gaps that ended, while their rooms archive that: when they began. */
  readonly #ending = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  /** Why the last write failed. */
  #reason: string | undefined

  /** `rows`: what is stored. */
  constructor(options: HearingOptions, rows: readonly HearingRow[] = []) {
    this.#options = options
    this.#rows = new Map(rows.map((row) => [row.room, row]))
  }

  /**
   * Reads what was heard, and notes from now on that the gateway is alive. Nothing was heard since it last was;
   * `lastId`, the newest entry of the archive, is a sign of life too. Rejects with ARCHIVE_FAILED.
   */
  static async open(options: HearingOptions, lastId: ArchiveId | null): Promise<Hearing> {
    const { store } = options
    const notedMs = Number((await store.meta.get(ALIVE)) ?? 0)
    await store.hearing.silence(Math.max(notedMs, Math.floor(Number(lastId ?? 0) / 1000)))
    const hearing = new Hearing(options, await store.hearing.all())
    await hearing.#noteAlive()
    hearing.#timer = setInterval(() => void hearing.#noteAlive(), ALIVE_MS)
    return hearing
  }

  /** The last call; notes that the gateway lived until now. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#noteAlive()
  }

  /** What is known of a room; undefined when its lobby was never heard. */
  row(room: string): HearingRow | undefined {
    return this.#rows.get(room)
  }

  /** When the lobby of a room was not heard, for the presence map. */
  gaps(room: string): GapsView {
    const { deafSinceMs, gaps, lastGap } = this.#rows.get(room) ?? NEVER_HEARD
    return {
      count: gaps,
      latest: lastGap && { from: isoTime(lastGap.fromMs), to: isoTime(lastGap.toMs) },
      since: deafSinceMs === null ? null : isoTime(deafSinceMs),
    }
  }

  rows(): Iterable<HearingRow> {
    return this.#rows.values()
  }

  /** The lobby of a room is heard or not. What the room is to be told, if that is news. */
  note(room: string, isHeard: boolean): HearingNews | undefined {
    const nowMs = this.#options.nowMs()
    const row = this.#rows.get(room)
    if (!row) {
      if (isHeard) this.#put({ room, deafSinceMs: null, gaps: 0, lastGap: null })
      return undefined
    }
    if (!isHeard) return this.miss(room, nowMs)
    if (row.deafSinceMs === null) return undefined
    const fromMs = row.deafSinceMs
    if (nowMs - fromMs < MIN_GAP_MS) {
      this.#put({ ...row, deafSinceMs: null })
      return { kind: 'hearing', deafSinceMs: null }
    }
    this.#ending.set(room, fromMs)
    this.#rows.set(room, { ...row, deafSinceMs: null })
    return { kind: 'gap', fromMs, toMs: nowMs }
  }

  /** Something that was said in the lobby since then is not in the archive. */
  miss(room: string, sinceMs: number): HearingNews | undefined {
    const row = this.#rows.get(room)
    if (!row || row.deafSinceMs !== null) return undefined
    this.#put({ ...row, deafSinceMs: sinceMs })
    return { kind: 'hearing', deafSinceMs: sinceMs }
  }

  /** A gap is in the archive. */
  told(room: string, gap: { readonly fromMs: number; readonly toMs: number }): void {
    this.#ending.delete(room)
    const row = this.#rows.get(room)
    if (row) this.#put({ ...row, gaps: row.gaps + 1, lastGap: gap })
  }

  /** The archive did not take the gap: it goes on until the next sign of the lobby. */
  untold(room: string, fromMs: number): HearingNews | undefined {
    this.#ending.delete(room)
    const row = this.#rows.get(room)
    if (!row) return undefined
    this.#put({ ...row, deafSinceMs: fromMs })
    return { kind: 'hearing', deafSinceMs: fromMs }
  }

  /** Until a gap is in the archive it is stored as one that goes on: after a crash it is told again. */
  #put(row: HearingRow): void {
    this.#rows.set(row.room, row)
    const deafSinceMs = this.#ending.get(row.room) ?? row.deafSinceMs
    void this.#note(this.#options.store.hearing.put({ ...row, deafSinceMs }))
  }

  #noteAlive(): Promise<void> {
    return this.#note(this.#options.store.meta.set(ALIVE, String(this.#options.nowMs())))
  }

  /** The log has a failure once for each reason, until something is stored. */
  async #note(stored: Promise<unknown>): Promise<void> {
    try {
      await stored
      this.#reason = undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== this.#reason)
        this.#options.log.error({ code: 'HEARING_WRITE', reason }, 'gaps in histories not stored')
      this.#reason = reason
    }
  }
}
