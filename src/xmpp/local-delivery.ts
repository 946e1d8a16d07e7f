/** Delivery to local users: which sessions get a stanza, and what its sender is told when none does. RFC 6121 §8.5. */
import type { Jid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { type Element, prepare } from '../stanza/xml.ts'
import { copyReceived, withoutPrivate } from './carbons.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/** The answer when nobody gets a stanza, or nobody is to seem to. */
export const NOBODY_THERE: StanzaError = {
  type: 'cancel',
  condition: 'service-unavailable',
  text: 'Nobody is there under this address.',
}

/**
 * Delivers to a full address, or to the available sessions of the account, with copies for the others that want them; an
 * error when nobody gets it.
 */
export function deliverMessage(sessions: SessionTable, to: Jid, message: Element): StanzaError | undefined {
  const { type } = message.attrs
  const exact = to.resource === '' ? undefined : sessions.get(to.full)
  if (!exact && type === 'groupchat') return NOBODY_THERE
  if (!exact && type === 'error') return undefined
  const got = exact ? [exact] : willingOf(sessions, to)
  if (got.length > 0) copyReceived(sessions.ofAccount(to.bare), got, message)
  withoutPrivate(message)
  const prepared = prepare(message)
  for (const session of got)
    if (exact) session.deliver(prepared)
    else session.deliverAsAddressed(prepared, to.full)
  return got.length > 0 || type === 'headline' ? undefined : NOBODY_THERE
}

/** Delivers availability. Steps of subscriptions, and probes, are for `Contacts`. */
export function deliverPresence(sessions: SessionTable, to: Jid, presence: Element): void {
  const { type } = presence.attrs
  if (type !== undefined && type !== 'unavailable' && type !== 'error') return
  const prepared = prepare(presence)
  if (to.resource !== '') sessions.get(to.full)?.deliver(prepared)
  else if (type !== 'error')
    for (const session of availableOf(sessions, to)) session.deliverAsAddressed(prepared, to.full)
}

/** Delivers an IQ to the session that it names; to nobody else. */
export function deliverIq(sessions: SessionTable, to: Jid, iq: Element): StanzaError | undefined {
  const isRequest = iq.attrs.type === 'get' || iq.attrs.type === 'set'
  const session = to.resource === '' ? undefined : sessions.get(to.full)
  if (session) session.deliver(prepare(iq))
  if (session || !isRequest) return undefined
  return NOBODY_THERE
}

/** Whether a message to this bare address would be delivered. */
export const isReachable = (sessions: SessionTable, account: Jid): boolean =>
  willingOf(sessions, account).length > 0

/** Sessions that take messages to the account: a negative priority asks for none (RFC 6121 §8.5.2.1.1). */
const willingOf = (sessions: SessionTable, to: Jid): Session[] =>
  availableOf(sessions, to).filter(({ availability }) => (availability?.priority ?? 0) >= 0)

const availableOf = (sessions: SessionTable, to: Jid): Session[] =>
  sessions.ofAccount(to.bare).filter(({ availability }) => availability !== undefined)
