/** The statements of the small tables on SQLite. */
import type { Sql, SqlRunner } from './sql.ts'
import type { Database, Statement } from './sqlite.ts'

export function sqliteSql(db: Database): Sql {
  const statements = new Map<string, Statement>()
  const prepared = <Row>(sql: string): Statement<Row> => {
    const statement = statements.get(sql) ?? db.prepare(sql)
    statements.set(sql, statement)
    return statement as Statement<Row>
  }
  const inTransaction: SqlRunner = {
    run: async (sql, ...values) => prepared(sql).run(...values),
    get: async <Row>(sql: string, ...values: Parameters<Statement['get']>) =>
      prepared<Row>(sql).get(...values),
    all: async <Row>(sql: string, ...values: Parameters<Statement['all']>) =>
      prepared<Row>(sql).all(...values),
  }
  return {
    run: (sql, ...values) => db.commit(() => inTransaction.run(sql, ...values)),
    get: (sql, ...values) => db.attempt(() => inTransaction.get(sql, ...values)),
    all: (sql, ...values) => db.attempt(() => inTransaction.all(sql, ...values)),
    transaction: (work) => db.commit(() => db.transactionOf(() => work(inTransaction))),
  }
}
