/** Whom the operator does not want to hear: identities that are banned, friends whose lobbies are ignored. Source: docs/routing.md. */
import type { FriendId, ParticipantId } from '../../util/ids.ts'
import { friendDown, friendUp } from './friends.ts'
import { BOUND } from './limits.ts'
import type { Barred } from './router-port.ts'
import { note, type Step, saveBarred, tell } from './state.ts'
import { tellLobby } from './view.ts'

/** What was barred when the process ended. */
export function restoreBarred({ router }: Step, { banned, ignored }: Barred): void {
  for (const participant of banned) router.banned.add(participant)
  for (const friend of ignored) router.ignored.set(friend, false)
}

/** Nothing of this identity is taken, shown or passed on any longer, in any lobby. */
export function ban(step: Step, participant: ParticipantId): void {
  const { banned, lobbies } = step.router
  if (banned.has(participant)) return
  if (banned.size >= BOUND.banned) {
    note(step, 'BARRED_FULL', null)
    return
  }
  banned.add(participant)
  for (const lobby of lobbies.values())
    if (lobby.participants.delete(participant))
      tell(step, { kind: 'left', lobby: lobby.id, participant, reason: 'banned' })
  saveBarred(step)
}

export function unban(step: Step, participant: ParticipantId): void {
  if (step.router.banned.delete(participant)) saveBarred(step)
}

/** For lobbies this friend is as good as not connected. */
export function ignore(step: Step, friend: FriendId): void {
  const { router } = step
  if (router.ignored.has(friend)) return
  if (router.ignored.size >= BOUND.ignored) {
    note(step, 'BARRED_FULL', friend)
    return
  }
  const isUp = router.up.has(friend)
  friendDown(step, friend)
  router.ignored.set(friend, isUp)
  for (const id of router.directory.forgetFriend(friend)) tellLobby(step, id)
  saveBarred(step)
}

/** The friend is listened to again. */
export function heed(step: Step, friend: FriendId): void {
  const isUp = step.router.ignored.get(friend)
  if (isUp === undefined) return
  step.router.ignored.delete(friend)
  saveBarred(step)
  if (isUp) friendUp(step, friend)
}
