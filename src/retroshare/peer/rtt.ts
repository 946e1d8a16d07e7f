/** Round-trip time and clock offset of a friend, and what it has read, by ping and pong. Source: docs/retroshare.md §5.3. */
import type { LinkItem } from '../wire/item.ts'

export const PING_PERIOD_MS = 10_000
/** So often while it is not known that chat was read: a little less than the second between two ticks. */
export const PING_SOON_MS = 900
/** That is asked for so long after the last of it: an answer counts for what is a second older than the question. */
export const UNREAD_MS = 2_000
/** Pings whose pong is still taken; older ones are forgotten. */
const MAX_OPEN_PINGS = 60

export interface RttState {
  nextAtMs: number
  /** When chat was last queued for the friend. */
  chatAtMs: number
  sequence: number
  /** Sequence number -> the time stamp sent with it, oldest first. */
  readonly open: Map<number, bigint>
}

/** One measurement. `clockOffsetMs` is how far the friend's clock is ahead of ours. */
export interface RttSample {
  readonly rttMs: number
  readonly clockOffsetMs: number
}

/** The first ping is due at once. */
export const startRtt = (nowMs: number): RttState => ({
  nextAtMs: nowMs,
  chatAtMs: Number.NEGATIVE_INFINITY,
  sequence: 0,
  open: new Map(),
})

/** Chat was queued for the friend: it is asked soon, for what it has not read is sent again if the link is lost. */
export function wroteChat(state: RttState, nowMs: number): void {
  state.chatAtMs = nowMs
  state.nextAtMs = Math.min(state.nextAtMs, nowMs + PING_SOON_MS)
}

const toWire = (ms: number): bigint =>
  (BigInt(Math.floor(ms / 1000)) << 32n) | BigInt(Math.floor((ms % 1000) * 1000))

const fromWire = (time: bigint): number => Number(time >> 32n) * 1000 + Number(time & 0xffff_ffffn) / 1000

/** The ping to send now, if one is due. */
export function tickRtt(state: RttState, nowMs: number): LinkItem | undefined {
  if (nowMs < state.nextAtMs) return undefined
  state.nextAtMs = nowMs + (nowMs - state.chatAtMs < UNREAD_MS ? PING_SOON_MS : PING_PERIOD_MS)
  state.sequence = (state.sequence + 1) >>> 0
  const pingAt = toWire(nowMs)
  state.open.set(state.sequence, pingAt)
  if (state.open.size > MAX_OPEN_PINGS)
    for (const [oldest] of state.open) {
      state.open.delete(oldest)
      break
    }
  return { kind: 'rtt-ping', sequence: state.sequence, pingAt }
}

export const answerPing = (ping: LinkItem & { kind: 'rtt-ping' }, nowMs: number): LinkItem => ({
  kind: 'rtt-pong',
  sequence: ping.sequence,
  pingAt: ping.pingAt,
  pongAt: toWire(nowMs),
})

/** What a pong tells; nothing when it does not belong to an open ping of ours. */
export function takePong(
  state: RttState,
  pong: LinkItem & { kind: 'rtt-pong' },
  nowMs: number,
): RttSample | undefined {
  if (state.open.get(pong.sequence) !== pong.pingAt) return undefined
  state.open.delete(pong.sequence)
  const sentMs = fromWire(pong.pingAt)
  const rttMs = Math.max(0, nowMs - sentMs)
  return { rttMs, clockOffsetMs: Math.round(fromWire(pong.pongAt) - (sentMs + rttMs / 2)) }
}
