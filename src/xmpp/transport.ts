/** A connection as the stream logic sees it: events in, elements out; TCP and WebSocket look the same. RFC 6120 §4, RFC 7395 §3. */
import type { StreamEvent } from '../stanza/parser.ts'
import type { ChannelBindings } from './tls/channel-binding.ts'

/** Addresses of our stream header. */
export interface StreamHeader {
  readonly id: string
  readonly from: string
  /** The client's address, when its own header named one. */
  readonly to: string | undefined
}

/** Who is told what comes in. `gone` is the last call and comes once. */
export interface TransportSink {
  /** `bytes`: what it took on the wire. */
  received(events: readonly StreamEvent[], bytes: number): void
  /** TLS has begun: a new stream begins on it. Only where it was asked for. */
  secured?(): void
  /** The client sends nothing more but may still read. */
  inputEnded(): void
  /** More was waiting for the client than it may: all of it was thrown away. */
  overflowed(): void
  gone(): void
}

/** What is written goes out together at the end of the turn. Writing after the end is ignored. */
export interface Transport {
  /** IP address of the client. */
  readonly address: string
  /** Each element stands alone in a frame and declares its own namespaces. */
  readonly isFramed: boolean
  /** What ties a login to the connection; undefined without TLS of this server's own. */
  readonly channelBindings: ChannelBindings | undefined
  /** What was written and the system has not taken yet; about, as characters that are not encoded yet count as one. */
  readonly waitingBytes: number
  openStream(header: StreamHeader): void
  /** `text` is exactly one element. */
  write(text: string): void
  /** Expects a new stream header, with this limit from now on (RFC 6120 §6.4.6). */
  restart(maxStanzaBytes: number): void
  /** Begins TLS, after what was written. Until `secured` comes, nothing can be written. Only on TCP with a certificate. */
  startTls(): void
  setPaused(isPaused: boolean): void
  /** After `overflowed`, until which what is written is thrown away. */
  takeOutputAgain(): void
  /** Sends the end of the stream, then of the connection. */
  closeStream(): void
  destroy(): void
}
