/** When to ask friends whether they are in a private lobby, by which item, and how they would ask. Source: docs/retroshare.md §6.7. */
import type { FriendId, LobbyId } from '../../util/ids.ts'
import { challengeCode } from '../wire/challenge.ts'
import { BOUND, TIMING } from './limits.ts'

/** A challenge is due when enough items came; its code is made from one that the other end may know. */
export class Asking {
  /** The newest items, oldest first. */
  readonly #ids: { readonly messageId: string; readonly atMs: number }[] = []
  /** Codes that friends would send to this node, of the first items; each is computed once, when somebody asks. */
  readonly #codes = new Set<string>()
  #coded = 0
  /** Items since the last challenge, and when that was. */
  #items = 0
  #sinceMs: number | undefined
  #dueMs = Number.POSITIVE_INFINITY

  /** When the next challenge is to be sent; infinite while none is due. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** Takes note of a new item of the lobby. */
  add(messageId: string, nowMs: number): void {
    this.#ids.push({ messageId, atMs: nowMs })
    if (this.#ids.length > BOUND.challengeIds) this.#dropFirst()
    this.#sinceMs ??= nowMs
    this.#items += 1
    const ticks = Math.floor((nowMs - this.#sinceMs) / TIMING.challengeTickMs)
    if (this.#dueMs !== Number.POSITIVE_INFINITY || this.#items + ticks <= BOUND.challengeItems) return
    this.#dueMs = Math.max(nowMs + TIMING.challengeDelayMs, this.#sinceMs + TIMING.challengeMs)
  }

  /** The item to ask by if a challenge is due; the oldest that will do, since it had the most time to get around. */
  take(nowMs: number): string | undefined {
    if (nowMs < this.#dueMs) return undefined
    this.#dueMs = Number.POSITIVE_INFINITY
    const oldest = this.#ids.find(({ atMs }) => nowMs - atMs < TIMING.challengeAgeMs)
    if (!oldest) return undefined
    this.#items = 0
    this.#sinceMs = nowMs
    return oldest.messageId
  }

  /** Whether a friend that has one of the lobby's fresh items would send `code` to `self`. */
  isCode(code: string, self: FriendId, lobby: LobbyId, nowMs: number): boolean {
    while (this.#ids[0] && nowMs - this.#ids[0].atMs >= TIMING.challengeKnownMs) this.#dropFirst()
    for (const { messageId } of this.#ids.slice(this.#coded)) {
      this.#codes.add(challengeCode(self, lobby, messageId))
      this.#coded += 1
    }
    return this.#codes.has(code)
  }

  #dropFirst(): void {
    this.#ids.shift()
    if (this.#coded === 0) return
    this.#coded -= 1
    for (const oldest of this.#codes) {
      this.#codes.delete(oldest)
      return
    }
  }
}
