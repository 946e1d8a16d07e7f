/** Small services: ping (XEP-0199), version (XEP-0092), time (XEP-0202), session (RFC 3921 §3), carbons (XEP-0280 §4). */
import { NS } from '../../stanza/ns.ts'
import { el } from '../../stanza/xml.ts'
import type { SessionTable } from '../session-table.ts'
import { type IqService, notServed, result } from './iq-service.ts'

export const ping: IqService = ({ kind }) => (kind === 'get' ? result() : notServed())

/** Session establishment was abolished by RFC 6121; old clients still wait for the answer. */
export const legacySession: IqService = ({ kind }) => (kind === 'set' ? result() : notServed())

export const version =
  (text: string): IqService =>
  ({ kind }) =>
    kind === 'get'
      ? result(el('query', { xmlns: NS.version }, el('name', {}, 'Foyer'), el('version', {}, text)))
      : notServed()

/** `now`: milliseconds since 1970. The zone is told as UTC. */
export const time =
  (now: () => number): IqService =>
  ({ kind }) =>
    kind === 'get'
      ? result(
          el(
            'time',
            { xmlns: NS.time },
            el('tzo', {}, '+00:00'),
            el('utc', {}, new Date(now()).toISOString()),
          ),
        )
      : notServed()

/** Turns copies for the asking session on or off; either may be said twice. */
export const carbons =
  (sessions: SessionTable, isOn: boolean): IqService =>
  ({ kind, from }) => {
    const session = sessions.get(from)
    if (kind === 'get' || !session) return notServed()
    session.hasCarbons = isOn
    return result()
  }
