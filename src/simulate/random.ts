/** A small seeded generator (SplitMix32 over a Weyl sequence), so that every run replays from its seed. */

/** Not for secrets. Equal seeds give equal sequences. */
export class Random {
  #state: number

  /** `seed` counts modulo 2^32. */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number, 0 <= n < 2^32. */
  u32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return (bits ^ (bits >>> 16)) >>> 0
  }

  /** A whole number, 0 <= n < `limit`. */
  below(limit: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * limit)
  }

  /** A whole number, `low` <= n <= `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new Error('picked from an empty list')
    return picked
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256))
  }
}
