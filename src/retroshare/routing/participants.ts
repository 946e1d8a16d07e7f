/** Who takes part in a lobby, as far as it is heard here. Source: docs/retroshare.md §6.4, docs/routing.md. */
import type { ParticipantInfo } from '../../lobby/lobby.ts'
import { ExpiringMap } from '../../util/expiring-map.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { type BouncedItem, LOBBY_EVENT } from '../wire/item.ts'
import { BOUND, TIMING } from './limits.ts'

interface Participant {
  readonly nick: string
  readonly sinceMs: number
  /** Newest time that the participant's own clock gave. */
  readonly saidAtSec: number
}

/** What an item told of its author. `late`: it says nothing about now. `full`: there is no room for one more. */
export type Heard = 'entered' | 'renamed' | 'known' | 'late' | 'full'

/**
 * Participants live 180 s from when they were last heard. Items of one author may overtake each other on
 * different ways, so leaving and entering are ordered by the author's own clock.
 */
export class Participants {
  readonly #present = new ExpiringMap<ParticipantId, Participant>(TIMING.silenceMs)
  /** When those who left did so by their own clock: what they sent before does not bring them back. */
  readonly #leftAtSec = new ExpiringMap<ParticipantId, number>(TIMING.silenceMs, BOUND.participants)

  get size(): number {
    return this.#present.size
  }

  /** Takes note of the author of an item other than LEFT that is seen for the first time. */
  hear(item: BouncedItem, nowMs: number): Heard {
    const { author, nick, sentAtSec } = item
    const known = this.#present.get(author, nowMs)
    if (!known) {
      if (this.#isLate(item, nowMs)) return 'late'
      if (this.#present.size >= BOUND.participants) return 'full'
    }
    this.#leftAtSec.delete(author)
    const saidAtSec = Math.max(known?.saidAtSec ?? 0, sentAtSec)
    this.#present.set(author, { nick, sinceMs: known?.sinceMs ?? nowMs, saidAtSec }, nowMs)
    if (!known) return 'entered'
    return known.nick === nick ? 'known' : 'renamed'
  }

  /** Takes note of a LEFT; true when the author was present and is no longer. */
  leave(author: ParticipantId, sentAtSec: number, nowMs: number): boolean {
    const known = this.#present.get(author, nowMs)
    if (known && known.saidAtSec > sentAtSec) return false
    this.#leftAtSec.set(author, sentAtSec, nowMs)
    return known !== undefined && this.#present.delete(author)
  }

  has(author: ParticipantId, nowMs: number): boolean {
    return this.#present.has(author, nowMs)
  }

  /** Removes one that turns out to be a speaker of our own; true when it was there. */
  delete(author: ParticipantId): boolean {
    return this.#present.delete(author)
  }

  /** Removes and returns those not heard of for 180 s. */
  expire(nowMs: number): ParticipantId[] {
    this.#leftAtSec.expire(nowMs)
    return this.#present.expire(nowMs).map(([author]) => author)
  }

  /** When the next one will have been silent for too long. */
  nextExpiryMs(nowMs: number): number {
    const oldest = this.#present.entries(nowMs).next()
    return oldest.done ? Number.POSITIVE_INFINITY : oldest.value[2] + TIMING.silenceMs
  }

  list(nowMs: number): ParticipantInfo[] {
    return [...this.#present.entries(nowMs)].map(([id, { nick, sinceMs }, lastSeenMs]) => ({
      id,
      nick,
      sinceMs,
      lastSeenMs,
      speaker: null,
    }))
  }

  #isLate(item: BouncedItem, nowMs: number): boolean {
    // A message that was held back for a friend's return is news, but its author may be long gone.
    if (item.kind === 'lobby-message' && nowMs - item.sentAtSec * 1000 > TIMING.silenceMs) return true
    const leftAtSec = this.#leftAtSec.get(item.author, nowMs)
    if (leftAtSec === undefined || item.sentAtSec > leftAtSec) return false
    const isJoined = item.kind === 'lobby-event' && item.event === LOBBY_EVENT.joined
    return !(isJoined && item.sentAtSec === leftAtSec)
  }
}
