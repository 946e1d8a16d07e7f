/** The room's lobby changes while people are in it, or who owns all rooms: XEP-0045 §10.2.1. */
import { reconfigure } from './configure.ts'
import { renameFromLobby } from './lobby-side.ts'
import { putStays } from './records.ts'
import type { Room } from './room.ts'
import { configOf } from './room-config.ts'
import type { RoomDescription, RoomEffect, RoomEnv } from './room-port.ts'
import { takeSubject } from './subject.ts'

/** Takes over a description. A subject that only repeats the one described before is no news. */
export function describe(room: Room, description: RoomDescription, env: RoomEnv): RoomEffect[] {
  const before = room.description
  room.description = { ...description, stays: before.stays }
  putStays(room, description.stays)
  room.createdBy = description.createdBy
  room.areListsStale ||= before.owners !== description.owners || before.createdBy !== description.createdBy
  room.gatewayAdmins = new Set(description.owners)
  return [
    ...reconfigure(room, configOf(room.settings, description), before.network !== description.network),
    ...makeWay(room),
    ...(before.subject === description.subject ? [] : takeSubject(room, description.subject, env)),
  ]
}

/** Participants of the lobby let go of nicks that are somebody's here now. */
function makeWay(room: Room): RoomEffect[] {
  return [...room.description.stays.values()].flatMap((nick) => {
    const holder = room.occupants.get(nick)
    return holder?.side === 'remote' && room.reserved.has(nick)
      ? renameFromLobby(room, holder.participant, nick)
      : []
  })
}
