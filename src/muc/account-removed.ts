/** What a room does when an account is no more: whoever takes its name next is somebody else, and inherits nothing but bans. */
import { applyRecords } from './admin-apply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { AffiliationRecord, StateWrite } from './room-state.ts'
import { save } from './saving.ts'

/**
 * What is to be kept of an account (bare JID) that is no more, by what was kept of it; undefined when nothing changes.
 * Who made a room would own it without a record that says otherwise.
 */
export function withoutAccount(
  address: string,
  record: AffiliationRecord | undefined,
  isCreator: boolean,
): StateWrite | undefined {
  const isBanned = record?.affiliation === 'outcast'
  const affiliation = isBanned ? 'outcast' : 'none'
  const left: AffiliationRecord = { address, affiliation, reason: isBanned ? record.reason : '', nick: '' }
  const isNew = record?.affiliation !== affiliation || record.nick !== ''
  if (isBanned || isCreator) return isNew ? { records: [left], forgotten: [] } : undefined
  return record && { records: [], forgotten: [address] }
}

/** Takes away what an account (bare JID) had; a change that is being stored comes first. */
export function removeAccount(room: Room, account: string): RoomEffect[] {
  if (room.isLocked || room.isClosed) return []
  const write = withoutAccount(account, room.affiliations.get(account), account === room.createdBy)
  if (!write) return []
  return save(room, {
    write,
    make: (env) => applyRecords(room, room.identity.jid, write, env),
    fail: () => [],
  })
}
