/** Who stands how to a room: affiliations of accounts, in the gateway's view alone. XEP-0045 §5.2. */
import type { Room } from './room.ts'
import type { Affiliation, AffiliationRecord } from './room-state.ts'

const RANKS: Readonly<Record<Affiliation, number>> = { outcast: -1, none: 0, member: 1, admin: 2, owner: 3 }
/** Above all owners: what the configuration gives, no room takes away. */
const GATEWAY_RANK = 4
/** From here on one manages the room. */
const ADMIN_RANK = RANKS.admin

/** What affiliations follow from. */
type Affiliations = Pick<Room, 'createdBy' | 'gatewayAdmins'> & {
  readonly affiliations: ReadonlyMap<string, AffiliationRecord>
}

/** The account (bare JID) owns every room by configuration. */
export const isGatewayAdmin = (room: Pick<Room, 'gatewayAdmins'>, account: string): boolean =>
  room.gatewayAdmins.has(account)

/** The domain of a bare JID. */
const domainOf = (account: string): string => account.slice(account.indexOf('@') + 1)

/** Affiliation of an account, given as bare JID. Whole domains can be outcasts. */
export function affiliationOf(room: Affiliations, account: string): Affiliation {
  if (isGatewayAdmin(room, account)) return 'owner'
  const own = room.affiliations.get(account)?.affiliation ?? (account === room.createdBy ? 'owner' : 'none')
  if (own !== 'none' || room.affiliations.size === 0) return own
  return room.affiliations.get(domainOf(account))?.affiliation === 'outcast' ? 'outcast' : 'none'
}

/** Accounts of a higher rank are out of reach for those of a lower one. */
export const rankOf = (room: Affiliations, account: string): number =>
  isGatewayAdmin(room, account) ? GATEWAY_RANK : RANKS[affiliationOf(room, account)]

/** The account is owner or admin. */
export const isAdmin = (room: Affiliations, account: string): boolean => rankOf(room, account) >= ADMIN_RANK

/** The account is owner. */
export const isOwner = (room: Affiliations, account: string): boolean =>
  affiliationOf(room, account) === 'owner'

/** The account is member, admin or owner. */
export const isMemberOf = (room: Affiliations, account: string): boolean =>
  rankOf(room, account) >= RANKS.member
