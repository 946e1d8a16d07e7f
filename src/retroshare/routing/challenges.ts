/** Finding out that a friend is in the same private lobby, without naming it. Source: docs/retroshare.md §6.7, docs/routing.md. */
import type { FriendId } from '../../util/ids.ts'
import { challengeCode } from '../wire/challenge.ts'
import { LOBBY_FLAG } from '../wire/item.ts'
import { takePart } from './friends.ts'
import { BOUND } from './limits.ts'
import { type JoinedLobby, note, type Step, send, wakeBy } from './state.ts'
import { inviteTo } from './view.ts'

/** Sends the challenge of a lobby, if one is due, to every connected friend: each gets a code of its own. */
export function challenge(step: Step, { id, asking }: JoinedLobby): void {
  if (!asking) return
  const messageId = asking.take(step.nowMs)
  wakeBy(step, asking.dueMs)
  if (messageId === undefined) return
  for (const friend of step.router.up.keys())
    send(step, friend, { kind: 'lobby-challenge', code: challengeCode(friend, id, messageId) })
}

/** Who knows a fresh item of a private lobby is in it: it takes part, and is told that we do. */
export function takeChallenge(step: Step, friend: FriendId, code: string): void {
  const { router, nowMs } = step
  if (!maySend(step, friend)) {
    note(step, 'CHALLENGE_FLOOD', friend)
    return
  }
  for (const lobby of router.lobbies.values()) {
    if (!lobby.asking?.isCode(code, router.options.self, lobby.id, nowMs)) continue
    send(step, friend, inviteTo(lobby, LOBBY_FLAG.challenge))
    takePart(step, lobby, friend)
    return
  }
  note(step, 'CHALLENGE_UNKNOWN', friend)
}

/** A bucket for each friend, which fills by one a second. */
function maySend({ router, nowMs }: Step, friend: FriendId): boolean {
  const bucket = router.challengers.get(friend) ?? { left: BOUND.challenges, atMs: nowMs }
  const left = Math.min(BOUND.challenges, bucket.left + (nowMs - bucket.atMs) / 1000)
  router.challengers.set(friend, { left: left >= 1 ? left - 1 : left, atMs: nowMs })
  return left >= 1
}
