/** Requests about roles, affiliations and configuration: XEP-0045 §9 and §10 as far as a room has them. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { affiliationOf, isOwner } from './affiliation.ts'
import { readForm } from './data-form.ts'
import { speakingSession } from './presence-stanza.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

const AFFILIATIONS: ReadonlySet<unknown> = new Set(['owner', 'admin', 'member', 'outcast'])
const ROLES: ReadonlySet<unknown> = new Set(['moderator', 'participant', 'visitor'])

const forbid = (room: Room, from: Jid, iq: Element): RoomEffect[] =>
  refuse(room, from, iq, refusal(room, 'auth', 'forbidden', 'Only owners of this room may do that.'))

const notOffered = (room: Room, from: Jid, iq: Element, what: string): RoomEffect[] =>
  refuse(room, from, iq, refusal(room, 'cancel', 'feature-not-implemented', `${what} is not offered here.`))

/** `muc#admin`: owners read the lists as they are; nobody changes them. */
export function receiveAdminIq(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (!isOwner(room, from.bare)) return forbid(room, from, iq)
  const item = childOf(query, 'item', NS.mucAdmin)
  if (!item) return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', 'The query has no item.'))
  if (iq.attrs.type === 'set') return notOffered(room, from, iq, 'Changing roles and affiliations')
  const { affiliation, role } = item.attrs
  if ((affiliation === undefined) === (role === undefined)) {
    const text = 'The item names an affiliation or a role, and not both.'
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', text))
  }
  const isKnown = role === undefined ? AFFILIATIONS.has(affiliation) : ROLES.has(role)
  if (!isKnown) {
    const text = 'There is no such affiliation or role.'
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', text))
  }
  const items = role === undefined ? affiliationItems(room, affiliation) : roleItems(room, role)
  return answer(from, iqResult(iq, el('query', { xmlns: NS.mucAdmin }, ...items)))
}

const affiliationItems = (room: Room, affiliation: string): Element[] =>
  [
    ...new Set([
      ...room.gatewayAdmins,
      ...(room.createdBy === null ? [] : [room.createdBy]),
      ...room.affiliations.keys(),
    ]),
  ]
    .filter((address) => affiliationOf(room, address) === affiliation)
    .map((jid) => el('item', { affiliation, jid }))

const roleItems = (room: Room, role: string): Element[] =>
  [...room.occupants.values()]
    .filter((occupant) => occupant.role === role)
    .map((occupant) =>
      el('item', {
        role,
        affiliation: occupant.affiliation,
        nick: occupant.nick,
        jid: speakingSession(occupant)?.full,
      }),
    )

/** `muc#owner`: an owner may take the room as it is (an empty submit, §10.1.2) or leave it so (cancel). */
export function receiveOwnerIq(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (!isOwner(room, from.bare)) return forbid(room, from, iq)
  if (iq.attrs.type === 'get') return notOffered(room, from, iq, 'Configuring a room')
  if (elements(query).some((child) => child.getName() === 'destroy'))
    return notOffered(room, from, iq, 'Destroying a room')
  const element = childOf(query, 'x', NS.dataForms)
  const form = element && readForm(element)
  if (form?.type === 'cancel') return answer(from, iqResult(iq))
  if (form?.type !== 'submit')
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', 'The query submits no form.'))
  if (form.fields.size > 0) return notOffered(room, from, iq, 'Configuring a room')
  return answer(from, iqResult(iq))
}
