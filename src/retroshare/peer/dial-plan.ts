/** When a friend is dialled next, and at which of its addresses. Pure. Source: docs/retroshare.md §3.3, §8.a. */
import { backoffMs } from '../../util/backoff.ts'
import type { Timings } from './timings.ts'

/** Dials that failed in a row; links that did not last count as failed. */
export interface DialPlan {
  readonly failures: number
}

/** Nothing failed yet: the first dial is due at once. */
export const FRESH_PLAN: DialPlan = { failures: 0 }

/** A dial did not lead to a link. */
export const afterFailure = (plan: DialPlan): DialPlan => ({ failures: plan.failures + 1 })

/** A friend was lost that had been up for `upMs`. */
export const afterLoss = (plan: DialPlan, upMs: number, timings: Timings): DialPlan =>
  upMs >= timings.stableMs ? FRESH_PLAN : afterFailure(plan)

/** Which address is next: each in turn, beginning with the first. */
export const addressIndex = (plan: DialPlan, addresses: number): number => plan.failures % addresses

/**
 * Milliseconds until the next dial. All addresses are tried one after the other; after each such round the pause
 * doubles up to its maximum. `random` (0 … 1) spreads it by a quarter to both sides, so that two nodes fall out of step.
 */
export function dialDelayMs(plan: DialPlan, addresses: number, random: number, timings: Timings): number {
  const rounds = Math.floor(plan.failures / addresses)
  if (rounds === 0 || plan.failures % addresses !== 0) return 0
  return backoffMs(rounds, random, { firstMs: timings.firstRedialMs, maxMs: timings.maxRedialMs })
}
