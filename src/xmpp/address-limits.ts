/** What one network address may take of the server: connections, and tokens that they share. See docs/limits.md. */
import type { ServerLimits } from './limits.ts'
import { isOwnMachine, networkOf } from './network-address.ts'
import { TokenBucket } from './token-bucket.ts'

interface Share {
  connections: number
  readonly tokens: TokenBucket
}

/** Addresses without connection that are remembered until their tokens are full again. */
const MAX_IDLE = 10_000

/** An IPv6 address counts as its /64. This machine is not limited. */
export class AddressLimits {
  readonly #limits: ServerLimits
  readonly #now: () => number
  readonly #shares = new Map<string, Share>()
  readonly #idle = new Set<string>()

  /** `now`: milliseconds since 1970. */
  constructor(limits: ServerLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** Whether one more connection from this address is taken. */
  hasRoom(address: string): boolean {
    const share = this.#shares.get(networkOf(address))
    return (
      !share ||
      (share.connections < this.#limits.maxConnectionsPerAddress && share.tokens.hasToken(this.#now))
    )
  }

  /** Counts a connection. The tokens that it shares with others of its address; undefined for this machine. */
  entered(address: string): TokenBucket | undefined {
    if (isOwnMachine(address)) return undefined
    const network = networkOf(address)
    const { addressTokensPerSecond, maxAddressTokens, tokensPerConnection } = this.#limits
    let share = this.#shares.get(network)
    if (!share) {
      const tokens = new TokenBucket(addressTokensPerSecond, maxAddressTokens, this.#now())
      share = { connections: 0, tokens }
      this.#shares.set(network, share)
    }
    share.connections++
    share.tokens.take(tokensPerConnection)
    this.#idle.delete(network)
    return share.tokens
  }

  /** A connection that was counted is gone. */
  left(address: string): void {
    const network = networkOf(address)
    const share = this.#shares.get(network)
    if (!share || --share.connections > 0) return
    this.#idle.add(network)
    const [longest] = this.#idle
    if (this.#idle.size > MAX_IDLE && longest !== undefined) this.#forget(longest)
  }

  /** Forgets addresses that are gone and whose tokens are full again. */
  sweep(nowMs: number): void {
    for (const network of this.#idle)
      if (this.#shares.get(network)?.tokens.isFull(nowMs)) this.#forget(network)
  }

  #forget(network: string): void {
    this.#idle.delete(network)
    this.#shares.delete(network)
  }
}
