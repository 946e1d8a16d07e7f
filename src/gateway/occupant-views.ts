/** Occupants of a room as the presence map shows them: each beside the identity that it is in the network. */
import { nickOfSpeaker } from '../bridge/to-lobby.ts'
import type { ParticipantInfo } from '../lobby/lobby.ts'
import { occupantsOf } from '../muc/occupant-view.ts'
import type { Room } from '../muc/room.ts'
import type { ParticipantId } from '../util/ids.ts'
import type { OccupantView } from './status.ts'

/** `members`: of the lobby, own speakers included. Those of XMPP users have the identity that they speak with. */
export function occupantViews(room: Room, members: readonly ParticipantInfo[]): OccupantView[] {
  const spokenAs = new Map<string, ParticipantId>()
  const lastSeenMs = new Map<ParticipantId, number>()
  for (const member of members)
    if (member.speaker === null) lastSeenMs.set(member.id, member.lastSeenMs)
    else spokenAs.set(nickOfSpeaker(member.speaker), member.id)
  return occupantsOf(room).map(({ side, nick, occupantId, participant, sinceMs, isMuted, isAway }) => {
    const seenMs = participant === null ? undefined : lastSeenMs.get(participant)
    return {
      side,
      nick,
      occupantId,
      identity: participant ?? spokenAs.get(nick) ?? null,
      since: isoTime(sinceMs),
      lastSeen: seenMs === undefined ? null : isoTime(seenMs),
      muted: isMuted,
      away: isAway,
    }
  })
}

/** Full JIDs of an occupant by XMPP, for operators; the account of one who stays in the lobby while away. */
export function addressesOf(room: Room, { side, nick, away }: OccupantView): string[] {
  if (side === 'remote') return []
  if (away) return [...room.away].flatMap(([account, place]) => (place.nick === nick ? [account] : []))
  const occupant = room.occupants.get(nick)
  return occupant?.side === 'local' ? occupant.sessions.map(({ full }) => full) : []
}

const isoTime = (ms: number): string => new Date(ms).toISOString()
