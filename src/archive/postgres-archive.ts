/** The archive in PostgreSQL: storing, retracting, pruning and reading messages. Source: XEP-0313, XEP-0424. */
import type {
  ArchiveAnswer,
  ArchiveEntry,
  ArchiveMetadata,
  ArchiveQuery,
  ArchiveWrite,
  Tombstone,
} from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { AppendOutcome, Archive, ArchiveStats } from './archive.ts'
import { archiveId, COLUMNS, entryOf, microseconds, numberOf } from './archive-rows.ts'
import { ends, entriesFrom, readPage, roomKey } from './postgres-pages.ts'
import type { PostgresRunner, PostgresSession } from './postgres-session.ts'
import { indexedWords } from './postgres-text.ts'

const EXPORT_BATCH = 500

/** Where a room's next entry goes. */
interface RoomEnd {
  readonly key: number
  lastId: number
  lastOrdinal: number
}

interface NewRow {
  readonly key: number
  readonly id: number
  readonly ordinal: number
  readonly write: ArchiveWrite
}

class PostgresArchive implements Archive {
  readonly #writer: PostgresSession
  readonly #reader: PostgresSession

  constructor(writer: PostgresSession, reader: PostgresSession) {
    this.#writer = writer
    this.#reader = reader
  }

  append(writes: readonly ArchiveWrite[]): Promise<readonly AppendOutcome[]> {
    return this.#writer.write(
      (tx) => store(tx, writes),
      (tx) => withdraw(tx, writes),
    )
  }

  query(query: ArchiveQuery): Promise<ArchiveAnswer> {
    return this.#read(async (db): Promise<ArchiveAnswer> => {
      const page = await readPage(db, await roomKey(db, query.room), query)
      return page ? { kind: 'page', page } : { kind: 'not-found' }
    })
  }

  metadata(room: string): Promise<ArchiveMetadata | null> {
    return this.#read(async (db) => {
      const found = await ends(db, await roomKey(db, room))
      if (!found) return null
      const { first, last } = found
      return {
        first: { id: archiveId(first.id), atMs: first.at_ms },
        last: { id: archiveId(last.id), atMs: last.at_ms },
      }
    })
  }

  async lastId(): Promise<ArchiveId | null> {
    const row = await this.#writer.get<{ last: number | null }>('SELECT max(id) AS last FROM message')
    return row?.last == null ? null : archiveId(row.last)
  }

  prune(beforeMs: number, batch: number): Promise<number> {
    return this.#writer.write(async (tx) => {
      const row = await tx.get<{ removed: number }>(
        `WITH removed AS (
           DELETE FROM message WHERE id IN (SELECT id FROM message WHERE id < ? ORDER BY id LIMIT ?) RETURNING 1
         )
         UPDATE archive_total SET messages = messages - (SELECT count(*) FROM removed)
         RETURNING (SELECT count(*) FROM removed) AS removed`,
        microseconds(beforeMs),
        batch,
      )
      return row?.removed ?? 0
    })
  }

  /** An update leaves the old words to the vacuum of the database. */
  async tidy(): Promise<boolean> {
    return false
  }

  async *export(room: string): AsyncGenerator<ArchiveEntry> {
    let low = 0
    while (true) {
      const from = low
      const rows = await this.#read(async (db) =>
        entriesFrom(db, await roomKey(db, room), from, EXPORT_BATCH),
      )
      for (const row of rows) yield entryOf(room, row)
      const last = rows.at(-1)
      if (!last) return
      low = last.id + 1
    }
  }

  stats(): Promise<ArchiveStats> {
    return this.#read(async (db) => {
      const row = await db.get<ArchiveStats>(
        'SELECT messages, pg_database_size(current_database()) AS bytes FROM archive_total',
      )
      return row ?? { messages: 0, bytes: 0 }
    })
  }

  /** On a session of its own, so that a long search keeps no message waiting; after all that was written before. */
  #read<T>(work: (db: PostgresRunner) => Promise<T>): Promise<T> {
    return this.#reader.read(work, this.#writer.settled())
  }
}

async function store(tx: PostgresRunner, writes: readonly ArchiveWrite[]): Promise<readonly AppendOutcome[]> {
  const rooms = await roomEnds(tx, [...new Set(writes.map((write) => write.room))])
  const known = await knownNetworkIds(tx, rooms, writes)
  const rows: NewRow[] = []
  const outcomes = writes.map((write): AppendOutcome => {
    const room = rooms.get(write.room) as RoomEnd
    const id = numberOf(write.id)
    if (id <= room.lastId) throw new Error(`id ${write.id} is not after ${archiveId(room.lastId)}`)
    const networkId = write.networkId === null ? undefined : `${room.key} ${write.networkId}`
    if (networkId !== undefined && known.has(networkId)) return 'duplicate'
    if (networkId !== undefined) known.add(networkId)
    room.lastId = id
    room.lastOrdinal += 1
    rows.push({ key: room.key, id, ordinal: room.lastOrdinal, write })
    return 'stored'
  })
  if (rows.length > 0) await insert(tx, rows)
  for (const { key, write } of rows)
    for (const tombstone of write.retracts ?? []) await retract(tx, key, tombstone)
  return outcomes
}

async function roomEnds(tx: PostgresRunner, localparts: readonly string[]): Promise<Map<string, RoomEnd>> {
  if (localparts.length === 0) return new Map()
  const select = (): Promise<
    { localpart: string; key: number; id: number | null; ordinal: number | null }[]
  > =>
    tx.all(
      `SELECT localpart, key, last.id, last.ordinal FROM archive_room LEFT JOIN LATERAL (
         SELECT id, ordinal FROM message WHERE room = key ORDER BY id DESC LIMIT 1
       ) AS last ON true
       WHERE localpart = ANY (?::text[])`,
      localparts,
    )
  let found = await select()
  if (found.length < localparts.length) {
    await tx.run(
      'INSERT INTO archive_room (localpart) SELECT unnest(?::text[]) ON CONFLICT DO NOTHING',
      localparts,
    )
    found = await select()
  }
  return new Map(
    found.map(({ localpart, key, id, ordinal }) => [
      localpart,
      { key, lastId: id ?? -1, lastOrdinal: ordinal ?? 0 },
    ]),
  )
}

/** `room networkId` of what is stored already. */
async function knownNetworkIds(
  tx: PostgresRunner,
  rooms: ReadonlyMap<string, RoomEnd>,
  writes: readonly ArchiveWrite[],
): Promise<Set<string>> {
  const given = writes.filter((write) => write.networkId !== null)
  if (given.length === 0) return new Set()
  const rows = await tx.all<{ room: number; network_id: string }>(
    `SELECT message.room, message.network_id
     FROM unnest(?::bigint[], ?::text[]) AS given (room, network_id)
     JOIN message ON message.room = given.room AND message.network_id = given.network_id`,
    given.map((write) => rooms.get(write.room)?.key ?? 0),
    given.map((write) => write.networkId),
  )
  return new Set(rows.map(({ room, network_id }) => `${room} ${network_id}`))
}

async function insert(tx: PostgresRunner, rows: readonly NewRow[]): Promise<void> {
  await tx.run(
    `WITH stored AS (
       INSERT INTO message (room, ${COLUMNS}, words)
       SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[],
         ?::text[], ?::text[], ?::text[], ?::bigint[], ?::text[]::tsvector[])
       RETURNING 1
     )
     UPDATE archive_total SET messages = messages + (SELECT count(*) FROM stored)`,
    rows.map(({ key }) => key),
    rows.map(({ id }) => id),
    rows.map(({ ordinal }) => ordinal),
    rows.map(({ write }) => write.atMs),
    rows.map(({ write }) => write.occupantId),
    rows.map(({ write }) => write.nick),
    rows.map(({ write }) => write.kind),
    rows.map(({ write }) => write.body),
    rows.map(({ write }) => write.xml),
    rows.map(({ write }) => write.networkId),
    rows.map(({ write }) => (write.corrects === undefined ? null : numberOf(write.corrects))),
    rows.map(({ key, write }) =>
      write.body === null ? null : indexedWords(key, write.occupantId, write.body),
    ),
  )
}

async function retract(tx: PostgresRunner, key: number, { id, xml }: Tombstone): Promise<void> {
  await tx.run(
    `UPDATE message SET kind = 'retracted', body = NULL, words = NULL, xml = ? WHERE id = ? AND room = ?`,
    xml,
    numberOf(id),
    key,
  )
}

/** Takes entries out that are the newest of their rooms. What they retracted stays so. */
async function withdraw(tx: PostgresRunner, writes: readonly ArchiveWrite[]): Promise<void> {
  await tx.run(
    `WITH removed AS (DELETE FROM message WHERE id = ANY (?::bigint[]) RETURNING 1)
     UPDATE archive_total SET messages = messages - (SELECT count(*) FROM removed)`,
    writes.map((write) => numberOf(write.id)),
  )
}

/** The archive's part of an open database: one session writes, the other reads. */
export const postgresArchive = (writer: PostgresSession, reader: PostgresSession): Archive =>
  new PostgresArchive(writer, reader)
