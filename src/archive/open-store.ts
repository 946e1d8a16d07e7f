/** Opens a store: the one place that chooses the database. */
import { accountStore } from './accounts.ts'
import { postgresArchive } from './postgres-archive.ts'
import { MIGRATIONS as POSTGRES_MIGRATIONS } from './postgres-schema.ts'
import { PostgresSession } from './postgres-session.ts'
import type { PostgresLocation } from './postgres-url.ts'
import { roomStateTable } from './room-states.ts'
import type { Sql } from './sql.ts'
import { Database } from './sqlite.ts'
import { sqliteArchive } from './sqlite-archive.ts'
import { MIGRATIONS } from './sqlite-schema.ts'
import { sqliteSql } from './sqlite-sql.ts'
import type { Store } from './store.ts'
import { hearingTable, metaTable, nickStore, occupantTable, roomTable } from './tables.ts'
import { mailTable } from './waiting-mail.ts'

/** Where a store is: an absolute path of an SQLite file, or a database of PostgreSQL. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly postgres: PostgresLocation }

/** The small tables, which are the same on every database. */
const tables = (sql: Sql): Omit<Store, 'archive' | 'problem' | 'copyTo' | 'close'> => ({
  rooms: roomTable(sql),
  nicks: nickStore(sql),
  accounts: accountStore(sql),
  hearing: hearingTable(sql),
  occupants: occupantTable(sql),
  roomStates: roomStateTable(sql),
  mentions: mailTable(sql, 'mention'),
  operatorMail: mailTable(sql, 'operator_mail'),
  meta: metaTable(sql),
})

/**
 * Opens a store and holds it alone. `onProblem` hears of a database that is lost, and with undefined that it is back;
 * `onDiskFailed` of each change that the disk of this machine did not keep; `onMigrating` of an SQLite file whose schema is
 * about to be changed, which nothing else interrupts.
 * Rejects with a `GatewayError`: ARCHIVE_LOCKED (another process has it), ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE.
 */
export async function openStoreAt(
  location: StoreLocation,
  onProblem: (problem: string | undefined) => void,
  onDiskFailed?: (error: unknown) => void,
  onMigrating?: (from: number, to: number) => void,
): Promise<Store> {
  return location.kind === 'sqlite'
    ? openStore(location.file, onDiskFailed, onMigrating)
    : openPostgres(location.postgres, onProblem)
}

/** Opens the SQLite file, creating it and its folder if need be. Throws what `openStoreAt` rejects with. */
export function openStore(
  file: string,
  onDiskFailed?: (error: unknown) => void,
  onMigrating?: (from: number, to: number) => void,
): Store {
  const db = new Database(file, MIGRATIONS, onDiskFailed, onMigrating)
  return {
    archive: sqliteArchive(db),
    ...tables(sqliteSql(db)),
    problem: () => undefined,
    copyTo: (file) => db.copyTo(file),
    close: () => db.close(),
  }
}

async function openPostgres(
  location: PostgresLocation,
  onProblem: (problem: string | undefined) => void,
): Promise<Store> {
  let reader: PostgresSession | undefined
  let told: string | undefined
  const changed = (): void => {
    const problem = writer.problem ?? reader?.problem
    if (problem === told) return
    told = problem
    onProblem(problem)
  }
  const writer = await PostgresSession.open({
    location,
    migrations: POSTGRES_MIGRATIONS,
    onProblem: (problem) => {
      if (problem !== undefined) reader?.drop()
      changed()
    },
  })
  try {
    const reading = await PostgresSession.open({ location, migrations: null, onProblem: changed })
    reader = reading
    return {
      archive: postgresArchive(writer, reading),
      ...tables(writer),
      problem: () => told && 'the database is out of reach, see the log',
      copyTo: null,
      close: async () => {
        await reading.close()
        await writer.close()
      },
    }
  } catch (error) {
    await writer.close()
    throw error
  }
}
