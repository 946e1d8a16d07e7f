/** What goes to one friend in one lobby, and when: under RetroShare's flood rule. Source: docs/routing.md, flood. */
import type { ParticipantId } from '../../util/ids.ts'
import { type BouncedItem, LOBBY_EVENT } from '../wire/item.ts'
import { BOUND, TIMING } from './limits.ts'
import { authorLimit } from './rate.ts'
import { Window } from './window.ts'

/** An item on its way. `offeredMs`: when it was first meant to go, so that a repetition can begin there. */
export interface Held {
  readonly item: BouncedItem
  readonly raw: Uint8Array
  readonly offeredMs: number
}

/** `go`: send it now, it is counted. `held`: `next` will give it. `dropped`: it is not worth waiting for. */
export type Fate = 'go' | 'held' | 'dropped'

/** Whose a message is: of one of our speakers, of others, or of others and old, as what is sent again to a friend. */
export type Origin = 'own' | 'relayed' | 'repeated'

/** Where an item comes from, and how much the friend takes: in all, and of one author. */
export interface Way {
  readonly origin: Origin
  readonly limit: number
  readonly authorLimit: number
}

/** Whose turn it is while several wait; `rest` is everything that is no message. */
const ROTA = ['own', 'relayed', 'own', 'relayed', 'rest', 'repeated'] as const
/** Of ten places keep-alives and repetitions leave three free for what is new. */
export const KEPT_FREE = 0.3

/**
 * Never more items within 12 s than the friend takes in its 10 s, which it counts in whole seconds. What exceeds
 * that waits: messages in order, repetitions behind new ones, arrivals and farewells, one keep-alive an author.
 */
export class Pace {
  readonly #sent = new Window(TIMING.paceMs)
  readonly #messages: Readonly<Record<Origin, Held[]>> = { own: [], relayed: [], repeated: [] }
  readonly #events: Held[] = []
  readonly #keepAlives = new Map<ParticipantId, Held>()
  /** Messages that had to wait, by when they went. */
  #late: { readonly offeredMs: number; readonly sentMs: number }[] = []
  #turn = 0
  /** Something may wait. */
  #isBusy = false

  /** Items that counted against the friend's limit when it was last looked at. */
  get sent(): number {
    return this.#sent.length
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && this.#keepAlives.size === 0
  }

  /** Nothing that was sent counts any longer, and nothing waits. */
  isForgotten(nowMs: number): boolean {
    return this.isIdle && this.#sent.size(nowMs) === 0
  }

  /** Sends, holds or drops an item. */
  offer(held: Held, way: Way, nowMs: number): Fate {
    const sent = this.#sent.size(nowMs)
    // The common case at little cost, since there may be many friends.
    const isPlain = held.item.kind === 'lobby-message' && way.origin !== 'repeated'
    if (!isPlain || this.#isBusy || sent >= way.authorLimit)
      if (!this.#mayGo(held.item, way, sent)) return this.#hold(held, way.origin)
    this.#sent.add(held.item, nowMs)
    return 'go'
  }

  /** The next item that may go now; it is counted. */
  next(limit: number, nowMs: number): Held | undefined {
    this.#isBusy = !this.isIdle
    if (!this.#isBusy) return undefined
    const free = limit - this.#sent.size(nowMs)
    if (free <= 0) return undefined
    const isPlenty = free > limit * KEPT_FREE
    const most = authorLimit(limit)
    const isFree = ({ item }: Held): boolean => this.#mayHave(item.author, most)
    for (let tries = 0; tries < ROTA.length; tries++) {
      const lane = ROTA[this.#turn % ROTA.length]
      this.#turn = (this.#turn + 1) % ROTA.length
      const held = lane === undefined ? undefined : this.#take(lane, { isFree, isPlenty, nowMs })
      if (!held) continue
      this.#sent.add(held.item, nowMs)
      if (held.item.kind === 'lobby-message') this.#noteLate(held.offeredMs, nowMs)
      return held
    }
    return undefined
  }

  /** When `next`, which has just given nothing, may give something again; infinite when nothing waits. */
  nextAtMs(limit: number, nowMs: number): number {
    if (this.isIdle) return Number.POSITIVE_INFINITY
    const isPatient = this.#waiting === this.#messages.repeated.length
    const places = isPatient ? Math.ceil(limit - limit * KEPT_FREE) : limit
    // With places left it is the author's own that are used up: any that gets free may be one of them.
    return this.#sent.endMs(Math.max(0, this.#sent.size(nowMs) - places)) ?? nowMs
  }

  /** Places that go by for one own message, as what is not our own has its turn between. */
  get placesEach(): number {
    const { relayed, repeated } = this.#messages
    return (
      1 + (relayed.length > 0 ? 1 : 0) + (this.#events.length > 0 ? 0.5 : 0) + (repeated.length > 0 ? 0.5 : 0)
    )
  }

  /** Own messages that wait. */
  get line(): number {
    return this.#messages.own.length
  }

  /** Authors of whom something waits, or counts against the friend's limit. */
  authors(): ReadonlySet<ParticipantId> {
    const authors = new Set(this.#sent.authors())
    for (const { item } of this.#messages.own) authors.add(item.author)
    return authors
  }

  /** How long an own message would wait that comes behind `ahead` others not offered yet, 0 for not at all. */
  waitMs(ahead: number, limit: number, nowMs: number): number {
    const place = Math.ceil((this.#messages.own.length + ahead) * this.placesEach)
    const sent = this.#sent.size(nowMs)
    const waiting = place - (limit - sent)
    if (waiting < 0) return 0
    const endMs = this.#sent.endMs(waiting % limit) ?? nowMs + TIMING.paceMs
    return endMs - nowMs + Math.floor(waiting / limit) * TIMING.paceMs
  }

  /** Own messages that wait, of one author. */
  waitingOf(author: ParticipantId): number {
    let count = 0
    for (const { item } of this.#messages.own) if (item.author === author) count += 1
    return count
  }

  /** The friend has brought the item itself: it had it before ours came, so that ours neither counts nor is needed. */
  heard({ messageId, author }: BouncedItem): void {
    if (!this.#sent.remove(messageId) && !this.isIdle) this.#drop(messageId, author)
  }

  #drop(messageId: string, author: ParticipantId): void {
    for (const lane of this.#lanes()) {
      const at = lane.findIndex(({ item }) => item.messageId === messageId)
      if (at >= 0) lane.splice(at, 1)
    }
    if (this.#keepAlives.get(author)?.item.messageId === messageId) this.#keepAlives.delete(author)
  }

  /** Everything that waits, messages first, whatever the limit. */
  flush(): Held[] {
    const all = this.#lanes().flat()
    this.#empty()
    return all
  }

  /**
   * Forgets what waits, since the link is gone; what was sent still counts. Returns when the oldest message was
   * offered that still waited or went at `doubtfulSinceMs` or later; infinite when there is none.
   */
  clear(doubtfulSinceMs: number): number {
    const late = this.#late.filter(({ sentMs }) => sentMs >= doubtfulSinceMs)
    const offeredMs = [...Object.values(this.#messages).flat(), ...late].map((message) => message.offeredMs)
    this.#empty()
    return offeredMs.reduce((oldest, ms) => Math.min(oldest, ms), Number.POSITIVE_INFINITY)
  }

  #empty(): void {
    for (const lane of this.#lanes()) lane.length = 0
    this.#keepAlives.clear()
  }

  /** What goes long after it was offered has to be found again by when it went. */
  #noteLate(offeredMs: number, nowMs: number): void {
    while ((this.#late[0]?.sentMs ?? nowMs) < nowMs - TIMING.lossMs) this.#late.shift()
    this.#late.push({ offeredMs, sentMs: nowMs })
  }

  #take(
    lane: (typeof ROTA)[number],
    place: { readonly isFree: (held: Held) => boolean; readonly isPlenty: boolean; readonly nowMs: number },
  ): Held | undefined {
    const { isFree, isPlenty, nowMs } = place
    if (lane === 'rest')
      return takeFirst(this.#events, isFree) ?? (isPlenty ? this.#takeKeepAlive(nowMs) : undefined)
    if (lane === 'repeated' && !isPlenty) return undefined
    return takeFresh(this.#messages[lane], isFree, nowMs)
  }

  #lanes(): Held[][] {
    const { own, relayed, repeated } = this.#messages
    return [own, relayed, repeated, this.#events]
  }

  /** Everything but keep-alives. */
  get #waiting(): number {
    const { own, relayed, repeated } = this.#messages
    return own.length + relayed.length + repeated.length + this.#events.length
  }

  #mayGo(item: BouncedItem, { origin, limit, authorLimit: most }: Way, sent: number): boolean {
    const needed = origin === 'repeated' || isMinor(item) ? limit * KEPT_FREE : 0
    return limit - sent > needed && !this.#isBehindOthers(item, origin) && this.#mayHave(item.author, most)
  }

  #mayHave(author: ParticipantId, most: number): boolean {
    return this.#sent.length < most || this.#sent.countOf(author) < most
  }

  #isBehindOthers(item: BouncedItem, origin: Origin): boolean {
    if (this.isIdle) return false
    const { own, relayed } = this.#messages
    if (origin === 'repeated' || isMinor(item)) return true
    return own.length + relayed.length > 0 || (item.kind === 'lobby-event' && this.#events.length > 0)
  }

  #hold(held: Held, origin: Origin): Fate {
    const { item } = held
    this.#isBusy = true
    const waiting = this.#events.findIndex(({ item: { author } }) => author === item.author)
    const isNewer = item.sentAtSec >= (this.#events[waiting]?.item.sentAtSec ?? 0)
    if (item.kind === 'lobby-message') {
      if (origin === 'own') this.#messages.own.push(held)
      else pushWithin(this.#messages[origin], held, BOUND.heldMessages)
      return 'held'
    }
    // What waits of an author's coming and going says nothing any longer once there is newer; nor does older.
    if (item.event === LOBBY_EVENT.status || !isNewer) return 'dropped'
    if (item.event === LOBBY_EVENT.keepAlive) {
      this.#keepAlives.delete(item.author)
      this.#keepAlives.set(item.author, held)
      if (this.#keepAlives.size > BOUND.heldEvents) this.#takeKeepAlive(held.offeredMs)
      return 'held'
    }
    this.#keepAlives.delete(item.author)
    if (waiting >= 0) this.#events.splice(waiting, 1)
    pushWithin(this.#events, held, BOUND.heldEvents)
    return 'held'
  }

  /** The oldest that still says something. */
  #takeKeepAlive(nowMs: number): Held | undefined {
    for (const [author, held] of this.#keepAlives) {
      this.#keepAlives.delete(author)
      if (nowMs - held.offeredMs <= TIMING.keepAliveHeldMs) return held
    }
    return undefined
  }
}

/** Keep-alives and typing: dropped before anything else. */
export const isMinor = (item: BouncedItem): boolean =>
  item.kind === 'lobby-event' && (item.event === LOBBY_EVENT.keepAlive || item.event === LOBBY_EVENT.status)

/** The oldest goes when there are too many. */
function pushWithin(lane: Held[], held: Held, most: number): void {
  lane.push(held)
  if (lane.length > most) lane.shift()
}

/** Takes out the first of an author that may have one more. */
function takeFirst(lane: Held[], isFree: (held: Held) => boolean): Held | undefined {
  const at = lane.findIndex(isFree)
  return at < 0 ? undefined : lane.splice(at, 1)[0]
}

/** The same, leaving out those that their receiver would find too old. */
function takeFresh(lane: Held[], isFree: (held: Held) => boolean, nowMs: number): Held | undefined {
  for (let held = takeFirst(lane, isFree); held; held = takeFirst(lane, isFree))
    if (nowMs - held.item.sentAtSec * 1000 <= TIMING.heldMs) return held
  return undefined
}
