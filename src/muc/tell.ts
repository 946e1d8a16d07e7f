/** Telling a message to everybody: one serialisation for all clients, and another for those that need their own form. */
import type { PreparedStanza } from '../stanza/xml.ts'
import { prepare } from '../stanza/xml.ts'
import { liveForms, type Told } from './ethora-form.ts'
import { fanout } from './presence-stanza.ts'
import { audienceOf, type Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

/** Tells everybody; `stanza` is `told.message`, prepared. */
export function tellEverybody(room: Room, stanza: PreparedStanza, told: Told): RoomEffect[] {
  const { everybody, ethora } = audienceOf(room)
  if (ethora.size === 0) return fanout(stanza, everybody)
  const others = everybody.filter((full) => !ethora.has(full))
  return [
    ...fanout(stanza, others),
    ...liveForms(room.bare, told).flatMap((form) => fanout(prepare(form), [...ethora])),
  ]
}
