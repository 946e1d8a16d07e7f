/** A budget that fills up with time: how much of something is allowed now. Time is given, never read. */

/** Holds at most `maxTokens` and starts full; earns `perSecond`. May go below nothing when what was taken is known late. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #maxTokens: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, maxTokens: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#maxTokens = maxTokens
    this.#tokens = maxTokens
    this.#atMs = nowMs
  }

  /** Whether there is a whole token. Looks at the time only when there seems to be none. */
  hasToken(now: () => number): boolean {
    if (this.#tokens < 1) this.#earn(now())
    return this.#tokens >= 1
  }

  /** Takes tokens that there may not be. */
  take(tokens: number): void {
    this.#tokens -= tokens
  }

  isFull(nowMs: number): boolean {
    this.#earn(nowMs)
    return this.#tokens >= this.#maxTokens
  }

  #earn(nowMs: number): void {
    this.#tokens = Math.min(this.#maxTokens, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond)
    this.#atMs = nowMs
  }
}
