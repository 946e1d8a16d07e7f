/** Heartbeats: an empty item every five seconds, so that the friend keeps the link. Source: docs/retroshare.md §5.2. */
import type { LinkItem } from '../wire/item.ts'

/** RetroShare resets a link after 100 s without one (and 60 s without anything). */
export const HEARTBEAT_PERIOD_MS = 5000

export interface HeartbeatState {
  nextAtMs: number
}

/** The first heartbeat is due at once. */
export const startHeartbeat = (nowMs: number): HeartbeatState => ({ nextAtMs: nowMs })

/** The heartbeat to send now, if one is due. */
export function tickHeartbeat(state: HeartbeatState, nowMs: number): LinkItem | undefined {
  if (nowMs < state.nextAtMs) return undefined
  state.nextAtMs = nowMs + HEARTBEAT_PERIOD_MS
  return { kind: 'heartbeat' }
}
