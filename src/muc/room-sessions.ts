/** Sessions that come and go, nicks that change, and who therefore gets what is sent to a room. */
import { seesAddresses } from './role.ts'
import type { Audience, Occupant, Room, Session } from './room.ts'

/** Who gets what is sent to the room. */
export function audienceOf(room: Room): Audience {
  if (room.audience) return room.audience
  const everybody = [...room.sessions.keys()]
  const isInformed = (full: string): boolean => {
    const occupant = room.sessions.get(full)?.occupant
    return occupant !== undefined && seesAddresses(room, occupant)
  }
  const informed = everybody.filter(isInformed)
  const others = informed.length === 0 ? everybody : everybody.filter((full) => !isInformed(full))
  const ethora = new Set(everybody.filter((full) => room.sessions.get(full)?.isEthora))
  room.audience = { everybody, informed, others, ethora }
  return room.audience
}

/** Puts a session into the room, the last of its occupant; `occupant` is already, or now comes, under its nick. */
export function addSession(room: Room, session: Session): void {
  const { occupant } = session
  room.isUsed = true
  room.isWithdrawn = false
  room.occupants.set(occupant.nick, occupant)
  occupant.sessions.push(session)
  room.sessions.set(session.full, session)
  countSessions(room, occupant.account, 1)
  room.audience = room.audience && audienceWith(room, room.audience, session)
  forgetShown(occupant)
}

function audienceWith(room: Room, audience: Audience, { full, occupant, isEthora }: Session): Audience {
  const everybody = [...audience.everybody, full]
  const ethora = isEthora ? new Set([...audience.ethora, full]) : audience.ethora
  if (seesAddresses(room, occupant))
    return { ...audience, everybody, ethora, informed: [...audience.informed, full] }
  const others = audience.informed.length === 0 ? everybody : [...audience.others, full]
  return { ...audience, everybody, ethora, others }
}

function countSessions(room: Room, account: string, change: 1 | -1): void {
  const count = (room.sessionsOf.get(account) ?? 0) + change
  if (count > 0) room.sessionsOf.set(account, count)
  else room.sessionsOf.delete(account)
}

/** The session turns out to be the Ethora chat component. */
export function speakEthora(room: Room, session: Session): void {
  if (session.isEthora) return
  session.isEthora = true
  room.audience = undefined
}

/** Takes a session out, and its occupant with the last one. */
export function removeSession(room: Room, session: Session): void {
  const { occupant } = session
  occupant.sessions.splice(occupant.sessions.indexOf(session), 1)
  room.sessions.delete(session.full)
  countSessions(room, occupant.account, -1)
  if (occupant.sessions.length === 0) room.occupants.delete(occupant.nick)
  room.audience = undefined
  forgetShown(occupant)
}

/** Gives an occupant a nick that is free. */
export function moveToNick(room: Room, occupant: Occupant, nick: string): void {
  room.occupants.delete(occupant.nick)
  occupant.nick = nick
  room.occupants.set(nick, occupant)
  forgetShown(occupant)
}

/** To be called when something that presence shows has changed. */
export function forgetShown(occupant: Occupant): void {
  occupant.shown.anonymous = undefined
  occupant.shown.disclosed = undefined
}
