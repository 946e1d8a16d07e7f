/** Keeps on record who is in the rooms from behind the host server, so that a restart need not throw them out. */
import type { Logger } from 'pino'
import type { OccupantRow, OccupantTable } from '../archive/store.ts'
import { parseJid } from '../stanza/jid.ts'

export interface SessionRecordOptions {
  readonly table: OccupantTable
  readonly log: Logger
  /** A session in a room (localpart) as it is now; undefined when it is not in, or not to be recorded. */
  rowOf(room: string, session: string): OccupantRow | undefined
}

/** What came, went or changed in one turn of the event loop is written together, while nothing else is written. */
export class SessionRecord {
  readonly #options: SessionRecordOptions
  /** What is on record, by room and session. */
  readonly #written = new Map<string, Map<string, OccupantRow>>()
  /** Sessions that may have changed since, by room. */
  readonly #changed = new Map<string, Set<string>>()
  #isWriting = false
  #isClosed = false

  constructor(options: SessionRecordOptions) {
    this.#options = options
  }

  /** The session (full JID) may have come, gone or changed in the room (localpart). */
  changed(room: string, session: string): void {
    const sessions = this.#changed.get(room)
    if (sessions) sessions.add(session)
    else this.#changed.set(room, new Set([session]))
    if (this.#isWriting || this.#isClosed) return
    this.#isWriting = true
    setImmediate(() => void this.#write())
  }

  /** Sessions of this account (bare JID) may have left the room. */
  left(room: string, account: string): void {
    for (const session of this.#written.get(room)?.keys() ?? [])
      if (parseJid(session)?.bare === account) this.changed(room, session)
  }

  /** The service ends: nothing is recorded any more. `isTold`: everybody was told, so nobody is to be put back. */
  async close(isTold: boolean): Promise<void> {
    this.#isClosed = true
    if (isTold) await this.#options.table.clear()
  }

  async #write(): Promise<void> {
    while (this.#changed.size > 0 && !this.#isClosed) {
      const { put, removed } = this.#takeChanges()
      if (put.length + removed.length > 0)
        await this.#options.table.apply(put, removed).catch((error: unknown) => {
          this.#options.log.error({ code: 'OCCUPANT_WRITE', err: error }, 'occupants not on record')
        })
    }
    this.#isWriting = false
  }

  #takeChanges(): { readonly put: OccupantRow[]; readonly removed: OccupantRow[] } {
    const put: OccupantRow[] = []
    const removed: OccupantRow[] = []
    for (const [room, sessions] of this.#changed) {
      const written = this.#written.get(room) ?? new Map<string, OccupantRow>()
      this.#written.set(room, written)
      for (const session of sessions) {
        const row = this.#options.rowOf(room, session)
        const before = written.get(session)
        if (row && !isSame(before, row)) put.push(row)
        if (!row && before) removed.push(before)
        if (row) written.set(session, row)
        else written.delete(session)
      }
      if (written.size === 0) this.#written.delete(room)
    }
    this.#changed.clear()
    return { put, removed }
  }
}

const isSame = (one: OccupantRow | undefined, other: OccupantRow): boolean =>
  one !== undefined && one.nick === other.nick && one.presence === other.presence
