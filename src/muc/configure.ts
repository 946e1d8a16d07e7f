/** Taking over a configuration: stored, then in force, then told with status codes. XEP-0045 §10.2 and §10.2.1. */
import { el, prepare } from '../stanza/xml.ts'
import { fanout, statusElement } from './presence-stanza.ts'
import type { Room } from './room.ts'
import { configOf } from './room-config.ts'
import type { RoomEffect } from './room-port.ts'
import { audienceOf, forgetShown } from './room-sessions.ts'
import type { RoomConfig, RoomSettings } from './room-state.ts'
import { giveVoices, updateShown, updateStandings } from './standing.ts'

/** Puts settings in force: who may stay stays, roles follow, and everybody is told what changed. */
export function applySettings(room: Room, settings: RoomSettings): RoomEffect[] {
  room.settings = settings
  return reconfigure(room, configOf(settings, room.description))
}

/** The same for a configuration that follows from elsewhere too. `isNews`: something else about the room is new. */
export function reconfigure(room: Room, config: RoomConfig, isNews = false): RoomEffect[] {
  const before = room.config
  const isSame = JSON.stringify(before) === JSON.stringify(config)
  room.config = config
  // Who may read the lists may be others now.
  room.areListsStale = true
  if (before.whois !== config.whois) {
    room.audience = undefined
    for (const occupant of room.occupants.values()) forgetShown(occupant)
  }
  return [
    ...(isSame && !isNews ? [] : tellConfigured(room, codesOf(before, config))),
    ...updateStandings(room),
    ...(before.isModerated && !config.isModerated ? giveVoices(room) : []),
    ...updateShown(room, before.shownRoles),
  ]
}

/** Status 104: clients ask again what the room is; what concerns their privacy they are told at once. */
export const tellConfigured = (room: Room, codes: readonly number[]): RoomEffect[] =>
  fanout(
    prepare(el('message', { from: room.bare, type: 'groupchat' }, statusElement(codes))),
    audienceOf(room).everybody,
  )

function codesOf(before: RoomConfig, config: RoomConfig): number[] {
  const codes = [104]
  if (before.isLogged !== config.isLogged) codes.push(config.isLogged ? 170 : 171)
  if (before.whois !== config.whois) codes.push(config.whois === 'anyone' ? 172 : 173)
  return codes
}
