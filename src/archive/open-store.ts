/** Opens a store: the one place that chooses the database. */

import { Database } from './sqlite.ts'
import { accountStore } from './sqlite-accounts.ts'
import { sqliteArchive } from './sqlite-archive.ts'
import { MIGRATIONS } from './sqlite-schema.ts'
import { metaTable, nickStore, roomTable } from './sqlite-tables.ts'
import type { Store } from './store.ts'

/**
 * Opens the SQLite file, creating it and its folder if need be, and holds it alone. Throws a `GatewayError`:
 * ARCHIVE_LOCKED (another process has it), ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE.
 */
export function openStore(file: string): Store {
  const db = new Database(file, MIGRATIONS)
  return {
    archive: sqliteArchive(db),
    rooms: roomTable(db),
    nicks: nickStore(db),
    accounts: accountStore(db),
    meta: metaTable(db),
    close: () => db.attempt(() => db.close()),
  }
}
