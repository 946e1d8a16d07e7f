/** Opens a store: the one place that chooses the database. */
import { accountStore } from './accounts.ts'
import type { Sql } from './sql.ts'
import { Database } from './sqlite.ts'
import { sqliteArchive } from './sqlite-archive.ts'
import { MIGRATIONS } from './sqlite-schema.ts'
import { sqliteSql } from './sqlite-sql.ts'
import type { Store } from './store.ts'
import { hearingTable, metaTable, nickStore, roomTable } from './tables.ts'

/** The small tables, which are the same on every database. */
const tables = (sql: Sql): Omit<Store, 'archive' | 'close'> => ({
  rooms: roomTable(sql),
  nicks: nickStore(sql),
  accounts: accountStore(sql),
  hearing: hearingTable(sql),
  meta: metaTable(sql),
})

/**
 * Opens the SQLite file, creating it and its folder if need be, and holds it alone. Throws a `GatewayError`:
 * ARCHIVE_LOCKED (another process has it), ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE.
 */
export function openStore(file: string): Store {
  const db = new Database(file, MIGRATIONS)
  return {
    archive: sqliteArchive(db),
    ...tables(sqliteSql(db)),
    close: () => db.attempt(() => db.close()),
  }
}
