/** Telling a message to everybody: one serialisation for all clients, and another for those that need their own form. */
import type { PreparedStanza } from '../stanza/xml.ts'
import { prepare } from '../stanza/xml.ts'
import { liveForms, type Told } from './ethora-form.ts'
import { fanout } from './presence-stanza.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { audienceOf } from './room-sessions.ts'

/** Tells everybody; `stanza` is `told.message`, prepared. */
export const tellEverybody = (room: Room, stanza: PreparedStanza, told: Told): RoomEffect[] =>
  tellSome(room, audienceOf(room).everybody, stanza, told)

/** Tells the sessions `fulls`; `stanza` is `told.message`, prepared. */
export function tellSome(
  room: Room,
  fulls: readonly string[],
  stanza: PreparedStanza,
  told: Told,
): RoomEffect[] {
  const { ethora } = audienceOf(room)
  const theirs = ethora.size === 0 ? [] : fulls.filter((full) => ethora.has(full))
  if (theirs.length === 0) return fanout(stanza, fulls)
  const others = fulls.filter((full) => !ethora.has(full))
  return [
    ...fanout(stanza, others),
    ...liveForms(room.bare, told).flatMap((form) => fanout(prepare(form), theirs)),
  ]
}
