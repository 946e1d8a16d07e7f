/** Rooms, nick holders, how lobbies were heard, occupants from outside, and single values. */
import type { LobbyId, NetworkId, ParticipantId } from '../util/ids.ts'
import type { Sql } from './sql.ts'
import type {
  HearingRow,
  HearingTable,
  MetaTable,
  NickStore,
  OccupantRow,
  OccupantTable,
  RoomRow,
  RoomTable,
} from './store.ts'

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

const ROOM_EXISTS = 'SELECT 1 AS found FROM room WHERE localpart = ?'

export function roomTable(db: Sql): RoomTable {
  return {
    all: async () => {
      const rows = await db.all<RawRoom>(
        'SELECT localpart, network, lobby, name, created_by, subject, created_at_ms FROM room ORDER BY localpart',
      )
      return rows.map(roomRow)
    },
    add: async (row) =>
      (await db.run(
        `INSERT INTO room (localpart, network, lobby, name, created_by, subject, created_at_ms)
         SELECT ?, ?, ?, ?, ?, ?, CAST(? AS bigint)
         WHERE NOT EXISTS (SELECT 1 FROM room_alias WHERE alias = ?)
         ON CONFLICT DO NOTHING`,
        row.localpart,
        row.network,
        row.lobby,
        row.name,
        row.createdBy,
        row.subject,
        row.createdAtMs,
        row.localpart,
      )) === 1,
    update: async (localpart, { name, subject }) =>
      (await db.run(
        'UPDATE room SET name = coalesce(?, name), subject = coalesce(?, subject) WHERE localpart = ?',
        name ?? null,
        subject ?? null,
        localpart,
      )) === 1,
    remove: async (localpart) => (await db.run('DELETE FROM room WHERE localpart = ?', localpart)) === 1,
    aliases: async () => {
      const rows = await db.all<{ alias: string; localpart: string }>(
        'SELECT alias, localpart FROM room_alias ORDER BY alias',
      )
      return new Map(rows.map(({ alias, localpart }) => [alias, localpart]))
    },
    putAlias: (alias, localpart) =>
      db.transaction(async (tx) => {
        if (await tx.get(ROOM_EXISTS, alias)) return 'taken'
        if (!(await tx.get(ROOM_EXISTS, localpart))) return 'no-room'
        await tx.run(
          `INSERT INTO room_alias (alias, localpart) VALUES (?, ?)
           ON CONFLICT (alias) DO UPDATE SET localpart = excluded.localpart`,
          alias,
          localpart,
        )
        return 'stored'
      }),
  }
}

export function nickStore(db: Sql): NickStore {
  return {
    holders: (room) =>
      db.all<{ nick: string; participant: ParticipantId }>(
        'SELECT nick, participant FROM nick_holder WHERE room = ? ORDER BY place',
        room,
      ),
    apply: (room, claims) =>
      db.transaction(async (tx) => {
        for (const { nick, participant } of claims) {
          await tx.run('DELETE FROM nick_holder WHERE room = ? AND nick = ?', room, nick)
          if (participant !== null)
            await tx.run(
              'INSERT INTO nick_holder (room, nick, participant) VALUES (?, ?, ?)',
              room,
              nick,
              participant,
            )
        }
      }),
  }
}

interface RawHearing {
  room: string
  deaf_since_ms: number | null
  gaps: number
  gap_from_ms: number | null
  gap_to_ms: number | null
}

const hearingRow = (raw: RawHearing): HearingRow => ({
  room: raw.room,
  deafSinceMs: raw.deaf_since_ms,
  gaps: raw.gaps,
  lastGap:
    raw.gap_from_ms === null || raw.gap_to_ms === null
      ? null
      : { fromMs: raw.gap_from_ms, toMs: raw.gap_to_ms },
})

export function hearingTable(db: Sql): HearingTable {
  return {
    all: async () => {
      const rows = await db.all<RawHearing>(
        'SELECT room, deaf_since_ms, gaps, gap_from_ms, gap_to_ms FROM hearing ORDER BY room',
      )
      return rows.map(hearingRow)
    },
    put: async ({ room, deafSinceMs, gaps, lastGap }) => {
      await db.run(
        `INSERT INTO hearing (room, deaf_since_ms, gaps, gap_from_ms, gap_to_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (room) DO UPDATE SET deaf_since_ms = excluded.deaf_since_ms, gaps = excluded.gaps,
           gap_from_ms = excluded.gap_from_ms, gap_to_ms = excluded.gap_to_ms`,
        room,
        deafSinceMs,
        gaps,
        lastGap?.fromMs ?? null,
        lastGap?.toMs ?? null,
      )
    },
    silence: async (atMs) => {
      await db.run('UPDATE hearing SET deaf_since_ms = ? WHERE deaf_since_ms IS NULL', atMs)
    },
  }
}

export function occupantTable(db: Sql): OccupantTable {
  return {
    all: () =>
      db.all<OccupantRow>('SELECT room, session, nick, presence FROM occupant ORDER BY room, session'),
    apply: (put, removed) =>
      db.transaction(async (tx) => {
        for (const { room, session } of removed)
          await tx.run('DELETE FROM occupant WHERE room = ? AND session = ?', room, session)
        for (const { room, session, nick, presence } of put)
          await tx.run(
            `INSERT INTO occupant (room, session, nick, presence) VALUES (?, ?, ?, ?)
             ON CONFLICT (room, session) DO UPDATE SET nick = excluded.nick, presence = excluded.presence`,
            room,
            session,
            nick,
            presence,
          )
      }),
    clear: async () => {
      await db.run('DELETE FROM occupant')
    },
  }
}

export function metaTable(db: Sql): MetaTable {
  return {
    get: async (key) => {
      const row = await db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)
      return row?.value
    },
    set: async (key, value) => {
      await db.run(
        'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        key,
        value,
      )
    },
  }
}
