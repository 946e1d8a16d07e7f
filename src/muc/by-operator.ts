/** What an operator of the gateway does to occupants of a room, without being one of its moderators. XEP-0045 §8.2. */
import type { ParticipantId } from '../util/ids.ts'
import { evict } from './evict.ts'
import { enterFromLobby } from './lobby-side.ts'
import { isBanned, mute } from './mute.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv, RoomEvent } from './room-port.ts'

const REASON = 'By an operator of this gateway.'

/** Puts an XMPP user out (307), as a moderator would; nothing for a nick that nobody, or a participant, has. */
export function kickByOperator(
  room: Room,
  { nick, reason }: Pick<RoomEvent & { readonly kind: 'operator-kicked' }, 'nick' | 'reason'>,
): RoomEffect[] {
  const occupant = room.occupants.get(nick)
  return occupant?.side === 'local' ? evict(room, occupant, { codes: [307], reason: reason || REASON }) : []
}

/** Mutes a participant of the lobby until it leaves. */
export function muteByOperator(
  room: Room,
  { id, reason }: Pick<RoomEvent & { readonly kind: 'operator-muted' }, 'id' | 'reason'>,
): RoomEffect[] {
  const occupant = room.participants.get(id)
  return occupant ? mute(room, occupant, 307, { reason: reason || REASON, actor: undefined }) : []
}

/** Shows a muted participant again; not one that the room has banned. */
export function unmuteByOperator(room: Room, id: ParticipantId, env: RoomEnv): RoomEffect[] {
  const muted = room.muted.get(id)
  if (!muted || isBanned(room, id)) return []
  room.muted.delete(id)
  return enterFromLobby(room, { id, nick: muted.nick }, env)
}
