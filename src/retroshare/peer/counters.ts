/** What happened on all links since the start, for the metrics. */

/** Plain counters; maps are keyed by codes of docs/errors.md. */
export class PeerCounters {
  dials = 0
  dialFailures = 0
  /** Incoming TCP connections. */
  connections = 0
  handshakeFailures = 0
  itemsIn = 0
  itemsOut = 0
  bytesIn = 0
  bytesOut = 0
  /** Items that were waiting for a friend that was lost. */
  itemsDropped = 0
  /** Peers that were refused after the handshake. */
  readonly refused = new Map<string, number>()
  /** Verified links that ended. */
  readonly closed = new Map<string, number>()
}

/** Adds one to the count of `key`. */
export const countUp = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
