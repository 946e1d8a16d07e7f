/** Who may change whose affiliation and role: XEP-0045 §5.1.2, §5.2.2, §8, §9. */
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { AdminItem } from './admin-item.ts'
import { affiliationOf, isAdmin, isGatewayAdmin, isOwner, rankOf } from './affiliation.ts'
import { parseIdentityAddress } from './identity-address.ts'
import { refusal } from './reply.ts'
import { isModerator } from './role.ts'
import type { Room } from './room.ts'

type AffiliationItem = AdminItem & { readonly kind: 'affiliation' }
type RoleItem = AdminItem & { readonly kind: 'role' }

/** The account moderates: it is owner or admin, or an occupant who was made a moderator. */
export function moderates(room: Room, account: string): boolean {
  if (isAdmin(room, account)) return true
  for (const occupant of room.occupants.values())
    if (occupant.side === 'local' && occupant.account === account && isModerator(occupant)) return true
  return false
}

/** Why `actor` (bare JID) cannot change an affiliation so, or undefined. */
export function refusesAffiliation(
  room: Room,
  actor: string,
  item: AffiliationItem,
): StanzaError | undefined {
  const { address, affiliation } = item
  const isByOwner = isOwner(room, actor)
  if (!isAdmin(room, actor)) return forbidden(room, 'Only owners and admins of this room may do that.')
  if (isGatewayAdmin(room, address) && affiliation !== 'owner')
    return notAllowed(room, `${address} owns all rooms of this gateway by its configuration.`)
  if (address === actor && affiliation === 'outcast')
    return refusal(room, 'cancel', 'conflict', 'You cannot ban yourself.')
  if (affiliation !== 'none' && affiliation !== 'outcast') {
    if (parseIdentityAddress(address, room.identity.jid.domain))
      return notAllowed(room, 'Participants of the lobby can only be banned here.')
    if (!address.includes('@')) return notAllowed(room, 'A whole domain can only be banned.')
  }
  if (isByOwner) return undefined
  if (affiliation === 'owner' || affiliation === 'admin')
    return forbidden(room, 'Only owners of this room make owners and admins.')
  const current = affiliationOf(room, address)
  return current === 'owner' || current === 'admin'
    ? notAllowed(room, 'Only owners of this room change what owners and admins are.')
    : undefined
}

/** Why `actor` (bare JID) cannot change a role so, or undefined. */
export function refusesRole(room: Room, actor: string, item: RoleItem): StanzaError | undefined {
  const { occupant, role } = item
  if (!moderates(room, actor)) return forbidden(room, 'Only moderators may do that.')
  if (occupant.side === 'remote')
    return role === 'moderator'
      ? notAllowed(room, 'Participants of the lobby cannot be moderators.')
      : undefined
  const [rank, targetRank] = [rankOf(room, actor), rankOf(room, occupant.account)]
  if (role === 'none')
    return targetRank > rank ? notAllowed(room, `${occupant.nick} cannot be kicked by you.`) : undefined
  if (role === occupant.role) return undefined
  if (role !== 'moderator' && isAdmin(room, occupant.account))
    return notAllowed(room, `${occupant.nick} is a moderator as ${occupant.affiliation} of this room.`)
  const isAboutModerators = role === 'moderator' || isModerator(occupant)
  return isAboutModerators && !isAdmin(room, actor)
    ? forbidden(room, 'Only owners and admins of this room make and unmake moderators.')
    : undefined
}

const forbidden = (room: Room, text: string): StanzaError => refusal(room, 'auth', 'forbidden', text)
const notAllowed = (room: Room, text: string): StanzaError => refusal(room, 'cancel', 'not-allowed', text)
