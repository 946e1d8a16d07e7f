/** Who is let in: to the room, its archive and its lists of occupants. XEP-0045 §7.2, §10.9. */
import type { Jid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { affiliationOf, isAdmin } from './affiliation.ts'
import { refusal } from './reply.ts'
import type { Room } from './room.ts'
import type { Affiliation } from './room-state.ts'

/** Why the account (bare JID) is kept out whatever it does, or undefined. */
export function refusesAccount(room: Room, account: string): StanzaError | undefined {
  const affiliation = affiliationOf(room, account)
  if (affiliation === 'outcast') return refusal(room, 'auth', 'forbidden', 'You are banned from this room.')
  if (affiliation === 'none' && room.config.isMembersOnly)
    return refusal(room, 'auth', 'registration-required', 'Only members may enter this room.')
  return undefined
}

/** Whether `from` may read what was said here: as who may join, and with a password only who has given it. */
export const mayRead = (room: Room, from: Jid): boolean =>
  room.sessions.has(from.full) ||
  (room.config.password === '' && refusesAccount(room, from.bare) === undefined)

/** Whether `from` may read who has this affiliation. */
export const mayReadList = (room: Room, from: Jid, affiliation: Affiliation): boolean =>
  isAdmin(room, from.bare) || (affiliation !== 'outcast' && mayReadMembers(room, from))

/**
 * Where only members come in or everybody sees addresses, occupants of the roles that owners name may read who belongs
 * to the room, and members from outside too.
 */
function mayReadMembers(room: Room, from: Jid): boolean {
  const { isMembersOnly, whois, memberListRoles } = room.config
  if (!isMembersOnly && whois !== 'anyone') return false
  const occupant = room.sessions.get(from.full)?.occupant
  if (occupant) return memberListRoles.includes(occupant.role)
  return memberListRoles.includes('participant') && affiliationOf(room, from.bare) === 'member'
}
