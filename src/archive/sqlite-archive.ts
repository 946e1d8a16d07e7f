/** The archive in SQLite: storing, retracting, pruning and reading messages. Source: XEP-0313, XEP-0424. */
import { statSync } from 'node:fs'
import type {
  ArchiveAnswer,
  ArchiveEntry,
  ArchiveMetadata,
  ArchiveQuery,
  ArchiveWrite,
  Tombstone,
} from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { AppendOutcome, Archive } from './archive.ts'
import { archiveId, COLUMNS, entryOf, microseconds, numberOf } from './archive-rows.ts'
import type { Database, Statement } from './sqlite.ts'
import { PageReader } from './sqlite-pages.ts'
import { type IndexedText, TextIndex } from './sqlite-text.ts'

const EXPORT_BATCH = 500
/** Rooms whose ends are known without looking. */
const MAX_ENDS = 10_000

/** Where a room's next entry goes. */
interface RoomEnd {
  readonly key: number
  lastId: number
  lastOrdinal: number
}

class SqliteArchive implements Archive {
  readonly #db: Database
  readonly #pages: PageReader
  readonly #text: TextIndex
  readonly #roomKey: Statement<{ key: number }>
  readonly #addRoom: Statement
  readonly #insert: Statement
  readonly #retract: Statement
  readonly #addTotal: Statement
  readonly #oldest: Statement<{ id: number; room: number; occupantId: string; body: string | null }>
  readonly #remove: Statement
  /** By localpart. Nobody else writes, so they hold until a transaction is undone. */
  readonly #ends = new Map<string, RoomEnd>()

  constructor(db: Database) {
    this.#db = db
    this.#pages = new PageReader(db)
    this.#text = new TextIndex(db)
    this.#roomKey = db.prepare('SELECT key FROM archive_room WHERE localpart = ?')
    this.#addRoom = db.prepare('INSERT INTO archive_room (localpart) VALUES (?)')
    this.#insert = db.prepare(
      `INSERT INTO message (room, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (room, network_id) WHERE network_id IS NOT NULL DO NOTHING`,
    )
    this.#retract = db.prepare(`UPDATE message SET kind = 'retracted', body = NULL, xml = ? WHERE id = ?`)
    this.#addTotal = db.prepare('UPDATE archive_total SET messages = messages + ?')
    this.#oldest = db.prepare(
      'SELECT id, room, occupant_id AS occupantId, body FROM message WHERE id < ? ORDER BY id LIMIT ?',
    )
    this.#remove = db.prepare('DELETE FROM message WHERE id <= ?')
  }

  append(writes: readonly ArchiveWrite[]): Promise<readonly AppendOutcome[]> {
    return this.#db.commit(() => {
      try {
        const outcomes = this.#db.transaction(() => this.#appendAll(writes))
        if (writes.some(({ retracts }) => retracts?.length)) this.#db.foldLog()
        return outcomes
      } catch (error) {
        this.#ends.clear()
        this.#text.undone()
        throw error
      }
    })
  }

  #appendAll(writes: readonly ArchiveWrite[]): readonly AppendOutcome[] {
    const outcomes = writes.map((write): AppendOutcome => {
      const room = this.#roomForAppend(write.room)
      if (!this.#store(room, write)) return 'duplicate'
      for (const tombstone of write.retracts ?? []) this.#takeBack(room.key, tombstone)
      return 'stored'
    })
    this.#addTotal.run(outcomes.filter((outcome) => outcome === 'stored').length)
    this.#text.keepUp()
    return outcomes
  }

  #roomForAppend(localpart: string): RoomEnd {
    const known = this.#ends.get(localpart)
    if (known) return known
    if (this.#ends.size >= MAX_ENDS) this.#ends.clear()
    if (!this.#roomKey.get(localpart)) this.#addRoom.run(localpart)
    const key = this.#keyOf(localpart)
    const last = this.#pages.ends(key)?.last
    const end = { key, lastId: last?.id ?? -1, lastOrdinal: last?.ordinal ?? 0 }
    this.#ends.set(localpart, end)
    return end
  }

  /** False when the room has this networkId. */
  #store(room: RoomEnd, entry: ArchiveEntry): boolean {
    const id = numberOf(entry.id)
    if (id <= room.lastId) throw new Error(`id ${entry.id} is not after ${archiveId(room.lastId)}`)
    const changes = this.#insert.run(
      room.key,
      id,
      room.lastOrdinal + 1,
      entry.atMs,
      entry.occupantId,
      entry.nick,
      entry.kind,
      entry.body,
      entry.xml,
      entry.networkId,
      entry.corrects === undefined ? null : numberOf(entry.corrects),
    )
    if (changes === 0) return false
    room.lastId = id
    room.lastOrdinal++
    if (entry.body !== null) this.#text.add(id)
    return true
  }

  #takeBack(key: number, { id, xml }: Tombstone): void {
    const row = this.#pages.one(key, id)
    if (!row) return
    if (row.body !== null)
      this.#text.purge({ id: row.id, room: key, occupantId: row.occupant_id, body: row.body })
    this.#retract.run(xml, row.id)
  }

  /** 0, the number of no room, when nothing was ever stored in it. */
  #keyOf(localpart: string): number {
    return this.#roomKey.get(localpart)?.key ?? 0
  }

  query(query: ArchiveQuery): Promise<ArchiveAnswer> {
    return this.#db.attempt((): ArchiveAnswer => {
      if (query.text !== undefined) this.#catchUp()
      const page = this.#pages.page(this.#keyOf(query.room), query)
      return page ? { kind: 'page', page } : { kind: 'not-found' }
    })
  }

  /** Where nothing can be written any more, what the index has is found all the same. */
  #catchUp(): void {
    try {
      this.#db.transaction(() => this.#text.catchUp())
    } catch {
      this.#text.undone()
    }
  }

  metadata(room: string): Promise<ArchiveMetadata | null> {
    return this.#db.attempt(() => {
      const ends = this.#pages.ends(this.#keyOf(room))
      if (!ends) return null
      const { first, last } = ends
      return {
        first: { id: archiveId(first.id), atMs: first.at_ms },
        last: { id: archiveId(last.id), atMs: last.at_ms },
      }
    })
  }

  lastId(): Promise<ArchiveId | null> {
    return this.#db.attempt(() => {
      const last = this.#db.value('SELECT coalesce(max(id), -1) FROM message')
      return last < 0 ? null : archiveId(last)
    })
  }

  prune(beforeMs: number, batch: number): Promise<number> {
    return this.#db.commit(() =>
      this.#db.transaction(() => {
        const old = this.#oldest.all(microseconds(beforeMs), batch)
        for (const row of old) if (row.body !== null) this.#text.remove(row as IndexedText)
        const last = old.at(-1)
        if (last) this.#remove.run(last.id)
        this.#addTotal.run(-old.length)
        return old.length
      }),
    )
  }

  tidy(): Promise<boolean> {
    return this.#db.commit(() => {
      const hasMore = this.#db.transaction(() => this.#text.tidy())
      if (!hasMore) this.#db.foldLog()
      return hasMore
    })
  }

  async *export(room: string): AsyncGenerator<ArchiveEntry> {
    let low = 0
    while (true) {
      const from = low
      const rows = await this.#db.attempt(() => this.#pages.from(this.#keyOf(room), from, EXPORT_BATCH))
      for (const row of rows) yield entryOf(room, row)
      const last = rows.at(-1)
      if (!last) return
      low = last.id + 1
    }
  }

  stats(): Promise<{ messages: number; bytes: number }> {
    return this.#db.attempt(() => ({
      messages: this.#db.value('SELECT messages FROM archive_total'),
      bytes: [this.#db.path, `${this.#db.path}-wal`].reduce(
        (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
    }))
  }
}

/** The archive's part of an open database. */
export const sqliteArchive = (db: Database): Archive => new SqliteArchive(db)
