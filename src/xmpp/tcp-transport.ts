/** A client over TCP, with TLS or without: one document as long as the stream (RFC 6120 §4, §5, XEP-0368). */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { NS } from '../stanza/ns.ts'
import { PARSER_LIMITS, type ReaderPool, type StreamEvent, StreamParser } from '../stanza/parser.ts'
import { escapeAttribute } from '../stanza/xml.ts'
import type { ChannelBindings } from './tls/channel-binding.ts'
import type { ServerTls } from './tls/server-tls.ts'
import type { StreamHeader, Transport, TransportSink } from './transport.ts'
import type { Flushable, Turns } from './turns.ts'
import { Utf8Stream } from './utf8-stream.ts'

/** Text that is not held back until the end of the turn, to keep strings short. */
const EARLY_FLUSH_CHARACTERS = 65_536
const KEEPALIVE_MS = 60_000
const NOT_UTF8: StreamEvent = {
  kind: 'failed',
  failure: { condition: 'unsupported-encoding', detail: 'bytes that are not UTF-8' },
}

/** What a TCP transport needs besides its socket. */
export interface TcpOptions {
  readonly turns: Turns
  /** Shared by all connections. */
  readonly readers: ReaderPool
  readonly maxStanzaBytes: number
  readonly maxOutgoingCharacters: number
  /** Left out: a `StreamParser`. */
  readonly parser?: Pick<StreamParser, 'write'>
  /** Left out where there is no certificate. `isDirect`: TLS begins at once, without STARTTLS. */
  readonly tls?: { readonly server: ServerTls; readonly isDirect: boolean } | undefined
}

/** First byte of a TLS record that has a handshake in it: of the client's hello. */
const TLS_HANDSHAKE = 0x16
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/** Takes over an accepted socket, which must allow half-open connections. */
export class TcpTransport implements Transport, Flushable {
  readonly address: string
  readonly isFramed = false
  #socket: Socket
  readonly #sink: TransportSink
  readonly #turns: Turns
  readonly #readers: ReaderPool
  readonly #maxOutgoing: number
  readonly #tls: ServerTls | undefined
  readonly #maxFirstBytes: number
  #bindings: ChannelBindings | undefined
  #utf8 = new Utf8Stream()
  #parser: Pick<StreamParser, 'write'>
  #out = ''
  #isDue = false
  #isBlocked = false
  #isDiscarding = false
  #isEnding = false
  /** From `<proceed/>` to the end of the handshake. */
  #isSecuring = false

  constructor(socket: Socket, sink: TransportSink, options: TcpOptions) {
    this.#socket = socket
    this.#sink = sink
    this.#turns = options.turns
    this.#readers = options.readers
    this.#maxOutgoing = options.maxOutgoingCharacters
    this.#tls = options.tls?.server
    this.#maxFirstBytes = options.maxStanzaBytes
    this.#parser = options.parser ?? this.#newParser(options.maxStanzaBytes)
    this.address = socket.remoteAddress ?? ''
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEPALIVE_MS)
    if (options.tls?.isDirect) this.#secure(options.tls.server, true)
    else this.#attach(socket)
  }

  get channelBindings(): ChannelBindings | undefined {
    return this.#bindings
  }

  get waitingBytes(): number {
    return this.#out.length + this.#socket.writableLength
  }

  openStream(header: StreamHeader): void {
    this.write(headerText(header))
  }

  write(text: string): void {
    if (this.#isEnding || this.#isDiscarding || this.#isSecuring) return
    this.#out += text
    if (!this.#isDue) {
      this.#isDue = true
      this.#turns.flushSoon(this)
    }
    if (this.#out.length < EARLY_FLUSH_CHARACTERS) return
    if (!this.#isBlocked) this.#send()
    else if (this.#out.length > this.#maxOutgoing) {
      this.#out = ''
      this.#isDiscarding = true
      this.#sink.overflowed()
    }
  }

  restart(maxStanzaBytes: number): void {
    this.#parser = this.#newParser(maxStanzaBytes)
  }

  startTls(): void {
    this.#send()
    this.#isSecuring = true
  }

  setPaused(isPaused: boolean): void {
    if (isPaused) this.#socket.pause()
    else this.#socket.resume()
  }

  takeOutputAgain(): void {
    this.#isDiscarding = false
  }

  closeStream(): void {
    if (this.#isSecuring) this.destroy()
    this.write('</stream:stream>')
    this.#isEnding = true
  }

  destroy(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  flush(): void {
    this.#isDue = false
    if (this.#isBlocked) return
    if (this.#out !== '') this.#send()
    if (this.#isEnding && this.#out === '') this.#socket.end()
  }

  #newParser(maxStanzaBytes: number): StreamParser {
    return new StreamParser({ ...PARSER_LIMITS, maxStanzaBytes }, this.#readers)
  }

  #send(): void {
    const text = this.#out
    this.#out = ''
    this.#isBlocked = !this.#socket.write(text)
  }

  #attach(socket: Socket): void {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.#sink.inputEnded())
    socket.on('drain', () => {
      this.#isBlocked = false
      this.flush()
    })
    socket.on('error', () => socket.destroy())
    // Below TLS there is another socket, which closes too.
    socket.on('close', () => {
      if (this.#socket === socket) this.#sink.gone()
    })
  }

  /**
   * White space may follow the request for TLS, other text may not: it could be somebody else's. What was read of the
   * stream before is forgotten (RFC 6120 §5.4.3.3).
   */
  #readHello(chunk: Buffer): void {
    const from = chunk.findIndex((byte) => !WHITE_SPACE.has(byte))
    if (from === -1) return
    if (chunk[from] !== TLS_HANDSHAKE || !this.#tls) {
      this.destroy()
      return
    }
    this.#socket.removeAllListeners('data')
    this.#socket.pause()
    this.#socket.unshift(chunk.subarray(from))
    this.#secure(this.#tls, false)
  }

  #secure(tls: ServerTls, isDirect: boolean): void {
    this.#isSecuring = true
    const { socket, bindings } = tls.secure(this.#socket, isDirect)
    this.#attach(socket)
    socket.once('secure', () => {
      this.#isSecuring = false
      this.#bindings = bindings()
      this.#utf8 = new Utf8Stream()
      this.#parser = this.#newParser(this.#maxFirstBytes)
      this.#sink.secured?.()
    })
  }

  #read(chunk: Buffer): void {
    if (this.#isSecuring) {
      this.#readHello(chunk)
      return
    }
    const text = this.#utf8.decode(chunk)
    this.#sink.received(text === undefined ? [NOT_UTF8] : this.#parser.write(text), chunk.length)
  }
}

/** The header of our stream. */
export const headerText = ({ id, from, to }: StreamHeader): string =>
  `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}' id='${id}' ` +
  `from='${escapeAttribute(from)}'${to === undefined ? '' : ` to='${escapeAttribute(to)}'`} version='1.0' xml:lang='en'>`
