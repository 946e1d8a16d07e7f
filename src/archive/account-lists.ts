/** Lists of texts that accounts keep: contacts, nodes and items of PEP, blocked addresses. */
import {
  type AccountLists,
  type ListEntry,
  MAX_LIST_CHARACTERS,
  MAX_LIST_ENTRIES,
} from '../xmpp/account-port.ts'
import type { Sql } from './sql.ts'

export function accountLists(db: Sql): AccountLists {
  return {
    entries: (account, list) =>
      db.all<ListEntry>(
        'SELECT id, text FROM account_list WHERE account = ? AND list = ? ORDER BY place',
        account,
        list,
      ),
    entry: async (account, list, id) => {
      const row = await db.get<{ text: string }>(
        'SELECT text FROM account_list WHERE account = ? AND list = ? AND id = ?',
        account,
        list,
        id,
      )
      return row?.text
    },
    putEntry: async (account, list, { id, text }) =>
      (await db.run(
        `INSERT INTO account_list (account, list, id, place, characters, text)
         SELECT name, ?, ?,
           (SELECT coalesce(max(place), 0) + 1 FROM account_list WHERE account = name AND list = ?),
           CAST(? AS bigint), ?
         FROM account
         WHERE name = ?
           AND (SELECT count(*) FROM account_list WHERE account = name)
             - (SELECT count(*) FROM account_list WHERE account = name AND list = ? AND id = ?)
             < CAST(? AS bigint)
           AND (SELECT coalesce(sum(characters), 0) FROM account_list WHERE account = name)
             - (SELECT coalesce(sum(characters), 0) FROM account_list WHERE account = name AND list = ? AND id = ?)
             <= CAST(? AS bigint)
         ON CONFLICT (account, list, id) DO UPDATE
           SET place = excluded.place, characters = excluded.characters, text = excluded.text`,
        list,
        id,
        list,
        text.length,
        text,
        account,
        list,
        id,
        MAX_LIST_ENTRIES,
        list,
        id,
        MAX_LIST_CHARACTERS - text.length,
      )) === 1,
    removeEntry: async (account, list, id) =>
      (await db.run(
        'DELETE FROM account_list WHERE account = ? AND list = ? AND id = ?',
        account,
        list,
        id,
      )) === 1,
    clearList: async (account, list) => {
      await db.run('DELETE FROM account_list WHERE account = ? AND list = ?', account, list)
    },
  }
}
