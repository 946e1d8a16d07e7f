/** Connections that are refused before anything is read of them: told why, if that costs little. RFC 6120 §4.9.1. */
import type { Socket } from 'node:net'
import { type StreamErrorCondition, streamErrorElement } from '../stanza/stream-error.ts'
import { serialize } from '../stanza/xml.ts'
import { headerText } from './tcp-transport.ts'

/** Why a connection is refused. `text` is for people. */
export interface Refusal {
  readonly condition: StreamErrorCondition
  readonly text: string
}

/** Refused connections that are told why, at a time; more are closed without a word. */
const MAX_TOLD = 100
/** How long a refused client may take to hear it. */
const TELL_MS = 1_000

/** One per server. */
export class RefusedConnections {
  readonly #domain: string
  #told = 0

  constructor(domain: string) {
    this.#domain = domain
  }

  /** Closes the connection. `isDirectTls`: nothing can be said without a handshake. */
  refuse(socket: Socket, isDirectTls: boolean, { condition, text }: Refusal): void {
    socket.on('error', () => socket.destroy())
    if (isDirectTls || this.#told >= MAX_TOLD) {
      socket.destroy()
      return
    }
    this.#told++
    socket.on('close', () => {
      this.#told--
    })
    socket.setTimeout(TELL_MS, () => socket.destroy())
    // What the client sends is read, or it would not hear us.
    socket.resume()
    const header = headerText({ id: 'refused', from: this.#domain, to: undefined })
    socket.end(`${header}${serialize(streamErrorElement(condition, text))}</stream:stream>`)
  }
}
