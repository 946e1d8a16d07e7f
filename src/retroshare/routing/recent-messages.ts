/** Messages of the last minutes, kept to be sent again to friends whose link was lost. Source: docs/routing.md. */
import type { FriendId } from '../../util/ids.ts'
import type { BouncedItem } from '../wire/item.ts'
import { BOUND, TIMING } from './limits.ts'
import type { Held } from './pace.ts'

interface Recent {
  readonly item: BouncedItem
  readonly raw: Uint8Array
  /** When it was last offered to the lobby. */
  offeredMs: number
  /** No friend was there to take it. */
  isUnsent: boolean
  /** Friends that sent it to us, so they have it. */
  readonly heardFrom: FriendId[]
}

/** A message as it goes out again: unchanged, so that whoever has it knows it by its id. */
export interface Replay {
  readonly item: BouncedItem
  readonly raw: Uint8Array
}

/** Bounded in number, bytes and age; the oldest go first. */
export class RecentMessages {
  readonly #messages = new Map<string, Recent>()
  #bytes = 0

  get size(): number {
    return this.#messages.size
  }

  /** `source` is null for an own message; `isSent` when at least one friend was there to take it. */
  add(message: Replay, source: FriendId | null, isSent: boolean, nowMs: number): void {
    const { item, raw } = message
    const heardFrom = source === null ? [] : [source]
    this.#messages.set(item.messageId, { item, raw, offeredMs: nowMs, isUnsent: !isSent, heardFrom })
    this.#bytes += raw.length
    this.prune(nowMs)
  }

  /** `friend` sent the message again: it need not be sent there. */
  heardAgain(messageId: string, friend: FriendId): void {
    const recent = this.#messages.get(messageId)
    if (recent && !recent.heardFrom.includes(friend)) recent.heardFrom.push(friend)
  }

  /** What a friend may have missed since `sinceMs`, and what nobody was there to take; oldest first. */
  missedBy(friend: FriendId, sinceMs: number, nowMs: number): Held[] {
    const missed: Held[] = []
    for (const recent of this.#messages.values()) {
      const isMissed = recent.isUnsent || recent.offeredMs >= sinceMs
      if (!isMissed || recent.heardFrom.includes(friend) || !isFresh(recent.item, nowMs)) continue
      if (recent.isUnsent) recent.offeredMs = nowMs
      recent.isUnsent = false
      missed.push({ item: recent.item, raw: recent.raw, offeredMs: recent.offeredMs })
    }
    return missed
  }

  /** Drops what is too old or too much. */
  prune(nowMs: number): void {
    for (const [id, recent] of this.#messages) {
      const isTooMuch = this.#messages.size > BOUND.recentMessages || this.#bytes > BOUND.recentBytes
      if (!isTooMuch && isFresh(recent.item, nowMs)) return
      this.#messages.delete(id)
      this.#bytes -= recent.raw.length
    }
  }
}

const isFresh = (item: BouncedItem, nowMs: number): boolean =>
  nowMs - item.sentAtSec * 1000 <= TIMING.replayMs
