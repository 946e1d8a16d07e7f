/** The account of a session as its services see it: registered with stored data, or a guest with data in memory. */
import type { Jid } from '../../stanza/jid.ts'
import { detached } from '../../stanza/xml.ts'
import { type AccountData, type AccountStore, MAX_PRIVATE_KEYS } from '../account-port.ts'

/** Who is logged in. */
export interface Account {
  /** Bare. */
  readonly jid: Jid
  readonly isAnonymous: boolean
  readonly data: AccountData
}

/** Characters that a guest's data may have in all. */
const MAX_GUEST_CHARACTERS = 262_144

/** A registered account: its data is in the store. */
export const registeredAccount = (jid: Jid, store: AccountStore): Account => ({
  jid,
  isAnonymous: false,
  data: store,
})

/** A guest: data lives as long as the session. */
export const guestAccount = (jid: Jid): Account => ({ jid, isAnonymous: true, data: new GuestData() })

/** At most 64 private elements and a vCard, 256 Ki characters in all; more is refused. */
class GuestData implements AccountData {
  #texts: Map<string, string> | undefined

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

  #put(key: string, xml: string): boolean {
    this.#texts ??= new Map()
    let characters = xml.length
    for (const [other, text] of this.#texts) if (other !== key) characters += text.length
    if (characters > MAX_GUEST_CHARACTERS) return false
    if (!this.#texts.has(key) && this.#texts.size > MAX_PRIVATE_KEYS) return false
    this.#texts.set(detached(key), detached(xml))
    return true
  }
}
