/** Rooms in memory, by localpart. Those that nobody uses, and whose lobby is not joined, go after a while. */
import type { LoadedRoom } from './loaded-room.ts'

/** A room is kept in memory so long after it was last asked for. */
const UNUSED_MS = 600_000
const SWEEP_MS = 60_000

export class LoadedRooms {
  readonly #rooms = new Map<string, LoadedRoom>()
  #sweeper: NodeJS.Timeout | undefined

  get size(): number {
    return this.#rooms.size
  }

  get(localpart: string): LoadedRoom | undefined {
    return this.#rooms.get(localpart)
  }

  has(localpart: string): boolean {
    return this.#rooms.has(localpart)
  }

  set(localpart: string, room: LoadedRoom): void {
    this.#rooms.set(localpart, room)
  }

  delete(localpart: string): void {
    this.#rooms.delete(localpart)
  }

  all(): Iterable<LoadedRoom> {
    return this.#rooms.values()
  }

  /** But for those that exist for their creators only. */
  *open(): Generator<LoadedRoom> {
    for (const room of this.#rooms.values()) if (!room.isLocked) yield room
  }

  countOccupants(): { local: number; remote: number } {
    const count = { local: 0, remote: 0 }
    for (const room of this.#rooms.values()) {
      const { local, remote } = room.countOccupants()
      count.local += local
      count.remote += remote
    }
    return count
  }

  /** Calls `unload` from time to time, until `stop`. */
  watch(unload: () => void): void {
    this.#sweeper = setInterval(unload, SWEEP_MS).unref()
  }

  stop(): void {
    clearInterval(this.#sweeper)
  }

  /** Takes out, and returns, those that nobody has used for a while. */
  takeUnused(nowMs: number): LoadedRoom[] {
    const unused = [...this.#rooms.values()].filter(
      (room) => room.isUnneeded && room.usedAtMs + UNUSED_MS <= nowMs,
    )
    for (const room of unused) this.#rooms.delete(room.localpart)
    return unused
  }
}
