/** What a RetroShare node keeps of lobbies, for comparison in simulations. Source: docs/retroshare.md §6.4, §6.8. */
import type { FriendId, LobbyId, ParticipantId } from '../util/ids.ts'

/** RetroShare's own times and numbers (docs/retroshare.md §6.5 to §6.8). */
export const RETROSHARE = {
  tickMs: 10_000,
  seenMs: 1_200_000,
  maxAgeMs: 1_100_000,
  maxAheadMs: 600_000,
  silenceMs: 180_000,
  keepAliveMs: 120_000,
  listMs: 121_000,
  /** While no lobby is visible. */
  eagerListMs: 20_000,
  visibleMs: 60_000,
  floodSec: 10,
  leastItems: 10,
  challengeItems: 20,
  challengeMs: 15_000,
  challengeAgeMs: 30_000,
  challengeKnownMs: 35_000,
} as const

/** A lobby that friends list. */
export interface VisibleLobby {
  readonly name: string
  readonly flags: number
  /** Highest number of participants listed since lists were last asked for. */
  count: number
  readonly friends: Set<FriendId>
  seenMs: number
}

/** A map whose entries are dropped when they were not set again for a time; the order is that of setting. */
class Fading<K> {
  readonly #atMs = new Map<K, number>()

  get size(): number {
    return this.#atMs.size
  }

  set(key: K, nowMs: number): void {
    this.#atMs.delete(key)
    this.#atMs.set(key, nowMs)
  }

  has(key: K): boolean {
    return this.#atMs.has(key)
  }

  delete(key: K): void {
    this.#atMs.delete(key)
  }

  expire(beforeMs: number): void {
    for (const [key, atMs] of this.#atMs) {
      if (atMs >= beforeMs) return
      this.#atMs.delete(key)
    }
  }

  /** Those set at `sinceMs` or later, the oldest first. */
  *since(sinceMs: number): Generator<K> {
    for (const [key, atMs] of this.#atMs) if (atMs >= sinceMs) yield key
  }
}

/** A lobby that the node is in. */
export class RetroShareLobby {
  readonly id: LobbyId
  readonly name: string
  readonly flags: number
  readonly friends: Set<FriendId>
  readonly former = new Set<FriendId>()
  readonly seen = new Fading<string>()
  readonly participants = new Fading<ParticipantId>()
  speaker: { readonly author: ParticipantId; readonly nick: string } | undefined
  isJoinRepeated = false
  keepAliveMs = Number.NEGATIVE_INFINITY
  challengeItems = 0
  challengedMs = 0
  readonly #windows = new Map<FriendId, number[]>()

  constructor(lobby: { id: LobbyId; name: string; flags: number }, friends: Iterable<FriendId>) {
    this.id = lobby.id
    this.name = lobby.name
    this.flags = lobby.flags
    this.friends = new Set(friends)
  }

  /** The flood rule: whether one more new item of `source` passes. `listed` is 0 when nobody lists the lobby. */
  passes(source: FriendId, listed: number, nowMs: number): boolean {
    const nowSec = Math.floor(nowMs / 1000)
    const window = this.#windows.get(source) ?? []
    this.#windows.set(source, window)
    while ((window[0] ?? nowSec) + RETROSHARE.floodSec < nowSec) window.shift()
    const count = listed > 0 ? listed : this.participants.size
    if (window.length > Math.max(RETROSHARE.leastItems, ((10 * count) / 120) * 10)) return false
    window.push(nowSec)
    return true
  }

  expire(nowMs: number): void {
    this.seen.expire(nowMs - RETROSHARE.seenMs)
    this.participants.expire(nowMs - RETROSHARE.silenceMs)
  }
}
