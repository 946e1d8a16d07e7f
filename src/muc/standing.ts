/** What follows for occupants when affiliations, roles or rules change: new roles, new sights, or the way out. XEP-0045 §9. */
import { prepare } from '../stanza/xml.ts'
import { affiliationOf } from './affiliation.ts'
import { evict } from './evict.ts'
import {
  announce,
  fanout,
  presenceStanza,
  selfPresence,
  shownTo,
  speakingSession,
  tellAllOthers,
  tellOthers,
} from './presence-stanza.ts'
import { defaultRole, isShown, seesAddresses } from './role.ts'
import type { LocalOccupant, Occupant, Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { forgetShown } from './room-sessions.ts'
import type { Affiliation, Role } from './room-state.ts'

/** Who brought a change about, and why. */
export interface Cause {
  /** Nick. */
  readonly actor?: string | undefined
  readonly reason?: string
}

const FORBIDDEN = 301
const NOT_MEMBER_ANY_MORE = 321
const MEMBERS_ONLY_NOW = 322

/** Brings all occupants in line with affiliations and rules. `causeOf`: why an account (bare JID) stands as it does. */
export function updateStandings(room: Room, causeOf: (account: string) => Cause = () => ({})): RoomEffect[] {
  const effects: RoomEffect[] = []
  for (const occupant of [...room.occupants.values()]) {
    if (occupant.side !== 'local') continue
    const affiliation = affiliationOf(room, occupant.account)
    const isChanged = affiliation !== occupant.affiliation
    const cause = causeOf(occupant.account)
    const code = reasonToGo(room, affiliation, isChanged)
    if (code !== undefined) {
      occupant.affiliation = affiliation
      effects.push(...evict(room, occupant, { ...cause, codes: [code] }))
    } else if (isChanged)
      effects.push(
        ...changeStanding(room, occupant, { affiliation, role: defaultRole(room, affiliation) }, cause),
      )
  }
  return effects
}

function reasonToGo(room: Room, affiliation: Affiliation, isChanged: boolean): number | undefined {
  if (affiliation === 'outcast') return FORBIDDEN
  if (affiliation !== 'none' || !room.config.isMembersOnly) return undefined
  return isChanged ? NOT_MEMBER_ANY_MORE : MEMBERS_ONLY_NOW
}

/** An occupant has another affiliation or role; everybody is told, and it sees what it may see now. */
export function changeStanding(
  room: Room,
  occupant: LocalOccupant,
  standing: { readonly affiliation?: Affiliation; readonly role: Role },
  cause: Cause = {},
): RoomEffect[] {
  const couldSee = seesAddresses(room, occupant)
  const goodbye = withdraw(room, occupant, standing.role)
  occupant.affiliation = standing.affiliation ?? occupant.affiliation
  occupant.role = standing.role
  forgetShown(occupant)
  room.audience = undefined
  const isNews = cause.actor !== undefined || (cause.reason ?? '') !== ''
  return [
    ...goodbye,
    ...(isNews ? announceBecause(room, occupant, cause) : announce(room, occupant)),
    ...(!couldSee && seesAddresses(room, occupant) ? disclose(room, occupant) : []),
  ]
}

/** An occupant whose new role is not shown vanishes for the others. */
function withdraw(room: Room, occupant: Occupant, role: Role): RoomEffect[] {
  return isShown(room, occupant) && !room.config.shownRoles.includes(role) ? vanish(room, occupant) : []
}

/** Like `announce`, with the cause. */
function announceBecause(room: Room, occupant: LocalOccupant, cause: Cause): RoomEffect[] {
  const session = speakingSession(occupant)
  const look = { ...cause, payload: session?.payload ?? [] }
  return [
    ...tellOthers(room, occupant, (isInformed) =>
      prepare(presenceStanza(room, occupant, { ...look, jid: isInformed ? session?.full : undefined })),
    ),
    ...fanout(
      selfPresence(room, occupant, { ...cause, codes: [110] }),
      occupant.sessions.map(({ full }) => full),
    ),
  ]
}

/** The addresses behind all nicks that an occupant sees, for one that may see them now. */
export function disclose(room: Room, occupant: LocalOccupant): RoomEffect[] {
  const stanzas = [...room.occupants.values()]
    .filter((other) => other !== occupant && isShown(room, other))
    .map((other) => shownTo(room, other, true))
  if (stanzas.length === 0) return []
  return occupant.sessions.map(({ full }) => ({ kind: 'burst', to: full, stanzas }))
}

/** The room is not moderated any longer: visitors get voice. Those inside keep theirs when it becomes moderated. */
export function giveVoices(room: Room): RoomEffect[] {
  const effects: RoomEffect[] = []
  for (const occupant of room.occupants.values())
    if (occupant.side === 'local' && occupant.role === 'visitor')
      effects.push(...changeStanding(room, occupant, { role: 'participant' }))
  return effects
}

/** Occupants whose role is shown now, or no longer, come and go for the others. `before`: the roles shown before. */
export function updateShown(room: Room, before: readonly Role[]): RoomEffect[] {
  const effects: RoomEffect[] = []
  for (const occupant of room.occupants.values()) {
    const wasShown = before.includes(occupant.role)
    if (wasShown === isShown(room, occupant)) continue
    if (!wasShown)
      effects.push(...tellOthers(room, occupant, (isInformed) => shownTo(room, occupant, isInformed)))
    else effects.push(...vanish(room, occupant))
  }
  return effects
}

function vanish(room: Room, occupant: Occupant): RoomEffect[] {
  const gone = prepare(presenceStanza(room, occupant, { type: 'unavailable', isGone: true }))
  return tellAllOthers(room, occupant, () => gone)
}
