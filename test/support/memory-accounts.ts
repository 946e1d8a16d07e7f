/** An account store in memory, for tests of the XMPP server. */
import {
  type AccountStore,
  type ListEntry,
  MAX_LIST_CHARACTERS,
  MAX_LIST_ENTRIES,
  MAX_PRIVATE_KEYS,
  type ScramCredentials,
} from '../../src/xmpp/account-port.ts'
import { makeCredentials } from '../../src/xmpp/scram.ts'

interface StoredAccount {
  credentials: ScramCredentials
  readonly xml: Map<string, string>
  vcard: string | undefined
  /** `list id` → entry, in the order of the last put. */
  readonly lists: Map<string, ListEntry & { readonly list: string }>
}

export class MemoryAccounts implements AccountStore {
  readonly #accounts = new Map<string, StoredAccount>()
  /** While set, every call rejects with it. */
  broken: Error | undefined

  /** Adds accounts with cheap credentials. */
  static async with(passwords: Readonly<Record<string, string>>): Promise<MemoryAccounts> {
    const store = new MemoryAccounts()
    for (const [name, password] of Object.entries(passwords)) {
      const credentials = await makeCredentials(password, undefined, 16)
      if (credentials) await store.put(name, credentials)
    }
    return store
  }

  async find(account: string): Promise<ScramCredentials | undefined> {
    return this.#get(account)?.credentials
  }

  async put(account: string, credentials: ScramCredentials): Promise<void> {
    const stored = this.#get(account)
    if (stored) stored.credentials = credentials
    else this.#accounts.set(account, { credentials, xml: new Map(), vcard: undefined, lists: new Map() })
  }

  async remove(account: string): Promise<boolean> {
    return this.#accounts.delete(account)
  }

  async list(): Promise<readonly string[]> {
    return [...this.#accounts.keys()].sort()
  }

  async privateXml(account: string, key: string): Promise<string | undefined> {
    return this.#get(account)?.xml.get(key)
  }

  async putPrivateXml(account: string, key: string, xml: string): Promise<boolean> {
    const stored = this.#get(account)
    if (!stored || (!stored.xml.has(key) && stored.xml.size >= MAX_PRIVATE_KEYS)) return false
    stored.xml.set(key, xml)
    return true
  }

  async vcard(account: string): Promise<string | undefined> {
    return this.#get(account)?.vcard
  }

  async putVcard(account: string, xml: string): Promise<boolean> {
    const stored = this.#get(account)
    if (stored) stored.vcard = xml
    return stored !== undefined
  }

  async entries(account: string, list: string): Promise<readonly ListEntry[]> {
    const all = [...(this.#get(account)?.lists.values() ?? [])]
    return all.filter((entry) => entry.list === list).map(({ id, text }) => ({ id, text }))
  }

  async entry(account: string, list: string, id: string): Promise<string | undefined> {
    return this.#get(account)?.lists.get(`${list}\n${id}`)?.text
  }

  async putEntry(account: string, list: string, { id, text }: ListEntry): Promise<boolean> {
    const lists = this.#get(account)?.lists
    if (!lists) return false
    const key = `${list}\n${id}`
    const others = [...lists].filter(([other]) => other !== key).map(([, entry]) => entry)
    const characters = others.reduce((sum, entry) => sum + entry.text.length, text.length)
    if (others.length >= MAX_LIST_ENTRIES || characters > MAX_LIST_CHARACTERS) return false
    lists.delete(key)
    lists.set(key, { list, id, text })
    return true
  }

  async removeEntry(account: string, list: string, id: string): Promise<boolean> {
    return this.#get(account)?.lists.delete(`${list}\n${id}`) ?? false
  }

  async clearList(account: string, list: string): Promise<void> {
    for (const { id } of await this.entries(account, list)) await this.removeEntry(account, list, id)
  }

  #get(account: string): StoredAccount | undefined {
    if (this.broken) throw this.broken
    return this.#accounts.get(account)
  }
}
