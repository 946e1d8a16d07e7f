/** A bound resource: who it is, what it shows of itself, and how stanzas get to it. RFC 6120 §7. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StreamErrorCondition } from '../stanza/stream-error.ts'
import { addressed, type Element, escapeAttribute, type PreparedStanza, prepare } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import type { Transport } from './transport.ts'

/** What a session shows with undirected presence (RFC 6121 §4). */
export interface Availability {
  readonly priority: number
  readonly presence: PreparedStanza
}

/** The stream that a session lives on. */
export interface ClientStream {
  fail(condition: StreamErrorCondition, text: string): void
}

/** One client that is logged in. Its connection makes it and ends it. */
export class Session {
  /** Full. */
  readonly jid: Jid
  readonly full: string
  readonly account: Account
  /** Undefined before the first presence and after an unavailable one. */
  availability: Availability | undefined
  /** Whom it sent presence to: bare address → exact address (RFC 6121 §4.6). */
  directed: Map<string, string> | undefined
  /** Nodes of PEP of which the client wants to be notified; undefined until it is known. */
  interests: ReadonlySet<string> | undefined
  /** Wants copies of the user's conversations on other clients (XEP-0280). */
  hasCarbons = false
  /** Has asked whom the user blocks, and is told of changes (XEP-0191). */
  knowsBlocked = false
  readonly #transport: Transport
  readonly #stream: ClientStream
  readonly #escaped: string
  readonly #namespace: string

  constructor(jid: Jid, account: Account, transport: Transport, stream: ClientStream) {
    this.jid = jid
    this.full = jid.full
    this.account = account
    this.#stream = stream
    this.#transport = transport
    this.#escaped = escapeAttribute(this.full)
    this.#namespace = transport.isFramed ? NS.client : ''
  }

  /** Sends a stanza addressed to this session. */
  deliver(stanza: PreparedStanza): void {
    this.#transport.write(addressed(stanza, this.#escaped, this.#namespace))
  }

  /** Sends a stanza with the address it has, bare perhaps (RFC 6121 §8.5). */
  deliverAsAddressed(stanza: PreparedStanza, to: string): void {
    this.#transport.write(addressed(stanza, escapeAttribute(to), this.#namespace))
  }

  /** Sends an answer of the server. */
  reply(stanza: Element): void {
    this.deliver(prepare(stanza))
  }

  /** Ends the stream with an error, and with it the session. */
  fail(condition: StreamErrorCondition, text: string): void {
    this.#stream.fail(condition, text)
  }
}
