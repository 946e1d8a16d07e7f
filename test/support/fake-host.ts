// A host server of one component, as far as XEP-0114 goes, that can also behave badly.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { PARSER_LIMITS, StreamParser } from '../../src/stanza/parser.ts'
import { type Element, serialize } from '../../src/stanza/xml.ts'

export const DOMAIN = 'lobbies.example'
export const SECRET = 'a secret'
const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='${DOMAIN}' id='stream1'>`
const DIGEST = createHash('sha1').update(`stream1${SECRET}`).digest('hex')

/** `accept`: as it should be; `mute`: takes connections and says nothing; a stream error: says that to the handshake. */
export type Manners = 'accept' | 'mute' | { readonly error: string }

export class FakeHost {
  manners: Manners = 'accept'
  /** Whether pings of the component to itself come back to it. */
  echoes = true
  /** Called for each such ping. */
  onEcho: () => void = () => {}
  readonly #server: Server
  #socket: Socket | undefined
  readonly #links: (() => void)[] = []
  readonly #dials: (() => void)[] = []
  readonly #stanzas: Element[] = []
  #waiting: { matches: (stanza: Element) => boolean; resolve: (stanza: Element) => void }[] = []
  #port = 0
  /** Handshakes that were accepted. */
  linked = 0

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  static async start(): Promise<FakeHost> {
    const host = new FakeHost()
    await host.listen()
    return host
  }

  get port(): number {
    return this.#port
  }

  /** On the same port as before. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Ends the link and listens no more. */
  async close(): Promise<void> {
    this.#socket?.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Resolves when the next link is up. */
  link(): Promise<void> {
    return new Promise((resolve) => this.#links.push(resolve))
  }

  /** Resolves at the next connection. */
  dialled(): Promise<void> {
    return new Promise((resolve) => this.#dials.push(resolve))
  }

  send(text: string): void {
    this.#socket?.write(text)
  }

  cut(): void {
    this.#socket?.resetAndDestroy()
  }

  /** The next stanza that matches and was not handed out yet. */
  stanza(matches: (stanza: Element) => boolean = () => true): Promise<Element> {
    const at = this.#stanzas.findIndex(matches)
    const [found] = at === -1 ? [] : this.#stanzas.splice(at, 1)
    if (found) return Promise.resolve(found)
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }))
  }

  #accept(socket: Socket): void {
    this.#socket = socket
    const parser = new StreamParser({ ...PARSER_LIMITS, maxStanzaBytes: 10_000_000 })
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    for (const resolve of this.#dials.splice(0)) resolve()
    socket.on('data', (text) => {
      for (const event of parser.write(String(text))) {
        if (event.kind === 'opened' && this.manners !== 'mute') socket.write(HEADER)
        else if (event.kind === 'stanza') this.#take(event.stanza)
        else if (event.kind === 'closed') socket.end('</stream:stream>')
      }
    })
  }

  #take(stanza: Element): void {
    if (stanza.name === 'handshake') this.#judge(stanza.getText())
    else if (stanza.attrs.from === DOMAIN && stanza.attrs.to === DOMAIN) {
      if (this.echoes) this.send(serialize(stanza))
      this.onEcho()
    } else {
      const waiting = this.#waiting.find(({ matches }) => matches(stanza))
      if (!waiting) this.#stanzas.push(stanza)
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      waiting?.resolve(stanza)
    }
  }

  #judge(digest: string): void {
    const error =
      typeof this.manners === 'object' ? this.manners.error : digest === DIGEST ? undefined : 'not-authorized'
    if (error !== undefined) {
      this.#socket?.end(
        `<stream:error><${error} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
      )
      return
    }
    this.linked++
    this.send('<handshake/>')
    for (const resolve of this.#links.splice(0)) resolve()
  }
}
