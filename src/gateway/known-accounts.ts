/** The stored accounts, and at any moment the answer to whether a bare JID is one of them or a guest. */
import { parseJid } from '../stanza/jid.ts'
import type { AccountStore, ListEntry, ScramCredentials } from '../xmpp/account-port.ts'

export class KnownAccounts implements AccountStore {
  readonly #store: AccountStore
  readonly #domain: string | undefined
  readonly #names: Set<string>
  /** Called when an account (bare JID) is no more. */
  onRemoved: (account: string) => void = () => undefined

  private constructor(store: AccountStore, domain: string | undefined, names: Iterable<string>) {
    this.#store = store
    this.#domain = domain
    this.#names = new Set(names)
  }

  /** `domain`: the embedded server's; undefined when there is none, and then nobody is registered. */
  static async read(store: AccountStore, domain: string | undefined): Promise<KnownAccounts> {
    return new KnownAccounts(store, domain, await store.list())
  }

  isRegistered(account: string): boolean {
    const jid = parseJid(account)
    return jid !== undefined && jid.domain === this.#domain && this.#names.has(jid.local)
  }

  async put(account: string, credentials: ScramCredentials): Promise<void> {
    await this.#store.put(account, credentials)
    this.#names.add(account)
  }

  async remove(account: string): Promise<boolean> {
    const wasThere = await this.#store.remove(account)
    this.#names.delete(account)
    if (wasThere) this.onRemoved(`${account}@${this.#domain}`)
    return wasThere
  }

  find(account: string): Promise<ScramCredentials | undefined> {
    return this.#store.find(account)
  }

  list(): Promise<readonly string[]> {
    return this.#store.list()
  }

  privateXml(account: string, key: string): Promise<string | undefined> {
    return this.#store.privateXml(account, key)
  }

  putPrivateXml(account: string, key: string, xml: string): Promise<boolean> {
    return this.#store.putPrivateXml(account, key, xml)
  }

  vcard(account: string): Promise<string | undefined> {
    return this.#store.vcard(account)
  }

  putVcard(account: string, xml: string): Promise<boolean> {
    return this.#store.putVcard(account, xml)
  }

  entries(account: string, list: string): Promise<readonly ListEntry[]> {
    return this.#store.entries(account, list)
  }

  entry(account: string, list: string, id: string): Promise<string | undefined> {
    return this.#store.entry(account, list, id)
  }

  putEntry(account: string, list: string, entry: ListEntry): Promise<boolean> {
    return this.#store.putEntry(account, list, entry)
  }

  removeEntry(account: string, list: string, id: string): Promise<boolean> {
    return this.#store.removeEntry(account, list, id)
  }

  clearList(account: string, list: string): Promise<void> {
    return this.#store.clearList(account, list)
  }
}
