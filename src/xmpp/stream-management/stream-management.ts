/** Stream management of one session, as a model: what was handled, what is not acknowledged yet, when to ask. XEP-0198 §4, §5. */
import type { PreparedStanza } from '../../stanza/xml.ts'
import { fail, ok, type Result } from '../../util/result.ts'

/** A stanza that went to a client, and the address it went to, escaped. */
export interface SentStanza {
  readonly stanza: PreparedStanza
  readonly to: string
}

/** Upper bounds, see docs/limits.md. */
export interface ManagementLimits {
  readonly maxUnackedStanzas: number
  readonly maxUnackedCharacters: number
  /** From a request for an acknowledgement to the end of the connection. */
  readonly ackTimeoutMs: number
}

/** The client says that it has handled more than was sent (XEP-0198 §4). */
export interface CountTooHigh {
  readonly claimed: number
  readonly sent: number
}

/** Stanzas sent without a request for an acknowledgement; beyond it, one is due before the next look at the clock. */
const UNASKED = 64
/** Counts begin again at nothing after 2^32 - 1 (XEP-0198 §4). */
const MODULUS = 2 ** 32

/** Neither knows a clock nor a connection. Holds what may have to be sent again: until it is too much. */
export class StreamManagement {
  readonly #limits: ManagementLimits
  #handled = 0
  #acknowledged = 0
  #unacked: SentStanza[] = []
  #characters = 0
  #unasked = 0
  #askedAtMs: number | undefined
  #isOverfull = false

  constructor(limits: ManagementLimits) {
    this.#limits = limits
  }

  /** Stanzas of the client that were handled: the `h` to tell it. */
  get handled(): number {
    return this.#handled
  }

  /** What was sent and not acknowledged, oldest first. */
  get unacked(): readonly SentStanza[] {
    return this.#unacked
  }

  /** Characters of `unacked`. */
  get characters(): number {
    return this.#characters
  }

  /** More was not acknowledged than is kept: it is gone, and the session cannot go on. */
  get isOverfull(): boolean {
    return this.#isOverfull
  }

  /** Enough was sent since the client was last asked. */
  get isAskingDue(): boolean {
    return this.#unasked >= UNASKED && this.#askedAtMs === undefined
  }

  /** A stanza of the client was handled. */
  countHandled(): void {
    this.#handled = (this.#handled + 1) % MODULUS
  }

  /** A stanza goes to the client, now or when it is back. Not to be called when `isOverfull`. */
  sent(sent: SentStanza): void {
    this.#unacked.push(sent)
    this.#characters += sizeOf(sent)
    this.#unasked++
    const { maxUnackedStanzas, maxUnackedCharacters } = this.#limits
    if (this.#unacked.length <= maxUnackedStanzas && this.#characters <= maxUnackedCharacters) return
    this.#isOverfull = true
    this.#unacked = []
    this.#characters = 0
  }

  /** Changes what was sent last, before it is sent again. */
  changeNewest(change: (stanza: PreparedStanza) => PreparedStanza): void {
    const newest = this.#unacked.pop()
    if (!newest) return
    const changed = { stanza: change(newest.stanza), to: newest.to }
    this.#unacked.push(changed)
    this.#characters += sizeOf(changed) - sizeOf(newest)
  }

  /** The client has handled `h` stanzas. The value tells whether any is left. */
  acknowledge(h: number): Result<{ readonly isAnyLeft: boolean }, CountTooHigh> {
    const count = (h - this.#acknowledged + MODULUS) % MODULUS
    if (this.#isOverfull) return ok({ isAnyLeft: false })
    if (count > this.#unacked.length)
      return fail({ claimed: h, sent: (this.#acknowledged + this.#unacked.length) % MODULUS })
    for (const sent of this.#unacked.splice(0, count)) this.#characters -= sizeOf(sent)
    this.#acknowledged = h
    this.#askedAtMs = undefined
    this.#unasked = Math.min(this.#unasked, this.#unacked.length)
    return ok({ isAnyLeft: this.#unacked.length > 0 })
  }

  /** The client is asked for an acknowledgement now. */
  asked(nowMs: number): void {
    this.#askedAtMs = nowMs
    this.#unasked = 0
  }

  /** The client has another connection: nobody asked on it yet. */
  reconnected(): void {
    this.#askedAtMs = undefined
    this.#unasked = this.#unacked.length
  }

  /** What time demands: a request, or the end of a connection that is silent for too long. */
  look(nowMs: number): 'ask' | 'silent' | undefined {
    if (this.#unacked.length === 0) return undefined
    if (this.#askedAtMs === undefined) return 'ask'
    return nowMs - this.#askedAtMs > this.#limits.ackTimeoutMs ? 'silent' : undefined
  }
}

const sizeOf = ({ stanza, to }: SentStanza): number => stanza.rest.length + to.length
