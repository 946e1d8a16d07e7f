/** Leaving a room, by choice or not: XEP-0045 §7.14, shutdown (§11.2). */
import { type Element, prepare } from '../stanza/xml.ts'
import { announce, fanout, presenceStanza, speakingSession, tellOthers } from './presence-stanza.ts'
import { seesAddresses } from './role.ts'
import type { LocalOccupant, Room, Session } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { removeSession } from './room-sessions.ts'
import { isOwn, portableChildren } from './stanza-parts.ts'
import { keepsPlace } from './staying.ts'

/** How a session leaves. */
export interface Parting {
  /** Why, as MUC status codes, besides the 110 of one's own. */
  readonly codes: readonly number[]
  /** The session can still hear that it is out. */
  readonly canHear: boolean
  readonly id?: string | undefined
  /** `<status/>` that the client left behind. */
  readonly payload?: readonly Element[]
}

/** Takes a session out and tells whom it concerns. */
export function part(room: Room, session: Session, parting: Parting): RoomEffect[] {
  const { occupant } = session
  const spoke = speakingSession(occupant) === session
  const payload = parting.payload ?? []
  const gone = (isDisclosed: boolean, codes: readonly number[], id?: string) =>
    prepare(
      presenceStanza(room, occupant, {
        type: 'unavailable',
        isGone: true,
        jid: isDisclosed ? session.full : undefined,
        codes,
        id,
        payload,
      }),
    )
  removeSession(room, session)
  const farewell = parting.canHear
    ? fanout(gone(seesAddresses(room, occupant), [110, ...parting.codes], parting.id), [session.full])
    : []
  if (occupant.sessions.length > 0) return [...farewell, ...(spoke ? announce(room, occupant) : [])]
  return [
    ...farewell,
    ...tellOthers(room, occupant, (isInformed) => gone(isInformed, parting.codes)),
    ...tellLobbyLeft(room, occupant),
  ]
}

/** The lobby of a locked room does not exist yet, so that nobody has to leave it. */
export function tellLobbyLeft(room: Room, { account, nick, sinceMs }: LocalOccupant): RoomEffect[] {
  if (room.isLocked) return []
  if (!keepsPlace(room, account, nick)) return [{ kind: 'local-left', account, nick }]
  room.away.set(account, { nick, sinceMs })
  return [{ kind: 'local-away', account, nick }]
}

/** A client says that it leaves. */
export const leave = (room: Room, session: Session, stanza: Element): RoomEffect[] =>
  part(room, session, {
    codes: [],
    canHear: true,
    id: stanza.attrs.id,
    payload: portableChildren(stanza).filter((child) => isOwn(child, stanza, 'status')),
  })

/** A stream is gone and its client with it. */
export const endSession = (room: Room, session: Session): RoomEffect[] =>
  part(room, session, { codes: [], canHear: false })

/** The service shuts down: all XMPP occupants are told (110, 332) and out. */
export function shutDown(room: Room): RoomEffect[] {
  room.isShutDown = true
  const effects: RoomEffect[] = []
  for (const occupant of [...room.occupants.values()]) {
    if (occupant.side === 'remote') continue
    const sessions = [...occupant.sessions]
    const codes = [110, 332]
    const stanza = prepare(presenceStanza(room, occupant, { type: 'unavailable', isGone: true, codes }))
    for (const session of sessions) removeSession(room, session)
    effects.push(
      ...fanout(
        stanza,
        sessions.map((session) => session.full),
      ),
      ...tellLobbyLeft(room, occupant),
    )
  }
  return effects
}
