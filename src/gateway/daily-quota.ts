/** Bytes that each of many may use in a day: a day begins with what is used first. */
import { ExpiringMap } from '../util/expiring-map.ts'

export const DAY_MS = 86_400_000
/** Users of whom it is remembered; the one longest idle is forgotten. */
const MAX_USERS = 10_000

interface Used {
  readonly bytes: number
  readonly fromMs: number
}

export class DailyQuota {
  readonly #used = new ExpiringMap<string, Used>(DAY_MS, MAX_USERS)

  /** Takes `bytes` of the `maxBytes` of a user; else returns when the user's next day begins, and takes nothing. */
  take(user: string, bytes: number, maxBytes: number, nowMs: number): number | undefined {
    const used = this.#today(user, nowMs)
    if (used.bytes + bytes > maxBytes) return used.fromMs + DAY_MS
    this.#used.set(user, { ...used, bytes: used.bytes + bytes }, nowMs)
    return undefined
  }

  /** What was taken is not needed after all. */
  giveBack(user: string, bytes: number, nowMs: number): void {
    const used = this.#today(user, nowMs)
    this.#used.set(user, { ...used, bytes: Math.max(0, used.bytes - bytes) }, nowMs)
  }

  #today(user: string, nowMs: number): Used {
    const used = this.#used.get(user, nowMs)
    return used && used.fromMs + DAY_MS > nowMs ? used : { bytes: 0, fromMs: nowMs }
  }
}
