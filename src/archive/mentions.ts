/** Notices for accounts that were mentioned while they were away, until they can be delivered. */
import type { Sql } from './sql.ts'
import type { MentionTable } from './store.ts'

export function mentionTable(db: Sql): MentionTable {
  return {
    accounts: async () => {
      const rows = await db.all<{ account: string }>('SELECT DISTINCT account FROM mention ORDER BY account')
      return rows.map(({ account }) => account)
    },
    of: (account) =>
      db.all<{ place: number; xml: string }>(
        'SELECT place, xml FROM mention WHERE account = ? ORDER BY place',
        account,
      ),
    add: (account, xml, max) =>
      db.transaction(async (tx) => {
        await tx.run('INSERT INTO mention (account, xml) VALUES (?, ?)', account, xml)
        await tx.run(
          `DELETE FROM mention WHERE account = ? AND place <= (
             SELECT place FROM mention WHERE account = ? ORDER BY place DESC LIMIT 1 OFFSET CAST(? AS bigint)
           )`,
          account,
          account,
          max,
        )
      }),
    remove: async (account, place) => {
      await db.run('DELETE FROM mention WHERE account = ? AND place <= CAST(? AS bigint)', account, place)
    },
    clear: async (account) => {
      await db.run('DELETE FROM mention WHERE account = ?', account)
    },
  }
}
