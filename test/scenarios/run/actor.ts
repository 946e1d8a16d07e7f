// One session of a scenario: what it sends, and what came and was not asked for yet.
import type { Element } from '../../../src/stanza/xml.ts'
import { RawTcp } from '../../support/raw-xmpp.ts'

/** An account and where it logs in. */
export interface Login {
  readonly port: number
  readonly name: string
  readonly password: string
  readonly resource: string
}

/** What is asked after everything else; its answer ends what was on its way. */
const PING = "<ping xmlns='urn:xmpp:ping'/>"

export class Actor {
  readonly name: string
  readonly full: string
  /** All that came since the login, without the answers to fences. */
  readonly received: Element[] = []
  /** What came and no step has spoken of yet. */
  unread: Element[] = []
  isOnline = true
  readonly #client: RawTcp
  readonly #fences = new Map<string, () => void>()
  #onStanza: (() => void)[] = []
  #fenceCount = 0

  private constructor(name: string, client: RawTcp) {
    this.name = name
    this.full = client.full
    this.#client = client
  }

  /** Logs in and becomes available; its own presence may still be on its way. */
  static async login(name: string, login: Login): Promise<Actor> {
    const client = await RawTcp.connect(login.port)
    await client.login(login.name, login.password, login.resource)
    const actor = new Actor(name, client)
    void actor.#pump()
    actor.send('<presence/>')
    return actor
  }

  get bare(): string {
    return this.full.split('/')[0] as string
  }

  send(stanza: string): void {
    this.#client.send(stanza)
  }

  forget(): void {
    this.unread = []
  }

  /**
   * Resolves with true when `address` has answered: all that was sent there is handled, and all that came of it is
   * here. False: there was no answer within `ms`.
   */
  async fence(address: string, ms: number): Promise<boolean> {
    if (!this.isOnline) return true
    const id = `fence-${this.name}-${++this.#fenceCount}`
    const answered = new Promise<void>((resolve) => this.#fences.set(id, resolve))
    this.send(`<iq type='get' id='${id}' to='${address}'>${PING}</iq>`)
    return within(answered, ms)
  }

  /** Resolves with the next stanza, or after `ms` without one. */
  async more(ms: number): Promise<void> {
    await within(new Promise<void>((resolve) => this.#onStanza.push(resolve)), ms)
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.isOnline = false
    this.#client.socket.destroy()
  }

  async #pump(): Promise<void> {
    for (;;) {
      const received = await this.#client.next()
      if (received.kind === 'closed') break
      const { element } = received
      const fence = element.attrs.id === undefined ? undefined : this.#fences.get(element.attrs.id)
      if (fence) {
        this.#fences.delete(element.attrs.id as string)
        fence()
        continue
      }
      this.received.push(element)
      this.unread.push(element)
      for (const resolve of this.#onStanza.splice(0)) resolve()
    }
    this.isOnline = false
    for (const resolve of [...this.#fences.values(), ...this.#onStanza.splice(0)]) resolve()
  }
}

/** Whether `done` resolved before `ms` had gone by. */
async function within(done: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const isInTime = await Promise.race([done.then(() => true as const), late])
  clearTimeout(timer)
  return isInTime
}
