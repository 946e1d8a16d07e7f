/** The operator has left the lobby of a room: nobody of ours takes part until somebody enters again. */
import { evict } from './evict.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

const REASON = 'This gateway has left the lobby. Whoever enters joins it again.'

/** Everybody is put out, and told why (307). Places that were kept are given up until the room is entered again. */
export function withdraw(room: Room): RoomEffect[] {
  if (room.isLocked || room.isClosed) return []
  room.isWithdrawn = true
  return [...room.occupants.values()].flatMap((occupant) =>
    occupant.side === 'local' ? evict(room, occupant, { codes: [307], reason: REASON }) : [],
  )
}
