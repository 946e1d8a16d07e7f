/** Pages of the archive in SQLite: by index range, counts as differences of ordinals. Source: XEP-0313, XEP-0059. */
import type { ArchivePage, ArchiveQuery } from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import {
  ALL,
  archiveId,
  COLUMNS,
  cut,
  type End,
  entryOf,
  IS_FOLDED,
  numberOf,
  pageOfRows,
  type Range,
  type Row,
  rangeOfPage,
  rangeOfTimes,
} from './archive-rows.ts'
import type { SqlValue } from './sql.ts'
import type { Database, Statement } from './sqlite.ts'
import { matchExpression } from './sqlite-text.ts'

const OF_MESSAGE = COLUMNS.split(', ')
  .map((column) => `message.${column}`)
  .join(', ')

/** The last message that corrects the one at hand. */
const LATEST = `, (
  SELECT later.xml FROM message AS later INDEXED BY message_by_corrected
  WHERE later.room = message.room AND later.corrects = message.id AND later.corrects IS NOT NULL
  ORDER BY later.id DESC LIMIT 1
) AS latest`

/** Statements for a page from either end. */
interface Pages {
  readonly oldest: Statement<Row>
  readonly newest: Statement<Row>
}

/** Reads pages; nothing here changes anything. */
export class PageReader {
  readonly #one: Statement<Row>
  readonly #byRoom: Pages
  readonly #folded: Pages
  readonly #byOccupant: Pages
  readonly #byNick: Pages
  readonly #byText: Pages
  readonly #byTextAndNick: Pages
  readonly #hasText: Statement
  readonly #corrections: Statement<{ id: number }>
  readonly #countOfOccupant: Statement<{ count: number }>
  readonly #ends: { readonly first: Statement<End>; readonly last: Statement<End> }

  constructor(db: Database) {
    this.#one = db.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ? AND room = ?`)
    // The planner has no statistics: each statement says which index it is made for.
    const pages = (from: string, where: string, id = 'id', more = ''): Pages => {
      const page = (order: string): Statement<Row> =>
        db.prepare(
          `SELECT ${OF_MESSAGE}${more} FROM ${from}
           WHERE ${where} AND ${id} BETWEEN ? AND ? ORDER BY ${id} ${order} LIMIT ?`,
        )
      return { oldest: page('ASC'), newest: page('DESC') }
    }
    this.#byRoom = pages('message INDEXED BY message_by_room', 'room = ?')
    this.#folded = pages('message INDEXED BY message_by_room', `room = ? AND ${IS_FOLDED}`, 'id', LATEST)
    this.#byOccupant = pages('message INDEXED BY message_by_occupant', 'room = ? AND occupant_id = ?')
    this.#byNick = pages('message INDEXED BY message_by_nick', 'room = ? AND nick = ?')
    const found = 'message_text CROSS JOIN message ON message.id = message_text.rowid'
    this.#byText = pages(found, 'message_text MATCH ?', 'message_text.rowid')
    this.#byTextAndNick = pages(found, 'message_text MATCH ? AND message.nick = ?', 'message_text.rowid')
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
    { occupantId, nick, text, isFolded }: ArchiveQuery,
  ): { readonly pages: Pages; readonly values: readonly SqlValue[] } | undefined {
    if (isFolded) return { pages: this.#folded, values: [key] }
    if (text !== undefined) {
      const match = matchExpression(text, key, occupantId)
      if (match === undefined) return undefined
      return nick === undefined
        ? { pages: this.#byText, values: [match] }
        : { pages: this.#byTextAndNick, values: [match, nick] }
    }
    if (nick !== undefined) return { pages: this.#byNick, values: [key, nick] }
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
    const hasText = this.#textTest(key, query.text)
    return pageOfRows(
      asked.filter((row) => hasText(row.id)),
      query,
    )
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
