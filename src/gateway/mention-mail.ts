/** Notices of mentions (XEP-0452): delivered when the account can be reached, kept over restarts until then. */
import type { Logger } from 'pino'
import type { MentionTable } from '../archive/store.ts'
import { DocumentParser } from '../stanza/parser.ts'
import { type Element, serialize } from '../stanza/xml.ts'

/** Notices that wait for one account; the oldest is dropped for another one. */
export const MAX_WAITING_MENTIONS = 100

export interface MentionMailOptions {
  readonly table: MentionTable
  readonly log: Logger
  /** Whether a message to this account (bare) would be delivered now. */
  isReachable(account: string): boolean
  send(to: string, stanza: Element): void
}

/** What is delivered may come twice after a crash, and nothing is lost but by a database that is out of reach. */
export class MentionMail {
  readonly #options: MentionMailOptions
  /** Accounts for which something waits. */
  readonly #waiting = new Set<string>()
  readonly #parser = new DocumentParser()
  /** Writes and deliveries, one after the other. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: MentionMailOptions) {
    this.#options = options
  }

  /** Learns for whom something waits; before anything else. */
  async load(): Promise<void> {
    for (const account of await this.#options.table.accounts()) this.#waiting.add(account)
  }

  /** To an account (bare JID), now or when it can be reached. */
  post(account: string, stanza: Element): void {
    const { isReachable, send, table } = this.#options
    if (isReachable(account) && !this.#waiting.has(account)) {
      send(account, stanza)
      return
    }
    this.#waiting.add(account)
    this.#do(account, () => table.add(account, serialize(stanza), MAX_WAITING_MENTIONS))
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

  async #deliver(account: string): Promise<void> {
    const { table, isReachable, send } = this.#options
    for (const { place, xml } of await table.of(account)) {
      if (!isReachable(account)) return
      const parsed = this.#parser.parse(xml)
      if (parsed.ok) send(account, parsed.value)
      await table.remove(account, place)
    }
    this.#waiting.delete(account)
  }

  #do(account: string, work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.log.error(
        { code: 'MENTION_STORE', account, err: error },
        'a mention is not stored or sent',
      )
    })
  }
}
