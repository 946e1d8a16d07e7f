/** The contacts of users: stored as a list of the account, and held in memory while the account has sessions. RFC 6121 §2. */
import type { Logger } from 'pino'
import type { Account } from '../account-services/account.ts'
import type { SessionTable } from '../session-table.ts'
import { type Contact, isKept } from './contact.ts'

/** Contacts of one account. */
export const MAX_CONTACTS = 500
/** Strangers whose requests wait for an answer of one account; further ones are refused. */
export const MAX_REQUESTS = 50
const LIST = 'roster'

/** By bare JID. */
export type Roster = ReadonlyMap<string, Contact>

interface Held {
  /** Undefined while it is read. */
  contacts: Map<string, Contact> | undefined
  readonly whenRead: Promise<Map<string, Contact>>
}

export class Rosters {
  readonly #sessions: SessionTable
  readonly #log: Logger
  /** By bare address. */
  readonly #held = new Map<string, Held>()

  constructor(sessions: SessionTable, log: Logger) {
    this.#sessions = sessions
    this.#log = log
  }

  /** A session of the account begins: its contacts are needed from now on. */
  opened(account: Account): void {
    if (account.isAnonymous || this.#held.has(account.jid.bare)) return
    const held: Held = {
      contacts: undefined,
      whenRead: read(account).then((contacts) => {
        held.contacts = contacts
        return contacts
      }),
    }
    this.#held.set(account.jid.bare, held)
    held.whenRead.catch((error: unknown) => {
      this.#log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
      // To be read again when it is asked for.
      if (this.#held.get(account.jid.bare) === held) this.#held.delete(account.jid.bare)
    })
  }

  /** A session has ended; with the last one the contacts are forgotten here. */
  closed(bare: string): void {
    if (this.#sessions.ofAccount(bare).length === 0) this.#held.delete(bare)
  }

  /** The contacts of an account that has sessions, if they are read. */
  known(bare: string): Roster | undefined {
    return this.#held.get(bare)?.contacts
  }

  /** The contacts of any registered account. Rejects when they cannot be read. */
  of(account: Account): Promise<Roster> {
    return this.#held.get(account.jid.bare)?.whenRead ?? read(account)
  }

  /** Keeps a contact as it is now, or not at all when nothing is left of it. False when there are too many. */
  async put(account: Account, contact: Contact): Promise<boolean> {
    const { local, bare } = account.jid
    const roster = await this.of(account)
    if (!isKept(contact)) {
      await this.remove(account, contact.jid)
      return true
    }
    const others = [...roster.values()].filter(({ jid }) => jid !== contact.jid)
    const listed = others.filter(({ isListed }) => isListed).length
    const isFull = contact.isListed ? listed >= MAX_CONTACTS : others.length - listed >= MAX_REQUESTS
    if (isFull) return false
    const { jid, ...rest } = contact
    if (!(await account.data.putEntry(local, LIST, { id: jid, text: JSON.stringify(rest) }))) return false
    this.#held.get(bare)?.contacts?.set(jid, contact)
    return true
  }

  async remove({ jid, data }: Account, contact: string): Promise<void> {
    await data.removeEntry(jid.local, LIST, contact)
    this.#held.get(jid.bare)?.contacts?.delete(contact)
  }
}

async function read({ jid, data }: Account): Promise<Map<string, Contact>> {
  const entries = await data.entries(jid.local, LIST)
  return new Map(entries.map(({ id, text }) => [id, { jid: id, ...JSON.parse(text) } as Contact]))
}
