/** Friends coming and going, and what they get when they come. Source: docs/retroshare.md §6.6, docs/routing.md. */
import type { FriendId } from '../../util/ids.ts'
import { replay } from './bounce.ts'
import { TIMING } from './limits.ts'
import { greet } from './speakers.ts'
import {
  countPeers,
  type JoinedLobby,
  type Step,
  save,
  saveBarred,
  saveInvitations,
  send,
  wakeBy,
} from './state.ts'
import { inviteTo, sendList, tellLobby } from './view.ts'

/** A link is there: lists first, which make the friend forward to us, then what it may have missed. */
export function friendUp(step: Step, friend: FriendId): void {
  const { router, nowMs } = step
  if (router.ignored.has(friend)) {
    router.ignored.set(friend, true)
    return
  }
  friendDown(step, friend)
  router.up.set(friend, nowMs)
  router.unlistedMs.set(friend, router.unlistedMs.get(friend) ?? Number.NEGATIVE_INFINITY)
  router.nextListMs = Math.min(router.nextListMs, nowMs + TIMING.listMs)
  router.nextAskMs = Math.min(router.nextAskMs, nowMs + TIMING.askMs)
  wakeBy(step, Math.min(router.nextListMs, router.nextAskMs))
  sendList(step, friend, false)
  send(step, friend, { kind: 'lobby-list-request' })
  for (const lobby of router.lobbies.values()) {
    if (lobby.invited.has(friend)) inviteFriend(step, lobby, friend)
    const neighbour = lobby.neighbours.get(friend)
    if (!neighbour) continue
    countPeers(router, lobby)
    tellLobby(step, lobby.id)
    replay(step, lobby, friend, neighbour.missedSinceMs)
    greet(step, lobby, 0, true)
  }
}

/** The friend has read what was written to it before `sentAtMs`. */
export function friendRead({ router }: Step, friend: FriendId, sentAtMs: number): void {
  if (!router.up.has(friend)) return
  router.readUntilMs.set(friend, sentAtMs)
  for (const { invited } of router.lobbies.values()) {
    const invitedMs = invited.get(friend)
    if (invitedMs !== undefined && invitedMs <= sentAtMs - TIMING.unhandledMs) invited.delete(friend)
  }
}

/** Invites a friend once it is connected, and again on its next link if it may not have read that. */
export function inviteFriend(step: Step, lobby: JoinedLobby, friend: FriendId): void {
  const isUp = step.router.up.has(friend)
  lobby.invited.set(friend, isUp ? step.nowMs : Number.POSITIVE_INFINITY)
  if (isUp) send(step, friend, inviteTo(lobby))
}

/** The link is gone. The friend still takes part where it did; what was written last may be lost. */
export function friendDown(step: Step, friend: FriendId): void {
  const { router, nowMs } = step
  if (router.ignored.has(friend)) router.ignored.set(friend, false)
  const upSinceMs = router.up.get(friend)
  if (upSinceMs === undefined) return
  const readUntilMs = router.readUntilMs.get(friend) ?? Number.NEGATIVE_INFINITY
  router.up.delete(friend)
  router.readUntilMs.delete(friend)
  const doubtfulSinceMs = Math.max(nowMs - TIMING.lossMs, readUntilMs - TIMING.unhandledMs)
  router.unlistedMs.set(friend, Math.min(router.unlistedMs.get(friend) ?? doubtfulSinceMs, doubtfulSinceMs))
  for (const lobby of router.lobbies.values()) {
    const waitingSinceMs = dropWaiting(step, lobby, friend, doubtfulSinceMs)
    const neighbour = lobby.neighbours.get(friend)
    if (!neighbour) continue
    countPeers(router, lobby)
    tellLobby(step, lobby.id)
    // On a link that was up only for a moment the repetition itself may be lost: begin where that one began.
    const sinceMs = upSinceMs < doubtfulSinceMs ? doubtfulSinceMs : neighbour.missedSinceMs
    neighbour.missedSinceMs = Math.min(sinceMs, waitingSinceMs)
  }
}

export function friendRemoved(step: Step, friend: FriendId): void {
  const { router } = step
  router.up.delete(friend)
  router.readUntilMs.delete(friend)
  router.unlistedMs.delete(friend)
  for (const lobby of router.lobbies.values()) {
    lobby.invited.delete(friend)
    const tookPart = lobby.neighbours.delete(friend)
    lobby.traffic.delete(friend)
    countPeers(router, lobby)
    tellLobby(step, lobby.id)
    if (lobby.former.delete(friend) || tookPart) save(step, lobby)
  }
  router.challengers.delete(friend)
  if (router.ignored.delete(friend)) saveBarred(step)
  let wasInvited = false
  for (const [id, invitation] of router.invitations) {
    wasInvited = invitation.friends.delete(friend) || wasInvited
    if (invitation.friends.size === 0) router.invitations.delete(id)
  }
  if (wasInvited) saveInvitations(step)
  for (const id of router.directory.forgetFriend(friend)) tellLobby(step, id)
}

/**
 * `friend` has shown that it takes part in a lobby of ours. If it shows it first thing on a link it took part before,
 * and we did not know, or have forgotten: then it is a friend that comes back.
 */
export function takePart(step: Step, lobby: JoinedLobby, friend: FriendId): void {
  if (lobby.neighbours.has(friend)) return
  lobby.former.delete(friend)
  lobby.invited.delete(friend)
  lobby.neighbours.set(friend, { missedSinceMs: step.nowMs })
  countPeers(step.router, lobby)
  tellLobby(step, lobby.id)
  save(step, lobby)
  if (!step.router.up.has(friend)) return
  replay(step, lobby, friend, step.router.unlistedMs.get(friend) ?? Number.POSITIVE_INFINITY)
  greet(step, lobby, 0, true)
}

/** `friend` has unsubscribed: it gets no traffic any longer, but a private lobby is still listed to it. */
export function ceasePart(step: Step, lobby: JoinedLobby, friend: FriendId): void {
  if (!lobby.neighbours.delete(friend)) return
  dropWaiting(step, lobby, friend, step.nowMs)
  countPeers(step.router, lobby)
  tellLobby(step, lobby.id)
  lobby.former.add(friend)
  save(step, lobby)
}

/** Nothing more goes to the friend for now. Returns when the oldest message was offered that it may not have. */
function dropWaiting({ nowMs }: Step, lobby: JoinedLobby, friend: FriendId, doubtfulSinceMs: number): number {
  const traffic = lobby.traffic.get(friend)
  if (!traffic) return Number.POSITIVE_INFINITY
  const sinceMs = traffic.pace.clear(doubtfulSinceMs)
  if (traffic.pace.isForgotten(nowMs) && traffic.inflow.size(nowMs) === 0) lobby.traffic.delete(friend)
  return sinceMs
}
