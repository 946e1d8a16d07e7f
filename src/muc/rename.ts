/** Changing one's nick: XEP-0045 §7.6. All sessions of an occupant change together. */
import { prepare } from '../stanza/xml.ts'
import { type PresenceRequest, refusesNick, tellChange, tellSelf, updatePayload } from './join.ts'
import { MAX_SESSIONS_PER_NICK } from './limits.ts'
import { fanout, presenceStanza, speakingSession, tellOthers } from './presence-stanza.ts'
import { refusal, refuse } from './reply.ts'
import { seesAddresses } from './role.ts'
import type { LocalOccupant, Occupant, Room, Session } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { addSession, moveToNick, removeSession } from './room-sessions.ts'

/** The old nick becomes unavailable and says which one follows (status 303). */
export function tellOldNickGone(room: Room, occupant: Occupant, newNick: string): RoomEffect[] {
  const jid = speakingSession(occupant)?.full
  const gone = (isInformed: boolean, codes: readonly number[]) =>
    prepare(
      presenceStanza(room, occupant, {
        type: 'unavailable',
        newNick,
        codes,
        jid: isInformed ? jid : undefined,
      }),
    )
  const others = tellOthers(room, occupant, (isInformed) => gone(isInformed, [303]))
  if (occupant.side === 'remote') return others
  const own = occupant.sessions.map((session) => session.full)
  return [...fanout(gone(seesAddresses(room, occupant), [303, 110]), own), ...others]
}

/** A session of an occupant asks for another nick; joins its account's other occupant if that has it. */
export function changeNick(room: Room, session: Session, request: PresenceRequest): RoomEffect[] {
  const { from, stanza, nick } = request
  const { occupant } = session
  const error = refusesNick(room, from.bare, nick) ?? refusesMerge(room, occupant, nick)
  if (error) return refuse(room, from, stanza, error)
  const { account, nick: oldNick } = occupant
  updatePayload(room, session, stanza)
  const goodbye = tellOldNickGone(room, occupant, nick)
  const holder = room.occupants.get(nick)
  if (holder?.side === 'local') merge(room, session, holder)
  else moveToNick(room, occupant, nick)
  return [
    ...goodbye,
    ...tellChange(room, session),
    ...tellSelf(room, session, request),
    ...(room.isLocked
      ? []
      : [
          holder
            ? ({ kind: 'local-left', account, nick: oldNick } as const)
            : ({ kind: 'local-renamed', account, oldNick, nick } as const),
        ]),
  ]
}

function refusesMerge(room: Room, occupant: LocalOccupant, nick: string) {
  const holder = room.occupants.get(nick)
  return holder?.side === 'local' && holder.sessions.length + occupant.sessions.length > MAX_SESSIONS_PER_NICK
    ? refusal(room, 'wait', 'service-unavailable', 'Too many sessions have this nickname.')
    : undefined
}

/** All sessions of the occupant of `session` become sessions of `holder`; `session` comes last and speaks. */
function merge(room: Room, session: Session, holder: LocalOccupant): void {
  for (const moved of [...session.occupant.sessions]) {
    removeSession(room, moved)
    moved.occupant = holder
    addSession(room, moved)
  }
}
