/** What can wait while nobody looks at a client: presence and typing, the last of each sender. XEP-0352. */
import { NS } from '../stanza/ns.ts'
import type { PreparedStanza } from '../stanza/xml.ts'
import type { SentStanza } from './stream-management/stream-management.ts'

/** Stanzas that wait for one client; with one more, all are sent. */
const MAX_HELD_BACK = 500

const CHAT_STATE = new RegExp(`<(?:active|composing|paused|inactive|gone) xmlns="${NS.chatStates}"/>`)
/** What may come with a chat state and says nothing by itself. */
const BESIDES = new RegExp(
  `<[a-z-]+ xmlns="${NS.hints}"/>|<(?:occupant-id|origin-id|stanza-id) [^>]*/>|<thread[^>]*>[^<]*</thread>`,
  'g',
)

/** Lives as long as the client is inactive. */
export class HeldBack {
  readonly #held = new Map<string, SentStanza>()

  /** Keeps a stanza that can wait; false when it cannot, and what was kept goes before it. */
  take(sent: SentStanza): boolean {
    if (this.#held.size >= MAX_HELD_BACK || !canWait(sent.stanza)) return false
    const key = `${sent.stanza.name} ${attribute(sent.stanza, 'from')}`
    this.#held.delete(key)
    this.#held.set(key, sent)
    return true
  }

  /** What was kept, in order; nothing is kept any longer. */
  release(): SentStanza[] {
    const held = [...this.#held.values()]
    this.#held.clear()
    return held
  }
}

function canWait(stanza: PreparedStanza): boolean {
  const { name, rest } = stanza
  if (name === 'presence') {
    const type = attribute(stanza, 'type')
    // 110: about the client's own place in a room.
    return (type === undefined || type === 'unavailable') && !rest.includes('code="110"')
  }
  if (name !== 'message' || !rest.includes(NS.chatStates)) return false
  const children = rest.slice(rest.indexOf('>') + 1, -'</message>'.length)
  return children.replace(CHAT_STATE, '').replace(BESIDES, '') === ''
}

/** An attribute of the stanza itself. */
function attribute({ rest }: PreparedStanza, name: string): string | undefined {
  return new RegExp(` ${name}="([^"]*)"`).exec(rest.slice(0, rest.indexOf('>')))?.[1]
}
