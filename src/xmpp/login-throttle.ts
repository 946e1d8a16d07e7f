/** Slows the guessing of passwords: counts refused logins by address, and by address and account. */
import { ExpiringMap } from '../util/expiring-map.ts'

const MAX_PER_ACCOUNT = 10
const MAX_PER_ADDRESS = 100
const MEMORY_MS = 600_000
const MAX_ENTRIES = 10_000

/**
 * After 10 refused logins for one account, or 100 for any, an address waits: until 10 minutes have gone by without
 * another refusal. It remembers 10,000 counts; the ones longest ago go first. An IPv6 address counts as its /64.
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

  /** `account` is undefined when the client did not come so far as to name one that could exist. */
  failed(address: string, account: string | undefined): void {
    const network = networkOf(address)
    this.#add(network)
    if (account !== undefined) this.#add(`${network} ${account}`)
  }

  #count(key: string): number {
    return this.#failures.get(key, this.#now()) ?? 0
  }

  #add(key: string): void {
    this.#failures.set(key, this.#count(key) + 1, this.#now())
  }
}

function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length
  return [...groups, ...Array<string>(missing).fill('0')].slice(0, 4).join(':')
}
