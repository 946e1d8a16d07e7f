/** Who is told that something was said in rooms that they have left: Room Activity Indicators, XEP-0437. */
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, el } from '../stanza/xml.ts'
import { MAX_ACCOUNTS_KNOWN, MAX_ACTIVITY_SUBSCRIBERS, MAX_ROOMS_KNOWN } from './limits.ts'

/** A session, by full and bare JID. */
export interface Subscriber {
  readonly full: string
  readonly bare: string
}

/** What is known of a room when an indicator is due. `room` is its bare JID. */
export interface RoomView {
  /** This session is in the room now, and hears for itself. */
  isJoined(room: string, full: string): boolean
  /** Whoever may not enter learns nothing. */
  mayEnter(room: string, bare: string): boolean
}

/** Whether presence to the service asks for indicators. */
export const asksForActivity = (presence: Element): boolean =>
  presence.attrs.type === undefined && childOf(presence, 'rai', NS.activity) !== undefined

/** Sessions that are subscribed, and when the account was last in its rooms, the room that it left last at the end. */
interface Account {
  readonly sessions: Set<string>
  readonly lastThere: Map<string, number>
}

/**
 * Rooms of an account are those that it has left since the process started. In each, one indicator is given for all
 * that is said while a session is away.
 */
export class ActivityIndicators {
  readonly #domain: string
  readonly #view: RoomView
  /** By bare JID; the account that came or went last is at the end. */
  readonly #accounts = new Map<string, Account>()
  readonly #subscribers = new Map<string, Account>()
  readonly #lastSaid = new Map<string, number>()
  /** By room: sessions to be told of what is said next. */
  readonly #waiting = new Map<string, Map<string, string>>()

  constructor(domain: string, view: RoomView) {
    this.#domain = domain
    this.#view = view
  }

  /** A session asks for indicators: what was said since it left comes at once. Undefined when there are too many. */
  subscribe({ full, bare }: Subscriber): readonly Element[] | undefined {
    if (!this.#subscribers.has(full) && this.#subscribers.size >= MAX_ACTIVITY_SUBSCRIBERS) return undefined
    const account = this.#account(bare)
    account.sessions.add(full)
    this.#subscribers.set(full, account)
    const active: string[] = []
    for (const [room, atMs] of account.lastThere) {
      const isNews = (this.#lastSaid.get(room) ?? 0) > atMs && !this.#view.isJoined(room, full)
      if (isNews && this.#view.mayEnter(room, bare)) active.push(room)
      else this.#wait(room, full, bare)
    }
    return active.length === 0 ? [] : [this.#indicator(full, active)]
  }

  /** A session wants no more of it, or is gone. */
  unsubscribe(full: string): void {
    const account = this.#subscribers.get(full)
    if (!account) return
    this.#subscribers.delete(full)
    account.sessions.delete(full)
    for (const room of account.lastThere.keys()) this.#stopWaiting(room, full)
  }

  /** A session of an account left a room. */
  left(room: string, bare: string, nowMs: number): void {
    const account = this.#account(bare)
    account.lastThere.delete(room)
    account.lastThere.set(room, nowMs)
    for (const full of account.sessions) this.#wait(room, full, bare)
    if (account.lastThere.size > MAX_ROOMS_KNOWN) this.#forgetOldestRoom(account)
  }

  /** Something was said in a room: the indicators that are due. */
  said(room: string, nowMs: number): readonly Element[] {
    this.#lastSaid.set(room, nowMs)
    const due: Element[] = []
    for (const [full, bare] of this.#waiting.get(room) ?? []) {
      if (this.#view.isJoined(room, full)) continue
      this.#stopWaiting(room, full)
      if (this.#view.mayEnter(room, bare)) due.push(this.#indicator(full, [room]))
    }
    return due
  }

  /** The account, now the last; the oldest without subscription is forgotten when there are too many. */
  #account(bare: string): Account {
    const account = this.#accounts.get(bare) ?? { sessions: new Set(), lastThere: new Map() }
    this.#accounts.delete(bare)
    this.#accounts.set(bare, account)
    if (this.#accounts.size > MAX_ACCOUNTS_KNOWN)
      for (const [other, { sessions }] of this.#accounts)
        if (sessions.size === 0) {
          this.#accounts.delete(other)
          break
        }
    return account
  }

  #forgetOldestRoom(account: Account): void {
    const [oldest] = account.lastThere.keys()
    if (oldest === undefined) return
    account.lastThere.delete(oldest)
    for (const full of account.sessions) this.#stopWaiting(oldest, full)
  }

  #wait(room: string, full: string, bare: string): void {
    const sessions = this.#waiting.get(room)
    if (sessions) sessions.set(full, bare)
    else this.#waiting.set(room, new Map([[full, bare]]))
  }

  #stopWaiting(room: string, full: string): void {
    const sessions = this.#waiting.get(room)
    sessions?.delete(full)
    if (sessions?.size === 0) this.#waiting.delete(room)
  }

  #indicator(full: string, rooms: readonly string[]): Element {
    return el(
      'message',
      { from: this.#domain, to: full },
      el('rai', { xmlns: NS.activity }, ...rooms.map((room) => el('activity', {}, room))),
    )
  }
}
