/** Pages of the archive in SQLite: by index range, counts as differences of ordinals. Source: XEP-0313, XEP-0059. */
import type { ArchiveEntry, ArchivePage, ArchiveQuery } from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { SqlValue } from './sql.ts'
import type { Database, Statement } from './sqlite.ts'
import { matchExpression } from './sqlite-text.ts'

/** An entry as it is stored, under the number of its room. */
export interface Row {
  id: number
  ordinal: number
  at_ms: number
  occupant_id: string
  nick: string
  kind: ArchiveEntry['kind']
  body: string | null
  xml: string
  network_id: string | null
  corrects: number | null
}

/** Columns of `Row`. */
export const COLUMNS = 'id, ordinal, at_ms, occupant_id, nick, kind, body, xml, network_id, corrects'

const OF_MESSAGE = COLUMNS.split(', ')
  .map((column) => `message.${column}`)
  .join(', ')

/** One end of a range of entries. */
export interface End {
  id: number
  ordinal: number
  at_ms: number
}

/** Ids from `low` to `high`, both included. */
interface Range {
  readonly low: number
  readonly high: number
}

export const ALL: Range = { low: 0, high: Number.MAX_SAFE_INTEGER }

/** Clients name ids, so they may be anything: what is no id is that of no entry. */
export const numberOf = (id: ArchiveId): number => (/^\d{16}$/.test(id) ? Number(id) : -1)
export const archiveId = (id: number): ArchiveId => String(id).padStart(16, '0') as ArchiveId

/** Microseconds from a client's milliseconds, which may be anything. */
export const microseconds = (ms: number): number => Math.max(0, Math.min(ms * 1_000, ALL.high))

export const entryOf = (room: string, row: Row): ArchiveEntry => ({
  id: archiveId(row.id),
  room,
  atMs: row.at_ms,
  occupantId: row.occupant_id,
  nick: row.nick,
  kind: row.kind,
  body: row.body,
  xml: row.xml,
  networkId: row.network_id,
  ...(row.corrects !== null && { corrects: archiveId(row.corrects) }),
})

/** The ids that a query's times admit. */
const rangeOfTimes = ({ startMs, endMs }: ArchiveQuery): Range => ({
  low: startMs === undefined ? ALL.low : microseconds(startMs),
  high: endMs === undefined ? ALL.high : microseconds(endMs + 1) - 1,
})

/** The part of `times` that a page may come from. */
const rangeOfPage = (times: Range, { afterId, beforeId }: ArchiveQuery): Range => ({
  low: Math.max(times.low, afterId === undefined ? ALL.low : numberOf(afterId) + 1),
  high: Math.min(times.high, beforeId === undefined ? ALL.high : numberOf(beforeId) - 1),
})

const within = ({ low, high }: Range, id: number): boolean => low <= id && id <= high

/** At most `max` of `rows`, from the end that the query asks for, and whether that is all. */
function cut(rows: readonly Row[], { max, fromEnd }: ArchiveQuery): { rows: readonly Row[]; isAll: boolean } {
  const isAll = rows.length <= max
  return { rows: isAll ? rows : fromEnd ? rows.slice(rows.length - max) : rows.slice(0, max), isAll }
}

/** Statements for a page from either end. */
interface Pages {
  readonly oldest: Statement<Row>
  readonly newest: Statement<Row>
}

/** Reads pages; nothing here changes anything. */
export class PageReader {
  readonly #one: Statement<Row>
  readonly #byRoom: Pages
  readonly #byOccupant: Pages
  readonly #byText: Pages
  readonly #hasText: Statement
  readonly #corrections: Statement<{ id: number }>
  readonly #countOfOccupant: Statement<{ count: number }>
  readonly #ends: { readonly first: Statement<End>; readonly last: Statement<End> }

  constructor(db: Database) {
    this.#one = db.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ? AND room = ?`)
    // The planner has no statistics: each statement says which index it is made for.
    const pages = (from: string, where: string, id = 'id'): Pages => {
      const page = (order: string): Statement<Row> =>
        db.prepare(
          `SELECT ${OF_MESSAGE} FROM ${from}
           WHERE ${where} AND ${id} BETWEEN ? AND ? ORDER BY ${id} ${order} LIMIT ?`,
        )
      return { oldest: page('ASC'), newest: page('DESC') }
    }
    this.#byRoom = pages('message INDEXED BY message_by_room', 'room = ?')
    this.#byOccupant = pages('message INDEXED BY message_by_occupant', 'room = ? AND occupant_id = ?')
    this.#byText = pages(
      'message_text CROSS JOIN message ON message.id = message_text.rowid',
      'message_text MATCH ?',
      'message_text.rowid',
    )
    this.#hasText = db.prepare('SELECT 1 AS found FROM message_text WHERE message_text MATCH ? AND rowid = ?')
    this.#corrections = db.prepare(
      `SELECT id FROM message INDEXED BY message_by_corrected
       WHERE room = ? AND corrects = ? AND corrects IS NOT NULL`,
    )
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

  one(key: number, id: ArchiveId): Row | undefined {
    return this.#one.get(numberOf(id), key)
  }

  /** First and last entry of a room; undefined when it has none. */
  ends(key: number, { low, high }: Range = ALL): { readonly first: End; readonly last: End } | undefined {
    const first = this.#ends.first.get(key, low, high)
    const last = first && this.#ends.last.get(key, low, high)
    return first && last && { first, last }
  }

  /** Entries from an id on, oldest first. */
  from(key: number, low: number, max: number): Row[] {
    return this.#byRoom.oldest.all(key, low, ALL.high, max)
  }

  /** The page that a query asks for; undefined when an id that it names is not in the room. */
  page(key: number, query: ArchiveQuery): ArchivePage | undefined {
    for (const id of [query.afterId, query.beforeId])
      if (id !== undefined && !this.one(key, id)) return undefined
    const ids = query.revisionsOf === undefined ? query.ids : this.#revisions(key, query.revisionsOf)
    return ids ? this.#pageOfIds(key, query, ids) : this.#pageOfRange(key, query)
  }

  #pageOfRange(key: number, query: ArchiveQuery): ArchivePage {
    const times = rangeOfTimes(query)
    const { low, high } = rangeOfPage(times, query)
    const chosen = this.#choose(key, query)
    if (!chosen) return { entries: [], isComplete: true, total: null, firstIndex: null }
    // One more than asked for tells whether there is more.
    const found = query.fromEnd
      ? chosen.pages.newest.all(...chosen.values, low, high, query.max + 1).reverse()
      : chosen.pages.oldest.all(...chosen.values, low, high, query.max + 1)
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

  /** The statements for a query's filters; undefined when nothing can match. */
  #choose(
    key: number,
    { occupantId, text }: ArchiveQuery,
  ): { readonly pages: Pages; readonly values: readonly SqlValue[] } | undefined {
    if (text !== undefined) {
      const match = matchExpression(text, key, occupantId)
      return match === undefined ? undefined : { pages: this.#byText, values: [match] }
    }
    return occupantId === undefined
      ? { pages: this.#byRoom, values: [key] }
      : { pages: this.#byOccupant, values: [key, occupantId] }
  }

  #count(key: number, { occupantId }: ArchiveQuery, { low, high }: Range): number {
    if (occupantId !== undefined) return this.#countOfOccupant.get(key, occupantId, low, high)?.count ?? 0
    const ends = this.ends(key, { low, high })
    return ends ? ends.last.ordinal - ends.first.ordinal + 1 : 0
  }

  #pageOfIds(key: number, query: ArchiveQuery, ids: readonly ArchiveId[]): ArchivePage | undefined {
    const asked: Row[] = []
    for (const id of new Set(ids)) {
      const row = this.one(key, id)
      if (!row) return undefined
      asked.push(row)
    }
    const times = rangeOfTimes(query)
    const hasText = this.#textTest(key, query.text)
    const matching = asked
      .filter((row) => within(times, row.id))
      .filter((row) => query.occupantId === undefined || row.occupant_id === query.occupantId)
      .filter((row) => hasText(row.id))
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

  /** Ids of an entry and of what it corrects or is corrected by; its own alone when it is not there. */
  #revisions(key: number, id: ArchiveId): readonly ArchiveId[] {
    const row = this.one(key, id)
    if (!row) return [id]
    const root = archiveId(row.corrects ?? row.id)
    const corrections = this.#corrections.all(key, numberOf(root)).map((each) => archiveId(each.id))
    return this.one(key, root) ? [root, ...corrections] : corrections
  }

  #textTest(key: number, text: string | undefined): (id: number) => boolean {
    if (text === undefined) return () => true
    const match = matchExpression(text, key)
    return (id) => match !== undefined && this.#hasText.get(match, id) !== undefined
  }
}
