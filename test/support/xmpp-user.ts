// An XMPP user by @xmpp/client, with the few room habits that end-to-end tests need.
import { type Client, client, xml } from '@xmpp/client'
import type { Element } from '@xmpp/xml'

interface Waiter {
  readonly matches: (stanza: Element) => boolean
  readonly resolve: (stanza: Element) => void
}

export class XmppUser {
  readonly #xmpp: Client
  readonly #waiters = new Set<Waiter>()
  readonly stanzas: Element[] = []
  #lastId = 0

  private constructor(xmpp: Client) {
    this.#xmpp = xmpp
    xmpp.on('stanza', (stanza: Element) => {
      this.stanzas.push(stanza)
      for (const waiter of this.#waiters)
        if (waiter.matches(stanza)) {
          this.#waiters.delete(waiter)
          waiter.resolve(stanza)
        }
    })
    // Losing the server is part of some tests; what matters is what was received.
    xmpp.on('error', () => undefined)
  }

  /** Logs in over plain TCP; without a password, anonymously. */
  static async login(
    port: number,
    account?: { username: string; password: string },
    domain = 'localhost',
  ): Promise<XmppUser> {
    const xmpp = client({
      service: `xmpp://127.0.0.1:${port}`,
      domain,
      timeout: 10_000,
      ...account,
    })
    // The package decodes chunk by chunk, which breaks characters that span two.
    xmpp.on('connect', () =>
      (xmpp.socket as { setEncoding?(encoding: string): void } | null)?.setEncoding?.('utf8'),
    )
    xmpp.reconnect.stop()
    const user = new XmppUser(xmpp)
    await xmpp.start()
    return user
  }

  get jid(): string {
    return String(this.#xmpp.jid)
  }

  /** The first stanza, past or future, that matches. Rejects with what did come. */
  when(matches: (stanza: Element) => boolean, timeoutMs = 20_000): Promise<Element> {
    const past = this.stanzas.find(matches)
    if (past) return Promise.resolve(past)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        reject(new Error(`no such stanza; came: ${this.stanzas.slice(-20).join('\n')}`))
      }, timeoutMs)
      const waiter: Waiter = {
        matches,
        resolve: (stanza) => {
          clearTimeout(timer)
          resolve(stanza)
        },
      }
      this.#waiters.add(waiter)
    })
  }

  send(stanza: Element): Promise<void> {
    return this.#xmpp.send(stanza)
  }

  /** Joins without history and resolves at the subject, which ends every join. */
  async join(room: string, nick: string): Promise<void> {
    await this.send(
      xml(
        'presence',
        { to: `${room}/${nick}` },
        xml('x', { xmlns: 'http://jabber.org/protocol/muc' }, xml('history', { maxstanzas: '0' })),
      ),
    )
    const end = await this.when(
      (s) =>
        (s.name === 'message' && s.attrs.from?.startsWith(room) && s.getChild('subject') !== undefined) ||
        (s.name === 'presence' && s.attrs.type === 'error' && s.attrs.from === `${room}/${nick}`),
    )
    if (end.name === 'presence') throw new Error(`join refused: ${end}`)
    const self = this.stanzas.findLast((s) => s.name === 'presence' && s.attrs.from === `${room}/${nick}`)
    if (isNew(self)) await this.#take(room)
  }

  /** Takes a room that the user just made, as it is (XEP-0045 §10.1.2). */
  async #take(room: string): Promise<void> {
    const submit = xml('x', { xmlns: 'jabber:x:data', type: 'submit' })
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/muc#owner' }, submit)
    const answer = await this.iq('set', room, query)
    if (answer.attrs.type !== 'result') throw new Error(`room not made: ${answer}`)
  }

  async say(room: string, body: string): Promise<string> {
    this.#lastId += 1
    const id = `say-${this.#lastId}`
    await this.send(xml('message', { to: room, type: 'groupchat', id }, xml('body', {}, body)))
    return id
  }

  /** A groupchat message with this body, past or future. */
  heard(room: string, body: string, timeoutMs?: number): Promise<Element> {
    return this.when((s) => isSaid(s, room, body), timeoutMs)
  }

  timesHeard(room: string, body: string): number {
    return this.stanzas.filter((s) => isSaid(s, room, body)).length
  }

  /** Someone is, or becomes, an occupant. */
  sees(room: string, nick: string, timeoutMs?: number): Promise<Element> {
    return this.when(
      (s) => s.name === 'presence' && s.attrs.from === `${room}/${nick}` && s.attrs.type === undefined,
      timeoutMs,
    )
  }

  async iq(type: 'get' | 'set', to: string, payload: Element): Promise<Element> {
    this.#lastId += 1
    const id = `iq-${this.#lastId}`
    await this.send(xml('iq', { type, to, id }, payload))
    return this.when((s) => s.name === 'iq' && s.attrs.id === id)
  }

  /** All bodies of a room's archive, page by page, oldest first. */
  async archive(room: string): Promise<{ id: string; body: string }[]> {
    const messages: { id: string; body: string }[] = []
    for (let after: string | undefined; ; ) {
      const seen = this.stanzas.length
      const bound = after === undefined ? [] : [xml('after', {}, after)]
      const fin = await this.iq(
        'set',
        room,
        xml(
          'query',
          { xmlns: 'urn:xmpp:mam:2' },
          xml('set', { xmlns: 'http://jabber.org/protocol/rsm' }, xml('max', {}, '100'), ...bound),
        ),
      )
      for (const stanza of this.stanzas.slice(seen)) {
        const result = stanza.getChild('result', 'urn:xmpp:mam:2')
        const body = result?.getChild('forwarded')?.getChild('message')?.getChildText('body')
        if (result && body) messages.push({ id: String(result.attrs.id), body })
      }
      const end = fin.getChild('fin', 'urn:xmpp:mam:2')
      if (!end) throw new Error(`archive refused: ${fin}`)
      if (end.attrs.complete === 'true') return messages
      after = end.getChild('set')?.getChildText('last') ?? undefined
    }
  }

  async quit(): Promise<void> {
    await this.#xmpp.stop().catch(() => undefined)
  }
}

const isSaid = (stanza: Element, room: string, body: string): boolean =>
  stanza.name === 'message' &&
  stanza.attrs.type === 'groupchat' &&
  stanza.attrs.from?.startsWith(`${room}/`) === true &&
  stanza.getChildText('body') === body

/** Presence that says that the room was made by this join (status 201). */
const isNew = (presence: Element | undefined): boolean =>
  presence
    ?.getChild('x', 'http://jabber.org/protocol/muc#user')
    ?.getChildren('status')
    .some((status) => status.attrs.code === '201') ?? false
