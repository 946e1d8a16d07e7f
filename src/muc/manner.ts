/** How an occupant's message is meant, for a lobby that has nothing but texts: XEP-0308, 0380, 0424, 0444, 0461. */
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, elements } from '../stanza/xml.ts'
import { MAX_REACTION_CHARS, MAX_REACTIONS } from './limits.ts'
import { type Recent, type Remembered, setReactions } from './recent.ts'
import { referenceIn } from './reference.ts'
import type { Manner, Mention } from './room-port.ts'

/** What the lobby is to be told, and of whom. */
export interface Said {
  readonly body: string
  readonly manner: Manner
}

/** Payloads that only a client with the key can read; a body beside them says just that. */
const ENCRYPTED: ReadonlySet<string | undefined> = new Set([
  'urn:xmpp:eme:0', // XEP-0380
  'eu.siacs.conversations.axolotl', // XEP-0384 before version 0.4
  'urn:xmpp:omemo:1', // XEP-0384
  'urn:xmpp:omemo:2',
  'urn:xmpp:openpgp:0', // XEP-0373
  'jabber:x:encrypted', // XEP-0027
])
/** Whose message it is, and what the room remembers. */
interface Context {
  readonly occupantId: string
  readonly recent: Recent
  readonly nowMs: number
}

/** What a message of an occupant says to the lobby; undefined when that is nothing. Reactions are remembered. */
export function whatIsSaid(stanza: Element, body: string, context: Context): Said | undefined {
  if (elements(stanza).some((child) => ENCRYPTED.has(child.getNS()))) return undefined
  const reference = referenceIn(stanza)
  if (reference?.kind === 'retraction') {
    const author = recall(context, reference.id)?.occupantId ?? context.occupantId
    return author === context.occupantId ? { body: '', manner: { kind: 'retraction' } } : undefined
  }
  const reactions = childOf(stanza, 'reactions', NS.reactions)
  if (reactions) return reactionSaid(reactions, context)
  if (body.trim() === '') return undefined
  if (reference) return { body, manner: { kind: 'correction' } }
  const answered = recall(context, childOf(stanza, 'reply', NS.reply)?.attrs.id)
  if (!answered || hasQuote(stanza, body)) return { body, manner: { kind: 'plain' } }
  return { body, manner: { kind: 'reply', to: mention(answered) } }
}

const recall = ({ recent, nowMs }: Context, id: unknown): Remembered | undefined =>
  recent.messages.get(String(id), nowMs)

const mention = ({ nick, excerpt }: Remembered): Mention => ({ nick, excerpt })

/** A client sends all that its user has to a message each time; those that are new are told. */
function reactionSaid(reactions: Element, context: Context): Said | undefined {
  const message = String(reactions.attrs.id)
  const now = elements(reactions)
    .map((reaction) => reaction.getText().replace(/\s+/gu, ' ').trim())
    .filter((text) => text !== '' && text.length <= MAX_REACTION_CHARS)
  const { occupantId, recent, nowMs } = context
  const all = [...new Set(now)].slice(0, MAX_REACTIONS)
  const fresh = setReactions(recent, { occupantId, message }, all, nowMs)
  if (fresh.length === 0) return undefined
  const target = recall(context, message)
  return { body: '', manner: { kind: 'reaction', reactions: fresh, to: target && mention(target) } }
}

/** The message quotes what it answers: as fallback (XEP-0461 §3.1), or without saying so. */
function hasQuote(stanza: Element, body: string): boolean {
  const isFallback = elements(stanza).some(
    (child) =>
      child.getName() === 'fallback' && child.getNS() === NS.fallback && child.attrs.for === NS.reply,
  )
  return isFallback || body.trimStart().startsWith('>')
}
