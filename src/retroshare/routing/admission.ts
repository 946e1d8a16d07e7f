/** Whether somebody of ours may speak now: asked before a message is shown, so that none has to be taken back. Source: docs/routing.md, flood. */
import type { LobbyId, SpeakerId } from '../../util/ids.ts'
import { ourLimit } from './flood.ts'
import { BOUND, TIMING } from './limits.ts'
import { KEPT_FREE } from './pace.ts'
import type { JoinedLobby, Router } from './state.ts'

/**
 * Books a place for one message that is about to be said, and returns 0; or, when it would have to wait too long
 * for its way out, returns after how many milliseconds to try again. A place that is not used is free again
 * after a minute. In a lobby that is not joined there is always a place: `say` tells what is wrong.
 */
export function admit(router: Router, id: LobbyId, speaker: SpeakerId, nowMs: number): number {
  const lobby = router.lobbies.get(id)
  if (!lobby) return 0
  const waitMs = waitFor(lobby, speaker, nowMs)
  if (waitMs === 0) lobby.booked.push({ speaker, untilMs: nowMs + TIMING.bookedMs })
  return waitMs
}

/** Uses a place that was booked, or takes one; the milliseconds to wait for one are returned if there is none. */
export function claim(lobby: JoinedLobby, speaker: SpeakerId, nowMs: number): number {
  const at = lobby.booked.findIndex((place) => place.speaker === speaker && place.untilMs > nowMs)
  if (at < 0) return waitFor(lobby, speaker, nowMs)
  lobby.booked.splice(at, 1)
  return 0
}

/**
 * With so many of a window's places in line there is a pace to keep. The rest is for what is said before the window moves on:
 * a burst uses all of it at one moment.
 */
const LINE_SHARE = 0.4

/**
 * How far apart each of our speakers has to keep two messages, in ms, so that all of them go out as fast as they come:
 * the pace that a friend takes, parted among those who speak. 0 while there is room. Who keeps to whole seconds of it is
 * admitted.
 */
export function paceOf(router: Router, id: LobbyId, nowMs: number): number {
  const lobby = router.lobbies.get(id)
  if (!lobby || lobby.online.length === 0) return 0
  const limit = ourLimit(lobby)
  const ahead = countAhead(lobby, nowMs)
  // Our speakers' keep-alives need places too; they leave some of them free.
  const placesPerMs = limit / TIMING.paceMs
  const keepAlivesPerMs = lobby.speakers.size / TIMING.keepAliveMs
  const placeMs = 1 / Math.max(placesPerMs - keepAlivesPerMs, placesPerMs * KEPT_FREE)
  let slowestMs = 0
  for (const { traffic } of lobby.online) {
    const { pace } = traffic
    if (pace.line + ahead - Math.max(0, limit - pace.sent) < limit * LINE_SHARE) continue
    let speaking = 0
    const busy = pace.authors()
    for (const { author } of lobby.speakers.values()) if (busy.has(author)) speaking += 1
    slowestMs = Math.max(slowestMs, placeMs * pace.placesEach * Math.max(1, speaking))
  }
  return slowestMs
}

function waitFor(lobby: JoinedLobby, speaker: SpeakerId, nowMs: number): number {
  const ahead = countAhead(lobby, nowMs)
  if (lobby.online.length === 0) return 0
  const limit = ourLimit(lobby)
  const ownAhead = countBooked(lobby, speaker) + countSaid(lobby, speaker)
  const author = lobby.speakers.get(speaker)?.author
  let longestMs = 0
  for (const { traffic } of lobby.online) {
    const { pace } = traffic
    const waitMs = pace.waitMs(ahead, limit, nowMs)
    if (waitMs === 0) continue
    const free = Math.max(0, limit - pace.sent)
    const waiting = Math.max(0, ownAhead - free) + (author === undefined ? 0 : pace.waitingOf(author))
    // The others are not to wait for one that speaks much: it has a window's places in line, not more.
    if (waiting >= limit) longestMs = Math.max(longestMs, Math.min(waitMs, TIMING.paceMs))
    else longestMs = Math.max(longestMs, waitMs - TIMING.mostWaitMs)
  }
  return longestMs <= 0 && ahead < BOUND.unsigned ? 0 : Math.max(longestMs, 1_000)
}

/** Messages that are admitted and not on their way yet. Places that were booked for long are free again. */
function countAhead(lobby: JoinedLobby, nowMs: number): number {
  while ((lobby.booked[0]?.untilMs ?? nowMs + 1) <= nowMs) lobby.booked.shift()
  return lobby.booked.length + countSaid(lobby)
}

function countBooked(lobby: JoinedLobby, speaker: SpeakerId): number {
  let count = 0
  for (const place of lobby.booked) if (place.speaker === speaker) count += 1
  return count
}

/** Messages, of one speaker or of all, that wait for their signature. */
function countSaid(lobby: JoinedLobby, speaker?: SpeakerId): number {
  let count = 0
  for (const { said } of lobby.outbox)
    if (said && (speaker === undefined || said.speaker === speaker)) count += 1
  return count
}
