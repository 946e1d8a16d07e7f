/** Sessions that are gone and never said so, and sessions that never noticed that the room was: XEP-0045 §7.14, §9.1. */
import { NS } from '../stanza/ns.ts'
import { type Element, el, elements, prepare } from '../stanza/xml.ts'
import { newOccupant, refusesEntry } from './join.ts'
import { part, tellLobbyLeft } from './leave.ts'
import { announce, fanout, presenceStanza, shownTo, tellOthers } from './presence-stanza.ts'
import { isShown, seesAddresses } from './role.ts'
import type { LocalOccupant, Room, Session } from './room.ts'
import type { KnownSession, RoomEffect } from './room-port.ts'
import { addSession, removeSession } from './room-sessions.ts'

/** Status 333: removed because it cannot be reached. */
const UNREACHABLE = 333

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
 * What an error says of whoever it came from: nobody is there; or perhaps: clients answer requests that they do not
 * know with `service-unavailable`, and servers those to clients that are gone.
 */
export function presenceIn(error: Element): 'gone' | 'unsure' | 'there' {
  const reason = elements(error).find((child) => child.getName() === 'error')
  const condition =
    reason &&
    elements(reason)
      .find((child) => child.getNS() === NS.stanzaErrors && child.getName() !== 'text')
      ?.getName()
  // What gives no reason is a bounce, by a broken server: clients that refuse something say why.
  if (condition !== undefined && !GHOST_CONDITIONS.has(condition)) return 'there'
  const isVague = condition === undefined || condition === 'service-unavailable'
  return error.name === 'iq' && isVague ? 'unsure' : 'gone'
}

/** An error came back for something that the room had sent. */
export const handleBounce = (room: Room, session: Session, stanza: Element): RoomEffect[] =>
  presenceIn(stanza) === 'gone' ? endGhost(room, session) : []

/** Takes out a session that cannot be reached; if it hears of it all the same, it knows (110, 333). */
export const endGhost = (room: Room, session: Session): RoomEffect[] =>
  part(room, session, { codes: [UNREACHABLE], canHear: true })

/** The same for many at once, who do not hear of each other. */
export function loseSessions(room: Room, fulls: readonly string[]): RoomEffect[] {
  const lost = fulls.flatMap((full) => room.sessions.get(full) ?? [])
  for (const session of lost) removeSession(room, session)
  const effects = lost.flatMap(({ full, occupant }) =>
    fanout(gone(room, occupant, [110, UNREACHABLE]), [full]),
  )
  for (const occupant of new Set(lost.map((session) => session.occupant)))
    if (occupant.sessions.length > 0) effects.push(...announce(room, occupant))
    else
      effects.push(
        ...tellOthers(room, occupant, () => gone(room, occupant, [UNREACHABLE])),
        ...tellLobbyLeft(room, occupant),
      )
  return effects
}

const gone = (room: Room, occupant: LocalOccupant, codes: readonly number[]) =>
  prepare(presenceStanza(room, occupant, { type: 'unavailable', isGone: true, codes }))

/**
 * Sessions take up where they were, and hear nothing of it but who is in from the lobby: they know each other. Who may
 * not be in any more is told so.
 */
export function restoreSessions(room: Room, sessions: readonly KnownSession[], nowMs: number): RoomEffect[] {
  const effects: RoomEffect[] = []
  const restored: Session[] = []
  for (const { jid, nick, payload } of sessions) {
    if (room.sessions.has(jid.full)) continue
    if (refusesEntry(room, jid.bare, nick)) {
      effects.push({ kind: 'send', to: jid.full, stanza: farewell(`${room.bare}/${nick}`, jid.full) })
      continue
    }
    const holder = room.occupants.get(nick)
    const occupant = holder?.side === 'local' ? holder : newOccupant(room, jid.bare, nick, nowMs)
    const session: Session = { full: jid.full, occupant, payload, isEthora: false, versions: undefined }
    if (occupant !== holder) effects.push({ kind: 'local-entered', account: jid.bare, nick })
    addSession(room, session)
    restored.push(session)
  }
  const shown = [...room.participants.values()].filter((participant) => isShown(room, participant))
  for (const participant of shown)
    for (const isInformed of [false, true])
      effects.push(
        ...fanout(
          shownTo(room, participant, isInformed),
          restored
            .filter(({ occupant }) => seesAddresses(room, occupant) === isInformed)
            .map(({ full }) => full),
        ),
      )
  return effects
}

/** To a session that the room does not know (any more): it is out. `occupant`: the address that it had in the room. */
export const farewell = (occupant: string, to: string): Element =>
  el(
    'presence',
    { type: 'unavailable', from: occupant, to },
    el(
      'x',
      { xmlns: NS.mucUser },
      el('item', { affiliation: 'none', role: 'none' }),
      el('status', { code: 110 }),
      el('status', { code: UNREACHABLE }),
    ),
  )

/** Something that nobody notices, and that comes back if nobody is there. */
export const probe = (room: string, to: string): Element =>
  el(
    'message',
    { type: 'groupchat', from: room, to, id: 'probe' },
    el('no-store', { xmlns: NS.hints }),
    el('no-copy', { xmlns: NS.hints }),
  )
