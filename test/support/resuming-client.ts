/** A client with stream management for tests: it counts, acknowledges when asked, is cut off and resumes. XEP-0198. */
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { RawTcp, type RawWebSocket } from './raw-xmpp.ts'

const SM = "xmlns='urn:xmpp:sm:3'"
const STANZAS = new Set(['message', 'presence', 'iq'])

export type Connect = () => Promise<RawTcp | RawWebSocket>

export class ResumingClient {
  readonly #connect: Connect
  readonly #account: readonly [string, string] | readonly []
  #raw: RawTcp | RawWebSocket | undefined
  /** Stanzas that the server sent: what `h` counts. */
  #handled = 0
  /** Stanzas of ours that the server has not acknowledged yet. */
  #unacked: string[] = []
  #acknowledged = 0
  #id = ''
  #lastPing = 0
  #waiting = new Map<string, () => void>()
  /** Ids of all messages that came, in order. */
  readonly received: string[] = []
  /** Everything but messages that came, as text. */
  readonly others: string[] = []
  full = ''

  /** Without an account it is a guest. */
  constructor(connect: Connect, ...account: readonly [string, string] | readonly []) {
    this.#connect = connect
    this.#account = account
  }

  async login(resource = 'r'): Promise<void> {
    const raw = await this.#connect()
    this.full = await raw.login(
      ...this.#account,
      ...(this.#account.length === 0 ? ([undefined, ''] as const) : []),
      resource,
    )
    const enabled = await raw.ask(`<enable ${SM} resume='true'/>`)
    if (enabled.name !== 'enabled') throw new Error(serialize(enabled))
    this.#id = String(enabled.attrs.id)
    this.#listen(raw)
  }

  /** Without a word, with what is under way in both directions. */
  cut(): void {
    const raw = this.#raw
    this.#raw = undefined
    if (raw instanceof RawTcp) raw.socket.resetAndDestroy()
    else raw?.socket.terminate()
  }

  /** A new connection, perhaps while the server still has the old one; sends again what was not handled. */
  async resume(): Promise<void> {
    this.#raw = undefined
    const raw = await this.#connect()
    await raw.open()
    await raw.authorize(...this.#account)
    await raw.reopen()
    const resumed = await raw.ask(`<resume ${SM} previd='${this.#id}' h='${this.#handled}'/>`)
    if (resumed.name !== 'resumed') throw new Error(serialize(resumed))
    this.#acknowledge(Number(resumed.attrs.h))
    for (const stanza of this.#unacked) raw.send(stanza)
    this.#listen(raw)
  }

  send(stanza: string): void {
    const text = stanza.replace(/^<\w+/, (start) => `${start} xmlns='jabber:client'`)
    this.#unacked.push(text)
    this.#raw?.send(text)
  }

  ask(): void {
    this.#raw?.send(`<r ${SM}/>`)
  }

  /** Resolves when everything sent before, in both directions, has arrived. */
  settled(): Promise<void> {
    const id = `ping${++this.#lastPing}`
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.send(`<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`)
    })
  }

  #listen(raw: RawTcp | RawWebSocket): void {
    this.#raw = raw
    void (async () => {
      for (;;) {
        const received = await raw.next()
        if (this.#raw !== raw || received.kind === 'closed') return
        this.#take(received.element, raw)
      }
    })()
  }

  #take(element: Element, raw: RawTcp | RawWebSocket): void {
    if (element.name === 'r') raw.send(`<a ${SM} h='${this.#handled}'/>`)
    else if (element.name === 'a') this.#acknowledge(Number(element.attrs.h))
    if (!STANZAS.has(element.name)) return
    this.#handled++
    if (element.name === 'message') this.received.push(element.attrs.id)
    else this.others.push(serialize(element))
    this.#waiting.get(element.attrs.id)?.()
  }

  #acknowledge(h: number): void {
    this.#unacked.splice(0, h - this.#acknowledged)
    this.#acknowledged = h
  }
}
