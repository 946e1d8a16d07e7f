/** Items of `muc#admin` requests: whom they mean and what they ask for. XEP-0045 §8 and §9. */
import { parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { type Element, elements } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { identityAddress } from './identity-address.ts'
import { MAX_REASON_CHARS } from './limits.ts'
import { refusal } from './reply.ts'
import type { Occupant, Room } from './room.ts'
import type { Affiliation, Role } from './room-state.ts'

const AFFILIATIONS: ReadonlySet<unknown> = new Set(['owner', 'admin', 'member', 'none', 'outcast'])
const ROLES: ReadonlySet<unknown> = new Set(['moderator', 'participant', 'visitor', 'none'])

/** What an item asks for. */
export type AdminItem =
  | {
      readonly kind: 'affiliation'
      /** Bare JID, domain or address of an identity. */
      readonly address: string
      readonly affiliation: Affiliation
      readonly reason: string
      /** Nick to reserve; undefined: as before. */
      readonly nick: string | undefined
    }
  | { readonly kind: 'role'; readonly occupant: Occupant; readonly role: Role; readonly reason: string }

/** The `<item/>` elements of a query. */
export const itemsOf = (query: Element): Element[] =>
  elements(query).filter((child) => child.getName() === 'item' && child.getNS() === NS.mucAdmin)

/** The one list that an item names, of an affiliation or a role. */
export function readListName(
  room: Room,
  item: Element,
): Result<{ affiliation: Affiliation } | { role: Role }, StanzaError> {
  const { affiliation, role } = item.attrs
  if ((affiliation === undefined) === (role === undefined))
    return fail(badRequest(room, 'An item names an affiliation or a role, and not both.'))
  if (affiliation !== undefined)
    return AFFILIATIONS.has(affiliation)
      ? ok({ affiliation: affiliation as Affiliation })
      : fail(badRequest(room, 'There is no such affiliation.'))
  return ROLES.has(role) ? ok({ role: role as Role }) : fail(badRequest(room, 'There is no such role.'))
}

/** Reads one item of a set. */
export function readItem(room: Room, item: Element): Result<AdminItem, StanzaError> {
  const asked = readListName(room, item)
  if (!asked.ok) return asked
  const reason = reasonOf(item)
  if ('role' in asked.value) {
    if (item.attrs.nick === undefined)
      return fail(badRequest(room, 'A role is that of an occupant: name the nick.'))
    const occupant = occupantCalled(room, String(item.attrs.nick))
    return occupant.ok
      ? ok({ kind: 'role', occupant: occupant.value, role: asked.value.role, reason })
      : occupant
  }
  const address = addressIn(room, item)
  if (!address.ok) return address
  const nick =
    item.attrs.jid === undefined || item.attrs.nick === undefined ? undefined : String(item.attrs.nick)
  return ok({
    kind: 'affiliation',
    address: address.value,
    affiliation: asked.value.affiliation,
    reason,
    nick,
  })
}

/** The `<reason/>` of an item, cut to MAX_REASON_CHARS. */
export const reasonOf = (item: Element): string =>
  (
    elements(item)
      .find((child) => child.getName() === 'reason')
      ?.getText() ?? ''
  ).slice(0, MAX_REASON_CHARS)

const badRequest = (room: Room, text: string): StanzaError => refusal(room, 'modify', 'bad-request', text)

function occupantCalled(room: Room, nick: string): Result<Occupant, StanzaError> {
  const occupant = room.occupants.get(nick.normalize('NFC'))
  if (occupant) return ok(occupant)
  return fail(refusal(room, 'cancel', 'item-not-found', `Nobody here has the nickname ${nick}.`))
}

/** Whom an item means: by address, by occupant address, or by nick. */
function addressIn(room: Room, item: Element): Result<string, StanzaError> {
  const { jid, nick } = item.attrs
  if (jid === undefined && nick === undefined) return fail(badRequest(room, 'An item names a JID or a nick.'))
  if (jid === undefined) return addressBehind(room, String(nick))
  const parsed = parseJid(String(jid))
  if (!parsed) return fail(refusal(room, 'modify', 'jid-malformed', `${jid} is no address.`))
  return parsed.bare === room.bare ? addressBehind(room, parsed.resource) : ok(parsed.bare)
}

function addressBehind(room: Room, nick: string): Result<string, StanzaError> {
  const occupant = occupantCalled(room, nick)
  if (!occupant.ok) return occupant
  const { value } = occupant
  return ok(
    value.side === 'local' ? value.account : identityAddress(value.participant, room.identity.jid.domain),
  )
}
