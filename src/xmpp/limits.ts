/** Bounds of the embedded XMPP server: every queue, cache and buffer has one. See docs/limits.md. */

/** All numbers are upper bounds unless their name says otherwise. */
export interface ServerLimits {
  /** Connections at the same time, logged in or not. */
  readonly maxConnections: number
  /** Connections that have not logged in yet. */
  readonly maxUnauthenticated: number
  readonly maxSessionsPerAccount: number
  readonly maxStanzaBytes: number
  /** The same before login. */
  readonly maxStanzaBytesBeforeLogin: number
  /** From connecting to a bound resource. */
  readonly loginTimeoutMs: number
  /** From the end of our side of a stream to the end of the connection; also the time `stop` may take. */
  readonly closeTimeoutMs: number
  /** Refused logins on one connection; the last one closes it. */
  readonly maxLoginFailures: number
  /** Characters that wait for a client which does not read. */
  readonly maxOutgoingCharacters: number
  /** Stanzas of one connection that are handled before other connections have their turn. */
  readonly stanzasPerTurn: number
  /** Tokens of one connection: a stanza costs one, and one more for each KiB received. Without tokens it is not read. */
  readonly tokensPerSecond: number
  readonly maxTokens: number
  /** Addresses that one session can have sent presence to and not taken it back. */
  readonly maxDirectedPresence: number
}

/** The documented defaults. */
export const SERVER_LIMITS: ServerLimits = {
  maxConnections: 10_000,
  maxUnauthenticated: 1_000,
  maxSessionsPerAccount: 20,
  maxStanzaBytes: 262_144,
  maxStanzaBytesBeforeLogin: 10_000,
  loginTimeoutMs: 45_000,
  closeTimeoutMs: 2_000,
  maxLoginFailures: 3,
  maxOutgoingCharacters: 8_388_608,
  stanzasPerTurn: 32,
  tokensPerSecond: 1_000,
  maxTokens: 5_000,
  maxDirectedPresence: 2_000,
}
