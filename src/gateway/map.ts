/** The presence map: networks, friends, lobbies, rooms and who is in them, as plain data. */
import { friendLocalpart } from '../bridge/friend-address.ts'
import type { FriendInfo, Invitation, LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import type { FriendAvatars } from './friend-avatars.ts'
import type { LoadedRoom } from './loaded-room.ts'
import type { Rooms } from './rooms.ts'
import type { FriendView, InvitationView, LobbyView, PresenceMap } from './status.ts'
import type { StorageSizeView } from './storage-size.ts'

export const friendView = (friend: FriendInfo): FriendView => ({
  id: friend.id,
  name: friend.name,
  online: friend.isOnline,
  since: new Date(friend.sinceMs).toISOString(),
  address: friend.address,
})

export const lobbyView = (lobby: LobbyInfo, room: string): LobbyView => ({
  id: lobby.id,
  network: lobby.network,
  name: lobby.name,
  topic: lobby.topic,
  joined: lobby.isJoined,
  private: lobby.isPrivate,
  participants: lobby.participants,
  room,
})

/** What friends of a network invite to. */
export const invitationViews = (
  network: LobbyNetwork,
  invitations: readonly Invitation[],
  rooms: Rooms,
): InvitationView[] =>
  invitations.map(({ lobby, friends }) => ({
    id: lobby.id,
    network: lobby.network,
    name: lobby.name,
    topic: lobby.topic,
    private: lobby.isPrivate,
    room: rooms.addressOf(lobby.id),
    invitedBy: friends.map((id) => ({ id, name: network.friend(id)?.name ?? id })),
  }))

/** What is said, or about to be: the map does not show it. */
const TALK: ReadonlySet<LobbyUpdate['kind']> = new Set([
  'said',
  'typing',
  'not-sent',
  'friend-said',
  'friend-typing',
])

/** Whether an update changes what the map shows. */
export const isOnMap = (update: LobbyUpdate): boolean => !TALK.has(update.kind)

export interface MapSources {
  readonly version: string
  /** Of the MUC service. */
  readonly domain: string
  readonly networks: Iterable<LobbyNetwork>
  readonly rooms: Rooms
  readonly avatars: FriendAvatars
  readonly problems: readonly string[]
  readonly storage: StorageSizeView
  readonly startedAtMs: number
  readonly nowMs: number
}

export function presenceMap(sources: MapSources): PresenceMap {
  const { version, networks, rooms, problems, storage, startedAtMs, nowMs } = sources
  return {
    at: new Date(nowMs).toISOString(),
    startedAt: new Date(startedAtMs).toISOString(),
    version,
    networks: [...networks].map((network) => networkView(network, sources)),
    rooms: [...rooms.loaded()].map((room) => roomView(room, nowMs)),
    links: [],
    problems,
    ...storage,
  }
}

function networkView(
  network: LobbyNetwork,
  { rooms, avatars, domain }: MapSources,
): PresenceMap['networks'][number] {
  const { id, self, friends, lobbies, invitations, barred } = network.snapshot()
  const ignored = new Set(barred.ignored)
  return {
    id,
    self,
    friends: friends.map((friend) => ({
      ...friendView(friend),
      jid: `${friendLocalpart(friend.id)}@${domain}`,
      status: friend.status,
      rttMs: friend.rttMs,
      clockOffsetMs: friend.clockOffsetMs,
      version: friend.version,
      avatar: avatars.urlOf(friend) ?? null,
      ignored: ignored.has(friend.id),
    })),
    lobbies: lobbies.map((lobby) => ({
      ...lobbyView(lobby, rooms.addressOf(lobby.id)),
      friends: lobby.friends,
    })),
    invitations: invitationViews(network, invitations, rooms),
    banned: barred.banned,
  }
}

const roomView = (room: LoadedRoom, nowMs: number): PresenceMap['rooms'][number] => ({
  jid: room.jid,
  name: room.name,
  lobby: room.lobby,
  occupants: room.occupants(),
  gaps: room.gaps(),
  messagesByHour: room.messagesByHour(nowMs),
})

/** Rooms that the chat page offers, the fullest first. Bounded: the page is an entrance, not a directory. */
export function publicRooms(
  rooms: Rooms,
  domain: string,
): { jid: string; name: string; occupants: number }[] {
  return [...rooms.listed()]
    .filter((room) => room.isListed)
    .sort((a, b) => b.occupants - a.occupants || a.name.localeCompare(b.name))
    .slice(0, MAX_OFFERED)
    .map(({ localpart, name, occupants }) => ({ jid: `${localpart}@${domain}`, name, occupants }))
}

const MAX_OFFERED = 50
