/** Who is let in: to the room, its archive and its lists of occupants. XEP-0045 §7.2, §10.9. */
import type { Jid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { affiliationOf } from './affiliation.ts'
import { refusal } from './reply.ts'
import type { Room } from './room.ts'

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
