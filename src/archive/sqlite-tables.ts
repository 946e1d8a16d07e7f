/** Rooms, nick holders and single values in SQLite. */
import type { LobbyId, NetworkId, ParticipantId } from '../util/ids.ts'
import type { Database } from './sqlite.ts'
import type { MetaTable, NickStore, RoomRow, RoomTable } from './store.ts'

interface RawRoom {
  localpart: string
  network: string
  lobby: string
  name: string
  created_by: string | null
  subject: string
  created_at_ms: number
}

const roomRow = (raw: RawRoom): RoomRow => ({
  localpart: raw.localpart,
  network: raw.network as NetworkId,
  lobby: raw.lobby as LobbyId,
  name: raw.name,
  createdBy: raw.created_by,
  subject: raw.subject,
  createdAtMs: raw.created_at_ms,
})

export function roomTable(db: Database): RoomTable {
  const all = db.prepare<RawRoom>(
    'SELECT localpart, network, lobby, name, created_by, subject, created_at_ms FROM room ORDER BY localpart',
  )
  const insert = db.prepare(
    `INSERT INTO room (localpart, network, lobby, name, created_by, subject, created_at_ms)
     SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM room_alias WHERE alias = ?)
     ON CONFLICT DO NOTHING`,
  )
  const update = db.prepare(
    'UPDATE room SET name = coalesce(?, name), subject = coalesce(?, subject) WHERE localpart = ?',
  )
  const remove = db.prepare('DELETE FROM room WHERE localpart = ?')
  const exists = db.prepare('SELECT 1 AS found FROM room WHERE localpart = ?')
  const aliases = db.prepare<{ alias: string; localpart: string }>(
    'SELECT alias, localpart FROM room_alias ORDER BY alias',
  )
  const putAlias = db.prepare(
    'INSERT INTO room_alias VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET localpart = excluded.localpart',
  )
  return {
    all: () => db.attempt(() => all.all().map(roomRow)),
    add: (row) =>
      db.attempt(
        () =>
          insert.run(
            row.localpart,
            row.network,
            row.lobby,
            row.name,
            row.createdBy,
            row.subject,
            row.createdAtMs,
            row.localpart,
          ) === 1,
      ),
    update: (localpart, { name, subject }) =>
      db.attempt(() => update.run(name ?? null, subject ?? null, localpart) === 1),
    remove: (localpart) => db.attempt(() => remove.run(localpart) === 1),
    aliases: () => db.attempt(() => new Map(aliases.all().map(({ alias, localpart }) => [alias, localpart]))),
    putAlias: (alias, localpart) =>
      db.attempt(() =>
        db.transaction(() => {
          if (exists.get(alias)) return 'taken'
          if (!exists.get(localpart)) return 'no-room'
          putAlias.run(alias, localpart)
          return 'stored'
        }),
      ),
  }
}

export function nickStore(db: Database): NickStore {
  const holders = db.prepare<{ nick: string; participant: ParticipantId }>(
    'SELECT nick, participant FROM nick_holder WHERE room = ? ORDER BY place',
  )
  const put = db.prepare('INSERT OR REPLACE INTO nick_holder (room, nick, participant) VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM nick_holder WHERE room = ? AND nick = ?')
  return {
    holders: (room) =>
      db.attempt(() => holders.all(room).map(({ nick, participant }) => ({ nick, participant }))),
    apply: (room, claims) =>
      db.attempt(() =>
        db.transaction(() => {
          for (const { nick, participant } of claims)
            if (participant === null) remove.run(room, nick)
            else put.run(room, nick, participant)
        }),
      ),
  }
}

export function metaTable(db: Database): MetaTable {
  const get = db.prepare<{ value: string }>('SELECT value FROM meta WHERE key = ?')
  const set = db.prepare(
    'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  return {
    get: (key) => db.attempt(() => get.get(key)?.value),
    set: (key, value) => db.attempt(() => void set.run(key, value)),
  }
}
