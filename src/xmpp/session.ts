/** A bound resource: who it is, what it shows of itself, and how stanzas get to it. RFC 6120 §7, XEP-0198, XEP-0352. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StreamErrorCondition } from '../stanza/stream-error.ts'
import { addressed, type Element, escapeAttribute, type PreparedStanza, prepare } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import { HeldBack } from './client-state.ts'
import type { SentStanza, StreamManagement } from './stream-management/stream-management.ts'

/** What a session shows with undirected presence (RFC 6121 §4). */
export interface Availability {
  readonly priority: number
  readonly presence: PreparedStanza
}

/** Where a session lives: on a connection, or asleep until its client is back. */
export interface SessionPlace {
  /** Each element stands alone in a frame. */
  readonly isFramed: boolean
  /** Sends `text`, which is one element. */
  write(text: string): void
  /** A stanza more is not acknowledged. */
  unackedGrew(management: StreamManagement): void
  /** Ends the session, and the stream with an error. */
  fail(condition: StreamErrorCondition, text: string): void
  /** The session goes on in another place. */
  release(): void
}

/** One client that is logged in. */
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
  /** Has asked for the roster, and is told of changes (RFC 6121 §2.1.6). */
  knowsRoster = false
  /** Undefined until the client enables it. */
  management: StreamManagement | undefined
  /** Its secret id, and how long it is waited for; undefined when it cannot be resumed. */
  resumption: { readonly id: string; readonly maxMs: number } | undefined
  #place: SessionPlace
  #heldBack: HeldBack | undefined
  readonly #escaped: string

  constructor(jid: Jid, account: Account, place: SessionPlace) {
    this.jid = jid
    this.full = jid.full
    this.account = account
    this.#place = place
    this.#escaped = escapeAttribute(this.full)
  }

  /** Sends a stanza addressed to this session. */
  deliver(stanza: PreparedStanza): void {
    this.#send(stanza, this.#escaped)
  }

  /** Sends a stanza with the address it has, bare perhaps (RFC 6121 §8.5). */
  deliverAsAddressed(stanza: PreparedStanza, to: string): void {
    this.#send(stanza, escapeAttribute(to))
  }

  /** Sends an answer of the server. */
  reply(stanza: Element): void {
    this.deliver(prepare(stanza))
  }

  /** Characters that are kept for the client, to be sent or sent again. */
  get keptCharacters(): number {
    return (this.management?.characters ?? 0) + (this.#heldBack?.characters ?? 0)
  }

  /** Whether somebody looks at the client; while nobody does, presence and typing wait. */
  setActive(isActive: boolean): void {
    if (!isActive) this.#heldBack ??= new HeldBack()
    else if (this.#heldBack) {
      this.#releaseHeldBack(this.#heldBack)
      this.#heldBack = undefined
    }
  }

  /** Goes on in another place; the one before has let go of it. */
  moveTo(place: SessionPlace): void {
    this.#place.release()
    this.#place = place
  }

  /** Sends once more what was not acknowledged, in order. */
  sendAgain(): void {
    for (const sent of this.management?.unacked ?? []) this.#write(sent)
  }

  /** Ends the session, and the stream with an error. */
  fail(condition: StreamErrorCondition, text: string): void {
    this.#place.fail(condition, text)
  }

  #send(stanza: PreparedStanza, to: string): void {
    const held = this.#heldBack?.take({ stanza, to }) ?? 'urgent'
    if (held === 'kept') return
    if (this.#heldBack) this.#releaseHeldBack(this.#heldBack)
    if (held === 'urgent') this.#put(stanza, to)
  }

  #releaseHeldBack(heldBack: HeldBack): void {
    for (const { stanza, to } of heldBack.release()) this.#put(stanza, to)
  }

  #put(stanza: PreparedStanza, to: string): void {
    this.#place.write(addressed(stanza, to, this.#place.isFramed ? NS.client : ''))
    if (!this.management || this.management.isOverfull) return
    this.management.sent({ stanza, to })
    this.#place.unackedGrew(this.management)
  }

  #write({ stanza, to }: SentStanza): void {
    this.#place.write(addressed(stanza, to, this.#place.isFramed ? NS.client : ''))
  }
}
