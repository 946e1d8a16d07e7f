/** The room's description changes while people are in it: XEP-0045 §10.2.1, and who owns its view. */
import { el, prepare } from '../stanza/xml.ts'
import { affiliationOf } from './affiliation.ts'
import { announce, fanout, shownTo, statusElement } from './presence-stanza.ts'
import { defaultRole, seesAddresses } from './role.ts'
import { audienceOf, forgetShown, type LocalOccupant, type Room } from './room.ts'
import { configOf } from './room-config.ts'
import type { RoomDescription, RoomEffect, RoomEnv } from './room-port.ts'
import { takeSubject } from './subject.ts'

/** Takes over a description. A subject that only repeats the one described before is no news. */
export function describe(room: Room, description: RoomDescription, env: RoomEnv): RoomEffect[] {
  const before = room.description
  room.description = description
  room.createdBy = description.createdBy
  room.gatewayAdmins = new Set(description.owners)
  room.config = configOf(room.settings, description)
  const isNews =
    before.name !== description.name ||
    before.description !== description.description ||
    before.network !== description.network ||
    before.isPublic !== description.isPublic
  return [
    ...updateAffiliations(room),
    ...(isNews ? tellConfigured(room) : []),
    ...(before.subject === description.subject ? [] : takeSubject(room, description.subject, env)),
  ]
}

/** Status 104: clients ask again what the room is. */
const tellConfigured = (room: Room): RoomEffect[] =>
  fanout(
    prepare(el('message', { from: room.bare, type: 'groupchat' }, statusElement([104]))),
    audienceOf(room).everybody,
  )

/** Who stands differently to the room is shown so; who now sees addresses gets them. */
function updateAffiliations(room: Room): RoomEffect[] {
  const changed: LocalOccupant[] = []
  for (const occupant of room.occupants.values()) {
    if (occupant.side !== 'local') continue
    const affiliation = affiliationOf(room, occupant.account)
    if (occupant.affiliation === affiliation) continue
    occupant.affiliation = affiliation
    occupant.role = defaultRole(room, affiliation)
    forgetShown(occupant)
    changed.push(occupant)
  }
  if (changed.length > 0) room.audience = undefined
  return changed.flatMap((occupant) => [...announce(room, occupant), ...discloseTo(room, occupant)])
}

function discloseTo(room: Room, occupant: LocalOccupant): RoomEffect[] {
  const others = [...room.occupants.values()].filter((other) => other !== occupant && other.side === 'local')
  if (!seesAddresses(room, occupant) || others.length === 0) return []
  const stanzas = others.map((other) => shownTo(room, other, true))
  return occupant.sessions.map((session) => ({ kind: 'burst', to: session.full, stanzas }))
}
