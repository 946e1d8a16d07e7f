/** Lists, invitations and unsubscriptions from friends. Source: docs/retroshare.md §6.6. */
import type { FriendId } from '../../util/ids.ts'
import { LOBBY_FLAG, type LobbyControl, type LobbyListEntry } from '../wire/item.ts'
import { takeChallenge } from './challenges.ts'
import { describe } from './directory.ts'
import { ceasePart, takePart } from './friends.ts'
import { BOUND, KEPT_FLAGS, SIZE } from './limits.ts'
import { type JoinedLobby, note, type Step, save, saveInvitations, send, tell, wakeBy } from './state.ts'
import { inviteTo, lobbyInfo, sendList, tellLobby } from './view.ts'

type Invite = Extract<LobbyControl, { kind: 'lobby-invite' }>

export function takeControl(step: Step, friend: FriendId, item: LobbyControl): void {
  if (step.router.ignored.has(friend)) {
    note(step, 'FRIEND_IGNORED', friend)
    return
  }
  switch (item.kind) {
    case 'lobby-list':
      takeList(step, friend, item.lobbies)
      return
    case 'lobby-list-request':
      sendList(step, friend, true)
      return
    case 'lobby-invite':
      takeInvite(step, friend, item)
      return
    case 'lobby-invite-old':
      // RetroShare sends it after each `lobby-invite`, of which it is a part.
      return
    case 'lobby-unsubscribe': {
      const lobby = step.router.lobbies.get(item.lobby)
      if (lobby) ceasePart(step, lobby, friend)
      return
    }
    case 'lobby-challenge':
      takeChallenge(step, friend, item.code)
      return
  }
}

function takeList(step: Step, friend: FriendId, entries: readonly LobbyListEntry[]): void {
  if (entries.length > SIZE.listEntries) note(step, 'LIST_TRUNCATED', friend)
  for (const entry of entries.slice(0, SIZE.listEntries)) {
    if (!step.router.directory.list(friend, entry, step.nowMs)) {
      note(step, 'LISTINGS_FULL', friend, entry.lobby)
      continue
    }
    const lobby = step.router.lobbies.get(entry.lobby)
    if (lobby) takeListOfJoined(step, lobby, friend)
    tellLobby(step, entry.lobby)
  }
  step.router.unlistedMs.delete(friend)
  wakeBy(step, step.router.directory.nextExpiryMs())
}

/** Who lists a lobby takes part in it. The invitation tells the friend that we do, too. */
function takeListOfJoined(step: Step, lobby: JoinedLobby, friend: FriendId): void {
  if (!lobby.neighbours.has(friend)) {
    send(step, friend, inviteTo(lobby))
    takePart(step, lobby, friend)
  }
  const listed = step.router.directory.get(lobby.id)
  if (listed?.describedBy === friend) adoptTopic(step, lobby, listed.topic)
}

function takeInvite(step: Step, friend: FriendId, invite: Invite): void {
  const lobby = step.router.lobbies.get(invite.lobby)
  const isAnswer = (invite.flags & LOBBY_FLAG.challenge) !== 0
  if (!lobby) {
    if (isAnswer) note(step, 'CHALLENGE_UNKNOWN', friend, invite.lobby)
    else keepInvitation(step, friend, invite)
    return
  }
  if (!isAnswer && (invite.flags & KEPT_FLAGS) !== lobby.flags) {
    note(step, 'INVITE_MISMATCH', friend, lobby.id)
    return
  }
  takePart(step, lobby, friend)
  if (lobby.topic === '') adoptTopic(step, lobby, describe(invite).topic)
  tellLobby(step, lobby.id)
}

function adoptTopic(step: Step, lobby: JoinedLobby, topic: string): void {
  if (lobby.isOwn || topic === '' || topic === lobby.topic) return
  lobby.topic = topic
  save(step, lobby)
}

function keepInvitation(step: Step, friend: FriendId, invite: Invite): void {
  const { invitations } = step.router
  if (!invitations.has(invite.lobby) && invitations.size >= BOUND.invitations) {
    note(step, 'INVITATIONS_FULL', friend, invite.lobby)
    return
  }
  const pending = invitations.get(invite.lobby) ?? { ...describe(invite), friends: new Set() }
  if (pending.friends.has(friend)) return
  invitations.set(invite.lobby, pending)
  pending.friends.add(friend)
  saveInvitations(step)
  const lobby = lobbyInfo(step.router, invite.lobby)
  if (lobby) tell(step, { kind: 'invited', lobby, friend })
}
