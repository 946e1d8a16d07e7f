/** Messages between this node and its friends, outside of lobbies. Source: docs/retroshare.md §6.9, §6.10. */
import type { LobbyUpdate } from '../lobby/lobby.ts'
import { concat, utf8 } from '../util/bytes.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { FriendId } from '../util/ids.ts'
import { countUp } from './peer/counters.ts'
import { CHAT_FLAG, type ChatItem, TYPING } from './wire/item.ts'

/** One message that is sent; half of what is taken, so that no node like this one drops it. */
export const MAX_PRIVATE_BYTES = 131_072
/** One message that is taken, with what its parts cost; larger ones are dropped whole. */
const MAX_JOINED_BYTES = 262_144
/** What goes into one item. */
const PIECE_BYTES = 15_000
/** Parts come back to back: so long after the last, the rest of a message is not waited for. */
const PART_LIFE_MS = 60_000
/** Friends with an unfinished message. */
const MAX_UNFINISHED = 64
/** What a part counts for beside its text, so that many small ones are bounded too. */
const PART_COST_BYTES = 256

type PrivateMessage = Extract<ChatItem, { kind: 'private-message' }>
type StatusString = Extract<ChatItem, { kind: 'status-string' }>
type FriendSaid = Extract<LobbyUpdate, { kind: 'friend-said' }>

interface Unfinished {
  readonly flags: number
  readonly parts: Uint8Array[]
  bytes: number
}

/** Flags of status strings that are about the friend's personal message, not about the moment. */
const CUSTOM_STATE = CHAT_FLAG.customState | CHAT_FLAG.asksCustomState | CHAT_FLAG.hasCustomState
/** Of these a message has none or one of the first two. */
const KIND = CHAT_FLAG.private | CHAT_FLAG.broadcast | CHAT_FLAG.lobby

const decoder = new TextDecoder('utf-8')

/** Joins and judges what friends write; one instance per node. */
export class PrivateChat {
  /** Messages dropped, by code. */
  readonly dropped = new Map<string, number>()
  /** Messages taken. */
  taken = 0
  readonly #unfinished = new ExpiringMap<FriendId, Unfinished>(PART_LIFE_MS, MAX_UNFINISHED)

  /** What an item tells; nothing for parts of a message, and for what nobody has to see. */
  take(friend: FriendId, item: PrivateMessage | StatusString, nowMs: number): LobbyUpdate | undefined {
    if (item.kind === 'private-message') return this.#takeMessage(friend, item, nowMs)
    const isTyping = (item.flags & CUSTOM_STATE) === 0 && (item.flags & CHAT_FLAG.private) !== 0
    return isTyping && item.text !== '' ? { kind: 'friend-typing', friend } : undefined
  }

  /** The link ended: parts that came over it are worth nothing. */
  forget(friend: FriendId): void {
    this.#unfinished.delete(friend)
  }

  #takeMessage(friend: FriendId, item: PrivateMessage, nowMs: number): FriendSaid | undefined {
    const before = this.#unfinished.get(friend, nowMs)
    const whole = {
      flags: item.flags | (before?.flags ?? 0),
      parts: before?.parts ?? [],
      bytes: before?.bytes ?? 0,
    }
    // Of what is too large only the size is remembered, so that its end is recognised.
    if (whole.bytes <= MAX_JOINED_BYTES) whole.parts.push(item.text)
    whole.bytes += item.text.length + PART_COST_BYTES
    if (whole.bytes > MAX_JOINED_BYTES) whole.parts.length = 0
    if ((item.flags & CHAT_FLAG.partial) !== 0) {
      this.#unfinished.set(friend, whole, nowMs)
      return undefined
    }
    this.#unfinished.delete(friend)
    return this.#finish(friend, whole, item.sentAtSec * 1000)
  }

  #finish(friend: FriendId, { flags, parts, bytes }: Unfinished, sentAtMs: number): FriendSaid | undefined {
    if (bytes > MAX_JOINED_BYTES) {
      countUp(this.dropped, 'PRIVATE_TEXT_TOO_LARGE')
      return undefined
    }
    const kind = flags & KIND
    if (kind !== 0 && kind !== CHAT_FLAG.private && kind !== CHAT_FLAG.broadcast) {
      countUp(this.dropped, 'PRIVATE_FLAGS_WRONG')
      return undefined
    }
    const text = decoder.decode(concat(parts))
    // What asks for an avatar has no text. This node has none, and who has none does not answer.
    if (text === '' || (flags & CHAT_FLAG.asksAvatar) !== 0) return undefined
    this.taken++
    return { kind: 'friend-said', friend, text, sentAtMs, isBroadcast: kind === CHAT_FLAG.broadcast }
  }
}

/**
 * The items of a message to a friend, to be sent back to back: what comes between two of them would be taken for a
 * part. Cut between characters.
 */
export function privateMessages(text: string, sentAtSec: number): PrivateMessage[] {
  const bytes = utf8(text)
  const items: PrivateMessage[] = []
  let from = 0
  do {
    const to = pieceEnd(bytes, from)
    const flags = CHAT_FLAG.private | (to < bytes.length ? CHAT_FLAG.partial : 0)
    items.push({ kind: 'private-message', flags, sentAtSec, text: bytes.subarray(from, to) })
    from = to
  } while (from < bytes.length)
  return items
}

function pieceEnd(bytes: Uint8Array, from: number): number {
  let to = Math.min(from + PIECE_BYTES, bytes.length)
  // Bytes 10xxxxxx continue a character.
  while (to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to--
  return to
}

/** Tells a friend that somebody here is writing to it. */
export const TYPING_ITEM: StatusString = { kind: 'status-string', flags: CHAT_FLAG.private, text: TYPING }
