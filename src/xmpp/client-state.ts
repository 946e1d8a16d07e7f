/** What can wait while nobody looks at a client: presence and typing, the last of each sender. XEP-0352. */
import { NS } from '../stanza/ns.ts'
import type { PreparedStanza } from '../stanza/xml.ts'
import type { SentStanza } from './stream-management/stream-management.ts'

/** Stanzas and characters that wait for one client; with more, all are sent. */
const MAX_HELD_BACK = 500
const MAX_HELD_CHARACTERS = 262_144

const CHAT_STATE = new RegExp(`<(?:active|composing|paused|inactive|gone) xmlns="${NS.chatStates}"/>`)
/** What may come with a chat state and says nothing by itself. */
const BESIDES = new RegExp(
  `<[a-z-]+ xmlns="${NS.hints}"/>|<(?:occupant-id|origin-id|stanza-id) [^>]*/>|<thread[^>]*>[^<]*</thread>`,
  'g',
)

/** Lives as long as the client is inactive. */
export class HeldBack {
  readonly #held = new Map<string, SentStanza>()
  #characters = 0

  /** Characters of all that waits. */
  get characters(): number {
    return this.#characters
  }

  /** `kept`: the stanza waits. `full`: it does too, and all is to be released. `urgent`: it cannot wait. */
  take(sent: SentStanza): 'kept' | 'full' | 'urgent' {
    if (!canWait(sent.stanza)) return 'urgent'
    const key = `${sent.stanza.name} ${attribute(sent.stanza, 'from')}`
    this.#characters += sizeOf(sent) - sizeOf(this.#held.get(key))
    this.#held.delete(key)
    this.#held.set(key, sent)
    return this.#held.size > MAX_HELD_BACK || this.#characters > MAX_HELD_CHARACTERS ? 'full' : 'kept'
  }

  /** What was kept, in order; nothing is kept any longer. */
  release(): SentStanza[] {
    const held = [...this.#held.values()]
    this.#held.clear()
    this.#characters = 0
    return held
  }
}

const sizeOf = (sent: SentStanza | undefined): number => sent?.stanza.rest.length ?? 0

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
