/** The account of a session as its services see it: registered with stored data, or a guest with data in memory. */
import type { Jid } from '../../stanza/jid.ts'
import { detached } from '../../stanza/xml.ts'
import { type AccountData, type AccountStore, type ListEntry, MAX_PRIVATE_KEYS } from '../account-port.ts'

/** Who is logged in. */
export interface Account {
  /** Bare. */
  readonly jid: Jid
  readonly isAnonymous: boolean
  readonly data: AccountData
}

/** Characters that a guest's data may have in all. */
const MAX_GUEST_CHARACTERS = 262_144
/** What each text counts for beside its own characters. */
const ENTRY_CHARACTERS = 100

/** A registered account: its data is in the store. */
export const registeredAccount = (jid: Jid, store: AccountStore): Account => ({
  jid,
  isAnonymous: false,
  data: store,
})

/** A guest: data lives as long as the session. */
export const guestAccount = (jid: Jid): Account => ({ jid, isAnonymous: true, data: new GuestData() })

/** At most 64 private elements, a vCard and lists, 256 Ki characters in all; more is refused. */
class GuestData implements AccountData {
  #texts: Map<string, string> | undefined
  #lists: Map<string, Map<string, string>> | undefined
  #characters = 0

  async privateXml(_account: string, key: string): Promise<string | undefined> {
    return this.#texts?.get(key)
  }

  async putPrivateXml(_account: string, key: string, xml: string): Promise<boolean> {
    return this.#put(key, xml)
  }

  async vcard(): Promise<string | undefined> {
    return this.#texts?.get('')
  }

  async putVcard(_account: string, xml: string): Promise<boolean> {
    return this.#put('', xml)
  }

  async entries(_account: string, list: string): Promise<readonly ListEntry[]> {
    return [...(this.#lists?.get(list) ?? [])].map(([id, text]) => ({ id, text }))
  }

  async entry(_account: string, list: string, id: string): Promise<string | undefined> {
    return this.#lists?.get(list)?.get(id)
  }

  async putEntry(_account: string, name: string, { id, text }: ListEntry): Promise<boolean> {
    this.#lists ??= new Map()
    const list = this.#lists.get(name) ?? new Map<string, string>()
    const growth = sizeOf(id, text) - sizeOf(id, list.get(id))
    if (this.#characters + growth > MAX_GUEST_CHARACTERS) return false
    this.#characters += growth
    // Removed first, so that it becomes the last.
    list.delete(id)
    list.set(detached(id), detached(text))
    this.#lists.set(detached(name), list)
    return true
  }

  async removeEntry(_account: string, name: string, id: string): Promise<boolean> {
    const list = this.#lists?.get(name)
    if (!list) return false
    this.#characters -= sizeOf(id, list.get(id))
    const wasThere = list.delete(id)
    if (list.size === 0) this.#lists?.delete(name)
    return wasThere
  }

  async clearList(account: string, name: string): Promise<void> {
    for (const id of [...(this.#lists?.get(name)?.keys() ?? [])]) await this.removeEntry(account, name, id)
  }

  #put(key: string, xml: string): boolean {
    this.#texts ??= new Map()
    const growth = sizeOf(key, xml) - sizeOf(key, this.#texts.get(key))
    if (this.#characters + growth > MAX_GUEST_CHARACTERS) return false
    if (!this.#texts.has(key) && this.#texts.size > MAX_PRIVATE_KEYS) return false
    this.#characters += growth
    this.#texts.set(detached(key), detached(xml))
    return true
  }
}

/** What a text counts for: its name is kept too, and the place that both take. */
const sizeOf = (id: string, text: string | undefined): number =>
  text === undefined ? 0 : id.length + text.length + ENTRY_CHARACTERS
