/** Bounds of the embedded XMPP server: every queue, cache and buffer has one. See docs/limits.md. */

/** All numbers are upper bounds unless their name says otherwise. */
export interface ServerLimits {
  /** Connections at the same time, logged in or not. */
  readonly maxConnections: number
  /** Connections that have not logged in yet. */
  readonly maxUnauthenticated: number
  readonly maxConnectionsPerAddress: number
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
  /** The same for all connections from one address together; each new one costs some. */
  readonly addressTokensPerSecond: number
  readonly maxAddressTokens: number
  readonly tokensPerConnection: number
  /** Addresses that one session can have sent presence to and not taken it back. */
  readonly maxDirectedPresence: number
  /** Stanzas sent to one client and not acknowledged, while it uses stream management; with more the session ends. */
  readonly maxUnackedStanzas: number
  readonly maxUnackedCharacters: number
  /** From a request for an acknowledgement to the end of a connection that does not answer. */
  readonly ackTimeoutMs: number
  /** How long a session waits for its client to come back. */
  readonly maxSleepMs: number
  /** Sessions that wait at the same time, and what is kept for all of them. */
  readonly maxSleepingSessions: number
  readonly maxSleepingCharacters: number
}

/** The documented defaults. */
export const SERVER_LIMITS: ServerLimits = {
  maxConnections: 10_000,
  maxUnauthenticated: 1_000,
  maxConnectionsPerAddress: 200,
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
  addressTokensPerSecond: 5_000,
  maxAddressTokens: 25_000,
  tokensPerConnection: 50,
  maxDirectedPresence: 2_000,
  maxUnackedStanzas: 50_000,
  maxUnackedCharacters: 8_388_608,
  ackTimeoutMs: 60_000,
  maxSleepMs: 300_000,
  maxSleepingSessions: 1_000,
  maxSleepingCharacters: 67_108_864,
}
