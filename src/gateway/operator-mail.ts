/** What operators are to read: delivered when they are there, kept until they are when they are not. */
import type { Logger } from 'pino'
import type { MailTable } from '../archive/store.ts'
import { delayElement } from '../bridge/friend-chat.ts'
import { type Element, el } from '../stanza/xml.ts'
import { WaitingMail } from './waiting-mail.ts'

/** What was written longer ago when it is delivered says when; so does all that has waited. */
const DELAY_SHOWN_MS = 60_000

export interface OperatorMailOptions {
  /** Domain of the MUC service. */
  readonly domain: string
  readonly log: Logger
  /** Where letters wait. */
  readonly operatorMail: MailTable
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
}

export class OperatorMail {
  readonly #options: OperatorMailOptions
  readonly #mail: WaitingMail
  #hasWarned = false

  /** `isCurrent`: whether a letter is still worth reading when it is delivered late. */
  constructor(options: OperatorMailOptions, isCurrent: (stanza: Element) => boolean) {
    const { operatorMail: table, log, admins, isReachable, send } = options
    this.#options = options
    this.#mail = new WaitingMail({
      table,
      log,
      codes: { failed: 'OPERATOR_MAIL_STORE', full: 'OPERATOR_MAIL_FULL' },
      isReachable,
      isWanted: (account, stanza) => admins().includes(account) && isCurrent(stanza),
      send,
    })
  }

  /** Learns for whom something waits, before anything else; what is for nobody that is an operator now is dropped. */
  async load(): Promise<void> {
    const { operatorMail, admins } = this.#options
    const operators = admins()
    for (const account of await operatorMail.accounts())
      if (!operators.includes(account)) await operatorMail.clear(account)
    await this.#mail.load()
  }

  /** Delivers to every operator, now or when one of its sessions appears. */
  post({ stanza, atMs }: Letter): void {
    const { admins, domain, log, nowMs } = this.#options
    const all = admins()
    if (all.length === 0 && !this.#hasWarned) {
      this.#hasWarned = true
      log.warn({ code: 'NO_OPERATOR' }, 'a friend wrote or invites, and xmpp.admins names nobody')
    }
    const isLate = nowMs() - atMs >= DELAY_SHOWN_MS
    for (const account of all) {
      const late = copy(stanza, account, delayElement(domain, atMs))
      this.#mail.post(account, isLate ? late : copy(stanza, account), late)
    }
  }

  /** Delivers to operators that are there; others never learn of it. */
  tell(stanza: Element): void {
    const { admins, isReachable, send } = this.#options
    for (const account of admins()) if (isReachable(account)) send(account, copy(stanza, account))
  }

  /** A session of this account shows itself. */
  onAvailable(account: string): void {
    this.#mail.onAvailable(account)
  }

  /** The account is no more. */
  forget(account: string): void {
    this.#mail.forget(account)
  }

  /** Resolves when all that was begun is done. */
  idle(): Promise<void> {
    return this.#mail.idle()
  }
}

function copy(stanza: Element, to: string, ...more: Element[]): Element {
  const addressed = el(stanza.name, { ...stanza.attrs, to })
  addressed.children = [...stanza.children, ...more]
  return addressed
}
