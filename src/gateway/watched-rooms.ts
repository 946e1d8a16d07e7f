/** What comes of stanzas to rooms, for the metrics: who enters and how long that takes, and whom errors take out. */
import { isJoinRequest } from '../muc/service.ts'
import type { Metrics } from '../ops/metrics.ts'
import type { Jid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import type { Rooms } from './rooms.ts'

/** What the rooms are to be told of a stanza, and what is measured of it. */
export function watchedRooms(
  rooms: Pick<Rooms, 'onStanza' | 'memberships'>,
  metrics: () => Pick<Metrics, 'joined' | 'joinSeconds' | 'ghosts'>,
): (from: Jid, stanza: Element) => void {
  const roomOf = (from: Jid, stanza: Element) => {
    const address = stanza.attrs.to?.split('/')[0]
    return rooms.memberships.roomsOf(from.full).find(({ jid }) => jid === address)
  }
  return (from, stanza) => {
    const isJoin = isJoinRequest(stanza)
    const isError = stanza.attrs.type === 'error'
    const startedAtMs = isJoin ? performance.now() : 0
    const wasIn = isError && roomOf(from, stanza) !== undefined
    rooms.onStanza(from, stanza)
    if (isJoin) {
      const room = roomOf(from, stanza)
      metrics().joined(room ? 'entered' : 'refused')
      // History comes from the archive, after what is being stored.
      room?.whenTold(() => metrics().joinSeconds((performance.now() - startedAtMs) / 1000))
    } else if (wasIn && !roomOf(from, stanza)) metrics().ghosts('bounce', 1)
  }
}
