/** One connection to a host server: stream, handshake, stanzas, and a watch on whether the host is still there. XEP-0114. */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { NS } from '../../stanza/ns.ts'
import type { ReaderPool, StreamEvent } from '../../stanza/parser.ts'
import { type Element, el, elements, escapeAttribute, serialize } from '../../stanza/xml.ts'
import { TcpTransport } from '../tcp-transport.ts'
import type { TransportSink } from '../transport.ts'
import type { Turns } from '../turns.ts'
import type { ComponentLimits, ComponentTimings } from './limits.ts'
import { PatientParser } from './patient-parser.ts'
import { dialRefusal, hostRefusal } from './refusal.ts'

/** Where the host listens for us, and who we are there. */
export interface ComponentAddress {
  readonly host: string
  readonly port: number
  /** Our domain: the host routes all that is for it to us. */
  readonly domain: string
  readonly secret: string
}

export interface LinkOptions {
  readonly address: ComponentAddress
  readonly limits: ComponentLimits
  readonly timings: ComponentTimings
  readonly turns: Turns
  readonly readers: ReaderPool
}

/** Why a link is over. */
export interface LinkEnd {
  readonly code: /** No link came about: nobody listens, or no answer came in time. */
    | 'XMPP_COMPONENT_UNREACHABLE'
    /** The host does not know our domain, or the secret is wrong. */
    | 'XMPP_COMPONENT_REFUSED'
    /** The host has another link for our domain. */
    | 'XMPP_COMPONENT_CONFLICT'
    /** A link that was up has ended. */
    | 'XMPP_COMPONENT_LOST'
  readonly detail: string
}

/** Who is told what the link brings. */
export interface LinkSink {
  /** The host has taken the handshake. */
  up(): void
  /** In the namespace jabber:client, whatever the host writes. Only while the link is up. */
  stanza(stanza: Element): void
  /** A stanza that cannot be read, or is too long to be: its start tag alone. */
  unreadable(stanza: Element, isTooLong: boolean): void
  /** Once; the last call. */
  down(end: LinkEnd): void
}

/** XEP-0114 §3: the digest that shows that we know the secret. */
export const handshakeDigest = (streamId: string, secret: string): string =>
  createHash('sha1')
    .update(streamId + secret)
    .digest('hex')

const REFUSALS: ReadonlySet<string> = new Set(['not-authorized', 'host-unknown', 'invalid-namespace'])

export class ComponentLink implements TransportSink {
  readonly #options: LinkOptions
  readonly #sink: LinkSink
  readonly #socket: Socket
  #transport: TcpTransport | undefined
  #phase: 'dialling' | 'greeting' | 'proving' | 'up' | 'over' = 'dialling'
  #timer: NodeJS.Timeout
  #hasHeard = false
  #hasAsked = false

  /** Dials at once. */
  constructor(options: LinkOptions, sink: LinkSink) {
    const { address, timings } = options
    this.#options = options
    this.#sink = sink
    this.#socket = connect({ host: address.host, port: address.port, allowHalfOpen: true })
    this.#socket.once('connect', () => this.#greet())
    this.#socket.on('error', (error) => this.#end(dialRefusal(error, address)))
    this.#timer = setTimeout(
      () => this.#end(`no link within ${timings.handshakeMs / 1000} s`),
      timings.handshakeMs,
    )
  }

  /** `text` is one stanza, without a namespace of its own. */
  write(text: string): void {
    if (this.#phase === 'up') this.#transport?.write(text)
  }

  /** What was written and the system has not taken yet, about. */
  get waitingBytes(): number {
    return this.#transport?.waitingBytes ?? 0
  }

  /** Ends the stream after all that was written; resolves when the connection is gone. */
  close(): Promise<void> {
    const socket = this.#socket
    this.#over()
    if (!this.#transport || socket.destroyed) {
      socket.destroy()
      return Promise.resolve()
    }
    this.#transport.closeStream()
    const impatient = setTimeout(() => socket.destroy(), this.#options.timings.closeMs)
    return new Promise((resolve) =>
      socket.once('close', () => {
        clearTimeout(impatient)
        resolve()
      }),
    )
  }

  received(events: readonly StreamEvent[]): void {
    this.#hasHeard = true
    for (const event of events) {
      if (this.#phase === 'over') return
      switch (event.kind) {
        case 'opened':
          this.#prove(event.header)
          break
        case 'stanza':
          this.#take(event.stanza)
          break
        case 'closed':
          this.#end('the host ended the stream')
          break
        case 'failed':
          this.#end(`the host sent ${event.failure.detail}`)
          break
      }
    }
  }

  inputEnded(): void {
    this.#end('the host ended the connection')
  }

  overflowed(): void {
    this.#end('the host does not read')
  }

  gone(): void {
    this.#end('the connection is gone')
  }

  #greet(): void {
    const { address, limits, turns, readers } = this.#options
    this.#phase = 'greeting'
    this.#transport = new TcpTransport(this.#socket, this, {
      turns,
      readers,
      maxStanzaBytes: limits.maxStanzaCharacters,
      parser: new PatientParser({
        readers,
        maxCharacters: limits.maxStanzaCharacters,
        onUnreadable: (stanza, isTooLong) => {
          if (this.#phase === 'up') this.#sink.unreadable(stanza, isTooLong)
        },
      }),
      maxOutgoingCharacters: limits.maxOutgoingCharacters,
    })
    const to = escapeAttribute(address.domain)
    this.#transport.write(
      `<?xml version='1.0'?><stream:stream xmlns='${NS.component}' xmlns:stream='${NS.streams}' to='${to}'>`,
    )
  }

  #prove(header: Element): void {
    if (!header.is('stream', NS.streams) || header.attrs.xmlns !== NS.component) {
      this.#end('what listens there is no host for components')
      return
    }
    this.#phase = 'proving'
    const digest = handshakeDigest(String(header.attrs.id ?? ''), this.#options.address.secret)
    this.#transport?.write(`<handshake>${digest}</handshake>`)
  }

  #take(stanza: Element): void {
    const namespace = stanza.getNS()
    if (stanza.getName() === 'error' && namespace === NS.streams) this.#refused(stanza)
    else if (this.#phase === 'up') {
      if (namespace === NS.component) stanza.attrs.xmlns = NS.client
      if (!this.#isOwnPing(stanza)) this.#sink.stanza(stanza)
    } else if (this.#phase === 'proving' && stanza.is('handshake')) this.#goUp()
  }

  #goUp(): void {
    clearTimeout(this.#timer)
    this.#phase = 'up'
    this.#timer = setInterval(() => this.#watch(), this.#options.timings.silenceMs)
    this.#sink.up()
  }

  #refused(error: Element): void {
    const children = elements(error).filter((child) => child.getNS() === NS.streamErrors)
    const condition = children.find((child) => child.getName() !== 'text')?.getName() ?? 'no condition'
    const text = children.find((child) => child.getName() === 'text')?.getText() ?? ''
    const detail = hostRefusal(condition, text)
    if (condition === 'conflict') this.#end(detail, 'XMPP_COMPONENT_CONFLICT')
    else this.#end(detail, REFUSALS.has(condition) ? 'XMPP_COMPONENT_REFUSED' : undefined)
  }

  /** A ping to ourselves goes through the host and back: it shows that the host routes. */
  #watch(): void {
    if (this.#hasHeard) {
      this.#hasHeard = false
      this.#hasAsked = false
    } else if (this.#hasAsked) this.#end('the host does not answer any more')
    else {
      const { domain } = this.#options.address
      const ping = el('iq', { type: 'get', id: 'alive', from: domain, to: domain })
      ping.append(el('ping', { xmlns: NS.ping }))
      this.write(serialize(ping))
      this.#hasAsked = true
    }
  }

  #isOwnPing({ name, attrs }: Element): boolean {
    const { domain } = this.#options.address
    return name === 'iq' && attrs.from === domain && attrs.to === domain
  }

  #end(detail: string, code?: LinkEnd['code']): void {
    if (this.#phase === 'over') return
    const wasUp = this.#phase === 'up'
    this.#over()
    this.#socket.destroy()
    this.#sink.down({ code: code ?? (wasUp ? 'XMPP_COMPONENT_LOST' : 'XMPP_COMPONENT_UNREACHABLE'), detail })
  }

  #over(): void {
    this.#phase = 'over'
    clearTimeout(this.#timer)
  }
}
