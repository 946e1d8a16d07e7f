/** The waiting times and bounds of links and dials, in one place. Source: docs/retroshare.md §1.7, §3.2. */

/** Milliseconds throughout. */
export interface Timings {
  /** An incoming handshake that takes longer is dropped. */
  readonly handshakeMs: number
  /** Limit of one dial, from the TCP connect to the end of the handshake. */
  readonly connectMs: number
  /** A verified link on which the peer says nothing for this long is closed; also a given-up one not closed by it. */
  readonly firstBytesMs: number
  /** A link is dropped when no heartbeat came for `heartbeatMs` and nothing else for `silenceMs`. */
  readonly heartbeatMs: number
  readonly silenceMs: number
  /** The slice probe goes first on a link and again with what is sent after this time. */
  readonly probeMs: number
  /** Two links verified within this time are taken for a simultaneous dial, later ones for a new start. */
  readonly raceMs: number
  /** While our own dial is verified but silent, this long nothing is written on an accepted link. */
  readonly holdMs: number
  /** Both links of a simultaneous dial may live this long before one is given up. */
  readonly settleMs: number
  /** A friend that was up for this long is dialled at once when it is lost. */
  readonly stableMs: number
  /** First and longest pause between dials; they double in between. */
  readonly firstRedialMs: number
  readonly maxRedialMs: number
  /** A dial waits this long, a few times, while its host is in a handshake with us. */
  readonly deferMs: number
  /** At `stop` a link that the peer does not close is cut after this time. */
  readonly closeMs: number
}

export const DEFAULT_TIMINGS: Timings = {
  handshakeMs: 10_000,
  connectMs: 30_000,
  firstBytesMs: 30_000,
  heartbeatMs: 100_000,
  silenceMs: 60_000,
  probeMs: 60_000,
  raceMs: 5000,
  holdMs: 2000,
  settleMs: 5000,
  stableMs: 30_000,
  firstRedialMs: 1000,
  maxRedialMs: 300_000,
  deferMs: 250,
  closeMs: 2000,
}
