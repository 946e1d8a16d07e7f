/** What operators are to read: delivered when they are there, kept for a while when they are not. */
import type { Logger } from 'pino'
import { delayElement } from '../bridge/friend-chat.ts'
import { type Element, el, serialize } from '../stanza/xml.ts'

/** Messages that wait for one operator. */
const MAX_WAITING = 100
/** And their characters. */
const MAX_WAITING_CHARACTERS = 1_048_576
/** What is older when it is delivered says so. */
const DELAY_SHOWN_MS = 60_000

export interface OperatorMailOptions {
  /** Domain of the MUC service. */
  readonly domain: string
  readonly log: Logger
  /** Bare JIDs of the operators. */
  admins(): readonly string[]
  isReachable(account: string): boolean
  send(to: string, stanza: Element): void
  nowMs(): number
}

/** A message to all operators, without `to`. */
export interface Letter {
  readonly stanza: Element
  /** Ms since 1970. */
  readonly atMs: number
  /** Whether it is still worth reading when it is delivered late. */
  isCurrent(): boolean
}

interface Waiting {
  readonly letters: Letter[]
  characters: number
}

/** In memory only: what waits when the process ends is lost. */
export class OperatorMail {
  readonly #options: OperatorMailOptions
  readonly #waiting = new Map<string, Waiting>()
  #hasWarned = false

  constructor(options: OperatorMailOptions) {
    this.#options = options
  }

  /** Delivers to every operator, now or when one of its sessions appears. */
  post(letter: Letter): void {
    const { admins, isReachable, log } = this.#options
    const all = admins()
    if (all.length === 0 && !this.#hasWarned) {
      this.#hasWarned = true
      log.warn({ code: 'NO_OPERATOR' }, 'a friend wrote or invites, and xmpp.admins names nobody')
    }
    for (const account of all) {
      if (isReachable(account)) this.#deliver(account, letter)
      else this.#keep(account, letter)
    }
  }

  /** Delivers to operators that are there; others never learn of it. */
  tell(stanza: Element): void {
    const { admins, isReachable } = this.#options
    for (const account of admins()) if (isReachable(account)) this.#send(account, stanza)
  }

  /** A session of this account shows itself. */
  onAvailable(account: string): void {
    const waiting = this.#waiting.get(account)
    if (!waiting || !this.#options.isReachable(account)) return
    this.#waiting.delete(account)
    if (!this.#options.admins().includes(account)) return
    for (const letter of waiting.letters) if (letter.isCurrent()) this.#deliver(account, letter)
  }

  #keep(account: string, letter: Letter): void {
    const waiting = this.#waiting.get(account) ?? { letters: [], characters: 0 }
    this.#waiting.set(account, waiting)
    waiting.letters.push(letter)
    waiting.characters += sizeOf(letter)
    while (waiting.letters.length > MAX_WAITING || waiting.characters > MAX_WAITING_CHARACTERS) {
      const oldest = waiting.letters.shift()
      if (!oldest) return
      waiting.characters -= sizeOf(oldest)
      this.#options.log.warn(
        { code: 'OPERATOR_MAIL_FULL', account },
        'the oldest message to an absent operator is dropped',
      )
    }
  }

  #deliver(account: string, { stanza, atMs }: Letter): void {
    const { domain, nowMs } = this.#options
    this.#send(account, stanza, nowMs() - atMs >= DELAY_SHOWN_MS ? [delayElement(domain, atMs)] : [])
  }

  #send(to: string, stanza: Element, more: readonly Element[] = []): void {
    const copy = el(stanza.name, { ...stanza.attrs, to })
    copy.children = [...stanza.children, ...more]
    this.#options.send(to, copy)
  }
}

const sizeOf = ({ stanza }: Letter): number => serialize(stanza).length
