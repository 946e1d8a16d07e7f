/** Leaving a room, by choice or not: XEP-0045 §7.14, ghosts (§9.5 of its notes), shutdown (§11.2). */
import { NS } from '../stanza/ns.ts'
import { type Element, elements, prepare } from '../stanza/xml.ts'
import { announce, fanout, presenceStanza, speakingSession, tellOthers } from './presence-stanza.ts'
import { seesAddresses } from './role.ts'
import { type Room, removeSession, type Session } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { isOwn, portableChildren } from './stanza-parts.ts'

interface Parting {
  /** Why, as MUC status codes, besides the 110 of one's own. */
  readonly codes: readonly number[]
  /** The session can still hear that it is out. */
  readonly canHear: boolean
  readonly id?: string | undefined
  /** `<status/>` that the client left behind. */
  readonly payload?: readonly Element[]
}

function part(room: Room, session: Session, parting: Parting): RoomEffect[] {
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
    { kind: 'local-left', account: occupant.account, nick: occupant.nick },
  ]
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

const GHOST_CONDITIONS: ReadonlySet<string> = new Set([
  'gone',
  'internal-server-error',
  'item-not-found',
  'jid-malformed',
  'recipient-unavailable',
  'redirect',
  'remote-server-not-found',
  'remote-server-timeout',
  'service-unavailable',
])

/**
 * An error came back for something that the room had sent. When it says that nobody is there any more, the session
 * is taken out (status 333). Clients answer requests that they do not know with `service-unavailable`, so that one
 * tells nothing about an IQ.
 */
export function handleBounce(room: Room, session: Session, stanza: Element): RoomEffect[] {
  const error = elements(stanza).find((child) => child.getName() === 'error')
  const condition =
    error &&
    elements(error)
      .find((child) => child.getNS() === NS.stanzaErrors && child.getName() !== 'text')
      ?.getName()
  const isGhost =
    condition !== undefined &&
    GHOST_CONDITIONS.has(condition) &&
    !(stanza.name === 'iq' && condition === 'service-unavailable')
  return isGhost ? part(room, session, { codes: [333], canHear: true }) : []
}

/** The service shuts down: all XMPP occupants are told (110, 332) and out. */
export function shutDown(room: Room): RoomEffect[] {
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
      { kind: 'local-left', account: occupant.account, nick: occupant.nick },
    )
  }
  return effects
}
