/** Messages and events from friends: which are taken, and what they do. Source: docs/retroshare.md §6.6, docs/routing.md. */

import { utf8 } from '../../util/bytes.ts'
import type { FriendId } from '../../util/ids.ts'
import { type BouncedItem, LOBBY_EVENT, LOBBY_FLAG } from '../wire/item.ts'
import { bounce, rememberUntilMs } from './bounce.ts'
import { mayTake } from './flood.ts'
import { takePart } from './friends.ts'
import { SIZE, TIMING } from './limits.ts'
import type { NoteCode, RouterEvent } from './router-port.ts'
import { greet } from './speakers.ts'
import { type JoinedLobby, note, type Step, tell, wakeBy } from './state.ts'

/** Cheap tests first; the signature is judged only when everything else is in order. */
export function takeBounced(step: Step, event: Extract<RouterEvent, { kind: 'bounced' }>): void {
  const { friend, item, raw } = event
  if (step.router.ignored.has(friend)) {
    note(step, 'FRIEND_IGNORED', friend, item.lobby)
    return
  }
  const lobby = step.router.lobbies.get(item.lobby)
  if (!lobby) {
    note(step, 'NOT_JOINED', friend, item.lobby)
    return
  }
  const fault = step.router.banned.has(item.author) ? 'AUTHOR_BANNED' : faultOf(item, raw, step.nowMs)
  if (fault) {
    note(step, fault, friend, lobby.id)
    return
  }
  // Before anything else is done with the item: a repeated LEFT or KEEP_ALIVE says nothing new of its author.
  if (lobby.seen.refresh(item.messageId, rememberUntilMs(item, step.nowMs), step.nowMs)) {
    step.router.counts.duplicates += 1
    lobby.recent.heardAgain(item.messageId, friend)
    lobby.traffic.get(friend)?.pace.heard(item)
    takePart(step, lobby, friend)
    return
  }
  // Before the signature, which is the expensive part; and what is refused is not remembered: another may bring it.
  if (!mayTake(step.router, lobby, friend, item, step.nowMs)) {
    note(step, 'FLOOD_REFUSED', friend, lobby.id)
    return
  }
  if (!isGenuine(step, lobby, event)) return
  step.router.counts.accepted += 1
  takePart(step, lobby, friend)
  bounce(step, lobby, { item, raw }, friend)
  if (!lobby.authors.has(item.author)) act(step, lobby, item, friend)
}

function faultOf(item: BouncedItem, raw: Uint8Array, nowMs: number): NoteCode | undefined {
  if (raw.length > SIZE.itemBytes) return 'ITEM_TOO_LARGE'
  if (item.kind === 'lobby-message') {
    if (isTooLong(item.text)) return 'TEXT_TOO_LARGE'
    if (item.text.includes('<!')) return 'TEXT_FORBIDDEN'
  }
  const ageMs = nowMs - item.sentAtSec * 1000
  if (ageMs > TIMING.maxAgeMs) return 'TOO_OLD'
  return -ageMs > TIMING.maxAheadMs ? 'TOO_NEW' : undefined
}

/** A character has one to three bytes per UTF-16 unit, so most texts need not be counted. */
const isTooLong = (text: string): boolean =>
  text.length > SIZE.textBytes || (text.length * 3 > SIZE.textBytes && utf8(text).length > SIZE.textBytes)

/** An unknown key passes, as in RetroShare, and is asked for; in a signed lobby the author must be known and linked. */
function isGenuine(
  step: Step,
  lobby: JoinedLobby,
  { friend, item, raw }: Extract<RouterEvent, { kind: 'bounced' }>,
): boolean {
  const { signature, isLinked } = step.env.judge(item, raw)
  if (signature === 'bad') {
    note(step, 'BAD_SIGNATURE', friend, lobby.id)
    return false
  }
  if (signature === 'unknown-key') step.effects.push({ kind: 'want-identity', author: item.author, friend })
  const isWelcome = (lobby.flags & LOBBY_FLAG.signed) === 0 || (signature === 'good' && isLinked)
  if (!isWelcome) note(step, 'AUTHOR_NOT_LINKED', friend, lobby.id)
  return isWelcome
}

function act(step: Step, lobby: JoinedLobby, item: BouncedItem, friend: FriendId): void {
  const { author: participant, nick } = item
  if (item.kind === 'lobby-event' && item.event === LOBBY_EVENT.left) {
    if (lobby.participants.leave(participant, item.sentAtSec, step.nowMs))
      tell(step, { kind: 'left', lobby: lobby.id, participant, reason: 'left' })
    return
  }
  const isNew = hear(step, lobby, item, friend)
  if (item.kind === 'lobby-message') {
    const { text, messageId } = item
    const sentAtMs = item.sentAtSec * 1000
    tell(step, { kind: 'said', lobby: lobby.id, participant, nick, text, sentAtMs, messageId })
  } else if (item.event === LOBBY_EVENT.status) {
    tell(step, { kind: 'typing', lobby: lobby.id, participant })
  } else if (item.event === LOBBY_EVENT.joined && lobby.speakers.size > 0) {
    // Nodes begin at different times, so that a newcomer is not met by all in one moment.
    greet(step, lobby, (step.env.randomBytes(1)[0] ?? 0) / 256, isNew)
  }
}

/** Presence of the author, as far as the item tells of it; true when it was not there before. */
function hear(step: Step, lobby: JoinedLobby, item: BouncedItem, friend: FriendId): boolean {
  const { nowMs } = step
  const { author: id, nick } = item
  switch (lobby.participants.hear(item, nowMs)) {
    case 'entered':
      wakeBy(step, nowMs + TIMING.silenceMs)
      tell(step, {
        kind: 'entered',
        lobby: lobby.id,
        participant: { id, nick, sinceMs: nowMs, lastSeenMs: nowMs, speaker: null },
      })
      return true
    case 'renamed':
      tell(step, { kind: 'renamed', lobby: lobby.id, participant: id, nick })
      return false
    case 'full':
      note(step, 'PARTICIPANTS_FULL', friend, lobby.id)
      return false
    case 'known':
    case 'late':
      return false
  }
}
