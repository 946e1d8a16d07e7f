/** What a room keeps of addresses, and what follows from it: whose nick is whose, and who stays in the lobby while away. */
import type { Room } from './room.ts'
import type { AffiliationRecord } from './room-state.ts'

type Kept = Pick<Room, 'affiliations' | 'description'>

/** The nick that is kept for an account (bare JID): its own choice, else the configuration's; empty when there is none. */
export const nickOf = (room: Kept, account: string): string =>
  room.affiliations.get(account)?.nick || (room.description.stays.get(account) ?? '')

/** Whether an account (bare JID) is to stay: as it chose itself, else as the configuration says. */
const isToStay = (room: Kept, account: string): boolean =>
  room.affiliations.get(account)?.isStaying ?? room.description.stays.has(account)

/** Takes over what is kept of some addresses, and forgets others. */
export function putRecords(
  room: Room,
  records: readonly AffiliationRecord[],
  forgotten: readonly string[] = [],
): void {
  for (const address of [...forgotten, ...records.map((record) => record.address)]) {
    release(room, address)
    room.affiliations.delete(address)
  }
  for (const record of records) room.affiliations.set(record.address, record)
  room.areListsStale = true
  for (const { address } of records) hold(room, address)
  // A nick may have become free for them.
  for (const account of room.description.stays.keys()) hold(room, account)
}

/** Takes over who stays by configuration. */
export function putStays(room: Room, stays: ReadonlyMap<string, string>): void {
  const before = room.description.stays
  for (const account of before.keys()) release(room, account)
  room.description = { ...room.description, stays }
  for (const account of before.keys()) hold(room, account)
  for (const account of stays.keys()) hold(room, account)
}

function release(room: Room, account: string): void {
  const nick = nickOf(room, account)
  if (room.reserved.get(nick) === account) room.reserved.delete(nick)
  room.staying.delete(account)
}

/** Nobody has a nick that is somebody else's already. */
function hold(room: Room, account: string): void {
  const nick = nickOf(room, account)
  if (nick === '' || (room.reserved.get(nick) ?? account) !== account) return
  room.reserved.set(nick, account)
  if (isToStay(room, account)) room.staying.set(account, nick)
}
