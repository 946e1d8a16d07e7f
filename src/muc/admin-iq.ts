/** `muc#admin`: lists of affiliations and roles, and changes of them. XEP-0045 §8, §9, §10. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { mayReadList } from './access.ts'
import { itemsOf, readListName } from './admin-item.ts'
import { changeByItems } from './admin-set.ts'
import { affiliationOf } from './affiliation.ts'
import { addressOf } from './presence-stanza.ts'
import { moderates } from './privilege.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import type { Affiliation, Role } from './room-state.ts'

export function receiveAdminIq(
  room: Room,
  from: Jid,
  request: { readonly iq: Element; readonly query: Element },
  env: RoomEnv,
): RoomEffect[] {
  const { iq, query } = request
  if (iq.attrs.type === 'set') return changeByItems(room, from, request, env)
  const [item, ...more] = itemsOf(query)
  if (!item || more.length > 0)
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', 'The query has one item.'))
  const name = readListName(room, item)
  if (!name.ok) return refuse(room, from, iq, name.error)
  const items =
    'role' in name.value
      ? roleItems(room, from, name.value.role)
      : affiliationItems(room, from, name.value.affiliation)
  if (!items)
    return refuse(room, from, iq, refusal(room, 'auth', 'forbidden', 'This list is not for you to read.'))
  return answer(from, iqResult(iq, el('query', { xmlns: NS.mucAdmin }, ...items)))
}

/** Occupants with a role, for moderators. */
function roleItems(room: Room, from: Jid, role: Role): Element[] | undefined {
  if (!moderates(room, from.bare)) return undefined
  return [...room.occupants.values()]
    .filter((occupant) => occupant.role === role)
    .map((occupant) =>
      el('item', {
        role,
        affiliation: occupant.affiliation,
        nick: occupant.nick,
        jid: addressOf(room, occupant),
      }),
    )
}

function affiliationItems(room: Room, from: Jid, affiliation: Affiliation): Element[] | undefined {
  if (!mayReadList(room, from, affiliation)) return undefined
  return affiliation === 'none'
    ? []
    : addressesWith(room, affiliation).map((jid) => itemOf(room, affiliation, jid))
}

/** Addresses with this affiliation: those that are kept, those by configuration, and the creator. */
function addressesWith(room: Room, affiliation: Affiliation): string[] {
  const creator = room.createdBy === null ? [] : [room.createdBy]
  const all = new Set([...room.gatewayAdmins, ...creator, ...room.affiliations.keys()])
  return [...all].filter((address) => affiliationOf(room, address) === affiliation)
}

function itemOf(room: Room, affiliation: Affiliation, jid: string): Element {
  const record = room.affiliations.get(jid)
  const nick = record?.nick || undefined
  return el('item', { affiliation, jid, nick }, record?.reason && el('reason', {}, record.reason))
}
