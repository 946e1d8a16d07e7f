/** Makes changes of affiliations and roles that were judged and stored, and tells of them. XEP-0045 §8 and §9. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { el, prepare } from '../stanza/xml.ts'
import type { AdminItem } from './admin-item.ts'
import { affiliationOf } from './affiliation.ts'
import { evict } from './evict.ts'
import { parseIdentityAddress } from './identity-address.ts'
import { enterFromLobby } from './lobby-side.ts'
import { isBanned, mute } from './mute.ts'
import { announce, fanout } from './presence-stanza.ts'
import { putRecords } from './records.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import { audienceOf, forgetShown } from './room-sessions.ts'
import type { AffiliationRecord } from './room-state.ts'
import { type Cause, changeStanding, updateStandings } from './standing.ts'

/** Changes of what is kept. */
export interface Records {
  readonly records: readonly AffiliationRecord[]
  readonly forgotten: readonly string[]
}

const actorOf = (room: Room, from: Jid): string | undefined => room.sessions.get(from.full)?.occupant.nick

/** Gives occupants their roles; the role `none` is the way out. */
export function applyRoles(
  room: Room,
  from: Jid,
  items: readonly (AdminItem & { readonly kind: 'role' })[],
): RoomEffect[] {
  const actor = actorOf(room, from)
  return items.flatMap(({ occupant, role, reason }): RoomEffect[] => {
    if (room.occupants.get(occupant.nick) !== occupant) return []
    const cause = { actor, reason }
    if (role === 'none')
      return occupant.side === 'local'
        ? evict(room, occupant, { ...cause, codes: [307] })
        : mute(room, occupant, 307, cause)
    if (role === occupant.role) return []
    if (occupant.side === 'local') return changeStanding(room, occupant, { role }, cause)
    occupant.role = role === 'visitor' ? 'visitor' : 'participant'
    forgetShown(occupant)
    return announce(room, occupant)
  })
}

/** Takes over records: accounts stand differently, identities are banned or heard again. */
export function applyRecords(room: Room, from: Jid, changes: Records, env: RoomEnv): RoomEffect[] {
  const { records, forgotten } = changes
  if (records.length === 0 && forgotten.length === 0) return []
  const actor = actorOf(room, from)
  const reasons = new Map(records.map(({ address, reason }) => [address, reason]))
  const addresses = [...reasons.keys(), ...forgotten]
  const before = new Map(addresses.map((address) => [address, affiliationOf(room, address)]))
  const present = new Set(
    [...room.occupants.values()].flatMap((occupant) => (occupant.side === 'local' ? [occupant.account] : [])),
  )
  putRecords(room, records, forgotten)
  const causeOf = (account: string): Cause => ({
    actor,
    reason: reasons.get(account) ?? reasons.get(account.slice(account.indexOf('@') + 1)) ?? '',
  })
  return [
    ...updateStandings(room, causeOf),
    ...addresses
      .filter((address) => !present.has(address) && before.get(address) !== affiliationOf(room, address))
      .flatMap((address) => tellOfAbsent(room, address, reasons.get(address) ?? '')),
    ...addresses.flatMap((address) =>
      updateIdentity(room, address, { actor, reason: reasons.get(address) ?? '' }, env),
    ),
  ]
}

/** Those who see addresses hear how somebody stands who is not there (§9.3). */
function tellOfAbsent(room: Room, jid: string, reason: string): RoomEffect[] {
  const affiliation = affiliationOf(room, jid)
  const item = el('item', { affiliation, jid, role: 'none' }, reason !== '' && el('reason', {}, reason))
  const message = el('message', { from: room.bare }, el('x', { xmlns: NS.mucUser }, item))
  return fanout(prepare(message), audienceOf(room).informed)
}

/** A participant of the lobby that is banned vanishes; one that is no longer banned is shown again. */
function updateIdentity(room: Room, address: string, cause: Cause, env: RoomEnv): RoomEffect[] {
  const id = parseIdentityAddress(address, room.identity.jid.domain)
  if (!id) return []
  const occupant = room.participants.get(id)
  if (isBanned(room, id)) return occupant ? mute(room, occupant, 301, cause) : []
  const muted = room.muted.get(id)
  if (!muted) return []
  room.muted.delete(id)
  return enterFromLobby(room, { id, nick: muted.nick }, env)
}
