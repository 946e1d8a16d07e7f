/** Pauses between attempts: doubling, bounded, and spread so that many who failed together do not try together. */

/** Both in ms. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Milliseconds to wait after `failures` attempts in a row came to nothing, 1 or more. `random` (0 … 1) spreads the
 * pause by a quarter to both sides.
 */
export function backoffMs(failures: number, random: number, { firstMs, maxMs }: Backoff): number {
  const pauseMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), maxMs)
  return Math.round(pauseMs * (0.75 + random / 2))
}
