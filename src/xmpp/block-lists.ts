/** Whom users have blocked, and which stanzas that concerns. XEP-0191 §3.1 and §5. */
import type { Logger } from 'pino'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { detached, type Element, el, prepare } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import type { SessionTable } from './session-table.ts'

/** Addresses that one account blocks. */
export const MAX_BLOCKED = 1_000
const LIST = 'blocked'

interface BlockList {
  /** Undefined while it is read. */
  addresses: Set<string> | undefined
  readonly whenRead: Promise<void>
}

/** Holds the lists of accounts that have sessions. */
export class BlockLists {
  readonly #sessions: SessionTable
  readonly #log: Logger
  /** By bare address. */
  readonly #lists = new Map<string, BlockList>()

  constructor(sessions: SessionTable, log: Logger) {
    this.#sessions = sessions
    this.#log = log
  }

  /** A session of the account begins: its list is needed from now on. */
  opened({ jid, data }: Account): void {
    if (this.#lists.has(jid.bare)) return
    const whenRead = data.entries(jid.local, LIST).then(
      (entries) => {
        list.addresses = new Set(entries.map(({ id }) => id))
      },
      (error: unknown) => {
        this.#log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
        list.addresses = new Set()
      },
    )
    const list: BlockList = { addresses: undefined, whenRead }
    this.#lists.set(jid.bare, list)
  }

  /** A session has ended; with the last one the list is forgotten. */
  closed(bare: string): void {
    if (this.#sessions.ofAccount(bare).length === 0) this.#lists.delete(bare)
  }

  /** In the order in which they were blocked. */
  async of(bare: string): Promise<readonly string[]> {
    const list = this.#lists.get(bare)
    await list?.whenRead
    return [...(list?.addresses ?? [])]
  }

  /** False when the list would be too long; then some of `addresses` may be blocked. */
  async block({ jid, data }: Account, addresses: readonly string[]): Promise<boolean> {
    const list = this.#lists.get(jid.bare)
    await list?.whenRead
    for (const address of addresses) {
      if (list?.addresses?.has(address)) continue
      if ((list?.addresses?.size ?? 0) >= MAX_BLOCKED) return false
      if (!(await data.putEntry(jid.local, LIST, { id: address, text: '' }))) return false
      list?.addresses?.add(detached(address))
      this.#sayGoodbye(jid.bare, address)
    }
    return true
  }

  async unblock({ jid, data }: Account, addresses: readonly string[]): Promise<void> {
    const list = this.#lists.get(jid.bare)
    await list?.whenRead
    for (const address of addresses) {
      await data.removeEntry(jid.local, LIST, address)
      list?.addresses?.delete(address)
    }
  }

  /** Whether an account blocks an address. */
  blocks(bare: string, other: Jid): boolean {
    const addresses = this.#lists.get(bare)?.addresses
    if (!addresses || addresses.size === 0 || other.bare === bare) return false
    return (
      addresses.has(other.full) ||
      addresses.has(other.bare) ||
      addresses.has(other.domain) ||
      addresses.has(`${other.domain}/${other.resource}`)
    )
  }

  /** Whether an account is to be kept from what an address sends: also as long as it is not known whom it blocks. */
  isKeptFrom(bare: string, other: Jid): boolean {
    const list = this.#lists.get(bare)
    return list && !list.addresses ? other.bare !== bare : this.blocks(bare, other)
  }

  /** The same for an account that need not have sessions. */
  async keeps({ jid, data }: Account, other: Jid): Promise<boolean> {
    const list = this.#lists.get(jid.bare)
    await list?.whenRead
    if (list) return this.blocks(jid.bare, other)
    return (await data.entries(jid.local, LIST)).some(({ id }) => id === other.bare || id === other.domain)
  }

  /** Who is blocked no longer sees those sessions that had shown themselves (§3.3). */
  #sayGoodbye(bare: string, address: string): void {
    for (const session of this.#sessions.ofAccount(bare))
      for (const [contact, exact] of session.directed ?? []) {
        const to = parseJid(exact)
        const others = to ? this.#sessions.ofAccount(contact) : []
        if (!to || others.length === 0 || ![to.full, to.bare, to.domain].includes(address)) continue
        const goodbye = prepare(el('presence', { type: 'unavailable', from: session.full }))
        for (const other of others) other.deliver(goodbye)
        session.directed?.delete(contact)
      }
  }
}

/**
 * What goes on between users and rooms whatever they block: a room that one is in must stay whole. Its invitations, and
 * private messages and requests of its occupants, can be blocked.
 */
export function isRoomTraffic({ name, attrs }: Element): boolean {
  if (name === 'presence') return true
  if (name === 'iq') return attrs.type === 'result' || attrs.type === 'error'
  return attrs.type === 'groupchat' || attrs.type === 'error'
}
