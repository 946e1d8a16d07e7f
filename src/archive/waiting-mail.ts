/** Stanzas for accounts that are away, until they can be delivered: one table for each kind. */
import type { Sql } from './sql.ts'
import type { MailTable } from './store.ts'

/** `table` is a name of the schema. */
export function mailTable(db: Sql, table: 'mention' | 'operator_mail'): MailTable {
  const accounts = `SELECT DISTINCT account FROM ${table} ORDER BY account`
  const waiting = `SELECT place, xml FROM ${table} WHERE account = ? ORDER BY place`
  const insert = `INSERT INTO ${table} (account, xml) VALUES (?, ?)`
  // All up to the newest one with which, and with what is behind it, there is too much.
  const trim = `DELETE FROM ${table} WHERE account = ? AND place <= (
    SELECT max(place) FROM (
      SELECT place, row_number() OVER newest AS stanzas, sum(length(xml)) OVER newest AS characters
      FROM ${table} WHERE account = ? WINDOW newest AS (ORDER BY place DESC)
    ) AS counted WHERE stanzas > CAST(? AS bigint) OR characters > CAST(? AS bigint)
  )`
  const removeUpTo = `DELETE FROM ${table} WHERE account = ? AND place <= CAST(? AS bigint)`
  const removeAll = `DELETE FROM ${table} WHERE account = ?`
  return {
    accounts: async () => (await db.all<{ account: string }>(accounts)).map(({ account }) => account),
    of: (account) => db.all<{ place: number; xml: string }>(waiting, account),
    add: (account, xml, most) =>
      db.transaction(async (tx) => {
        await tx.run(insert, account, xml)
        return tx.run(trim, account, account, most.stanzas, most.characters)
      }),
    remove: async (account, place) => {
      await db.run(removeUpTo, account, place)
    },
    clear: async (account) => {
      await db.run(removeAll, account)
    },
  }
}
