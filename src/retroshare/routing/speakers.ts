/** Our own people in lobbies: entering, being heard of, speaking, leaving. Source: docs/retroshare.md §6.6, §8.e. */

import { utf8 } from '../../util/bytes.ts'
import type { SpeakerId } from '../../util/ids.ts'
import { LOBBY_EVENT, LOBBY_FLAG, TYPING } from '../wire/item.ts'
import { claim } from './admission.ts'
import { BOUND, SIZE, TIMING } from './limits.ts'
import { type Draft, finishStopping, type Refusal, sign, tellNotSent } from './outgoing.ts'
import type { RouterEvent } from './router-port.ts'
import { type JoinedLobby, note, population, type Speaker, type Step, tell, wakeBy } from './state.ts'

/** A speaker takes part in a joined lobby. Repeated with another identity or nick it leaves as the former. */
export function enter(
  step: Step,
  lobby: JoinedLobby,
  { speaker: id, author, nick }: Extract<RouterEvent, { kind: 'speaker-enter' }>,
): void {
  const before = lobby.speakers.get(id)
  if (before?.author === author && before.nick === nick) return
  if (before) exit(step, lobby, id)
  if (lobby.speakers.size >= BOUND.speakers) {
    note(step, 'SPEAKERS_FULL', null, lobby.id)
    return
  }
  const speaker: Speaker = {
    id,
    author,
    nick,
    sinceMs: step.nowMs,
    isAnnounced: false,
    lastHeardMs: Number.NEGATIVE_INFINITY,
    dueMs: step.nowMs,
    lastTypingMs: Number.NEGATIVE_INFINITY,
  }
  lobby.speakers.set(id, speaker)
  lobby.authors.set(author, id)
  if (lobby.participants.delete(author))
    tell(step, { kind: 'left', lobby: lobby.id, participant: author, reason: 'left' })
  tell(step, { kind: 'speaking-as', lobby: lobby.id, speaker: id, participant: author })
  keepAlive(step, lobby)
}

export function exit(step: Step, lobby: JoinedLobby, id: SpeakerId): void {
  const speaker = lobby.speakers.get(id)
  if (!speaker) {
    note(step, 'SPEAKER_UNKNOWN', null, lobby.id)
    return
  }
  lobby.speakers.delete(id)
  lobby.authors.delete(speaker.author)
  if (!speaker.isAnnounced || lobby.online.length === 0) return
  if (signEvent(step, lobby, speaker, LOBBY_EVENT.left)) lobby.lastLeftSec = secondOf(step.nowMs)
}

/** All speakers of all lobbies take leave. */
export function stop(step: Step): void {
  step.router.isStopping = true
  for (const lobby of step.router.lobbies.values())
    for (const id of [...lobby.speakers.keys()]) exit(step, lobby, id)
  finishStopping(step)
}

/** Says something, or tells why not. `lobby` is undefined when it is not joined. */
export function say(
  step: Step,
  lobby: JoinedLobby | undefined,
  { lobby: id, speaker: speakerId, text, ref, saidAtMs }: Extract<RouterEvent, { kind: 'say' }>,
): void {
  const speaker = lobby?.speakers.get(speakerId)
  let refusal = refusalOf(lobby, speaker, text)
  if (lobby && saidAtMs === undefined) refusal ??= refusalToWait(step, lobby, speakerId)
  if (!refusal && lobby && speaker) {
    const draft: Draft = { kind: 'lobby-message', text, atMs: saidAtMs ?? step.nowMs }
    if (!sign(step, lobby, speaker, { draft, ref }))
      refusal = ['LOBBY_BUSY', 'Too many messages wait to be sent; try again later.']
  }
  if (refusal) tellNotSent(step, id, { speaker: speakerId, ref }, refusal)
}

function refusalOf(
  lobby: JoinedLobby | undefined,
  speaker: Speaker | undefined,
  text: string,
): Refusal | undefined {
  if (!lobby) return ['LOBBY_NOT_JOINED', 'This node does not take part in the lobby.']
  if (!speaker) return ['LOBBY_SPEAKER_UNKNOWN', 'The speaker does not take part in the lobby.']
  const bytes = utf8(text).length
  if (bytes > SIZE.textBytes)
    return ['LOBBY_TEXT_TOO_LARGE', `The text has ${bytes} bytes; ${SIZE.textBytes} are allowed.`]
  const forbidden = FORBIDDEN.find((part) => text.includes(part))
  return forbidden ? ['LOBBY_TEXT_FORBIDDEN', `The network drops texts with “${forbidden}”.`] : undefined
}

/** Nobody should have to be told this who was admitted before. */
function refusalToWait({ nowMs }: Step, lobby: JoinedLobby, speaker: SpeakerId): Refusal | undefined {
  const waitMs = claim(lobby, speaker, nowMs)
  if (waitMs === 0) return undefined
  return ['LOBBY_TOO_FAST', `More than the lobby takes; try again in ${Math.ceil(waitMs / 1000)} s.`]
}

/** Texts with these are dropped by RetroShare or lose their signature there (docs/retroshare.md §4.2, §6.6). */
const FORBIDDEN = ['<!', 'PD94bW', 'PHN2Zy']

/** Tells that a speaker is typing, at most once in 5 s. */
export function type(step: Step, lobby: JoinedLobby, id: SpeakerId): void {
  const speaker = lobby.speakers.get(id)
  if (!speaker) {
    note(step, 'SPEAKER_UNKNOWN', null, lobby.id)
    return
  }
  if (step.nowMs - speaker.lastTypingMs < TIMING.typingMs) return
  if (lobby.online.length === 0) return
  speaker.lastTypingMs = step.nowMs
  signEvent(step, lobby, speaker, LOBBY_EVENT.status, TYPING)
}

/**
 * Has every speaker heard of soon, evenly spread; `from` in 0..1 shifts the first one. All participants of the
 * lobby do the same, so that the more there are, the longer it takes. Who was there already has to wait.
 */
export function greet(step: Step, lobby: JoinedLobby, from: number, isNew: boolean): void {
  const others = Math.max(1, population(lobby) - 1)
  const withinMs = Math.min(TIMING.greetMs, TIMING.greetEachMs * others)
  const gapMs = isNew ? withinMs : TIMING.greetMs
  let place = from
  for (const speaker of lobby.speakers.values()) {
    const soonMs = step.nowMs + (withinMs * place) / lobby.speakers.size
    const dueMs = Math.max(Math.floor(soonMs), speaker.lastHeardMs + gapMs)
    speaker.dueMs = Math.min(speaker.dueMs, dueMs)
    wakeBy(step, speaker.dueMs)
    place += 1
  }
}

/** Lets the speakers that are due be heard of, if there is anyone to hear it. */
export function keepAlive(step: Step, lobby: JoinedLobby): void {
  const isHeard = lobby.online.length > 0
  for (const speaker of lobby.speakers.values()) {
    if (speaker.dueMs > step.nowMs) continue
    if (isHeard && isHiddenByLeft(step, lobby, speaker)) {
      speaker.dueMs = (lobby.lastLeftSec + 1) * 1000
      wakeBy(step, speaker.dueMs)
      continue
    }
    // RetroShare drops the first item of an author in a signed lobby: the announcement is repeated soon.
    const isRepeated = isHeard && !speaker.isAnnounced && (lobby.flags & LOBBY_FLAG.signed) !== 0
    speaker.dueMs = step.nowMs + (isRepeated ? TIMING.greetMs : TIMING.keepAliveMs)
    wakeBy(step, speaker.dueMs)
    if (isHeard) letBeHeard(step, lobby, speaker)
  }
}

/** When the next speaker is due. */
export function nextKeepAliveMs(lobby: JoinedLobby): number {
  let nextMs = Number.POSITIVE_INFINITY
  for (const speaker of lobby.speakers.values()) nextMs = Math.min(nextMs, speaker.dueMs)
  return nextMs
}

/** Every JOINED makes every participant answer; a crowd that comes at once does with one. */
const isJoining = ({ nowMs }: Step, lobby: JoinedLobby, speaker: Speaker): boolean =>
  !speaker.isAnnounced && nowMs - lobby.lastJoinedMs >= TIMING.joinedGapMs

/** Whoever left and enters again is not believed to be there by a KEEP_ALIVE of the second of its LEFT. */
const isHiddenByLeft = (step: Step, lobby: JoinedLobby, speaker: Speaker): boolean =>
  !speaker.isAnnounced && secondOf(step.nowMs) === lobby.lastLeftSec && !isJoining(step, lobby, speaker)

const secondOf = (ms: number): number => Math.floor(ms / 1000)

function letBeHeard(step: Step, lobby: JoinedLobby, speaker: Speaker): void {
  const isFirst = isJoining(step, lobby, speaker)
  if (!signEvent(step, lobby, speaker, isFirst ? LOBBY_EVENT.joined : LOBBY_EVENT.keepAlive)) return
  if (isFirst) lobby.lastJoinedMs = step.nowMs
  speaker.isAnnounced = true
  speaker.lastHeardMs = step.nowMs
}

const signEvent = (step: Step, lobby: JoinedLobby, speaker: Speaker, event: number, text = ''): boolean =>
  sign(step, lobby, speaker, { draft: { kind: 'lobby-event', event, text, atMs: step.nowMs }, ref: null })
