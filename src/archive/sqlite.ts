/** SQLite through libsql: opening, locking, transactions and errors. The only file that knows the driver. */
import { execFile } from 'node:child_process'
import { chmodSync, closeSync, existsSync, fdatasync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import LibsqlDatabase from 'libsql'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'
import { GroupSync } from './group-sync.ts'
import type { SqlValue } from './sql.ts'

/** A prepared statement. */
export interface Statement<Row = unknown> {
  /** Number of rows changed. */
  run(...values: SqlValue[]): number
  get(...values: SqlValue[]): Row | undefined
  all(...values: SqlValue[]): Row[]
}

/** How long opening waits for another process to let go of the file. */
const LOCK_WAIT_MS = 1_000
/** Page cache; enough for the inner pages of all indexes of 10^7 messages. */
const CACHE_KIB = 16_384

/** As SQLite has it by itself. */
const AUTO_CHECKPOINT_PAGES = 1_000

/** The driver says many things twice: `disk is full: disk is full`. */
const message = (error: unknown): string => refusalOf(error).replace(/^(.+): \1$/, '$1')
/** Whatever is written next fails too. */
const DISK_FAILURES = /^SQLITE_(?:FULL|IOERR|READONLY|CORRUPT)/
const sqliteCode = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

function openingError(path: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  if (/^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(cause)))
    return new GatewayError(
      'ARCHIVE_LOCKED',
      `${path} is in use by another process: stop the gateway that runs with it, or name another folder with --data`,
      { cause },
    )
  const mend = /^SQLITE_(NOTADB|CORRUPT)/.test(sqliteCode(cause))
    ? ': restore it from a backup, or move it away to begin with an empty one'
    : ''
  return new GatewayError('ARCHIVE_UNREADABLE', `${path} cannot be opened: ${refusalOf(cause)}${mend}`, {
    cause,
  })
}

/** Makes the file unless it is there; for the owner alone, and so are the files that SQLite puts beside it. */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // Never opens a file that exists: closing it would give up the locks that this process has on it.
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
  chmodSync(path, 0o600)
}

const COPY = `
const { closeSync, copyFileSync, constants, fsyncSync, openSync } = require('node:fs')
const [from, to] = process.argv.slice(1)
copyFileSync(from, to, constants.COPYFILE_EXCL)
const copy = openSync(to, 'r+')
fsyncSync(copy)
closeSync(copy)`

/** By another process: if this one closed the file, it would give up its locks on it. */
const copyByAnother = async (from: string, to: string): Promise<void> => {
  await promisify(execFile)(process.execPath, ['-e', COPY, from, to])
}

const dataSync = promisify(fdatasync)

/** One connection that holds its file alone until it is closed or the process ends. */
export class Database {
  readonly path: string
  readonly #db: LibsqlDatabase.Database
  readonly #onDiskFailed: (error: unknown) => void
  readonly #sync = new GroupSync(() => this.#syncLog())
  /** Descriptor of the log, once there was something to sync. */
  #log: number | undefined
  /** A sync failed: nobody knows what the disk holds, so nothing is done any more. */
  #broken: Error | undefined
  /** The file is being copied: nothing may be folded into it. */
  #isCopying = false
  /** Fulfilled when all that was attempted so far has ended. */
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Opens or creates the file (mode 0600) and brings its schema up to date, durably: step n of
   * `migrations` leads to version n + 1. `onDiskFailed` hears of each commit that the disk did not
   * keep, `onMigrating` of a file of an older version before it is changed. Throws ARCHIVE_LOCKED,
   * ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE.
   */
  constructor(
    path: string,
    migrations: readonly string[],
    onDiskFailed = (_error: unknown): void => undefined,
    onMigrating = (_from: number, _to: number): void => undefined,
  ) {
    this.path = path
    this.#onDiskFailed = onDiskFailed
    try {
      createFile(path)
      this.#db = new LibsqlDatabase(path, { timeout: LOCK_WAIT_MS })
    } catch (cause) {
      throw openingError(path, cause)
    }
    try {
      // Exclusive before WAL: the index of the log is then in our memory, and no second process gets in.
      this.#db.pragma('locking_mode = EXCLUSIVE')
      this.#db.pragma('synchronous = FULL')
      // What is deleted or replaced is overwritten: retracted text must not stay in free pages.
      this.#db.pragma('secure_delete = ON')
      this.#migrate(migrations, onMigrating)
      this.#db.pragma('journal_mode = WAL')
      // The log is synced by `commit`, off the main thread; SQLite still syncs it before it folds it in.
      this.#db.pragma('synchronous = NORMAL')
      this.#db.pragma('foreign_keys = ON')
      this.#db.pragma(`cache_size = -${CACHE_KIB}`)
    } catch (cause) {
      this.#db.close()
      throw openingError(path, cause)
    }
  }

  #migrate(migrations: readonly string[], onMigrating: (from: number, to: number) => void): void {
    this.transaction(() => {
      const version = this.value('PRAGMA user_version')
      if (version > migrations.length)
        throw new GatewayError(
          'ARCHIVE_SCHEMA_NEWER',
          `${this.path} has schema ${version}, this version knows ${migrations.length}: use the newer version again`,
        )
      if (version > 0 && version < migrations.length) onMigrating(version, migrations.length)
      for (const sql of migrations.slice(version)) this.#db.exec(sql)
      this.#db.exec(`PRAGMA user_version = ${migrations.length}`)
    })
  }

  /** Rows are objects with the columns that the statement names. */
  prepare<Row = unknown>(sql: string): Statement<Row> {
    const statement = this.#db.prepare(sql)
    return {
      run: (...values) => statement.run(values).changes,
      get: (...values) => statement.get(values) as Row | undefined,
      all: (...values) => statement.all(values) as Row[],
    }
  }

  /** The one number that a query without parameters gives. */
  value(sql: string): number {
    return Number((this.#db.prepare(sql).raw().get([]) as unknown[])[0])
  }

  /** All that `work` does, or nothing if it throws; durable within `commit`. */
  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      // Some failures, a full disk among them, have rolled back already.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** The same for work that awaits its own statements; only within `commit`, which keeps others out meanwhile. */
  async transactionOf<T>(work: () => Promise<T>): Promise<T> {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = await work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /**
   * Copies the file as it is now to `path`, which must not exist. Work goes on meanwhile, in the log alone. Rejects with
   * ARCHIVE_FAILED. One copy at a time.
   */
  async copyTo(path: string): Promise<void> {
    await this.attempt(() => {
      if (this.#isCopying) throw new Error('it is being copied already')
      if (this.value('PRAGMA wal_checkpoint(TRUNCATE)') !== 0)
        throw new Error('the log cannot be folded in now')
      this.#db.pragma('wal_autocheckpoint = 0')
      this.#isCopying = true
    })
    try {
      await copyByAnother(this.path, path)
    } catch (cause) {
      throw new GatewayError('ARCHIVE_FAILED', `${path}: ${message(cause)}`, { cause })
    } finally {
      this.#isCopying = false
      await this.attempt(() => this.#db.pragma(`wal_autocheckpoint = ${AUTO_CHECKPOINT_PAGES}`))
    }
  }

  /** Folds the log into the file and empties it, so that old pages are nowhere any more. What fails is done later. */
  foldLog(): void {
    if (this.#isCopying) return
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // All that was committed is in the log, and the next checkpoint folds it in.
    }
  }

  /** Does `work` after all that was attempted before; what fails becomes a rejection with ARCHIVE_FAILED. */
  attempt<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(() => {
      if (this.#broken) throw this.#broken
      return work()
    })
    this.#turn = result.catch(() => undefined)
    return result.catch((cause: unknown) => this.#fail(cause))
  }

  /** The same for what changes something: durable when this is fulfilled. Other work goes on during the sync. */
  async commit<T>(work: () => T | Promise<T>): Promise<T> {
    const { result, synced } = await this.attempt(async () => ({
      result: await work(),
      synced: this.#sync.sync(),
    })).catch((error: unknown) => {
      if (DISK_FAILURES.test(sqliteCode((error as Error).cause))) this.#onDiskFailed(error)
      throw error
    })
    try {
      await synced
    } catch (cause) {
      this.#broken ??= new Error(`the disk failed to keep what was written, start again: ${message(cause)}`)
      this.#onDiskFailed(this.#broken)
      this.#fail(this.#broken)
    }
    return result
  }

  async #syncLog(): Promise<void> {
    // By a descriptor of its own: no locks are on the log, so nothing is given up when it is closed.
    this.#log ??= openSync(`${this.path}-wal`, 'r+')
    await dataSync(this.#log)
  }

  #fail(cause: unknown): never {
    throw new GatewayError('ARCHIVE_FAILED', `${this.path}: ${message(cause)}`, { cause })
  }

  /** Folds the log into the file and frees it for other processes, after all that was attempted before. */
  close(): Promise<void> {
    return this.attempt(async () => {
      await this.#sync.idle()
      if (this.#log !== undefined) closeSync(this.#log)
      // The driver keeps a connection, and its lock, as long as prepared statements live: leaving WAL folds the log
      // in, and the next access after the second pragma gives the lock back.
      this.#db.pragma('journal_mode = DELETE')
      this.#db.pragma('locking_mode = NORMAL')
      this.value('SELECT count(*) FROM sqlite_schema')
      this.#db.close()
    })
  }
}
