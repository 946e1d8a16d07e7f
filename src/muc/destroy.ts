/** The end of a room: XEP-0045 §10.9. Everybody is told where to go, the lobby is left, the address says that it is gone. */
import type { Jid } from '../stanza/jid.ts'
import { parseJid } from '../stanza/jid.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { reasonOf } from './admin-item.ts'
import { dismiss } from './evict.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { RoomTombstone } from './room-state.ts'
import { failTo, save } from './saving.ts'

/** An owner asks for the end. One that does not exist yet for others leaves no trace. */
export function destroyBy(room: Room, from: Jid, iq: Element, destroy: Element): RoomEffect[] {
  const { jid } = destroy.attrs
  const alternate = jid === undefined || jid === '' ? undefined : parseJid(String(jid))
  if (alternate === undefined && jid !== undefined && jid !== '')
    return refuse(room, from, iq, refusal(room, 'modify', 'jid-malformed', `${jid} is no address of a room.`))
  const tombstone: RoomTombstone = {
    kind: 'destroyed',
    reason: reasonOf(destroy),
    alternate: alternate?.bare ?? null,
  }
  const password = destroy.getChildText('password') ?? ''
  if (room.isLocked) return [...close(room, tombstone, null), ...answer(from, iqResult(iq))]
  return save(room, {
    write: { tombstone, records: [], forgotten: [] },
    make: () => [...close(room, tombstone, tombstone, password), ...answer(from, iqResult(iq))],
    fail: failTo(room, from, iq),
  })
}

/** A room that is not meant to stay ends when the last XMPP user has left and no place in its lobby is kept. */
export function endIfEmpty(room: Room): RoomEffect[] {
  if (room.sessions.size > 0 || room.away.size > 0 || room.saving || room.isClosed || !room.isUsed) return []
  if (room.isLocked) return close(room, NO_TRACE, null)
  if (room.config.isPersistent) return []
  const tombstone: RoomTombstone = { kind: 'ended', reason: '', alternate: null }
  return save(room, {
    write: { tombstone, records: [], forgotten: [] },
    make: () => close(room, tombstone, tombstone),
    fail: () => [],
  })
}

const NO_TRACE: RoomTombstone = { kind: 'ended', reason: '', alternate: null }

function close(room: Room, told: RoomTombstone, kept: RoomTombstone | null, password = ''): RoomEffect[] {
  const details = [
    el(
      'destroy',
      { jid: told.alternate ?? undefined },
      password !== '' && el('password', {}, password),
      told.reason !== '' && el('reason', {}, told.reason),
    ),
  ]
  const effects: RoomEffect[] = []
  room.isClosed = true
  for (const occupant of [...room.occupants.values()])
    if (occupant.side === 'local') {
      occupant.affiliation = 'none'
      effects.push(...dismiss(room, occupant, details))
    }
  return [...effects, { kind: 'closed', tombstone: kept }]
}
