/** What the embedded server needs of stored accounts; the implementation is in archive/. Sources: RFC 5802, XEP-0049, XEP-0054. */

/** Names of private XML that one account may hold at most (each is one kind of client data, bookmarks for example). */
export const MAX_PRIVATE_KEYS = 64

/** Entries that all lists of one account may hold together. */
export const MAX_LIST_ENTRIES = 2_000
/** Characters of their texts. */
export const MAX_LIST_CHARACTERS = 2_097_152

/** Verifiers of one password for one hash function (RFC 5802 §3): they check a login and do not allow one. */
export interface ScramKeys {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** All that is kept of a password. 16 bytes of salt; keys are 20 bytes for SHA-1 and 32 for SHA-256. */
export interface ScramCredentials {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly sha1: ScramKeys
  readonly sha256: ScramKeys
}

/** One text in a list of an account. */
export interface ListEntry {
  /** Unique in its list. */
  readonly id: string
  readonly text: string
}

/**
 * Lists by name, each of texts in the order in which they were put last: nodes and items of PEP, blocked addresses. A
 * list that was never put to is empty.
 */
export interface AccountLists {
  /** The whole list, the one put longest ago first. */
  entries(account: string, list: string): Promise<readonly ListEntry[]>
  entry(account: string, list: string, id: string): Promise<string | undefined>
  /**
   * Adds or replaces an entry, which becomes the last. False when there is no such account or its lists would hold more
   * than MAX_LIST_ENTRIES or MAX_LIST_CHARACTERS.
   */
  putEntry(account: string, list: string, entry: ListEntry): Promise<boolean>
  /** False when there was none. */
  removeEntry(account: string, list: string, id: string): Promise<boolean>
  clearList(account: string, list: string): Promise<void>
}

/** What an account keeps for its clients. XML is stored as text, exactly as given. */
export interface AccountData extends AccountLists {
  /** Stored private XML, or undefined. `key` is `{namespace}name` of the element. */
  privateXml(account: string, key: string): Promise<string | undefined>
  /** Stores; false when there is no such account or it holds MAX_PRIVATE_KEYS other keys. */
  putPrivateXml(account: string, key: string, xml: string): Promise<boolean>
  vcard(account: string): Promise<string | undefined>
  /** Stores; false when there is no such account. */
  putVcard(account: string, xml: string): Promise<boolean>
}

/**
 * The accounts of the embedded server. `account` is always a localpart as `normalizeLocal` gives it. Calls take effect
 * in the order in which they are made. A rejection is a failed operation: the server answers with an error and goes on.
 */
export interface AccountStore extends AccountData {
  find(account: string): Promise<ScramCredentials | undefined>
  /** Creates the account or replaces its credentials; its data stays. */
  put(account: string, credentials: ScramCredentials): Promise<void>
  /** Removes the account with all its data; false when there was none. */
  remove(account: string): Promise<boolean>
  /** Names, sorted. */
  list(): Promise<readonly string[]>
}
