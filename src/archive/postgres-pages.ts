/** Pages of the archive in PostgreSQL: by index range, counts as differences of ordinals. Source: XEP-0313, XEP-0059. */
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
import type { PostgresValue } from './postgres.ts'
import type { PostgresRunner } from './postgres-session.ts'
import { wordQuery } from './postgres-text.ts'

/** 0, the number of no room, when nothing was ever stored in it. */
export async function roomKey(db: PostgresRunner, localpart: string): Promise<number> {
  const row = await db.get<{ key: number }>('SELECT key FROM archive_room WHERE localpart = ?', localpart)
  return row?.key ?? 0
}

/** First and last entry of a room; undefined when it has none. */
export async function ends(
  db: PostgresRunner,
  key: number,
  { low, high }: Range = ALL,
): Promise<{ readonly first: End; readonly last: End } | undefined> {
  const [first, last] = await db.all<End>(
    `(SELECT id, ordinal, at_ms FROM message WHERE room = ? AND id BETWEEN ? AND ? ORDER BY id ASC LIMIT 1)
     UNION ALL
     (SELECT id, ordinal, at_ms FROM message WHERE room = ? AND id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1)`,
    key,
    low,
    high,
    key,
    low,
    high,
  )
  return first && last && { first, last }
}

/** Entries from an id on, oldest first. */
export const entriesFrom = (db: PostgresRunner, key: number, low: number, max: number): Promise<Row[]> =>
  rowsOf(db, { where: 'room = ?', values: [key] }, { low, high: ALL.high }, { max, fromEnd: false })

/** The page that a query asks for; undefined when an id that it names is not in the room. */
export async function readPage(
  db: PostgresRunner,
  key: number,
  query: ArchiveQuery,
): Promise<ArchivePage | undefined> {
  const named = [query.afterId, query.beforeId].filter((id) => id !== undefined)
  if (named.length > 0 && !(await rowsNamed(db, key, named))) return undefined
  const ids = query.revisionsOf === undefined ? query.ids : await revisions(db, key, query.revisionsOf)
  if (!ids) return pageOfRange(db, key, query)
  const asked = await rowsNamed(db, key, ids)
  if (!asked || query.text === undefined) return asked && pageOfRows(asked, query)
  const words = wordQuery(query.text, key)
  const found = await db.all<{ id: number }>(
    'SELECT id FROM message WHERE id = ANY (?::bigint[]) AND words @@ ?::tsquery',
    asked.map((row) => row.id),
    words ?? null,
  )
  const matching = new Set(found.map(({ id }) => id))
  return pageOfRows(
    asked.filter((row) => matching.has(row.id)),
    query,
  )
}

/** Undefined when one of them is not in the room. */
async function rowsNamed(
  db: PostgresRunner,
  key: number,
  ids: readonly ArchiveId[],
): Promise<readonly Row[] | undefined> {
  const wanted = [...new Set(ids.map(numberOf))]
  const rows = await db.all<Row>(
    `SELECT ${COLUMNS} FROM message WHERE id = ANY (?::bigint[]) AND room = ?`,
    wanted,
    key,
  )
  return rows.length === wanted.length ? rows : undefined
}

/** Ids of an entry and of what it corrects or is corrected by; its own alone when it is not there. */
async function revisions(db: PostgresRunner, key: number, id: ArchiveId): Promise<readonly ArchiveId[]> {
  const rows = await db.all<{ id: number }>(
    `WITH named AS (SELECT coalesce(corrects, id) AS root FROM message WHERE id = ? AND room = ?)
     SELECT id FROM message, named WHERE room = ? AND id = root
     UNION
     SELECT id FROM message, named WHERE room = ? AND corrects = root`,
    numberOf(id),
    key,
    key,
    key,
  )
  return rows.length === 0 ? [id] : rows.map((row) => archiveId(row.id))
}

/** A condition with its values, and what is read beside the columns. */
interface Filter {
  readonly where: string
  readonly values: readonly PostgresValue[]
  readonly more?: string
}

/** The last message that corrects the one at hand. */
const LATEST = `, (
  SELECT later.xml FROM message AS later
  WHERE later.room = message.room AND later.corrects = message.id ORDER BY later.id DESC LIMIT 1
) AS latest`

async function rowsOf(
  db: PostgresRunner,
  { where, values, more = '' }: Filter,
  { low, high }: Range,
  { max, fromEnd }: { readonly max: number; readonly fromEnd: boolean },
): Promise<Row[]> {
  const rows = await db.all<Row>(
    `SELECT ${COLUMNS}${more} FROM message WHERE ${where} AND id BETWEEN ? AND ?
     ORDER BY id ${fromEnd ? 'DESC' : 'ASC'} LIMIT ?`,
    ...values,
    low,
    high,
    max,
  )
  return fromEnd ? rows.reverse() : rows
}

/** Undefined when nothing can match. */
function filterOf(key: number, { occupantId, nick, text, isFolded }: ArchiveQuery): Filter | undefined {
  if (isFolded) return { where: `room = ? AND ${IS_FOLDED}`, values: [key], more: LATEST }
  const words = text === undefined ? undefined : wordQuery(text, key, occupantId)
  if (text !== undefined && words === undefined) return undefined
  const filters: readonly (readonly [string, PostgresValue | undefined])[] = [
    ['room = ?', key],
    ['words @@ ?::tsquery', words],
    ['occupant_id = ?', words === undefined ? occupantId : undefined],
    ['nick = ?', nick],
  ]
  const given = filters.filter(([, value]) => value !== undefined)
  return {
    where: given.map(([where]) => where).join(' AND '),
    values: given.map(([, value]) => value as PostgresValue),
  }
}

async function pageOfRange(db: PostgresRunner, key: number, query: ArchiveQuery): Promise<ArchivePage> {
  const times = rangeOfTimes(query)
  const filter = filterOf(key, query)
  if (!filter) return { entries: [], isComplete: true, total: null, firstIndex: null }
  // One more than asked for tells whether there is more.
  const found = await rowsOf(db, filter, rangeOfPage(times, query), { ...query, max: query.max + 1 })
  const { rows, isAll } = cut(found, query)
  const first = rows[0]
  const before = first && { low: times.low, high: first.id - 1 }
  return {
    entries: rows.map((row) => entryOf(query.room, row)),
    isComplete: isAll,
    total: query.withCount ? await count(db, key, query, times) : null,
    firstIndex: query.withCount && before ? await count(db, key, query, before) : null,
  }
}

async function count(
  db: PostgresRunner,
  key: number,
  { occupantId }: ArchiveQuery,
  { low, high }: Range,
): Promise<number> {
  if (occupantId === undefined) {
    const found = await ends(db, key, { low, high })
    return found ? found.last.ordinal - found.first.ordinal + 1 : 0
  }
  const row = await db.get<{ count: number }>(
    'SELECT count(*) AS count FROM message WHERE room = ? AND occupant_id = ? AND id BETWEEN ? AND ?',
    key,
    occupantId,
    low,
    high,
  )
  return row?.count ?? 0
}
