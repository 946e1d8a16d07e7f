/** A client over WebSocket: one element a frame (RFC 7395). */
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { NS } from '../stanza/ns.ts'
import type { DocumentParser, StreamEvent } from '../stanza/parser.ts'
import { type Element, el, serialize } from '../stanza/xml.ts'
import type { StreamHeader, Transport, TransportSink } from './transport.ts'
import type { Flushable, Turns } from './turns.ts'

const CLOSE = serialize(el('close', { xmlns: NS.framing }))

/** What a WebSocket transport needs besides its sockets. */
export interface WebSocketOptions {
  readonly turns: Turns
  /** Shared by all connections: frames are parsed one at a time. */
  readonly parser: DocumentParser
  readonly address: string
  readonly maxStanzaBytes: number
  readonly maxOutgoingCharacters: number
}

/** Takes over an open WebSocket and the socket under it. */
export class WebSocketTransport implements Transport, Flushable {
  readonly address: string
  readonly isFramed = true
  readonly channelBindings = undefined
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #sink: TransportSink
  readonly #options: WebSocketOptions
  #maxStanzaBytes: number
  #out: string[] = []
  #outCharacters = 0
  #isDue = false
  #isDiscarding = false
  #isEnding = false

  constructor(webSocket: WebSocket, socket: Duplex, sink: TransportSink, options: WebSocketOptions) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#sink = sink
    this.#options = options
    this.#maxStanzaBytes = options.maxStanzaBytes
    this.address = options.address
    webSocket.on('message', (data: RawData, isBinary: boolean) => this.#read(data, isBinary))
    webSocket.on('error', () => webSocket.terminate())
    webSocket.on('close', () => sink.gone())
  }

  get waitingBytes(): number {
    return this.#outCharacters + this.#webSocket.bufferedAmount
  }

  openStream({ id, from, to }: StreamHeader): void {
    this.write(serialize(el('open', { xmlns: NS.framing, id, from, to, version: '1.0', 'xml:lang': 'en' })))
  }

  write(text: string): void {
    if (this.#isEnding || this.#isDiscarding) return
    this.#out.push(text)
    this.#outCharacters += text.length
    if (!this.#isDue) {
      this.#isDue = true
      this.#options.turns.flushSoon(this)
    }
    if (this.waitingBytes > this.#options.maxOutgoingCharacters) {
      this.#dropOutput()
      this.#isDiscarding = true
      this.#sink.overflowed()
    }
  }

  restart(maxStanzaBytes: number): void {
    this.#maxStanzaBytes = maxStanzaBytes
  }

  startTls(): void {} // it is never offered here: RFC 7395 §3.9

  setPaused(isPaused: boolean): void {
    if (isPaused) this.#webSocket.pause()
    else this.#webSocket.resume()
  }

  takeOutputAgain(): void {
    this.#isDiscarding = false
  }

  closeStream(): void {
    this.write(CLOSE)
    this.#isEnding = true
  }

  destroy(): void {
    this.#webSocket.terminate()
  }

  flush(): void {
    this.#isDue = false
    const out = this.#out
    this.#dropOutput()
    this.#socket.cork() // one write for all frames
    for (const text of out) this.#webSocket.send(text)
    this.#socket.uncork()
    if (this.#isEnding) this.#webSocket.close(1000)
  }

  #dropOutput(): void {
    this.#out = []
    this.#outCharacters = 0
  }

  #read(data: RawData, isBinary: boolean): void {
    const bytes = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)])
    this.#sink.received([this.#eventOf(bytes, isBinary)], bytes.length)
  }

  #eventOf(bytes: Buffer, isBinary: boolean): StreamEvent {
    if (isBinary) return { kind: 'failed', failure: { condition: 'bad-format', detail: 'a binary frame' } }
    if (bytes.length > this.#maxStanzaBytes)
      return {
        kind: 'failed',
        failure: {
          condition: 'policy-violation',
          detail: `a frame of more than ${this.#maxStanzaBytes} bytes`,
        },
      }
    const parsed = this.#options.parser.parse(bytes.toString('utf8'))
    if (!parsed.ok) return { kind: 'failed', failure: parsed.error }
    return framed(parsed.value)
  }
}

function framed(element: Element): StreamEvent {
  if (element.is('open', NS.framing)) return { kind: 'opened', header: element }
  if (element.is('close', NS.framing)) return { kind: 'closed' }
  return { kind: 'stanza', stanza: element }
}
