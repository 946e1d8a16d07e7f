/** A new room is locked until its creator takes it: XEP-0045 §10.1. Its lobby is made with that and not before. */
import type { Jid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import { applySettings } from './configure.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import type { LobbyWishes, RoomSettings } from './room-state.ts'
import { failTo, save } from './saving.ts'

/** What the lobby is unless the creator wishes otherwise. */
export const plainWishes = (room: Room): LobbyWishes => ({
  name: room.config.name,
  isPrivate: room.description.lobby.isPrivate,
  isSigned: room.description.lobby.isSigned,
})

/** Opens a locked room: stored first; the occupants then enter the lobby. `next`: what follows. */
export function open(
  room: Room,
  from: Jid,
  stanza: Element,
  how: { readonly settings: RoomSettings; readonly wishes: LobbyWishes; next(env: RoomEnv): RoomEffect[] },
): RoomEffect[] {
  return save(room, {
    write: { settings: how.settings, lobby: how.wishes, records: [], forgotten: [] },
    make: (env) => {
      room.isLocked = false
      return [...enterLobby(room), ...how.next(env), ...applySettings(room, how.settings)]
    },
    fail: failTo(room, from, stanza),
  })
}

const enterLobby = (room: Room): RoomEffect[] =>
  [...room.occupants.values()].flatMap((occupant): RoomEffect[] =>
    occupant.side === 'local'
      ? [{ kind: 'local-entered', account: occupant.account, nick: occupant.nick }]
      : [],
  )
