/** One connection to PostgreSQL through pg: opening, statements and errors. The only file that knows the driver. */
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Client, DatabaseError, type QueryConfig, type QueryResult, types } from 'pg'
import type { PostgresLocation } from './postgres-url.ts'
import type { SqlRunner, SqlValue } from './sql.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** A statement that takes longer is cancelled by the server. */
const STATEMENT_TIMEOUT_MS = 8_000
/** A server that does not even say that it cancelled is lost. */
const ANSWER_TIMEOUT_MS = 10_000

/** Beyond a dead network the server gives up, and frees the lock, after a minute: 30 s idle and three probes. */
const SESSION = `
  SET statement_timeout = ${STATEMENT_TIMEOUT_MS};
  SET default_transaction_isolation = 'read committed';
  SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = 60000;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';`

const INT8 = 20
const NUMERIC = 1700
/** Ids, times and counts are below 2^53. */
const PARSERS = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC ? Number : types.getTypeParser(oid, format as 'text'),
}

/** What the driver says when TLS is turned off at the server. */
const NO_TLS = /does not support SSL/

/** A value, or a list that the statement takes as an array. */
export type PostgresValue = SqlValue | readonly SqlValue[]

/**
 * An error's text for people, and the SQLSTATE when it is the server's. Its details and hints may quote rows, and so
 * messages: they go nowhere.
 */
export function problemOf(error: unknown): { readonly text: string; readonly sqlState: string | undefined } {
  if (error instanceof DatabaseError)
    return { text: `${error.message} (${error.code})`, sqlState: error.code }
  return { text: messageOf(error), sqlState: undefined }
}

/** Several addresses of one host fail with one error each, and no text for all. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}

/** The server's texts cannot hold the character 0. */
const toStore = (value: PostgresValue): unknown =>
  typeof value === 'string'
    ? value.replaceAll('\0', '\ufffd')
    : Array.isArray(value)
      ? value.map(toStore)
      : value

export class PostgresConnection implements SqlRunner {
  readonly #client: Client
  readonly #socket = new Socket()
  readonly #onLost: (reason: string) => void
  /** Names of prepared statements by their text. */
  readonly #statements = new Map<string, { readonly name: string; readonly text: string }>()
  #isOpen = false

  private constructor(
    location: PostgresLocation,
    ssl: ConnectionOptions | false,
    onLost: (reason: string) => void,
  ) {
    const { host, port, database, user, password } = location
    this.#onLost = onLost
    this.#client = new Client({
      host,
      port,
      database,
      user,
      // A function: then the driver looks for none in files or variables.
      password: () => password ?? '',
      ssl,
      stream: () => this.#socket,
      types: PARSERS,
      application_name: 'foyer',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    })
    this.#client.on('error', (error) => this.#lose(error))
    this.#client.on('end', () => this.#lose(new Error('the server closed the connection')))
  }

  /** Rejects with what the driver says. `onLost` is called once, when the connection is lost but not when it is closed. */
  static async open(
    location: PostgresLocation,
    onLost: (reason: string) => void,
  ): Promise<PostgresConnection> {
    const { sslMode } = location
    const isPlain = sslMode === 'disable' || location.host.startsWith('/')
    try {
      return await PostgresConnection.#open(location, isPlain ? false : tlsOptions(location), onLost)
    } catch (error) {
      if (sslMode !== 'prefer' || !NO_TLS.test(messageOf(error))) throw error
      return PostgresConnection.#open(location, false, onLost)
    }
  }

  static async #open(
    location: PostgresLocation,
    ssl: ConnectionOptions | false,
    onLost: (reason: string) => void,
  ): Promise<PostgresConnection> {
    const connection = new PostgresConnection(location, ssl, onLost)
    try {
      await connection.#client.connect()
      await connection.script(SESSION)
    } catch (error) {
      connection.#socket.destroy()
      throw error
    }
    connection.#isOpen = true
    return connection
  }

  /** False as soon as a statement has failed because the server is out of reach. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  async run(sql: string, ...values: PostgresValue[]): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0
  }

  async get<Row>(sql: string, ...values: PostgresValue[]): Promise<Row | undefined> {
    return (await this.#query(sql, values)).rows[0] as Row | undefined
  }

  async all<Row>(sql: string, ...values: PostgresValue[]): Promise<Row[]> {
    return (await this.#query(sql, values)).rows as Row[]
  }

  /** Statements without values. The name of the last one as the server understood it: a failed transaction's COMMIT is `ROLLBACK`. */
  async script(sql: string, timeoutMs: number = ANSWER_TIMEOUT_MS): Promise<string> {
    const results: unknown = await this.#ask({ text: sql }, timeoutMs)
    const last = Array.isArray(results) ? results.at(-1) : results
    return (last as { command: string }).command
  }

  /** What waits for an answer is rejected. Waits for nobody else. */
  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    const ended = this.#client.end()
    this.#socket.destroySoon()
    await ended
  }

  #query(sql: string, values: readonly PostgresValue[]): Promise<QueryResult> {
    let statement = this.#statements.get(sql)
    if (!statement) {
      let count = 0
      const text = sql.replace(/\?/g, () => `$${++count}`)
      statement = { name: `s${this.#statements.size}`, text }
      this.#statements.set(sql, statement)
    }
    return this.#ask({ ...statement, values: values.map(toStore) }, ANSWER_TIMEOUT_MS)
  }

  async #ask(query: QueryConfig, timeoutMs: number): Promise<QueryResult> {
    // The driver's own timer, which its types do not know.
    const timed: QueryConfig & { query_timeout: number } = { ...query, query_timeout: timeoutMs }
    try {
      return await this.#client.query(timed)
    } catch (error) {
      // Class 57P is the server's farewell. Without an answer nobody knows what the next one would belong to.
      if (!(error instanceof DatabaseError) || error.code?.startsWith('57P')) this.#lose(error)
      throw error
    }
  }

  #lose(error: unknown): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.destroy()
    this.#onLost(problemOf(error).text)
  }
}

function tlsOptions({ sslMode, sslRootCert, sslCert, sslKey }: PostgresLocation): ConnectionOptions {
  const files = {
    ...(sslRootCert !== null && { ca: readFileSync(sslRootCert) }),
    ...(sslCert !== null && { cert: readFileSync(sslCert) }),
    ...(sslKey !== null && { key: readFileSync(sslKey) }),
  }
  switch (sslMode) {
    case 'verify-full':
      return files
    case 'verify-ca':
      return { ...files, checkServerIdentity: () => undefined }
    default:
      // As libpq does: with an authority given, `require` is `verify-ca`.
      return sslMode === 'require' && sslRootCert !== null
        ? { ...files, checkServerIdentity: () => undefined }
        : { ...files, rejectUnauthorized: false }
  }
}
