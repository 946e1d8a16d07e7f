/** Accounts of the embedded server, with their private XML, vCards and lists. */
import { type AccountStore, MAX_PRIVATE_KEYS } from '../xmpp/account-port.ts'
import { accountLists } from './account-lists.ts'
import type { Sql } from './sql.ts'

interface RawAccount {
  salt: Uint8Array
  iterations: number
  sha1_stored: Uint8Array
  sha1_server: Uint8Array
  sha256_stored: Uint8Array
  sha256_server: Uint8Array
}

export function accountStore(db: Sql): AccountStore {
  return {
    ...accountLists(db),
    find: async (account) => {
      const raw = await db.get<RawAccount>(
        `SELECT salt, iterations, sha1_stored, sha1_server, sha256_stored, sha256_server
         FROM account WHERE name = ?`,
        account,
      )
      return (
        raw && {
          salt: Uint8Array.from(raw.salt),
          iterations: raw.iterations,
          sha1: {
            storedKey: Uint8Array.from(raw.sha1_stored),
            serverKey: Uint8Array.from(raw.sha1_server),
          },
          sha256: {
            storedKey: Uint8Array.from(raw.sha256_stored),
            serverKey: Uint8Array.from(raw.sha256_server),
          },
        }
      )
    },
    put: async (account, { salt, iterations, sha1, sha256 }) => {
      await db.run(
        `INSERT INTO account (name, salt, iterations, sha1_stored, sha1_server, sha256_stored, sha256_server)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET salt = excluded.salt, iterations = excluded.iterations,
           sha1_stored = excluded.sha1_stored, sha1_server = excluded.sha1_server,
           sha256_stored = excluded.sha256_stored, sha256_server = excluded.sha256_server`,
        account,
        salt,
        iterations,
        sha1.storedKey,
        sha1.serverKey,
        sha256.storedKey,
        sha256.serverKey,
      )
    },
    remove: async (account) => (await db.run('DELETE FROM account WHERE name = ?', account)) === 1,
    list: async () => {
      const rows = await db.all<{ name: string }>('SELECT name FROM account ORDER BY name')
      return rows.map(({ name }) => name)
    },
    vcard: async (account) => {
      const row = await db.get<{ vcard: string | null }>('SELECT vcard FROM account WHERE name = ?', account)
      return row?.vcard ?? undefined
    },
    putVcard: async (account, xml) =>
      (await db.run('UPDATE account SET vcard = ? WHERE name = ?', xml, account)) === 1,
    privateXml: async (account, key) => {
      const row = await db.get<{ xml: string }>(
        'SELECT xml FROM account_private_xml WHERE account = ? AND key = ?',
        account,
        key,
      )
      return row?.xml
    },
    putPrivateXml: async (account, key, xml) =>
      (await db.run(
        `INSERT INTO account_private_xml (account, key, xml)
         SELECT name, ?, ? FROM account
         WHERE name = ? AND (SELECT count(*) FROM account_private_xml WHERE account = name AND key <> ?) < ?
         ON CONFLICT (account, key) DO UPDATE SET xml = excluded.xml`,
        key,
        xml,
        account,
        key,
        MAX_PRIVATE_KEYS,
      )) === 1,
  }
}
