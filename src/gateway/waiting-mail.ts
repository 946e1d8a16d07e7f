/** Stanzas for accounts that may be away: delivered when the account can be reached, kept over restarts until then. */
import type { Logger } from 'pino'
import type { MailTable } from '../archive/store.ts'
import { DocumentParser, PARSER_LIMITS } from '../stanza/parser.ts'
import { type Element, serialize } from '../stanza/xml.ts'

/** What waits for one account; the oldest is dropped for more. */
export const MAX_WAITING_STANZAS = 100
/** And its characters. */
export const MAX_WAITING_CHARACTERS = 1_048_576

/** Codes of what is logged. */
export interface MailCodes {
  /** Something was not stored or sent. */
  readonly failed: string
  /** The oldest was dropped. */
  readonly full: string
}

export interface WaitingMailOptions {
  readonly table: MailTable
  readonly log: Logger
  readonly codes: MailCodes
  /** Whether a message to this account (bare) would be delivered now. */
  isReachable(account: string): boolean
  /** Whether what has waited is still to be delivered; else it is dropped. */
  isWanted(account: string, stanza: Element): boolean
  send(to: string, stanza: Element): void
}

/** What is delivered may come twice after a crash, and nothing is lost but by a database that is out of reach. */
export class WaitingMail {
  readonly #options: WaitingMailOptions
  /** Accounts for which something waits. */
  readonly #waiting = new Set<string>()
  /** Characters have at most three bytes each. */
  readonly #parser = new DocumentParser({ ...PARSER_LIMITS, maxStanzaBytes: 3 * MAX_WAITING_CHARACTERS })
  /** Writes and deliveries, one after the other. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: WaitingMailOptions) {
    this.#options = options
  }

  /** Learns for whom something waits; before anything else. */
  async load(): Promise<void> {
    for (const account of await this.#options.table.accounts()) this.#waiting.add(account)
  }

  /** To an account (bare JID), now or when it can be reached; `late` is what it gets in the second case. */
  post(account: string, stanza: Element, late: Element = stanza): void {
    const { isReachable, send } = this.#options
    if (isReachable(account) && !this.#waiting.has(account)) {
      send(account, stanza)
      return
    }
    this.#waiting.add(account)
    this.#do(account, () => this.#keep(account, late))
    this.onAvailable(account)
  }

  /** A session of this account (bare JID) shows itself. */
  onAvailable(account: string): void {
    if (this.#waiting.has(account) && this.#options.isReachable(account))
      this.#do(account, () => this.#deliver(account))
  }

  /** Accounts that could not be reached may be now. */
  tryAll(): void {
    for (const account of this.#waiting) this.onAvailable(account)
  }

  /** The account is no more. */
  forget(account: string): void {
    if (this.#waiting.delete(account)) this.#do(account, () => this.#options.table.clear(account))
  }

  /** Resolves when all that was begun is done. */
  idle(): Promise<void> {
    return this.#work
  }

  /** What cannot be stored is not lost to somebody who is there. */
  async #keep(account: string, stanza: Element): Promise<void> {
    // A delivery that ended meanwhile may have thought that nothing waits.
    this.#waiting.add(account)
    const { table, log, codes, isReachable, send } = this.#options
    const most = { stanzas: MAX_WAITING_STANZAS, characters: MAX_WAITING_CHARACTERS }
    const dropped = await table.add(account, serialize(stanza), most).catch((error: unknown) => {
      if (!isReachable(account)) throw error
      send(account, stanza)
      return 0
    })
    if (dropped > 0)
      log.warn({ code: codes.full, account, dropped }, 'the oldest that waits for an account is dropped')
  }

  async #deliver(account: string): Promise<void> {
    const { table, isReachable, isWanted, send } = this.#options
    for (const { place, xml } of await table.of(account)) {
      if (!isReachable(account)) return
      const parsed = this.#parser.parse(xml)
      if (parsed.ok && isWanted(account, parsed.value)) send(account, parsed.value)
      await table.remove(account, place)
    }
    this.#waiting.delete(account)
  }

  #do(account: string, work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.log.error(
        { code: this.#options.codes.failed, account, err: error },
        'what waits for an account is not stored or sent',
      )
    })
  }
}
