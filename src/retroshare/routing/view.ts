/** What the router shows of lobbies: to the gateway, and to friends in lists. Source: docs/retroshare.md §6.6. */
import type { Invitation, LobbyInfo, ParticipantInfo } from '../../lobby/lobby.ts'
import type { FriendId, LobbyId } from '../../util/ids.ts'
import { LOBBY_FLAG, type LobbyControl, type LobbyListEntry } from '../wire/item.ts'
import { SIZE } from './limits.ts'
import { type JoinedLobby, population, type Router, type Step, send, tell } from './state.ts'

export const isPublic = (flags: number): boolean => (flags & LOBBY_FLAG.public) !== 0

/** A lobby that is joined, listed by a friend or offered by an invitation; undefined for any other. */
export function lobbyInfo(router: Router, id: LobbyId): LobbyInfo | undefined {
  const joined = router.lobbies.get(id)
  const known = joined ?? router.directory.get(id) ?? router.invitations.get(id)
  if (!known) return undefined
  return {
    id,
    network: router.options.network,
    name: known.name,
    topic: known.topic,
    isPrivate: !isPublic(known.flags),
    isSigned: (known.flags & LOBBY_FLAG.signed) !== 0,
    isJoined: joined !== undefined,
    isHeard: joined !== undefined && joined.online.length > 0,
    isOwn: joined?.isOwn ?? false,
    participants: Math.max(joined ? population(joined) : 0, router.directory.participants(id)),
  }
}

/** Joined, visible and offered lobbies with what is known of who takes part: participants, own speakers included, and friends. */
export function allLobbies(
  router: Router,
  nowMs: number,
): (LobbyInfo & { readonly members: readonly ParticipantInfo[]; readonly friends: readonly FriendId[] })[] {
  const ids = new Set([...router.lobbies.keys(), ...router.directory.ids(), ...router.invitations.keys()])
  return [...ids].flatMap((id) => {
    const info = lobbyInfo(router, id)
    const friends = [...(router.lobbies.get(id)?.neighbours.keys() ?? router.directory.listers(id))]
    return info ? [{ ...info, members: lobbyMembers(router, id, nowMs), friends }] : []
  })
}

/** What friends have invited this node to, oldest first. */
export const allInvitations = (router: Router): Invitation[] =>
  [...router.invitations].flatMap(([id, { friends }]) => {
    const lobby = lobbyInfo(router, id)
    return lobby ? [{ lobby, friends: [...friends] }] : []
  })

/** Whether a connected friend takes part in a lobby. */
export const isHeard = (router: Router, id: LobbyId): boolean =>
  (router.lobbies.get(id)?.online.length ?? 0) > 0

/** Participants of a lobby, own speakers first; none when it is not joined. */
export function lobbyMembers(router: Router, id: LobbyId, nowMs: number): ParticipantInfo[] {
  const lobby = router.lobbies.get(id)
  return lobby ? members(lobby, nowMs) : []
}

const members = (lobby: JoinedLobby, nowMs: number): ParticipantInfo[] => [
  ...[...lobby.speakers.values()].map((speaker) => ({
    id: speaker.author,
    nick: speaker.nick,
    sinceMs: speaker.sinceMs,
    lastSeenMs: nowMs,
    speaker: speaker.id,
  })),
  ...lobby.participants.list(nowMs),
]

/** Tells of a lobby that is new or has changed, or that nobody shows any longer. */
export function tellLobby(step: Step, id: LobbyId): void {
  const { router } = step
  const isShown = router.lobbies.has(id) || router.directory.get(id) !== undefined
  const lobby = isShown ? lobbyInfo(router, id) : undefined
  const told = router.told.get(id)
  if (!lobby) {
    if (router.told.delete(id)) tell(step, { kind: 'lobby-vanished', lobby: id })
  } else if (!told || !isSame(told, lobby)) {
    router.told.set(id, lobby)
    tell(step, { kind: 'lobby', lobby })
  }
}

const isSame = (a: LobbyInfo, b: LobbyInfo): boolean =>
  (Object.keys(b) as (keyof LobbyInfo)[]).every((key) => a[key] === b[key])

/** Sends the lobbies that `friend` may see. Lists are cut so that all entries are read. */
export function sendList(step: Step, friend: FriendId, evenIfEmpty: boolean): void {
  const lobbies: LobbyListEntry[] = []
  for (const lobby of step.router.lobbies.values()) {
    if (!isPublic(lobby.flags) && !lobby.neighbours.has(friend) && !lobby.former.has(friend)) continue
    lobbies.push(listEntry(lobby))
    const traffic = lobby.traffic.get(friend)
    if (traffic) traffic.listed = { participants: population(lobby), atMs: step.nowMs }
  }
  if (lobbies.length === 0 && evenIfEmpty) send(step, friend, { kind: 'lobby-list', lobbies })
  for (let from = 0; from < lobbies.length; from += SIZE.listEntries)
    send(step, friend, { kind: 'lobby-list', lobbies: lobbies.slice(from, from + SIZE.listEntries) })
}

/** A joined lobby as lists show it. */
export const listEntry = (lobby: JoinedLobby): LobbyListEntry => ({
  lobby: lobby.id,
  name: lobby.name,
  topic: lobby.topic,
  // The true number: receivers derive from it how much they take from us (docs/retroshare.md §6.8).
  participants: population(lobby),
  flags: lobby.flags,
})

/** The invitation to a joined lobby. */
export const inviteTo = (lobby: JoinedLobby, flags: number = lobby.flags): LobbyControl => ({
  kind: 'lobby-invite',
  lobby: lobby.id,
  name: lobby.name,
  topic: lobby.topic,
  flags,
})
