/** Bounds and times of the link to a host server. See docs/limits.md. */

/** All numbers are upper bounds. What a user may send is a third of what we may, as a character takes up to three bytes. */
export interface ComponentLimits {
  /** Bytes of a stanza that we send. Prosody ends the link at 512 KiB; the difference is for its own counting. */
  readonly maxSentStanzaBytes: number
  /** Characters of a stanza that the host sends: what can be passed on to others, whatever alphabet it is in. */
  readonly maxStanzaCharacters: number
  /** Characters that wait for a host which does not read. */
  readonly maxOutgoingCharacters: number
  /** Characters that are held while the link is down. */
  readonly maxHeldCharacters: number
}

/** In ms. */
export interface ComponentTimings {
  /** From dialling to an authenticated link. */
  readonly handshakeMs: number
  /** After this long without a byte from the host it is asked for one, and after as long again it is given up. */
  readonly silenceMs: number
  /** Pauses between dials. */
  readonly firstRedialMs: number
  readonly maxRedialMs: number
  /** The same when the host refuses us: only an operator can change that. */
  readonly refusedRedialMs: number
  /** How long stanzas are held while the link is down. */
  readonly holdMs: number
  /** From the end of our side of the stream to the end of the connection. */
  readonly closeMs: number
}

/** The documented defaults. */
export const COMPONENT_LIMITS: ComponentLimits = {
  maxSentStanzaBytes: 500_000,
  maxStanzaCharacters: 160_000,
  maxOutgoingCharacters: 67_108_864,
  maxHeldCharacters: 16_777_216,
}

/** The documented defaults. */
export const COMPONENT_TIMINGS: ComponentTimings = {
  handshakeMs: 10_000,
  silenceMs: 15_000,
  firstRedialMs: 250,
  maxRedialMs: 5_000,
  refusedRedialMs: 30_000,
  holdMs: 60_000,
  closeMs: 1_000,
}
