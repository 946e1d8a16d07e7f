/** Slows the guessing of passwords: counts refused logins by address, by account, and by both. */
import { ExpiringMap } from '../util/expiring-map.ts'
import { networkOf } from './network-address.ts'

const MAX_PER_ACCOUNT = 10
const MAX_PER_ADDRESS = 100
const MEMORY_MS = 600_000
const MAX_ENTRIES = 10_000
/** Refusals of an account or address after which each further login takes longer, twice as long as the one before. */
const UNDELAYED = 5
const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 5_000

/**
 * After 10 refused logins for one account, or 100 for any, an address waits: until 10 minutes have gone by without
 * another refusal. An account that is tried from many addresses cannot be shut for its owner: there logins take longer,
 * up to 5 s. It remembers 10,000 counts; the ones longest ago go first. An IPv6 address counts as its /64.
 */
export class LoginThrottle {
  readonly #now: () => number
  readonly #failures = new ExpiringMap<string, number>(MEMORY_MS, MAX_ENTRIES)

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  isBlocked(address: string, account: string): boolean {
    const network = networkOf(address)
    return this.#count(`${network} ${account}`) >= MAX_PER_ACCOUNT || this.#count(network) >= MAX_PER_ADDRESS
  }

  /** How long a login is to wait before the password is looked at, right or wrong. */
  delayMs(address: string, account: string): number {
    const count = Math.max(this.#count(anywhere(account)), this.#count(networkOf(address)))
    return count < UNDELAYED ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (count - UNDELAYED), MAX_DELAY_MS)
  }

  /** `account` is undefined when the client did not come so far as to name one that could exist. */
  failed(address: string, account: string | undefined): void {
    const network = networkOf(address)
    this.#add(network)
    if (account === undefined) return
    this.#add(`${network} ${account}`)
    this.#add(anywhere(account))
  }

  #count(key: string): number {
    return this.#failures.get(key, this.#now()) ?? 0
  }

  #add(key: string): void {
    this.#failures.set(key, this.#count(key) + 1, this.#now())
  }
}

const anywhere = (account: string): string => `* ${account}`
