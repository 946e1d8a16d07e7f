/** Requests that the gateway makes of a room on behalf of a session: their answers come to it, and not to the session. */
import { randomUUID } from 'node:crypto'
import type { Jid } from '../stanza/jid.ts'
import { type Element, el } from '../stanza/xml.ts'

export class OwnRequests {
  /** What is to have the answers, by id. */
  readonly #asked = new Map<string, (answer: Element) => void>()

  /** Hands the request to `dispatch`. Resolves with the answer, an error too; every request is answered once. */
  ask(from: Jid, to: string, payload: Element, dispatch: (request: Element) => void): Promise<Element> {
    const id = randomUUID()
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      dispatch(el('iq', { type: 'set', id, from: from.full, to }, payload))
    })
  }

  /** Whether this stanza is an answer to one of them; then it is taken. */
  takes(stanza: Element): boolean {
    const id = String(stanza.attrs.id)
    const resolve = this.#asked.get(id)
    this.#asked.delete(id)
    resolve?.(stanza)
    return resolve !== undefined
  }
}
