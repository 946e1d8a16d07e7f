/** Taking a PostgreSQL database into use: is it fit, does nobody else have it, and is its schema ours. */
import { GatewayError } from '../util/errors.ts'
import type { PostgresConnection } from './postgres.ts'

/** Key of the advisory lock that a gateway holds on its database: `foyer` in ASCII. */
const LOCK_KEY = 0x66_6f_79_65_72
const MIN_VERSION = 13
/** A schema step may rewrite a large table. */
const MIGRATION_WAIT_MS = 86_400_000

/** What a gateway that has claimed the database knows of it. */
export interface Claimed {
  /** Number of the last write. */
  turn: number
  /** The server's process behind the connection, and since when: its id alone may be given again. */
  readonly backend: { readonly pid: number; readonly since: string }
}

interface ServerFacts {
  readonly version: number
  readonly encoding: string
  readonly read_only: string
  readonly pid: number
  readonly since: string
}

/**
 * Takes the lock and, the first time, brings the schema up to date: step n of `migrations` leads to version n + 1.
 * `before`: what this process claimed last; its old session is ended if the server still has it. Throws a
 * `GatewayError`: ARCHIVE_LOCKED, ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE.
 */
export async function claimDatabase(
  connection: PostgresConnection,
  name: string,
  migrations: readonly string[],
  before: Claimed | undefined,
): Promise<Claimed> {
  const { pid, since } = await factsOf(connection, name)
  if (before)
    await connection.all(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND backend_start::text = ?',
      before.backend.pid,
      before.backend.since,
    )
  const lock = await connection.get<{ is_ours: boolean }>(
    `SELECT pg_try_advisory_lock(${LOCK_KEY}) AS is_ours`,
  )
  if (!lock?.is_ours)
    throw new GatewayError(
      'ARCHIVE_LOCKED',
      `${name} is in use by another gateway: stop that one, or name another database`,
    )
  if (!before) await migrate(connection, name, migrations)
  const row = await connection.get<{ turn: number }>('SELECT turn FROM gateway_turn')
  if (!row) throw new GatewayError('ARCHIVE_UNREADABLE', `${name}: the table gateway_turn is empty`)
  return { turn: row.turn, backend: { pid, since } }
}

async function factsOf(connection: PostgresConnection, name: string): Promise<ServerFacts> {
  const facts = await connection.get<ServerFacts>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version,
       current_setting('server_encoding') AS encoding,
       current_setting('transaction_read_only') AS read_only,
       pid, backend_start::text AS since
     FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
  )
  const unfit = (why: string) => new GatewayError('ARCHIVE_UNREADABLE', `${name}: ${why}`)
  if (!facts) throw unfit('the server does not show its own session')
  if (facts.version < MIN_VERSION)
    throw unfit(`PostgreSQL ${facts.version}, expected ${MIN_VERSION} or newer`)
  if (facts.encoding !== 'UTF8') throw unfit(`encoding ${facts.encoding}, expected UTF8`)
  // It may become the first server later.
  if (facts.read_only !== 'off') throw new Error('the server takes no writes')
  return facts
}

async function migrate(
  connection: PostgresConnection,
  name: string,
  migrations: readonly string[],
): Promise<void> {
  await connection.script(`
    CREATE TABLE IF NOT EXISTS gateway_schema (version integer NOT NULL);
    INSERT INTO gateway_schema SELECT 0 WHERE NOT EXISTS (SELECT FROM gateway_schema)`)
  const row = await connection.get<{ version: number }>('SELECT version FROM gateway_schema')
  const version = row?.version ?? 0
  if (version > migrations.length)
    throw new GatewayError(
      'ARCHIVE_SCHEMA_NEWER',
      `${name} has schema ${version}, this version knows ${migrations.length}: use the newer version again`,
    )
  if (version === migrations.length) return
  const steps = migrations.slice(version).join('\n')
  await connection.script(
    `BEGIN; SET LOCAL statement_timeout = 0; ${steps}
     UPDATE gateway_schema SET version = ${migrations.length}; COMMIT`,
    MIGRATION_WAIT_MS,
  )
}
