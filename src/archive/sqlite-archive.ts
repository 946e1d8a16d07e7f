/** The archive in SQLite: pages by index range, counts as differences of ordinals. Source: XEP-0313, XEP-0059. */
import { statSync } from 'node:fs'
import type {
  ArchiveAnswer,
  ArchiveEntry,
  ArchiveMetadata,
  ArchivePage,
  ArchiveQuery,
} from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { AppendOutcome, Archive } from './archive.ts'
import type { SqlValue } from './sql.ts'
import type { Database, Statement } from './sqlite.ts'

const EXPORT_BATCH = 500
const COLUMNS = 'id, ordinal, at_ms, occupant_id, nick, kind, body, xml, network_id'

interface Row {
  id: number
  ordinal: number
  at_ms: number
  occupant_id: string
  nick: string
  kind: ArchiveEntry['kind']
  body: string | null
  xml: string
  network_id: string | null
}

/** Ids from `low` to `high`, both included. */
interface Range {
  readonly low: number
  readonly high: number
}

/** Clients name ids, so they may be anything: what is no id is that of no entry. */
const numberOf = (id: ArchiveId): number => (/^\d{16}$/.test(id) ? Number(id) : -1)
const archiveId = (id: number): ArchiveId => String(id).padStart(16, '0') as ArchiveId

/** Microseconds from a client's milliseconds, which may be anything. */
const microseconds = (ms: number): number => Math.max(0, Math.min(ms * 1_000, Number.MAX_SAFE_INTEGER))

const entryOf = (room: string, row: Row): ArchiveEntry => ({
  id: archiveId(row.id),
  room,
  atMs: row.at_ms,
  occupantId: row.occupant_id,
  nick: row.nick,
  kind: row.kind,
  body: row.body,
  xml: row.xml,
  networkId: row.network_id,
})

/** The ids that a query's times admit. */
const rangeOfTimes = ({ startMs, endMs }: ArchiveQuery): Range => ({
  low: startMs === undefined ? 0 : microseconds(startMs),
  high: endMs === undefined ? Number.MAX_SAFE_INTEGER : microseconds(endMs + 1) - 1,
})

/** The part of `times` that a page may come from. */
const rangeOfPage = (times: Range, { afterId, beforeId }: ArchiveQuery): Range => ({
  low: Math.max(times.low, afterId === undefined ? 0 : numberOf(afterId) + 1),
  high: Math.min(times.high, beforeId === undefined ? Number.MAX_SAFE_INTEGER : numberOf(beforeId) - 1),
})

const within = ({ low, high }: Range, id: number): boolean => low <= id && id <= high

/** At most `max` of `rows`, from the end that the query asks for, and whether that is all. */
function cut(rows: readonly Row[], { max, fromEnd }: ArchiveQuery): { rows: readonly Row[]; isAll: boolean } {
  const isAll = rows.length <= max
  return { rows: isAll ? rows : fromEnd ? rows.slice(rows.length - max) : rows.slice(0, max), isAll }
}

class SqliteArchive implements Archive {
  readonly #db: Database
  readonly #roomKey: Statement<{ key: number }>
  readonly #addRoom: Statement
  readonly #insert: Statement
  readonly #addTotal: Statement
  readonly #prune: Statement
  readonly #one: Statement<Row>
  readonly #exists: Statement
  readonly #pages: Readonly<Record<'room' | 'occupant', { oldest: Statement<Row>; newest: Statement<Row> }>>
  readonly #countOfOccupant: Statement<{ count: number }>
  readonly #ends: { first: Statement<End>; last: Statement<End> }

  constructor(db: Database) {
    this.#db = db
    this.#roomKey = db.prepare('SELECT key FROM archive_room WHERE localpart = ?')
    this.#addRoom = db.prepare('INSERT INTO archive_room (localpart) VALUES (?)')
    this.#insert = db.prepare(
      `INSERT INTO message (room, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (room, network_id) WHERE network_id IS NOT NULL DO NOTHING`,
    )
    this.#addTotal = db.prepare('UPDATE archive_total SET messages = messages + ?')
    this.#prune = db.prepare(
      'DELETE FROM message WHERE id IN (SELECT id FROM message WHERE id < ? ORDER BY id LIMIT ?)',
    )
    this.#one = db.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ? AND room = ?`)
    this.#exists = db.prepare('SELECT 1 AS found FROM message WHERE id = ? AND room = ?')
    // The planner has no statistics: each statement says which index it is made for.
    const page = (index: string, where: string, order: string): Statement<Row> =>
      db.prepare(
        `SELECT ${COLUMNS} FROM message INDEXED BY ${index}
         WHERE ${where} AND id BETWEEN ? AND ? ORDER BY id ${order} LIMIT ?`,
      )
    const pages = (index: string, where: string) => ({
      oldest: page(index, where, 'ASC'),
      newest: page(index, where, 'DESC'),
    })
    this.#pages = {
      room: pages('message_by_room', 'room = ?'),
      occupant: pages('message_by_occupant', 'room = ? AND occupant_id = ?'),
    }
    this.#countOfOccupant = db.prepare(
      `SELECT count(*) AS count FROM message INDEXED BY message_by_occupant
       WHERE room = ? AND occupant_id = ? AND id BETWEEN ? AND ?`,
    )
    const end = (order: string): Statement<End> =>
      db.prepare(
        `SELECT id, ordinal, at_ms FROM message INDEXED BY message_by_room
         WHERE room = ? AND id BETWEEN ? AND ? ORDER BY id ${order} LIMIT 1`,
      )
    this.#ends = { first: end('ASC'), last: end('DESC') }
  }

  append(entries: readonly ArchiveEntry[]): Promise<readonly AppendOutcome[]> {
    return this.#db.attempt(() =>
      this.#db.transaction(() => {
        const rooms = new Map<string, { key: number; lastId: number; lastOrdinal: number }>()
        const outcomes = entries.map((entry): AppendOutcome => {
          const room = rooms.get(entry.room) ?? this.#roomForAppend(entry.room)
          rooms.set(entry.room, room)
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
          )
          if (changes === 0) return 'duplicate'
          room.lastId = id
          room.lastOrdinal++
          return 'stored'
        })
        this.#addTotal.run(outcomes.filter((outcome) => outcome === 'stored').length)
        return outcomes
      }),
    )
  }

  #roomForAppend(localpart: string): { key: number; lastId: number; lastOrdinal: number } {
    if (!this.#roomKey.get(localpart)) this.#addRoom.run(localpart)
    const key = this.#roomKey.get(localpart)?.key ?? 0
    const last = this.#ends.last.get(key, 0, Number.MAX_SAFE_INTEGER)
    return { key, lastId: last?.id ?? -1, lastOrdinal: last?.ordinal ?? 0 }
  }

  query(query: ArchiveQuery): Promise<ArchiveAnswer> {
    return this.#db.attempt((): ArchiveAnswer => {
      const key = this.#roomKey.get(query.room)?.key ?? 0
      for (const id of [query.afterId, query.beforeId])
        if (id !== undefined && !this.#exists.get(numberOf(id), key)) return { kind: 'not-found' }
      const page = query.ids ? this.#pageOfIds(key, query, query.ids) : this.#pageOfRange(key, query)
      return page ? { kind: 'page', page } : { kind: 'not-found' }
    })
  }

  #pageOfRange(key: number, query: ArchiveQuery): ArchivePage {
    const times = rangeOfTimes(query)
    const { low, high } = rangeOfPage(times, query)
    const statements = this.#pages[query.occupantId === undefined ? 'room' : 'occupant']
    const who: SqlValue[] = query.occupantId === undefined ? [key] : [key, query.occupantId]
    // One more than asked for tells whether there is more.
    const found = query.fromEnd
      ? statements.newest.all(...who, low, high, query.max + 1).reverse()
      : statements.oldest.all(...who, low, high, query.max + 1)
    const { rows, isAll } = cut(found, query)
    const first = rows[0]
    return {
      entries: rows.map((row) => entryOf(query.room, row)),
      isComplete: isAll,
      total: query.withCount ? this.#count(key, query, times) : null,
      firstIndex:
        query.withCount && first ? this.#count(key, query, { low: times.low, high: first.id - 1 }) : null,
    }
  }

  #count(key: number, { occupantId }: ArchiveQuery, { low, high }: Range): number {
    if (occupantId !== undefined) return this.#countOfOccupant.get(key, occupantId, low, high)?.count ?? 0
    const first = this.#ends.first.get(key, low, high)
    const last = first && this.#ends.last.get(key, low, high)
    return first && last ? last.ordinal - first.ordinal + 1 : 0
  }

  #pageOfIds(key: number, query: ArchiveQuery, ids: readonly ArchiveId[]): ArchivePage | undefined {
    const asked: Row[] = []
    for (const id of new Set(ids.map(numberOf))) {
      const row = this.#one.get(id, key)
      if (!row) return undefined
      asked.push(row)
    }
    const times = rangeOfTimes(query)
    const matching = asked
      .filter((row) => within(times, row.id))
      .filter((row) => query.occupantId === undefined || row.occupant_id === query.occupantId)
      .sort((a, b) => a.id - b.id)
    const bounds = rangeOfPage(times, query)
    const { rows, isAll } = cut(
      matching.filter((row) => within(bounds, row.id)),
      query,
    )
    const first = rows[0]
    return {
      entries: rows.map((row) => entryOf(query.room, row)),
      isComplete: isAll,
      total: query.withCount ? matching.length : null,
      firstIndex: query.withCount && first ? matching.indexOf(first) : null,
    }
  }

  metadata(room: string): Promise<ArchiveMetadata | null> {
    return this.#db.attempt(() => {
      const key = this.#roomKey.get(room)?.key ?? 0
      const first = this.#ends.first.get(key, 0, Number.MAX_SAFE_INTEGER)
      const last = this.#ends.last.get(key, 0, Number.MAX_SAFE_INTEGER)
      if (!first || !last) return null
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
    return this.#db.attempt(() =>
      this.#db.transaction(() => {
        const removed = this.#prune.run(microseconds(beforeMs), batch)
        this.#addTotal.run(-removed)
        return removed
      }),
    )
  }

  async *export(room: string): AsyncGenerator<ArchiveEntry> {
    let low = 0
    while (true) {
      const rows = await this.#db.attempt(() => {
        const key = this.#roomKey.get(room)?.key ?? 0
        return this.#pages.room.oldest.all(key, low, Number.MAX_SAFE_INTEGER, EXPORT_BATCH)
      })
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

interface End {
  id: number
  ordinal: number
  at_ms: number
}

/** The archive's part of an open database. */
export const sqliteArchive = (db: Database): Archive => new SqliteArchive(db)
