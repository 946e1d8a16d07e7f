/** What is asked of the MUC service itself, and who is told of activity in rooms (XEP-0437). */
import { ActivityIndicators, asksForActivity, type RoomView } from '../muc/activity-indicators.ts'
import { answerService, type ListedRoom, type ServiceView } from '../muc/service.ts'
import type { Jid } from '../stanza/jid.ts'
import { errorReply } from '../stanza/stanza-error.ts'
import type { Element } from '../stanza/xml.ts'
import type { Env } from '../util/env.ts'

export interface ServiceDeskOptions {
  /** Domain of the MUC service. */
  readonly domain: string
  readonly rooms: RoomView
  readonly listed: () => Iterable<ListedRoom>
  readonly about: () => Omit<ServiceView, 'rooms'>
  readonly env: () => Env
  readonly send: (to: string, stanza: Element) => void
}

export class ServiceDesk {
  readonly #options: ServiceDeskOptions
  readonly #indicators: ActivityIndicators

  constructor(options: ServiceDeskOptions) {
    this.#options = options
    this.#indicators = new ActivityIndicators(options.domain, options.rooms)
  }

  /** A stanza to the service. */
  onStanza(from: Jid, stanza: Element): void {
    const { listed, about, env, send } = this.#options
    if (stanza.name === 'presence' && this.#takesPresence(from, stanza)) return
    const view: ServiceView = { ...about(), rooms: { [Symbol.iterator]: () => listed()[Symbol.iterator]() } }
    for (const reply of answerService(stanza, from, view, env())) send(from.full, reply)
  }

  onSessionEnded(full: string): void {
    this.#indicators.unsubscribe(full)
  }

  /** A session of the account left the room. */
  onLeft(room: string, account: string): void {
    this.#indicators.left(room, account, this.#options.env().nowMs)
  }

  onSaid(room: string): void {
    this.#sendAll(this.#indicators.said(room, this.#options.env().nowMs))
  }

  #takesPresence(from: Jid, presence: Element): boolean {
    if (presence.attrs.type === 'unavailable') this.#indicators.unsubscribe(from.full)
    if (!asksForActivity(presence)) return false
    const due = this.#indicators.subscribe(from)
    if (due) this.#sendAll(due)
    else
      this.#options.send(
        from.full,
        errorReply(presence, {
          type: 'wait',
          condition: 'resource-constraint',
          text: 'Too many clients ask for room activity.',
          by: this.#options.domain,
        }),
      )
    return true
  }

  #sendAll(messages: readonly Element[]): void {
    for (const message of messages) this.#options.send(String(message.attrs.to), message)
  }
}
