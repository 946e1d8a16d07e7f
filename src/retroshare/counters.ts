/** What a node counts, as one flat record for the metrics. */
import type { PeerCounters } from './peer/counters.ts'
import type { ServiceCounters } from './peer/friend-services.ts'
import type { PrivateChat } from './private-chat.ts'
import type { RouterRunner } from './router-runner.ts'
import type { VerdictCounts } from './verdict.ts'

/** Where the numbers come from. */
export interface CounterSources {
  readonly peer: PeerCounters
  readonly services: ServiceCounters
  /** Pictures of friends that were dropped, by code. */
  readonly avatars: ReadonlyMap<string, number>
  /** What waits for friends to read. */
  readonly waitingBytes: number
  readonly router: RouterRunner
  readonly verdicts: VerdictCounts
  readonly signatures: number
  readonly waitingSpeakers: number
  readonly identities: number
  readonly privateChat: PrivateChat
}

const prefixed = (prefix: string, counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries(
    [...counts].map(([code, count]) => [`${prefix}${code.toLowerCase().replaceAll('-', '_')}`, count]),
  )

/** Names are lower-case with underscores; those with `current_` go up and down, all others only grow. */
export function nodeCounters(sources: CounterSources): Record<string, number> {
  const { peer, services, router, verdicts } = sources
  return {
    dials: peer.dials,
    dial_failures: peer.dialFailures,
    connections: peer.connections,
    handshake_failures: peer.handshakeFailures,
    items_in: peer.itemsIn,
    items_out: peer.itemsOut,
    bytes_in: peer.bytesIn,
    bytes_out: peer.bytesOut,
    items_dropped: peer.itemsDropped,
    ...prefixed('refused_', peer.refused),
    ...prefixed('closed_', peer.closed),
    chat_items_in: services.chatIn,
    items_not_sent: services.notSent,
    records_taken: services.recordsTaken,
    records_refused: services.recordsRefused,
    ...prefixed('dropped_', services.dropped),
    ...prefixed('dropped_', sources.privateChat.dropped),
    ...prefixed('dropped_', sources.avatars),
    private_messages_in: sources.privateChat.taken,
    lobby_items_accepted: router.router.counts.accepted,
    lobby_items_duplicate: router.router.counts.duplicates,
    ...prefixed('noted_', router.notes),
    signatures_good: verdicts.good,
    signatures_bad: verdicts.bad,
    signatures_unknown: verdicts.unknown,
    signatures_made: sources.signatures,
    current_send_queue_bytes: sources.waitingBytes,
    current_waiting_speakers: sources.waitingSpeakers,
    current_identities: sources.identities,
  }
}
