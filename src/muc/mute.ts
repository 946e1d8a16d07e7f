/**
 * Kicks and bans of participants of the lobby. Nothing can be done to them there, so they are muted here: not shown and
 * not heard in this room. A kick lasts until the participant leaves the lobby, a ban until it is taken back.
 */
import { el, prepare } from '../stanza/xml.ts'
import type { ParticipantId } from '../util/ids.ts'
import { identityAddress } from './identity-address.ts'
import { presenceStanza, tellOthers } from './presence-stanza.ts'
import type { LobbyOccupant, Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { Cause } from './standing.ts'

/** What everybody is told of it. */
export const MUTED_TEXT = 'Muted at this gateway only: the lobby and its other nodes are not affected.'

/** The identity is an outcast of this room. */
export const isBanned = (room: Room, id: ParticipantId): boolean =>
  room.affiliations.size > 0 &&
  room.affiliations.get(identityAddress(id, room.identity.jid.domain))?.affiliation === 'outcast'

/** Nothing of the participant is shown. */
export const isMuted = (room: Room, id: ParticipantId): boolean => room.muted.has(id) || isBanned(room, id)

/** Takes a participant out of the room's view: kicked (307) or banned (301). */
export function mute(room: Room, occupant: LobbyOccupant, code: 301 | 307, cause: Cause): RoomEffect[] {
  const { participant, nick, sinceMs } = occupant
  const jid = identityAddress(participant, room.identity.jid.domain)
  const gone = (isInformed: boolean) =>
    prepare(
      presenceStanza(room, occupant, {
        type: 'unavailable',
        isGone: true,
        codes: [code],
        jid: isInformed ? jid : undefined,
        payload: [el('status', {}, MUTED_TEXT)],
        ...cause,
      }),
    )
  const effects = tellOthers(room, occupant, gone)
  room.participants.delete(participant)
  room.occupants.delete(nick)
  room.typing.delete(participant)
  room.muted.set(participant, { nick, sinceMs })
  return effects
}
