/** Making, joining, leaving and describing lobbies of our own choice. Source: docs/retroshare.md §6.6. */
import type { FriendId, LobbyId } from '../../util/ids.ts'
import { LOBBY_FLAG } from '../wire/item.ts'
import { describe } from './directory.ts'
import { inviteFriend } from './friends.ts'
import { BOUND } from './limits.ts'
import { finishLeaving } from './outgoing.ts'
import type { RouterEvent, SavedInvitation, SavedLobby } from './router-port.ts'
import { exit } from './speakers.ts'
import {
  countPeers,
  type JoinedLobby,
  joinedLobby,
  note,
  type Step,
  save,
  saveInvitations,
  send,
  tell,
} from './state.ts'
import { inviteTo, isPublic, lobbyInfo, sendList, tellLobby } from './view.ts'

/** A lobby of our own: joined at once, and listed to friends when it is public. */
export function create(step: Step, { lobby: id, spec }: Extract<RouterEvent, { kind: 'create' }>): void {
  const flags = (spec.isPrivate ? 0 : LOBBY_FLAG.public) | (spec.isSigned ? LOBBY_FLAG.signed : 0)
  const described = describe({ ...spec, flags })
  if (!open(step, { id, ...described, isOwn: true, friends: [], formerFriends: [] })) return
  if (isPublic(flags)) pushLists(step)
}

/** Joins a visible lobby or accepts an invitation: those who list it or invited us take part. */
export function join(step: Step, id: LobbyId): void {
  const { directory, invitations, lobbies } = step.router
  if (lobbies.has(id)) return
  const invitation = invitations.get(id)
  const known = directory.get(id) ?? invitation
  if (!known) {
    note(step, 'LOBBY_UNKNOWN', null, id)
    return
  }
  const friends = [...new Set([...directory.listers(id), ...(invitation?.friends ?? [])])]
  const { name, topic, flags } = known
  const lobby = open(step, { id, name, topic, flags, isOwn: false, friends, formerFriends: [] })
  if (!lobby) return
  if (invitations.delete(id)) saveInvitations(step)
  // To members this is no invitation but the sign that we take part.
  for (const { friend } of lobby.online) send(step, friend, inviteTo(lobby))
  // Friends that see the lobby only through us need not wait for the next regular list.
  if (!isPublic(flags)) return
  for (const friend of step.router.up.keys()) if (!lobby.neighbours.has(friend)) sendList(step, friend, false)
}

function open(step: Step, saved: SavedLobby): JoinedLobby | undefined {
  const { lobbies } = step.router
  if (lobbies.has(saved.id)) return undefined
  if (lobbies.size >= BOUND.joinedLobbies) {
    note(step, 'LOBBIES_FULL', null, saved.id)
    return undefined
  }
  const lobby = joinedLobby(saved, step.nowMs)
  lobbies.set(saved.id, lobby)
  countPeers(step.router, lobby)
  save(step, lobby)
  tellLobby(step, saved.id)
  return lobby
}

/** What was joined when the process ended is joined again. */
export function restore(step: Step, saved: readonly SavedLobby[]): void {
  for (const lobby of saved) {
    if (step.router.lobbies.has(lobby.id)) continue
    const joined = joinedLobby(lobby, 0)
    step.router.lobbies.set(lobby.id, joined)
    countPeers(step.router, joined)
    tellLobby(step, lobby.id)
  }
}

/** What friends invited to when the process ended; it is told again, for nobody may have heard of it. */
export function restoreInvitations(step: Step, saved: readonly SavedInvitation[]): void {
  for (const { id, name, topic, flags, friends } of saved) {
    if (step.router.lobbies.has(id)) continue
    step.router.invitations.set(id, { name, topic, flags, friends: new Set(friends) })
    const lobby = lobbyInfo(step.router, id)
    if (lobby) for (const friend of friends) tell(step, { kind: 'invited', lobby, friend })
  }
}

/** Forgets what friends invite to. */
export function decline(step: Step, id: LobbyId): void {
  if (step.router.invitations.delete(id)) saveInvitations(step)
}

/** Each speaker takes leave, then the node unsubscribes; the lobby is forgotten at once. */
export function leave(step: Step, id: LobbyId): void {
  const lobby = step.router.lobbies.get(id)
  if (!lobby) {
    note(step, 'LOBBY_UNKNOWN', null, id)
    return
  }
  for (const speaker of [...lobby.speakers.keys()]) exit(step, lobby, speaker)
  for (const participant of lobby.participants.list(step.nowMs))
    tell(step, { kind: 'left', lobby: id, participant: participant.id, reason: 'unsubscribed' })
  step.router.lobbies.delete(id)
  lobby.isLeft = true
  step.effects.push({ kind: 'forget', lobby: id })
  tellLobby(step, id)
  finishLeaving(step, lobby)
}

/** A new topic of an own lobby, told to friends at once. */
export function setTopic(step: Step, id: LobbyId, topic: string): void {
  const lobby = step.router.lobbies.get(id)
  if (!lobby?.isOwn) {
    note(step, 'LOBBY_UNKNOWN', null, id)
    return
  }
  const described = describe({ ...lobby, topic })
  if (lobby.topic === described.topic) return
  lobby.topic = described.topic
  save(step, lobby)
  tellLobby(step, id)
  pushLists(step)
}

/** Invites a friend. It takes part once its first item or list comes. */
export function invite(step: Step, id: LobbyId, friend: FriendId): void {
  const lobby = step.router.lobbies.get(id)
  if (!lobby) {
    note(step, 'LOBBY_UNKNOWN', friend, id)
    return
  }
  inviteFriend(step, lobby, friend)
}

function pushLists(step: Step): void {
  for (const friend of step.router.up.keys()) sendList(step, friend, false)
}
