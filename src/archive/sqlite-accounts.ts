/** Accounts of the embedded server in SQLite, with their private XML and vCards. */
import { type AccountStore, MAX_PRIVATE_KEYS } from '../xmpp/account-port.ts'
import type { Database } from './sqlite.ts'

interface RawAccount {
  salt: Uint8Array
  iterations: number
  sha1_stored: Uint8Array
  sha1_server: Uint8Array
  sha256_stored: Uint8Array
  sha256_server: Uint8Array
}

export function accountStore(db: Database): AccountStore {
  const find = db.prepare<RawAccount>(
    `SELECT salt, iterations, sha1_stored, sha1_server, sha256_stored, sha256_server
     FROM account WHERE name = ?`,
  )
  const put = db.prepare(
    `INSERT INTO account (name, salt, iterations, sha1_stored, sha1_server, sha256_stored, sha256_server)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET salt = excluded.salt, iterations = excluded.iterations,
       sha1_stored = excluded.sha1_stored, sha1_server = excluded.sha1_server,
       sha256_stored = excluded.sha256_stored, sha256_server = excluded.sha256_server`,
  )
  const remove = db.prepare('DELETE FROM account WHERE name = ?')
  const list = db.prepare<{ name: string }>('SELECT name FROM account ORDER BY name')
  const vcard = db.prepare<{ vcard: string | null }>('SELECT vcard FROM account WHERE name = ?')
  const putVcard = db.prepare('UPDATE account SET vcard = ? WHERE name = ?')
  const privateXml = db.prepare<{ xml: string }>(
    'SELECT xml FROM account_private_xml WHERE account = ? AND key = ?',
  )
  const putPrivateXml = db.prepare(
    `INSERT INTO account_private_xml
     SELECT name, ?, ? FROM account
     WHERE name = ? AND (SELECT count(*) FROM account_private_xml WHERE account = name AND key <> ?) < ?
     ON CONFLICT (account, key) DO UPDATE SET xml = excluded.xml`,
  )
  return {
    find: (account) =>
      db.attempt(() => {
        const raw = find.get(account)
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
      }),
    put: (account, { salt, iterations, sha1, sha256 }) =>
      db.attempt(
        () =>
          void put.run(
            account,
            salt,
            iterations,
            sha1.storedKey,
            sha1.serverKey,
            sha256.storedKey,
            sha256.serverKey,
          ),
      ),
    remove: (account) => db.attempt(() => remove.run(account) === 1),
    list: () => db.attempt(() => list.all().map(({ name }) => name)),
    vcard: (account) => db.attempt(() => vcard.get(account)?.vcard ?? undefined),
    putVcard: (account, xml) => db.attempt(() => putVcard.run(xml, account) === 1),
    privateXml: (account, key) => db.attempt(() => privateXml.get(account, key)?.xml),
    putPrivateXml: (account, key, xml) =>
      db.attempt(() => putPrivateXml.run(key, xml, account, key, MAX_PRIVATE_KEYS) === 1),
  }
}
