/** Pictures that friends show of themselves: whom to ask for one, and which to take. Source: docs/retroshare.md §6.10. */
import { equalBytes } from '../util/bytes.ts'
import type { FriendId } from '../util/ids.ts'
import { countUp } from './peer/counters.ts'
import { CHAT_FLAG, type ChatItem } from './wire/item.ts'

/** One picture; larger ones are dropped, and other nodes send none. */
export const MAX_AVATAR_BYTES = 32_767
/** Pictures of all friends; what goes beyond is dropped. */
const MAX_AVATARS_BYTES = 33_554_432
/** A friend that has told of no picture so long after chat began is asked for one: not every node tells. */
const UNTOLD_MS = 3_000
/** A friend that has not answered by then has no picture. */
const ANSWER_MS = 60_000
/** No friend is asked more often. */
const ASK_EVERY_MS = 10_000

/** What friends have no picture: known, and not one that has yet to come. */
const NONE = new Uint8Array()

/** The items that are about pictures. */
export type AvatarItem = Extract<ChatItem, { kind: 'avatar' | 'avatar-info' }>

interface Held {
  readonly image: Uint8Array
  /** When the friend says it was set; null when it did not say. */
  readonly setAtSec: number | null
}

/** While chat works with a friend. */
interface Talk {
  dueAtMs: number | undefined
  isAsked: boolean
  /** Of the last question. */
  askedAtMs: number
  /** What the friend had said by then. */
  askedForSec: number | null
  toldSec: number | null
}

/** Judges by size alone: what an image is, whoever shows it has to find out. In memory only. One instance per node. */
export class Avatars {
  /** Pictures dropped, by code. */
  readonly dropped = new Map<string, number>()
  readonly #held = new Map<FriendId, Held>()
  readonly #talks = new Map<FriendId, Talk>()
  #bytes = 0

  /** The picture of a friend, empty when it has none; null as long as that is not known. The same object until it changes. */
  of(friend: FriendId): Uint8Array | null {
    return this.#held.get(friend)?.image ?? null
  }

  /** Chat works with the friend. */
  opened(friend: FriendId, nowMs: number): void {
    this.#talks.set(friend, {
      dueAtMs: nowMs + UNTOLD_MS,
      isAsked: false,
      askedAtMs: Number.NEGATIVE_INFINITY,
      askedForSec: null,
      toldSec: null,
    })
  }

  closed(friend: FriendId): void {
    this.#talks.delete(friend)
  }

  /** The friend is none any longer. */
  forget(friend: FriendId): void {
    this.#bytes -= this.of(friend)?.length ?? 0
    this.#held.delete(friend)
    this.#talks.delete(friend)
  }

  /** True when the friend's picture is another now. */
  take(friend: FriendId, item: AvatarItem, nowMs: number): boolean {
    if (item.kind === 'avatar') return this.#takeImage(friend, item.image)
    this.told(friend, item.atSec, nowMs)
    return false
  }

  /** The friend has a picture, set at this time by its own clock; null when it does not say when. */
  told(friend: FriendId, setAtSec: number | null, nowMs: number): void {
    const talk = this.#talks.get(friend)
    if (!talk) return
    // Told for the first time on a link it may be what is held; later it is another, be it of the same second.
    const isFirst = talk.toldSec === null
    const isHeld = isFirst && setAtSec !== null && this.#held.get(friend)?.setAtSec === setAtSec
    talk.toldSec = setAtSec
    talk.dueAtMs = isHeld ? undefined : Math.max(nowMs, talk.askedAtMs + ASK_EVERY_MS)
  }

  /**
   * To be called about once a second: `ask` sends the question, and is false when that cannot be done now. Returns the
   * friends that have turned out to have no picture any longer.
   */
  tick(nowMs: number, ask: (friend: FriendId) => boolean): FriendId[] {
    const changed: FriendId[] = []
    for (const [friend, talk] of this.#talks) {
      if (talk.isAsked && nowMs - talk.askedAtMs >= ANSWER_MS) {
        talk.isAsked = false
        if (this.#hold(friend, { image: NONE, setAtSec: null })) changed.push(friend)
      }
      if (talk.isAsked || talk.dueAtMs === undefined || nowMs < talk.dueAtMs || !ask(friend)) continue
      Object.assign(talk, {
        dueAtMs: undefined,
        isAsked: true,
        askedAtMs: nowMs,
        askedForSec: talk.toldSec,
      } satisfies Partial<Talk>)
    }
    return changed
  }

  #takeImage(friend: FriendId, image: Uint8Array): boolean {
    const talk = this.#talks.get(friend)
    if (!talk?.isAsked) return this.#drop('AVATAR_NOT_ASKED')
    talk.isAsked = false
    if (image.length > MAX_AVATAR_BYTES) return this.#drop('AVATAR_TOO_LARGE')
    const before = this.of(friend)
    if (this.#bytes - (before?.length ?? 0) + image.length > MAX_AVATARS_BYTES)
      return this.#drop('AVATARS_FULL')
    return this.#hold(friend, { image: image.slice(), setAtSec: talk.askedForSec })
  }

  /** True when it is another picture than before. */
  #hold(friend: FriendId, { image, setAtSec }: Held): boolean {
    const before = this.of(friend)
    const isSame = before !== null && equalBytes(before, image)
    this.#held.set(friend, { image: isSame ? before : image, setAtSec })
    this.#bytes += image.length - (before?.length ?? 0)
    return !isSame
  }

  #drop(code: string): false {
    countUp(this.dropped, code)
    return false
  }
}

/** Asks a friend for its picture; nothing of it is shown to anybody there. */
export const avatarRequest = (nowMs: number): ChatItem => ({
  kind: 'private-message',
  flags: CHAT_FLAG.private | CHAT_FLAG.asksAvatar,
  sentAtSec: Math.floor(nowMs / 1000),
  text: new Uint8Array(),
})
