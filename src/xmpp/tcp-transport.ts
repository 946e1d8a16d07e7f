/** A client over TCP: one document as long as the stream (RFC 6120 §4). */
import type { Socket } from 'node:net'
import { NS } from '../stanza/ns.ts'
import { PARSER_LIMITS, type ReaderPool, type StreamEvent, StreamParser } from '../stanza/parser.ts'
import { escapeAttribute } from '../stanza/xml.ts'
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
}

/** Takes over an accepted socket, which must allow half-open connections. */
export class TcpTransport implements Transport, Flushable {
  readonly address: string
  readonly isFramed = false
  readonly #socket: Socket
  readonly #sink: TransportSink
  readonly #turns: Turns
  readonly #readers: ReaderPool
  readonly #maxOutgoing: number
  #utf8 = new Utf8Stream()
  #parser: StreamParser
  #out = ''
  #isDue = false
  #isBlocked = false
  #isDiscarding = false
  #isEnding = false

  constructor(socket: Socket, sink: TransportSink, options: TcpOptions) {
    this.#socket = socket
    this.#sink = sink
    this.#turns = options.turns
    this.#readers = options.readers
    this.#maxOutgoing = options.maxOutgoingCharacters
    this.#parser = this.#newParser(options.maxStanzaBytes)
    this.address = socket.remoteAddress ?? ''
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEPALIVE_MS)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => sink.inputEnded())
    socket.on('drain', () => {
      this.#isBlocked = false
      this.flush()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sink.gone())
  }

  openStream({ id, from, to }: StreamHeader): void {
    this.write(
      `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}' id='${id}' ` +
        `from='${escapeAttribute(from)}'${to === undefined ? '' : ` to='${escapeAttribute(to)}'`} version='1.0' xml:lang='en'>`,
    )
  }

  write(text: string): void {
    if (this.#isEnding || this.#isDiscarding) return
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

  setPaused(isPaused: boolean): void {
    if (isPaused) this.#socket.pause()
    else this.#socket.resume()
  }

  takeOutputAgain(): void {
    this.#isDiscarding = false
  }

  closeStream(): void {
    this.write('</stream:stream>')
    this.#isEnding = true
  }

  destroy(): void {
    this.#socket.resetAndDestroy()
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

  #read(chunk: Buffer): void {
    const text = this.#utf8.decode(chunk)
    this.#sink.received(text === undefined ? [NOT_UTF8] : this.#parser.write(text), chunk.length)
  }
}
