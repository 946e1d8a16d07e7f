/** Passing items on: to all connected friends that take part but the one it came from. Source: docs/routing.md. */
import type { FriendId } from '../../util/ids.ts'
import type { BouncedItem } from '../wire/item.ts'
import { TIMING } from './limits.ts'
import type { Replay } from './recent-messages.ts'
import { type JoinedLobby, type Step, wakeBy } from './state.ts'
import { repeatTo, spread } from './traffic.ts'

/** How long an id has to be remembered: never less than its item could still come in time. */
export const rememberUntilMs = (item: BouncedItem, nowMs: number): number =>
  Math.max(nowMs + TIMING.seenMs, item.sentAtSec * 1000 + TIMING.maxAgeMs)

/** Remembers a new item and passes it on. `source` is null for an own item. */
export function bounce(step: Step, lobby: JoinedLobby, message: Replay, source: FriendId | null): void {
  const { item, raw } = message
  lobby.seen.add(item.messageId, rememberUntilMs(item, step.nowMs), step.nowMs)
  const isTaken = spread(step, lobby, { item, raw, offeredMs: step.nowMs }, source)
  // Only messages are worth repeating: presence heals by itself, and an old KEEP_ALIVE would lie.
  if (item.kind === 'lobby-message') lobby.recent.add(message, source, source !== null || isTaken, step.nowMs)
  if (!lobby.asking) return
  lobby.asking.add(item.messageId, step.nowMs)
  wakeBy(step, lobby.asking.dueMs)
}

/** Sends a friend what it may have missed since `sinceMs`, and what was said while nobody was there. */
export function replay(step: Step, lobby: JoinedLobby, friend: FriendId, sinceMs: number): void {
  const peer = lobby.online.find((one) => one.friend === friend)
  if (!peer) return
  for (const held of lobby.recent.missedBy(friend, sinceMs, step.nowMs)) repeatTo(step, lobby, peer, held)
}
