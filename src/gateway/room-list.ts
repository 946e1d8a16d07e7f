/** Rooms as the service lists them: those that are loaded as they are, others as their lobby and their owners say. */
import type { RoomRow } from '../archive/store.ts'
import { describeLobby } from '../bridge/to-room.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import { configOf } from '../muc/room-config.ts'
import type { RoomConfig, RoomState } from '../muc/room-state.ts'
import type { ListedRoom } from '../muc/service.ts'
import type { LoadedRoom } from './loaded-room.ts'

/** What is in force in a room that is not loaded. */
export const configOfRow = (
  row: RoomRow,
  lobby: LobbyInfo,
  state: RoomState,
  admins: readonly string[],
): RoomConfig => configOf(state.settings, describeLobby(lobby, row, admins))

/** One line of the list. `config`: what is in force. */
export function listedRoom(
  row: RoomRow,
  lobby: LobbyInfo,
  config: RoomConfig,
  loaded: LoadedRoom | undefined,
): ListedRoom {
  const here = loaded?.countOccupants()
  return {
    localpart: row.localpart,
    name: config.name,
    description: config.description,
    occupants: here ? here.local + here.remote : lobby.participants,
    isListed: config.isPublic,
    isOpen: !config.isMembersOnly && config.password === '',
    showsAddresses: config.whois === 'anyone',
  }
}
