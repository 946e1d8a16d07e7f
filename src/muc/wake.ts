/** When a room has to look at its own affairs without being asked: there is one time, the next. */
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

/** To be called when what it depends on has changed. */
export function wake(room: Room): RoomEffect[] {
  const atMs = Math.min(
    ...room.typing.values(),
    room.pace.seconds > 0 ? room.pace.untilMs : Number.POSITIVE_INFINITY,
  )
  return Number.isFinite(atMs) ? [{ kind: 'wake', atMs }] : []
}
