/** What a session was sent and never acknowledged: who is told so when the session ends. XEP-0198 §4, RFC 6121 §8.5. */
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { DocumentParser } from '../stanza/parser.ts'
import { errorReply } from '../stanza/stanza-error.ts'
import { addressed, type Element } from '../stanza/xml.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/** An error for the sender of a stanza, with its addresses. */
export interface Undelivered {
  readonly reply: Element
  readonly from: Jid
  readonly to: Jid
}

/** Errors for requests and messages of people. Rooms learn of the end of the session itself. */
export function undelivered(session: Session, sessions: SessionTable): Undelivered[] {
  const parser = new DocumentParser()
  const found: Undelivered[] = []
  for (const { stanza, to } of session.management?.unacked ?? []) {
    if (stanza.name === 'presence') continue
    const parsed = parser.parse(addressed(stanza, to, NS.client))
    const sender = parsed.ok ? parseJid(parsed.value.attrs.from ?? '') : undefined
    if (!parsed.ok || !sender || !isAwaited(parsed.value)) continue
    const from = parseJid(parsed.value.attrs.to) ?? session.jid
    if (from.resource === '' && sessions.ofAccount(session.jid.bare).some(({ availability }) => availability))
      continue
    const reply = errorReply(parsed.value, {
      type: 'wait',
      condition: 'recipient-unavailable',
      text: 'The connection to the addressee was lost, and it is not known whether this arrived.',
    })
    found.push({ reply, from, to: sender })
  }
  return found
}

/** Somebody thinks that it arrives. */
const isAwaited = ({ name, attrs }: Element): boolean =>
  name === 'iq'
    ? attrs.type === 'get' || attrs.type === 'set'
    : attrs.type === undefined || attrs.type === 'chat' || attrs.type === 'normal'
