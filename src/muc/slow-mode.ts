/** Slow mode: an account waits between two messages, as owners or the pace of the lobby say. XEP-0500. */
import type { StanzaError } from '../stanza/stanza-error.ts'
import { isAdmin } from './affiliation.ts'
import { tellConfigured } from './configure.ts'
import type { Message } from './groupchat.ts'
import { MAX_PACE_SECONDS, PACE_HELD_MS } from './limits.ts'
import { refusal } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { wake } from './wake.ts'

/** What is in force, in seconds; 0 for no rule. */
export const slowModeSeconds = (room: Room): number =>
  Math.max(room.config.slowModeSeconds, room.pace.seconds)

/** Owners and admins need not wait, and only messages with a body count. */
const isUnderRule = (room: Room, { content, speaker }: Message): boolean =>
  slowModeSeconds(room) > 0 && content.body !== '' && !isAdmin(room, speaker.account)

/** Why this comes too soon after the last message of the account, or undefined. */
export function refusesHaste(room: Room, message: Message, nowMs: number): StanzaError | undefined {
  if (!isUnderRule(room, message)) return undefined
  const seconds = slowModeSeconds(room)
  const spokenAtMs = room.lastSpoken.get(message.speaker.account, nowMs)
  const waitMs = spokenAtMs === undefined ? 0 : spokenAtMs + seconds * 1000 - nowMs
  if (waitMs <= 0) return undefined
  const why = seconds > room.config.slowModeSeconds ? 'the lobby takes no more at a time' : 'Slow mode'
  const text = `${why}: ${seconds} s lie between two messages of one user here. Wait ${Math.ceil(waitMs / 1000)} s.`
  return refusal(room, 'wait', 'policy-violation', text.charAt(0).toUpperCase() + text.slice(1))
}

/** A message is on its way. */
export function noteSpoken(room: Room, message: Message, nowMs: number): void {
  if (isUnderRule(room, message)) room.lastSpoken.set(message.speaker.account, nowMs, nowMs)
}

/** Everybody is told of each change, and clients ask what the room is then: so there are few. In seconds. */
const STEPS = [0, 1, 2, 5, 10, 20, 40]
const inSteps = (seconds: number): number => STEPS.find((step) => step >= seconds) ?? MAX_PACE_SECONDS

/**
 * Looks at the pace that the lobby takes. When more is said than that, it is the slow mode of the room, and stays it until
 * the lobby has had room for a while; it only grows meanwhile. Clients hear of each change (104).
 */
export function followPace(room: Room, nowMs: number): RoomEffect[] {
  const before = slowModeSeconds(room)
  const { untilMs } = room.pace
  const held = nowMs < untilMs ? room.pace.seconds : 0
  const measured = inSteps(Math.ceil(room.policy.paceMs() / 1000))
  if (held === 0 && measured === 0 && room.pace.seconds === 0) return []
  room.pace = {
    seconds: Math.max(held, measured),
    untilMs: measured > 0 ? nowMs + PACE_HELD_MS : untilMs,
  }
  return [...(slowModeSeconds(room) === before ? [] : tellConfigured(room, [104])), ...wake(room)]
}
