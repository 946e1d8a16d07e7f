/** Slow mode: an account waits between two messages. XEP-0500. */
import type { StanzaError } from '../stanza/stanza-error.ts'
import { isAdmin } from './affiliation.ts'
import type { Message } from './groupchat.ts'
import { refusal } from './reply.ts'
import type { Room } from './room.ts'

/** Owners and admins need not wait, and only messages with a body count. */
const isUnderRule = (room: Room, { content, speaker }: Message): boolean =>
  room.config.slowModeSeconds > 0 && content.body !== '' && !isAdmin(room, speaker.account)

/** Why this comes too soon after the last message of the account, or undefined. */
export function refusesHaste(room: Room, message: Message, nowMs: number): StanzaError | undefined {
  if (!isUnderRule(room, message)) return undefined
  const { slowModeSeconds } = room.config
  const spokenAtMs = room.lastSpoken.get(message.speaker.account, nowMs)
  const waitMs = spokenAtMs === undefined ? 0 : spokenAtMs + slowModeSeconds * 1000 - nowMs
  if (waitMs <= 0) return undefined
  const wait = Math.ceil(waitMs / 1000)
  const text = `Slow mode: ${slowModeSeconds} s lie between two messages of one user here. Wait ${wait} s.`
  return refusal(room, 'wait', 'policy-violation', text)
}

/** A message is on its way. */
export function noteSpoken(room: Room, message: Message, nowMs: number): void {
  if (isUnderRule(room, message)) room.lastSpoken.set(message.speaker.account, nowMs, nowMs)
}
