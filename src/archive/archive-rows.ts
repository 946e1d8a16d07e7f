/** Entries as rows and queries as ranges of ids: what reading pages has in common on all databases. Source: XEP-0313, XEP-0059. */
import type { ArchiveEntry, ArchivePage, ArchiveQuery } from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'

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
  /** Only where corrections are folded in. */
  latest?: string | null
}

/** Columns of `Row`. */
export const COLUMNS = 'id, ordinal, at_ms, occupant_id, nick, kind, body, xml, network_id, corrects'

/** What a folded page has: entries that correct nothing, but for those that only tell of a change. */
export const IS_FOLDED = `message.corrects IS NULL AND message.kind IN ('message', 'retracted', 'gap')`

/** One end of a range of entries. */
export interface End {
  id: number
  ordinal: number
  at_ms: number
}

/** Ids from `low` to `high`, both included. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** Every id. */
export const ALL: Range = { low: 0, high: Number.MAX_SAFE_INTEGER }

/** Clients name ids, so they may be anything: what is no id is that of no entry. */
export const numberOf = (id: ArchiveId): number => (/^\d{16}$/.test(id) ? Number(id) : -1)
/** An id as it is told. */
export const archiveId = (id: number): ArchiveId => String(id).padStart(16, '0') as ArchiveId

/** Microseconds from a client's milliseconds, which may be anything. */
export const microseconds = (ms: number): number => Math.max(0, Math.min(ms * 1_000, ALL.high))

/** A row as it is told. */
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
  ...(row.latest && row.kind !== 'retracted' && { latest: row.latest }),
})

/** The ids that a query's times admit. */
export const rangeOfTimes = ({ startMs, endMs }: ArchiveQuery): Range => ({
  low: startMs === undefined ? ALL.low : microseconds(startMs),
  high: endMs === undefined ? ALL.high : microseconds(endMs + 1) - 1,
})

/** The part of `times` that a page may come from. */
export const rangeOfPage = (times: Range, { afterId, beforeId }: ArchiveQuery): Range => ({
  low: Math.max(times.low, afterId === undefined ? ALL.low : numberOf(afterId) + 1),
  high: Math.min(times.high, beforeId === undefined ? ALL.high : numberOf(beforeId) - 1),
})

/** Whether a range has an id. */
export const within = ({ low, high }: Range, id: number): boolean => low <= id && id <= high

/** At most `max` of `rows`, from the end that the query asks for, and whether that is all. */
export function cut(
  rows: readonly Row[],
  { max, fromEnd }: ArchiveQuery,
): { rows: readonly Row[]; isAll: boolean } {
  const isAll = rows.length <= max
  return { rows: isAll ? rows : fromEnd ? rows.slice(rows.length - max) : rows.slice(0, max), isAll }
}

/** The page that explicitly asked rows, all of one room, give for a query. */
export function pageOfRows(asked: readonly Row[], query: ArchiveQuery): ArchivePage {
  const times = rangeOfTimes(query)
  const matching = asked
    .filter((row) => within(times, row.id))
    .filter((row) => query.occupantId === undefined || row.occupant_id === query.occupantId)
    .filter((row) => query.nick === undefined || row.nick === query.nick)
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
