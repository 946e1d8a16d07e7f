/**
 * One session with PostgreSQL: calls in order, tried again when the connection is lost, and never in doubt about what
 * was committed.
 *
 * The session that writes holds an advisory lock, so it is the only one, and every write counts a number in the
 * database up. When the connection is lost during a commit, the next session, which has the lock only when the old one
 * has ended, reads the number: it tells whether the write took effect.
 */
import { GatewayError } from '../util/errors.ts'
import { type PostgresConnection, type PostgresValue, problemOf } from './postgres.ts'
import { type Claimed, claimDatabase } from './postgres-claim.ts'
import { PostgresLink } from './postgres-link.ts'
import { nameOf, type PostgresLocation } from './postgres-url.ts'
import type { Sql, SqlRunner, SqlValue } from './sql.ts'

/** Calls that may wait; more are refused at once. */
const MAX_WAITING = 10_000
/** An idle connection is tried this often, so that a loss is noticed. */
const PING_MS = 10_000

/** Statements within one transaction; beside what `SqlRunner` takes, lists as arrays. */
export interface PostgresRunner extends SqlRunner {
  run(sql: string, ...values: PostgresValue[]): Promise<number>
  get<Row>(sql: string, ...values: PostgresValue[]): Promise<Row | undefined>
  all<Row>(sql: string, ...values: PostgresValue[]): Promise<Row[]>
}

export type Write<T> = (tx: PostgresRunner) => Promise<T>

/** A write whose commit was not answered. */
interface Doubt {
  readonly turn: number
  /** Takes the write back; for one that was reported as failed. */
  readonly undo: Write<void> | undefined
  isReportedFailed: boolean
  isCommitted?: boolean
}

export interface SessionOptions {
  readonly location: PostgresLocation
  /** Schema steps of a session that writes; null only reads. */
  readonly migrations: readonly string[] | null
  onProblem(problem: string | undefined): void
}

export class PostgresSession implements Sql {
  readonly #options: SessionOptions
  readonly #link: PostgresLink
  readonly #ping: NodeJS.Timeout
  #claimed: Claimed | undefined
  #doubt: Doubt | undefined
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  private constructor(options: SessionOptions) {
    this.#options = options
    this.#link = new PostgresLink({
      location: options.location,
      claim: (connection) => this.#claim(connection),
      onProblem: options.onProblem,
    })
    this.#ping = setInterval(() => this.#tryIfIdle(), PING_MS)
  }

  /** Rejects with a `GatewayError`: ARCHIVE_LOCKED, ARCHIVE_SCHEMA_NEWER, ARCHIVE_UNREADABLE. */
  static async open(options: SessionOptions): Promise<PostgresSession> {
    const session = new PostgresSession(options)
    try {
      await session.#link.start()
      return session
    } catch (error) {
      await session.close()
      throw error
    }
  }

  /** Why nothing can be done now; undefined while all is well. */
  get problem(): string | undefined {
    return this.#link.problem
  }

  /** Whoever waits for an answer gets none from this connection: the server was found to be out of reach. */
  drop(): void {
    this.#link.drop()
  }

  /** Resolves when all that was called so far has ended. */
  async settled(): Promise<void> {
    await this.#last
  }

  run(sql: string, ...values: SqlValue[]): Promise<number> {
    return this.write((tx) => tx.run(sql, ...values))
  }

  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return this.read((tx) => tx.get(sql, ...values))
  }

  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.read((tx) => tx.all(sql, ...values))
  }

  transaction<T>(work: (tx: SqlRunner) => Promise<T>): Promise<T> {
    return this.write(work)
  }

  /** What only reads, after all before it, and after `before`. */
  read<T>(work: (tx: PostgresRunner) => Promise<T>, before?: Promise<void>): Promise<T> {
    return this.#inTurn(async () => {
      await before
      for (;;) {
        const connection = await this.#link.connection()
        try {
          return await work(connection)
        } catch (error) {
          if (connection.isOpen) throw this.#failed(error)
        }
      }
    })
  }

  /**
   * All that `work` does, or nothing. When the connection is lost and does not come back in time this rejects; should
   * the database have committed all the same, `undo` is done before anything else. Without `undo` it then stays.
   */
  write<T>(work: Write<T>, undo?: Write<void>): Promise<T> {
    return this.#inTurn(async () => {
      for (;;) {
        const done = await this.#tryToWrite(work, undo)
        if (done) return done.result
      }
    })
  }

  /** The last call: after all before it. */
  async close(): Promise<void> {
    clearInterval(this.#ping)
    // The server would free the lock some time after the connection is closed: the next gateway need not wait.
    if (this.problem === undefined) await this.all('SELECT pg_advisory_unlock_all()').catch(() => undefined)
    await this.settled()
    await this.#link.close()
  }

  /** Undefined: the connection was lost, and nothing took effect. */
  async #tryToWrite<T>(work: Write<T>, undo: Write<void> | undefined): Promise<{ result: T } | undefined> {
    const connection = await this.#link.connection()
    const claimed = this.#claimed as Claimed
    const turn = claimed.turn + 1
    let committing: { result: T } | undefined
    try {
      await connection.script(`BEGIN; UPDATE gateway_turn SET turn = ${turn}`)
      committing = { result: await work(connection) }
      if ((await connection.script('COMMIT')) !== 'COMMIT') throw new Error('a statement failed')
      claimed.turn = turn
      return committing
    } catch (error) {
      if (connection.isOpen) {
        await connection.script('ROLLBACK').catch(() => undefined)
        throw this.#failed(error)
      }
      return committing && (await this.#isCommitted({ turn, undo, isReportedFailed: false }))
        ? committing
        : undefined
    }
  }

  /** Waits for the next connection, which finds out. */
  async #isCommitted(doubt: Doubt): Promise<boolean> {
    this.#doubt = doubt
    try {
      await this.#link.connection()
    } catch (error) {
      if (doubt.isCommitted === undefined) {
        doubt.isReportedFailed = true
        throw error
      }
    }
    return doubt.isCommitted === true
  }

  async #claim(connection: PostgresConnection): Promise<void> {
    const { migrations, location } = this.#options
    if (migrations === null) {
      await connection.script('SET default_transaction_read_only = on')
      return
    }
    const before = this.#claimed
    const now = await claimDatabase(connection, nameOf(location), migrations, before)
    const doubt = this.#doubt
    if (before && now.turn !== before.turn && now.turn !== doubt?.turn)
      throw new GatewayError(
        'ARCHIVE_TAKEN',
        `${nameOf(location)}: another gateway has used it meanwhile: start this one again`,
      )
    if (doubt) {
      const isCommitted = now.turn === doubt.turn
      if (isCommitted && doubt.isReportedFailed && doubt.undo) {
        await connection.script('BEGIN')
        await doubt.undo(connection)
        await connection.script('COMMIT')
      }
      doubt.isCommitted = isCommitted
      this.#doubt = undefined
    }
    this.#claimed = now
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) return Promise.reject(this.#failed(new Error('too much waits for it')))
    this.#waiting += 1
    const result = this.#last.then(work).finally(() => {
      this.#waiting -= 1
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  #tryIfIdle(): void {
    if (this.#waiting === 0 && this.problem === undefined) this.get('SELECT 1').catch(() => undefined)
  }

  #failed(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error
    return new GatewayError('ARCHIVE_FAILED', `${nameOf(this.#options.location)}: ${problemOf(error).text}`)
  }
}
