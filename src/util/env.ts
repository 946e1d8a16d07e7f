/** What a pure step may know of the world: one time and a source of randomness, both injected. */
export interface Env {
  /** Milliseconds since 1970. One step sees one time. */
  readonly nowMs: number
  /** `count` random bytes; cryptographically strong in production, seeded in simulations. */
  randomBytes(count: number): Uint8Array
}
