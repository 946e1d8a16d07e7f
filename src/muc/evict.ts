/** Taking an occupant out with all its sessions: kicked, banned, no longer allowed in, or the room is gone. XEP-0045 §8.2, §9. */
import { type Element, prepare } from '../stanza/xml.ts'
import { tellLobbyLeft } from './leave.ts'
import { fanout, presenceStanza, speakingSession, tellOthers } from './presence-stanza.ts'
import { seesAddresses } from './role.ts'
import type { LocalOccupant, Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { removeSession } from './room-sessions.ts'

export interface Eviction {
  /** MUC status codes besides the 110 of one's own. */
  readonly codes: readonly number[]
  readonly reason?: string
  /** Nick of who did it. */
  readonly actor?: string | undefined
}

/** Takes an occupant out and tells everybody, the occupant included. */
export function evict(room: Room, occupant: LocalOccupant, eviction: Eviction): RoomEffect[] {
  const { codes, reason, actor } = eviction
  const jid = speakingSession(occupant)?.full
  const gone = (isInformed: boolean, statuses: readonly number[]) =>
    prepare(
      presenceStanza(room, occupant, {
        type: 'unavailable',
        isGone: true,
        jid: isInformed ? jid : undefined,
        codes: statuses,
        reason,
        actor,
      }),
    )
  const own = occupant.sessions.map((session) => session.full)
  const toOwn = fanout(gone(seesAddresses(room, occupant), [110, ...codes]), own)
  const toOthers = tellOthers(room, occupant, (isInformed) => gone(isInformed, codes))
  return [...toOwn, ...toOthers, ...remove(room, occupant)]
}

/** Tells an occupant alone that the room is gone for it, and takes it out. */
export function dismiss(room: Room, occupant: LocalOccupant, details: readonly Element[]): RoomEffect[] {
  const farewell = prepare(
    presenceStanza(room, occupant, { type: 'unavailable', isGone: true, codes: [110], details }),
  )
  const own = occupant.sessions.map((session) => session.full)
  return [...fanout(farewell, own), ...remove(room, occupant)]
}

function remove(room: Room, occupant: LocalOccupant): RoomEffect[] {
  for (const session of [...occupant.sessions]) removeSession(room, session)
  return tellLobbyLeft(room, occupant)
}
