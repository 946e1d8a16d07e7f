/** Who is in a room, as the presence map shows it. */
import type { ParticipantId } from '../util/ids.ts'
import { idOfAccount, idOfParticipant } from './occupant-id.ts'
import type { Room } from './room.ts'

/** An occupant as the presence map shows it. */
export interface OccupantView {
  readonly side: 'local' | 'remote'
  readonly nick: string
  readonly occupantId: string
  /** Null for XMPP users. */
  readonly participant: ParticipantId | null
  /** Ms since 1970. */
  readonly sinceMs: number
  /** 0 for participants of the lobby. */
  readonly sessions: number
  /** Not shown in the room, by order of a moderator. */
  readonly isMuted: boolean
  /** In the lobby, and not in the room: the place is kept. */
  readonly isAway: boolean
}

/** All occupants, in the order in which they took their nicks, then those in the lobby that are muted here or away. */
export const occupantsOf = (room: Room): OccupantView[] => [
  ...[...room.occupants.values()].map((occupant) => ({
    side: occupant.side,
    nick: occupant.nick,
    occupantId: occupant.occupantId,
    participant: occupant.side === 'remote' ? occupant.participant : null,
    sinceMs: occupant.sinceMs,
    sessions: occupant.side === 'local' ? occupant.sessions.length : 0,
    isMuted: false,
    isAway: false,
  })),
  ...[...room.muted].map(([participant, { nick, sinceMs }]) => ({
    side: 'remote' as const,
    nick,
    occupantId: idOfParticipant(room.identity.occupantKey, participant),
    participant,
    sinceMs,
    sessions: 0,
    isMuted: true,
    isAway: false,
  })),
  ...[...room.away].map(([account, { nick, sinceMs }]) => ({
    side: 'local' as const,
    nick,
    occupantId: idOfAccount(room.identity.occupantKey, account),
    participant: null,
    sinceMs,
    sessions: 0,
    isMuted: false,
    isAway: true,
  })),
]
