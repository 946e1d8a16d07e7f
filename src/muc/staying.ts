/** Places in the lobby that are kept for accounts while they are away: asked for with a registered nick (XEP-0045 §7.10), or configured. */
import { refusesAccount } from './access.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

const isPresent = (room: Room, account: string): boolean => (room.sessionsOf.get(account) ?? 0) > 0

/** Who is banned, or is no account any more, has no place. */
const mayStay = (room: Room, account: string): boolean =>
  refusesAccount(room, account) === undefined && room.policy.refusesRegistration(account) === undefined

/** An account (bare JID) that leaves under this nick keeps its place in the lobby. */
export const keepsPlace = (room: Room, account: string, nick: string): boolean =>
  !room.isClosed && room.staying.get(account) === nick && mayStay(room, account)

/**
 * Brings the kept places in line with what was asked for and who is here. An account has one place: while it is here
 * under whatever nick, that one is it. To be called after every step.
 */
export function settlePlaces(room: Room, nowMs: number): RoomEffect[] {
  if (room.isLocked || room.isClosed) return []
  const effects: RoomEffect[] = []
  for (const [account, { nick }] of room.away) {
    if (!room.isWithdrawn && !isPresent(room, account) && keepsPlace(room, account, nick)) continue
    room.away.delete(account)
    const holder = room.occupants.get(nick)
    // Who came back under this nick goes on with the place.
    if (holder?.side !== 'local') effects.push({ kind: 'local-left', account, nick })
  }
  if (room.isWithdrawn) return effects
  for (const [account, nick] of room.staying) {
    if (isPresent(room, account) || room.away.has(account) || !mayStay(room, account)) continue
    // Whoever has the nick from before it was this account's keeps it as long as they are here.
    if (room.occupants.has(nick)) continue
    room.away.set(account, { nick, sinceMs: nowMs })
    effects.push({ kind: 'local-entered', account, nick })
  }
  return effects
}

/** Accounts that were configured to stay, do not want otherwise, and cannot: why, in words. */
export function unkeptStays(room: Room): { readonly account: string; readonly reason: string }[] {
  return [...room.description.stays].flatMap(([account, nick]) => {
    if (room.affiliations.get(account)?.isStaying === false) return []
    const error = refusesAccount(room, account) ?? room.policy.refusesRegistration(account)
    const reason = error?.text ?? (room.staying.has(account) ? undefined : `${nick} belongs to somebody else`)
    return reason === undefined ? [] : [{ account, reason }]
  })
}
