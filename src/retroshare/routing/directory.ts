/** The lobbies that friends list. Source: docs/retroshare.md §6.5, §6.6. */
import type { FriendId, LobbyId } from '../../util/ids.ts'
import type { LobbyListEntry } from '../wire/item.ts'
import { BOUND, KEPT_FLAGS, TIMING } from './limits.ts'

/** A visible lobby. */
export interface Listed {
  readonly name: string
  readonly topic: string
  /** `LOBBY_FLAG` bits, only `public | signed`. */
  readonly flags: number
  /** The friend whose word on name and topic counts: the first to list it that still does. */
  readonly describedBy: FriendId
}

interface Entry {
  listed: Listed
  readonly listers: Map<FriendId, { participants: number; atMs: number }>
}

/** Each listing lives 66 s from its last list; a lobby is visible while anyone lists it. */
export class Directory {
  readonly #lobbies = new Map<LobbyId, Entry>()
  readonly #listings = new Map<FriendId, number>()
  #nextExpiryMs = Number.POSITIVE_INFINITY

  /** Takes one entry of a friend's list; false when this friend lists too many already. */
  list(friend: FriendId, entry: LobbyListEntry, nowMs: number): boolean {
    const listings = this.#listings.get(friend) ?? 0
    const known = this.#lobbies.get(entry.lobby)
    const isNew = !known?.listers.has(friend)
    if (isNew && listings >= BOUND.listingsPerFriend) return false
    const listed = { ...describe(entry), describedBy: friend }
    const lobby = known ?? { listed, listers: new Map() }
    if (!known) this.#lobbies.set(entry.lobby, lobby)
    else if (known.listed.describedBy === friend) lobby.listed = listed
    lobby.listers.set(friend, { participants: entry.participants, atMs: nowMs })
    if (isNew) this.#listings.set(friend, listings + 1)
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, nowMs + TIMING.listingMs)
    return true
  }

  get(lobby: LobbyId): Listed | undefined {
    return this.#lobbies.get(lobby)?.listed
  }

  ids(): IterableIterator<LobbyId> {
    return this.#lobbies.keys()
  }

  listers(lobby: LobbyId): FriendId[] {
    return [...(this.#lobbies.get(lobby)?.listers.keys() ?? [])]
  }

  /** The highest number of participants that a friend reports. */
  participants(lobby: LobbyId): number {
    let most = 0
    for (const { participants } of this.#lobbies.get(lobby)?.listers.values() ?? [])
      most = Math.max(most, participants)
    return most
  }

  /** When there may be something to expire. */
  nextExpiryMs(): number {
    return this.#nextExpiryMs
  }

  /** Drops listings that were not repeated, and returns the lobbies that nobody lists any longer. */
  expire(nowMs: number): LobbyId[] {
    if (nowMs < this.#nextExpiryMs) return []
    return this.#drop((_, atMs) => atMs + TIMING.listingMs <= nowMs)
  }

  /** Drops all listings of a friend, and returns the lobbies that nobody lists any longer. */
  forgetFriend(friend: FriendId): LobbyId[] {
    return this.#drop((lister) => lister === friend)
  }

  #drop(isGone: (lister: FriendId, atMs: number) => boolean): LobbyId[] {
    const vanished: LobbyId[] = []
    this.#nextExpiryMs = Number.POSITIVE_INFINITY
    for (const [id, lobby] of this.#lobbies) {
      for (const [lister, { atMs }] of lobby.listers) {
        if (isGone(lister, atMs)) this.#unlist(lobby, lister)
        else this.#nextExpiryMs = Math.min(this.#nextExpiryMs, atMs + TIMING.listingMs)
      }
      const [first] = lobby.listers.keys()
      if (first === undefined) {
        this.#lobbies.delete(id)
        vanished.push(id)
      } else if (!lobby.listers.has(lobby.listed.describedBy)) {
        lobby.listed = { ...lobby.listed, describedBy: first }
      }
    }
    return vanished
  }

  #unlist(lobby: Entry, lister: FriendId): void {
    lobby.listers.delete(lister)
    const rest = (this.#listings.get(lister) ?? 0) - 1
    if (rest > 0) this.#listings.set(lister, rest)
    else this.#listings.delete(lister)
  }
}

/** Name, topic and flags of a foreign lobby as they are kept: bounded, and only the flags that count. */
export const describe = (lobby: {
  readonly name: string
  readonly topic: string
  readonly flags: number
}): { name: string; topic: string; flags: number } => ({
  name: clip(lobby.name, BOUND.nameChars),
  topic: clip(lobby.topic, BOUND.topicChars),
  flags: lobby.flags & KEPT_FLAGS,
})

/** At most `chars` UTF-16 units, without half a surrogate pair at the end. */
const clip = (text: string, chars: number): string =>
  text.length <= chars ? text : text.slice(0, chars).replace(/[\uD800-\uDBFF]$/, '')
