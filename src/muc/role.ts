/** What occupants may do while they are in a room: roles and what follows from them. XEP-0045 §5.1. */
import type { LocalOccupant, Occupant, Room } from './room.ts'
import type { Affiliation, Role } from './room-state.ts'

/** The role with which one of this affiliation enters (§5.1.1). */
export function defaultRole(room: Room, affiliation: Affiliation): Role {
  switch (affiliation) {
    case 'owner':
    case 'admin':
      return 'moderator'
    case 'member':
      return 'participant'
    case 'none':
      return room.config.isModerated ? 'visitor' : 'participant'
    case 'outcast':
      return 'none'
  }
}

export const isModerator = (occupant: Occupant): boolean => occupant.role === 'moderator'

/** The occupant may speak to everybody. */
export const hasVoice = (occupant: Occupant): boolean => occupant.role !== 'visitor'

/** Others see that the occupant is there (`muc#roomconfig_presencebroadcast`). */
export const isShown = (room: Room, occupant: Occupant): boolean =>
  room.config.shownRoles.includes(occupant.role)

/** The occupant sees the addresses behind nicks. */
export const seesAddresses = (room: Room, occupant: LocalOccupant): boolean =>
  room.config.whois === 'anyone' || isModerator(occupant)
