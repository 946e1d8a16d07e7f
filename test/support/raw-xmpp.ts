/** A tiny XMPP client for tests: sends text as it is given, and hands out what comes, element by element. */
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { WebSocket } from 'ws'
import { DocumentParser, type StreamEvent, StreamParser } from '../../src/stanza/parser.ts'
import { type Element, serialize } from '../../src/stanza/xml.ts'

export const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
export const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"

/** `closed` when the connection ended. */
export type Received = { readonly kind: 'element'; readonly element: Element } | { readonly kind: 'closed' }

abstract class RawClient {
  readonly #received: Received[] = []
  #waiting: ((received: Received) => void) | undefined
  full = ''

  abstract send(text: string): void
  protected abstract restart(): void
  protected abstract readonly opening: string
  protected abstract readonly namespace: string

  /** The next element, stream headers and ends included, or the end of the connection. */
  next(): Promise<Received> {
    const received = this.#received.shift()
    if (received) return Promise.resolve(received)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  /** The next element; fails when the connection ends instead. */
  async element(): Promise<Element> {
    const received = await this.next()
    if (received.kind === 'closed') throw new Error('the connection was closed')
    return received.element
  }

  /** Everything up to the end of the connection, as text. */
  async rest(): Promise<string> {
    let text = ''
    for (;;) {
      const received = await this.next()
      if (received.kind === 'closed') return text
      text += serialize(received.element)
    }
  }

  /** The elements that come before the answer to a ping of the server: all that was on its way. */
  async settled(): Promise<Element[]> {
    const id = `settle${Math.random()}`
    this.send(`<iq${this.namespace} type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`)
    const before: Element[] = []
    for (;;) {
      const element = await this.element()
      if (element.attrs.id === id) return before
      before.push(element)
    }
  }

  /** Sends an IQ and returns what comes next. */
  async ask(text: string): Promise<Element> {
    this.send(text)
    return this.element()
  }

  async open(): Promise<Element> {
    this.send(this.opening)
    await this.element()
    return this.element()
  }

  /** SASL PLAIN, or ANONYMOUS without a name; then bind. Returns the full address. */
  async login(name?: string, password = '', resource = 'r'): Promise<string> {
    await this.open()
    return this.authenticate(name, password, resource)
  }

  /** `login` on a stream that is open. */
  async authenticate(name?: string, password = '', resource = 'r'): Promise<string> {
    await this.authorize(name, password)
    return this.bind(resource)
  }

  /** SASL alone, on a stream that is open. */
  async authorize(name?: string, password = ''): Promise<void> {
    const auth =
      name === undefined
        ? "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"
        : `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0${name}\0${password}`).toString('base64')}</auth>`
    const success = await this.ask(auth)
    if (success.name !== 'success') throw new Error(serialize(success))
  }

  /** A new stream header after login; returns the features. */
  reopen(): Promise<Element> {
    this.restart()
    return this.open()
  }

  async bind(resource: string): Promise<string> {
    await this.reopen()
    return this.requestBind(resource)
  }

  /** `bind` on a stream that is open again. */
  async requestBind(resource: string): Promise<string> {
    const bound = await this.ask(
      `<iq${this.namespace} type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`,
    )
    this.full = bound.getChild('bind')?.getChildText('jid') ?? ''
    return this.full
  }

  protected push(received: Received): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting(received)
    else this.#received.push(received)
  }
}

export class RawTcp extends RawClient {
  socket: Socket
  protected readonly opening = HEADER
  protected readonly namespace = ''
  #parser = new StreamParser()

  static async connect(port: number): Promise<RawTcp> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new RawTcp(socket)
  }

  /** TLS from the first byte. */
  static async connectTls(port: number, options: ConnectionOptions): Promise<RawTcp> {
    return new RawTcp(await secured({ ...options, port, host: '127.0.0.1' }))
  }

  private constructor(socket: Socket) {
    super()
    this.socket = socket
    this.#attach(socket)
  }

  send(text: string): void {
    this.socket.write(text)
  }

  /** TLS on the connection that there is, and a new stream. */
  async secure(options: ConnectionOptions): Promise<TLSSocket> {
    this.socket.removeAllListeners('data')
    const socket = await secured({ ...options, socket: this.socket })
    this.socket = socket
    this.#attach(socket)
    this.restart()
    return socket
  }

  restart(): void {
    this.#parser = new StreamParser()
  }

  #attach(socket: Socket): void {
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      for (const event of this.#parser.write(text)) this.#take(event)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.socket === socket) this.push({ kind: 'closed' })
    })
  }

  #take(event: StreamEvent): void {
    if (event.kind === 'opened') this.push({ kind: 'element', element: event.header })
    else if (event.kind === 'stanza') this.push({ kind: 'element', element: event.stanza })
    else if (event.kind === 'failed') this.socket.destroy(new Error(event.failure.detail))
  }
}

function secured(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ servername: 'localhost', ...options }, () => resolve(socket))
    socket.once('error', reject)
  })
}

export class RawWebSocket extends RawClient {
  readonly socket: WebSocket
  protected readonly opening = OPEN
  protected readonly namespace = " xmlns='jabber:client'"
  readonly #parser = new DocumentParser()

  static async connect(port: number, path = '/xmpp-websocket'): Promise<RawWebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, 'xmpp')
    const client = new RawWebSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return client
  }

  private constructor(socket: WebSocket) {
    super()
    this.socket = socket
    socket.on('message', (data) => {
      const parsed = this.#parser.parse(String(data))
      if (!parsed.ok) throw new Error(`${parsed.error.condition}: ${String(data)}`)
      this.push({ kind: 'element', element: parsed.value })
    })
    socket.on('error', () => {})
    socket.on('close', () => this.push({ kind: 'closed' }))
  }

  send(text: string): void {
    this.socket.send(text)
  }

  protected restart(): void {}
}
