/** What owners and admins have decided of rooms: one document a room, and a row for each affiliation. */
import { type AffiliationRecord, EMPTY_STATE, type RoomState, type StateWrite } from '../muc/room-state.ts'
import type { Sql, SqlRunner } from './sql.ts'
import type { RoomStateTable } from './store.ts'

interface RawState {
  room: string
  settings: string
  lobby: string | null
  tombstone: string | null
}

interface RawAffiliation {
  room: string
  address: string
  affiliation: AffiliationRecord['affiliation']
  reason: string
  nick: string
  is_staying: number
}

/** What `is_staying` says. */
const [UNSAID, STAYS, LEAVES] = [0, 1, -1]

/** A document that this table has written. */
const parsed = <T>(json: string | null): T | null => (json === null ? null : (JSON.parse(json) as T))
const written = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value)

export function roomStateTable(db: Sql): RoomStateTable {
  return {
    all: async () => {
      const states = await db.all<RawState>(
        'SELECT room, settings, lobby, tombstone FROM room_state ORDER BY room',
      )
      const affiliations = await db.all<RawAffiliation>(
        'SELECT room, address, affiliation, reason, nick, is_staying FROM room_affiliation ORDER BY room, address',
      )
      return joined(states, affiliations)
    },
    save: (room, write) => db.transaction((tx) => save(tx, room, write)),
    remove: (room) =>
      db.transaction(async (tx) => {
        await tx.run('DELETE FROM room_affiliation WHERE room = ?', room)
        await tx.run('DELETE FROM room_state WHERE room = ?', room)
      }),
  }
}

function joined(
  states: readonly RawState[],
  affiliations: readonly RawAffiliation[],
): ReadonlyMap<string, RoomState> {
  const byRoom = new Map<string, AffiliationRecord[]>()
  for (const { room, is_staying, ...kept } of affiliations) {
    const record = is_staying === UNSAID ? kept : { ...kept, isStaying: is_staying === STAYS }
    const records = byRoom.get(room)
    if (records) records.push(record)
    else byRoom.set(room, [record])
  }
  const rooms = new Map<string, RoomState>()
  for (const [room, records] of byRoom) rooms.set(room, { ...EMPTY_STATE, affiliations: records })
  for (const { room, settings, lobby, tombstone } of states)
    rooms.set(room, {
      settings: parsed(settings) ?? {},
      lobby: parsed(lobby),
      tombstone: parsed(tombstone),
      affiliations: byRoom.get(room) ?? [],
    })
  return rooms
}

async function save(tx: SqlRunner, room: string, write: StateWrite): Promise<void> {
  for (const address of [...write.forgotten, ...write.records.map((record) => record.address)])
    await tx.run('DELETE FROM room_affiliation WHERE room = ? AND address = ?', room, address)
  for (const { address, affiliation, reason, nick, isStaying } of write.records)
    await tx.run(
      'INSERT INTO room_affiliation (room, address, affiliation, reason, nick, is_staying) VALUES (?, ?, ?, ?, ?, ?)',
      room,
      address,
      affiliation,
      reason,
      nick,
      isStaying === undefined ? UNSAID : isStaying ? STAYS : LEAVES,
    )
  if (write.settings === undefined && write.tombstone === undefined && write.lobby === undefined) return
  const before = await tx.get<RawState>(
    'SELECT room, settings, lobby, tombstone FROM room_state WHERE room = ?',
    room,
  )
  await tx.run('DELETE FROM room_state WHERE room = ?', room)
  await tx.run(
    'INSERT INTO room_state (room, settings, lobby, tombstone) VALUES (?, ?, ?, ?)',
    room,
    written(write.settings) ?? before?.settings ?? '{}',
    write.lobby === undefined ? (before?.lobby ?? null) : written(write.lobby),
    write.tombstone === undefined ? (before?.tombstone ?? null) : written(write.tombstone),
  )
}
