/** Undirected presence: what a session shows to the user's other sessions, and whom it says goodbye to. RFC 6121 §4. */
import { parseJid } from '../stanza/jid.ts'
import {
  detached,
  type Element,
  el,
  emptyElement,
  type PreparedStanza,
  prepare,
  setAttribute,
} from '../stanza/xml.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/**
 * Takes presence without an address. Returns the directed presence that follows from it: a goodbye to everybody who was
 * shown presence before (RFC 6121 §4.6.5).
 */
export function undirectedPresence(session: Session, sessions: SessionTable, presence: Element): Element[] {
  const { type } = presence.attrs
  if (type === 'unavailable') {
    if (session.availability) broadcast(session, sessions, prepare(presence))
    session.availability = undefined
    return [...(session.directed?.values() ?? [])].map((to) => readdressed(presence, to))
  }
  if (type !== undefined) return []
  const prepared = prepare(presence)
  const isInitial = session.availability === undefined
  session.availability = {
    priority: priorityOf(presence),
    presence: { name: 'presence', rest: detached(prepared.rest) },
  }
  broadcast(session, sessions, prepared)
  if (isInitial)
    for (const other of sessions.ofAccount(session.jid.bare))
      if (other !== session && other.availability) session.deliver(other.availability.presence)
  return []
}

/** Says goodbye for a session that ended without doing so. Services learn of it in another way. */
export function sessionEnded(session: Session, sessions: SessionTable, domain: string): void {
  const goodbye = prepare(el('presence', { type: 'unavailable', from: session.full }))
  if (session.availability) broadcast(session, sessions, goodbye)
  session.availability = undefined
  for (const address of session.directed?.values() ?? []) {
    const to = parseJid(address)
    if (to?.domain !== domain) continue
    const addressees = to.resource === '' ? sessions.ofAccount(to.bare) : [sessions.get(to.full)]
    for (const addressee of addressees) addressee?.deliver(goodbye)
  }
}

/** To all available sessions of the account, the one itself included (RFC 6121 §4.2.2). */
function broadcast(session: Session, sessions: SessionTable, presence: PreparedStanza): void {
  for (const other of sessions.ofAccount(session.jid.bare)) if (other.availability) other.deliver(presence)
}

function readdressed(presence: Element, to: string): Element {
  const copy = emptyElement(presence.name)
  for (const [name, value] of Object.entries(presence.attrs)) setAttribute(copy, name, String(value))
  copy.attrs.to = to
  copy.children = presence.children
  return copy
}

/** RFC 6121 §4.7.2.3: an integer from -128 to 127; anything else counts as 0. */
function priorityOf(presence: Element): number {
  const priority = Number(presence.getChildText('priority') ?? 0)
  return Number.isInteger(priority) && priority >= -128 && priority <= 127 ? priority : 0
}
