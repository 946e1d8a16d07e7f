/** The friends in memory: which profiles are accepted, with which keys and locations; changes go to the store. */

import { equalBytes } from '../../util/bytes.ts'
import { GatewayError } from '../../util/errors.ts'
import type { FriendId } from '../../util/ids.ts'
import { type ProfileKey, readProfileKey } from '../identity/profile.ts'
import type { Endpoint, Invite } from '../wire/invite.ts'
import type { FriendRecord, FriendStore } from './friend-store.ts'

/** Locations of all friends together. */
export const MAX_FRIENDS = 10_000
/** Locations of one profile: it adds them by itself, by dialling us. */
export const MAX_LOCATIONS_PER_PROFILE = 16
/** Addresses kept of one friend. */
export const MAX_ADDRESSES = 8
const MAX_NAME_LENGTH = 200

/** Friends by location id. Lookups are synchronous, changes resolve when they are stored. */
export class FriendBook {
  readonly #store: FriendStore
  readonly #records = new Map<FriendId, FriendRecord>()
  /** Parsed keys of accepted profiles by fingerprint. */
  readonly #keys = new Map<string, ProfileKey>()

  constructor(store: FriendStore) {
    this.#store = store
  }

  /** Reads the store. Rejects with `FRIENDS_UNREADABLE`, also when a key in it is not one of the friend. */
  async load(): Promise<void> {
    for (const [i, record] of (await this.#store.load()).entries()) {
      if (record.pgpKey && !(await this.#readKey(record.pgpKey, record.fingerprint)))
        throw new GatewayError(
          'FRIENDS_UNREADABLE',
          `${this.#store.name}: friends[${i}].pgpKey: expected the key with the fingerprint ${record.fingerprint}`,
        )
      this.#records.set(record.sslId, record)
    }
  }

  get(id: FriendId): FriendRecord | undefined {
    return this.#records.get(id)
  }

  /** All friends, in the order in which they were added. */
  all(): readonly FriendRecord[] {
    return [...this.#records.values()]
  }

  /** Accepted locations of the profile with this PGP id. */
  locationsOf(pgpId: string): readonly FriendRecord[] {
    return this.all().filter((record) => record.pgpId === pgpId)
  }

  /** The key of a friend's profile; undefined while only a short invite is known. */
  keyOf(record: FriendRecord): ProfileKey | undefined {
    return this.#keys.get(record.fingerprint)
  }

  /**
   * Accepts the profile and location of an invite, or completes what is known of them. Rejects with
   * `INVITE_KEY_UNREADABLE`, `INVITE_CONTRADICTS_FRIEND`, `TOO_MANY_FRIENDS`, `FRIENDS_NOT_WRITABLE`.
   */
  async accept(invite: Invite, nowMs: number): Promise<FriendRecord> {
    const known = this.#records.get(invite.sslId)
    const profile = await profileOf(invite)
    if (known && known.fingerprint !== profile.fingerprint)
      throw new GatewayError(
        'INVITE_CONTRADICTS_FRIEND',
        `location ${invite.sslId} belongs to ${known.fingerprint}, the invite says ${profile.fingerprint}`,
      )
    if (!known && this.#records.size >= MAX_FRIENDS)
      throw new GatewayError('TOO_MANY_FRIENDS', `at most ${MAX_FRIENDS} locations can be friends`)
    const record: FriendRecord = {
      sslId: invite.sslId,
      pgpId: profile.fingerprint.slice(-16),
      fingerprint: profile.fingerprint,
      name: clip(profile.name),
      location: clip(invite.location || (known?.location ?? '')),
      addresses: merged(invite.addresses, known?.addresses ?? []),
      pgpKey: profile.pgpKey ?? known?.pgpKey ?? this.#keyBytes(profile.fingerprint),
      addedAtMs: known?.addedAtMs ?? nowMs,
    }
    this.#records.set(record.sslId, record)
    if (profile.key && profile.pgpKey) {
      this.#keys.set(profile.fingerprint, profile.key)
      this.#complete(profile.fingerprint, profile.pgpKey)
    }
    await this.save()
    return record
  }

  /** Adds a further location of an accepted profile, whose certificate was verified. False at a bound. */
  addLocation(id: FriendId, sibling: FriendRecord, nowMs: number): boolean {
    if (this.#records.size >= MAX_FRIENDS) return false
    if (this.locationsOf(sibling.pgpId).length >= MAX_LOCATIONS_PER_PROFILE) return false
    this.#records.set(id, { ...sibling, sslId: id, location: '', addresses: [], addedAtMs: nowMs })
    return true
  }

  /** Takes the key of a friend known by short invite only. False when it is not the key of the fingerprint. */
  async learnKey(id: FriendId, pgpKey: Uint8Array): Promise<boolean> {
    const record = this.#records.get(id)
    const key = record && (await this.#readKey(pgpKey, record.fingerprint))
    if (!record || !key) return false
    this.#complete(record.fingerprint, pgpKey)
    return true
  }

  /** Takes what the friend says of itself; true when that changed anything. New addresses come first. */
  setContact(
    id: FriendId,
    contact: { readonly location: string; readonly addresses: readonly Endpoint[] },
  ): boolean {
    const record = this.#records.get(id)
    if (!record) return false
    const location = clip(contact.location) || record.location
    const addresses = merged(contact.addresses.filter(isDialable), record.addresses)
    const isSame = location === record.location && sameAddresses(addresses, record.addresses)
    if (!isSame) this.#records.set(id, { ...record, location, addresses })
    return !isSame
  }

  /** The address that worked comes first from now on. */
  prefer(id: FriendId, address: Endpoint): void {
    const record = this.#records.get(id)
    if (record) this.#records.set(id, { ...record, addresses: merged([address], record.addresses) })
  }

  /** Forgets the profile of this friend with all its locations: one alone would come back by dialling us. */
  forget(id: FriendId): readonly FriendRecord[] {
    const record = this.#records.get(id)
    const gone = record ? this.locationsOf(record.pgpId) : []
    for (const { sslId, fingerprint } of gone) {
      this.#records.delete(sslId)
      this.#keys.delete(fingerprint)
    }
    return gone
  }

  /** Rejects with `FRIENDS_NOT_WRITABLE`. */
  async save(): Promise<void> {
    await this.#store.save(this.all())
  }

  async #readKey(pgpKey: Uint8Array, fingerprint: string): Promise<ProfileKey | undefined> {
    const key = await readProfileKey(pgpKey)
    if (!key.ok || key.value.fingerprint !== fingerprint) return undefined
    this.#keys.set(fingerprint, key.value)
    return key.value
  }

  /** Gives the key to all locations of the profile. */
  #complete(fingerprint: string, pgpKey: Uint8Array): void {
    const name = this.#keys.get(fingerprint)?.name
    for (const [id, record] of this.#records)
      if (record.fingerprint === fingerprint && !(record.pgpKey && equalBytes(record.pgpKey, pgpKey)))
        this.#records.set(id, { ...record, name: clip(name ?? record.name), pgpKey: Uint8Array.from(pgpKey) })
  }

  #keyBytes(fingerprint: string): Uint8Array | null {
    return this.all().find((record) => record.fingerprint === fingerprint && record.pgpKey)?.pgpKey ?? null
  }
}

/** What an invite says of the profile; in a long one the key says it. */
async function profileOf(
  invite: Invite,
): Promise<{ fingerprint: string; name: string; key?: ProfileKey; pgpKey: Uint8Array | null }> {
  if (invite.form === 'short') return { fingerprint: invite.pgpFingerprint, name: invite.name, pgpKey: null }
  const key = await readProfileKey(invite.pgpKey)
  if (!key.ok) throw new GatewayError('INVITE_KEY_UNREADABLE', `the key in the invite: ${key.error.detail}`)
  const { fingerprint, name } = key.value
  return { fingerprint, name, key: key.value, pgpKey: Uint8Array.from(invite.pgpKey) }
}

/** The first ones first, each once, as many as are kept. */
function merged(first: readonly Endpoint[], then: readonly Endpoint[]): readonly Endpoint[] {
  const all = new Map<string, Endpoint>()
  for (const address of [...first, ...then]) {
    const key = `${address.host} ${address.port}`
    if (!all.has(key)) all.set(key, address)
  }
  return [...all.values()].slice(0, MAX_ADDRESSES)
}

const sameAddresses = (a: readonly Endpoint[], b: readonly Endpoint[]): boolean =>
  a.length === b.length && a.every(({ host, port }, i) => host === b[i]?.host && port === b[i]?.port)

const isDialable = ({ host, port }: Endpoint): boolean =>
  host !== '' && host !== '0.0.0.0' && host !== '::' && port > 0 && port < 65_536

const clip = (text: string): string => text.slice(0, MAX_NAME_LENGTH)
