/**
 * Discovery: who and where we are, which identities may speak here, and the missing key of a friend added by
 * short invite. Lists of our friends are never sent. Source: docs/retroshare.md §5.4.
 */
import type { FriendId, ParticipantId } from '../../util/ids.ts'
import type { ContactItem, DiscItem, WireAddress } from '../wire/item.ts'

/** New identities of ours are announced at most this often; what comes in between goes together. */
export const ANNOUNCE_PAUSE_MS = 1000
/** A friend that owes us its key is asked again after this time. */
export const KEY_RETRY_MS = 30_000
/** Ids put into, and taken from, one identity list. */
const MAX_LISTED = 1000
/** `mode` of a `pgp-list` that asks for keys; 1 would be a list of friends. */
const GET_KEYS = 2
const REACHABLE = 1
const MINIMAL_DISCOVERY = 1

/** This node as it presents itself. Ids as on the wire: PGP id upper-case, SSL id lower-case hex. */
export interface SelfContact {
  readonly pgpId: string
  readonly sslId: FriendId
  readonly location: string
  readonly version: string
  /** Binary transferable public key. */
  readonly publicKey: Uint8Array
  /** Where we listen, and where others reach us; the latter by name if that is not an IP address. */
  readonly local: WireAddress
  readonly external: WireAddress
  readonly dnsName: string
}

/** What we must know of a friend: its profile, and whether its key is still to be fetched. */
export interface DiscoveryState {
  readonly friend: FriendId
  readonly pgpId: string
  needsKey: boolean
  askKeyAtMs: number
  announceAtMs: number
  /** Own identities that this friend was told of on this link. */
  readonly told: Set<ParticipantId>
}

export type DiscoveryEffect =
  | { readonly kind: 'send'; readonly item: DiscItem }
  /** The friend's own contact. */
  | { readonly kind: 'contact'; readonly contact: ContactItem }
  /** The key that was asked for; not verified. */
  | { readonly kind: 'key'; readonly key: Uint8Array }
  /** Identities that the friend holds and that may speak there. */
  | { readonly kind: 'identities'; readonly ids: readonly ParticipantId[] }

export const startDiscovery = (
  friend: FriendId,
  pgpId: string,
  needsKey: boolean,
  nowMs: number,
): DiscoveryState => ({ friend, pgpId, needsKey, askKeyAtMs: nowMs, announceAtMs: nowMs, told: new Set() })

/** Our contact as the first item on a link where discovery works. */
export function ownContact(self: SelfContact, friendAddress: WireAddress, nowMs: number): ContactItem {
  return {
    kind: 'contact',
    pgpId: self.pgpId,
    sslId: self.sslId,
    location: self.location,
    version: self.version,
    netMode: REACHABLE,
    vsDisc: MINIMAL_DISCOVERY,
    vsDht: 0,
    lastContactSec: Math.floor(nowMs / 1000),
    reach: {
      kind: 'open',
      localV4: self.local?.family === 4 ? self.local : null,
      externalV4: self.external?.family === 4 ? self.external : null,
      localV6: self.local?.family === 6 ? self.local : null,
      externalV6: self.external?.family === 6 ? self.external : null,
      current: friendAddress,
      dynDns: self.dnsName,
      localSet: [],
      externalSet: [],
    },
  }
}

/** What is due: the question for a missing key, and own identities that the friend was not told of yet. */
export function tickDiscovery(
  state: DiscoveryState,
  own: ReadonlySet<ParticipantId>,
  nowMs: number,
): DiscoveryEffect[] {
  const effects: DiscoveryEffect[] = []
  if (state.needsKey && nowMs >= state.askKeyAtMs) {
    state.askKeyAtMs = nowMs + KEY_RETRY_MS
    effects.push({ kind: 'send', item: { kind: 'pgp-list', mode: GET_KEYS, pgpIds: [state.pgpId] } })
  }
  if (nowMs >= state.announceAtMs) {
    const ids = [...own].filter((id) => !state.told.has(id)).slice(0, MAX_LISTED)
    if (ids.length > 0) {
      effects.push({ kind: 'send', item: { kind: 'identity-list', ids } })
      state.announceAtMs = nowMs + ANNOUNCE_PAUSE_MS
      for (const id of ids) state.told.add(id)
      if (state.told.size > own.size) for (const id of state.told) if (!own.has(id)) state.told.delete(id)
    }
  }
  return effects
}

/** Takes an item of the friend. Contacts and lists about third parties are of no use here. */
export function takeDiscovery(state: DiscoveryState, item: DiscItem, self: SelfContact): DiscoveryEffect[] {
  switch (item.kind) {
    case 'contact':
      return item.sslId === state.friend && item.pgpId === state.pgpId
        ? [{ kind: 'contact', contact: item }]
        : []
    case 'pgp-list':
      return item.mode === GET_KEYS && item.pgpIds.includes(self.pgpId)
        ? [{ kind: 'send', item: { kind: 'pgp-key', pgpId: self.pgpId, key: self.publicKey } }]
        : []
    case 'pgp-key':
      return state.needsKey && item.pgpId === state.pgpId ? [{ kind: 'key', key: item.key }] : []
    case 'identity-list':
      return item.ids.length > 0 ? [{ kind: 'identities', ids: item.ids.slice(0, MAX_LISTED) }] : []
  }
}
