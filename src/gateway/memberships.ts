/** Which sessions are in which rooms: who must hear of a session's end. The rooms themselves have the last word. */
import type { LoadedRoom } from './loaded-room.ts'

export class Memberships {
  readonly #rooms = new Map<string, Set<LoadedRoom>>()

  /** The room has taken something of this session (full JID) that may have let it in or out. */
  note(full: string, room: LoadedRoom): void {
    const rooms = this.#rooms.get(full)
    if (!room.hasSession(full)) {
      rooms?.delete(room)
      if (rooms?.size === 0) this.#rooms.delete(full)
    } else if (rooms) rooms.add(room)
    else this.#rooms.set(full, new Set([room]))
  }

  /** Whether the session is in the room with this address (bare JID). */
  isIn(full: string, room: string | undefined): boolean {
    return this.roomsOf(full).some(({ jid }) => jid === room)
  }

  roomsOf(full: string): readonly LoadedRoom[] {
    return [...(this.#rooms.get(full) ?? [])].filter((room) => room.hasSession(full))
  }

  /** Forgets the session and tells where it was. */
  end(full: string): readonly LoadedRoom[] {
    const rooms = this.roomsOf(full)
    this.#rooms.delete(full)
    return rooms
  }

  /** The room is no more. */
  drop(room: LoadedRoom): void {
    for (const [full, rooms] of this.#rooms)
      if (rooms.delete(room) && rooms.size === 0) this.#rooms.delete(full)
  }

  /** Sessions that are in a room; forgets those that were put out of all of theirs. */
  *sessions(): Generator<string> {
    for (const full of this.#rooms.keys())
      if (this.roomsOf(full).length > 0) yield full
      else this.#rooms.delete(full)
  }
}
