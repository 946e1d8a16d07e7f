/** What the small tables need of a database: they are written once, in SQL that SQLite and PostgreSQL both understand. */

/** What is stored: texts, integers below 2^53 (also for true and false), bytes, or nothing. */
export type SqlValue = string | number | Uint8Array | null

/**
 * Statements with `?` for each value; prepared once, so they are constants. What differs between the two databases is
 * avoided: a value whose type is not that of a column beside it is written `CAST(? AS bigint)`, sums are `coalesce`d.
 */
export interface SqlRunner {
  /** For what changes rows: how many it changed. */
  run(sql: string, ...values: SqlValue[]): Promise<number>
  /** For what only reads: the first row, with the columns that the statement names. */
  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined>
  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]>
}

/**
 * One open database. Calls take effect in the order in which they are made; a rejection is a `GatewayError`
 * ARCHIVE_FAILED, and nothing of that call took effect.
 */
export interface Sql extends SqlRunner {
  /** All that `work` does through `tx`, or nothing if it rejects. It may be called again when the connection is lost. */
  transaction<T>(work: (tx: SqlRunner) => Promise<T>): Promise<T>
}
