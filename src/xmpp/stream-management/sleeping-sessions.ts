/** Sessions whose connection was lost: they keep their place for a while, and go on when their client is back. XEP-0198 §5. */
import { randomBytes } from 'node:crypto'
import { NS } from '../../stanza/ns.ts'
import { el, type PreparedStanza, serialize } from '../../stanza/xml.ts'
import { ExpiringMap } from '../../util/expiring-map.ts'
import type { Account } from '../account-services/account.ts'
import type { ServerLimits } from '../limits.ts'
import type { Session, SessionPlace } from '../session.ts'
import type { StreamManagement } from './stream-management.ts'

/** What sleeping needs of the server. */
export interface SleepEnv {
  readonly domain: string
  readonly limits: ServerLimits
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The session is over; comes once. */
  readonly ended: (session: Session) => void
}

/** What there is under an id: a session, or what was handled in one that is over. */
export type Found =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'over'; readonly handled: number | undefined }

/** How long it is remembered how much was handled in a session that is over, and for how many. */
const OVER_MEMORY_MS = 3_600_000
const MAX_OVER = 1_000
const ID_BYTES = 18

/** Knows all sessions that can be resumed, asleep or not. Bounded by sessions, time and characters, see docs/limits.md. */
export class SleepingSessions {
  readonly #env: SleepEnv
  readonly #byId = new Map<string, Session>()
  /** In the order in which they fell asleep → when they end. */
  readonly #asleep = new Map<Session, number>()
  readonly #over = new ExpiringMap<string, { account: string; handled: number }>(OVER_MEMORY_MS, MAX_OVER)

  constructor(env: SleepEnv) {
    this.#env = env
  }

  /** From now on the session can be resumed. `wishSec`: for how long, if the client said so. */
  enable(session: Session, wishSec: number | undefined): { readonly id: string; readonly maxSec: number } {
    const maxSec = Math.min(
      wishSec ?? Number.POSITIVE_INFINITY,
      Math.floor(this.#env.limits.maxSleepMs / 1000),
    )
    const id = randomBytes(ID_BYTES).toString('base64url')
    this.#byId.set(id, session)
    session.resumption = { id, maxMs: maxSec * 1000 }
    return { id, maxSec }
  }

  /** The connection of a session that can be resumed is lost. */
  sleep(session: Session): void {
    session.moveTo(
      new Bed(
        this.#env,
        () => this.#end(session),
        () => this.#asleep.delete(session),
      ),
    )
    this.#asleep.set(session, this.#env.now() + (session.resumption?.maxMs ?? 0))
    if (this.#asleep.size <= this.#env.limits.maxSleepingSessions) return
    const [longest] = this.#asleep.keys()
    if (longest) this.#end(longest)
  }

  /**
   * Looks for a session of this account. A guest has a new name at each login: whoever knows the id of a guest's
   * session is that guest.
   */
  find(id: string, account: Account): Found {
    const session = this.#byId.get(id)
    const isSame = (bare: string, isAnonymous: boolean): boolean =>
      bare === account.jid.full || (isAnonymous && account.isAnonymous)
    if (session && !session.management?.isOverfull && isSame(session.jid.bare, session.account.isAnonymous))
      return { kind: 'session', session }
    const over = this.#over.get(id, this.#env.now())
    return { kind: 'over', handled: over?.account === account.jid.full ? over.handled : undefined }
  }

  /** A sleeping session of the account, the one that sleeps longest; undefined when there is none. */
  longestAsleep(sessions: readonly Session[]): Session | undefined {
    for (const session of this.#asleep.keys()) if (sessions.includes(session)) return session
    return undefined
  }

  /** A session that could be resumed is over. */
  forget(session: Session): void {
    const { resumption, management } = session
    this.#asleep.delete(session)
    if (!resumption) return
    this.#byId.delete(resumption.id)
    const handled = management?.handled ?? 0
    this.#over.set(resumption.id, { account: session.jid.bare, handled }, this.#env.now())
  }

  /** Ends what has slept too long, and what takes too much memory, the largest first. */
  sweep(nowMs: number): void {
    let characters = 0
    for (const [session, endsAtMs] of [...this.#asleep])
      if (nowMs >= endsAtMs || session.management?.isOverfull) this.#end(session)
      else characters += session.keptCharacters
    while (characters > this.#env.limits.maxSleepingCharacters) {
      const largest = [...this.#asleep.keys()].reduce((one, other) =>
        other.keptCharacters > one.keptCharacters ? other : one,
      )
      characters -= largest.keptCharacters
      this.#end(largest)
    }
  }

  endAll(): void {
    for (const session of [...this.#asleep.keys()]) this.#end(session)
  }

  #end(session: Session): void {
    if (this.#asleep.delete(session)) this.#env.ended(session)
  }
}

/** The place of a session that sleeps: what comes for it is kept, with the time at which it came (XEP-0203). */
class Bed implements SessionPlace {
  readonly isFramed = false
  readonly #env: SleepEnv
  readonly #end: () => void
  readonly #wake: () => void

  constructor(env: SleepEnv, end: () => void, wake: () => void) {
    this.#env = env
    this.#end = end
    this.#wake = wake
  }

  write(): void {}

  unackedGrew(management: StreamManagement): void {
    const { domain, now } = this.#env
    management.changeNewest((stanza) => dated(stanza, domain, now()))
  }

  fail(): void {
    this.#end()
  }

  release(): void {
    this.#wake()
  }
}

/** A message says when it was to be delivered, unless it says when it was written. */
function dated(stanza: PreparedStanza, domain: string, nowMs: number): PreparedStanza {
  const end = '</message>'
  if (!stanza.rest.endsWith(end) || stanza.rest.includes(NS.delay)) return stanza
  const stamp = new Date(nowMs).toISOString()
  const delay = serialize(el('delay', { xmlns: NS.delay, from: domain, stamp }))
  return { name: stanza.name, rest: `${stanza.rest.slice(0, -end.length)}${delay}${end}` }
}
