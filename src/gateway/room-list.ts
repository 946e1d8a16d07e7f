/** Rooms as the service lists them: those that are loaded as they are, others as their lobby and their owners say. */
import type { RoomRow } from '../archive/store.ts'
import { describeLobby } from '../bridge/to-room.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import { isMemberOf } from '../muc/affiliation.ts'
import { configOf } from '../muc/room-config.ts'
import type { RoomConfig, RoomState } from '../muc/room-state.ts'
import type { ListedRoom } from '../muc/service.ts'
import type { LoadedRoom } from './loaded-room.ts'

/** What is in force in a room that is not loaded. */
const configOfRow = (
  row: RoomRow,
  lobby: LobbyInfo,
  state: RoomState,
  admins: readonly string[],
): RoomConfig => configOf(state.settings, describeLobby(lobby, row, admins))

/** Who belongs to a room that is not loaded. */
const membersOfRow = (row: RoomRow, { affiliations }: RoomState, admins: readonly string[]) => ({
  createdBy: row.createdBy,
  gatewayAdmins: new Set(admins),
  affiliations: new Map(affiliations.map((record) => [record.address, record])),
})

/** One line of the list. `loaded`: the room, if it is; else `state` says what its owners have decided. */
export function listedRoom(
  row: RoomRow,
  lobby: LobbyInfo,
  { loaded, state, admins }: { loaded: LoadedRoom | undefined; state: RoomState; admins: readonly string[] },
): ListedRoom {
  const here = loaded?.countOccupants()
  const config = loaded?.config ?? configOfRow(row, lobby, state, admins)
  return {
    localpart: row.localpart,
    name: config.name,
    description: config.description,
    occupants: here ? here.local + here.remote : lobby.participants,
    isListed: config.isPublic,
    isOpen: !config.isMembersOnly && config.password === '',
    showsAddresses: config.whois === 'anyone',
    isJoined: lobby.isJoined,
    thumbnail: config.thumbnail,
    background: config.background,
    isMember: (account) => loaded?.isMember(account) ?? isMemberOf(membersOfRow(row, state, admins), account),
  }
}
