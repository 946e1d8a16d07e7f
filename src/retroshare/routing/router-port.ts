/** Events that the lobby router takes and effects that it returns. Rules: docs/routing.md. */
import type { LobbyUpdate } from '../../lobby/lobby.ts'
import type { LobbySpec } from '../../lobby/network.ts'
import type { Env } from '../../util/env.ts'
import type { FriendId, LobbyId, NetworkId, ParticipantId, SpeakerId } from '../../util/ids.ts'
import type { BouncedItem, Item, LobbyControl } from '../wire/item.ts'

/** What is known of the signature of an item and of its author. */
export interface Verdict {
  /** `unknown-key`: the author's identity is not here yet. */
  readonly signature: 'good' | 'bad' | 'unknown-key'
  /** The author's identity is linked to a PGP profile; false when the identity is unknown. */
  readonly isLinked: boolean
}

/** `Env` plus the judge of signatures, which is asked only about items that pass every cheaper test. */
export interface RouterEnv extends Env {
  judge(item: BouncedItem, raw: Uint8Array): Verdict
}

export interface RouterOptions {
  /** Name of the network in `LobbyInfo`. */
  readonly network: NetworkId
  /** This node, as friends know it. */
  readonly self: FriendId
}

/** A joined lobby as it outlives the process. */
export interface SavedLobby {
  readonly id: LobbyId
  readonly name: string
  readonly topic: string
  /** `LOBBY_FLAG` bits, only `public | signed`. */
  readonly flags: number
  readonly isOwn: boolean
  /** Friends that take part, connected or not. */
  readonly friends: readonly FriendId[]
  /** Friends that took part before and unsubscribed: a private lobby is still listed to them. */
  readonly formerFriends: readonly FriendId[]
}

/** A lobby that friends invite this node to, as it outlives the process. */
export interface SavedInvitation extends Pick<SavedLobby, 'id' | 'name' | 'topic' | 'flags'> {
  readonly friends: readonly FriendId[]
}

/** Whom the operator does not want to hear, as it outlives the process. */
export interface Barred {
  readonly banned: readonly ParticipantId[]
  readonly ignored: readonly FriendId[]
}

/** Names one `sign` effect; unique in the life of the router. */
export type SignToken = number

export type RouterEvent =
  /** Once, before all others: what was saved. */
  | {
      readonly kind: 'restore'
      readonly lobbies: readonly SavedLobby[]
      readonly barred?: Barred
      readonly invitations?: readonly SavedInvitation[]
    }
  /** A link carries traffic. For a friend that is up already: the link was replaced. */
  | { readonly kind: 'friend-up'; readonly friend: FriendId }
  | { readonly kind: 'friend-down'; readonly friend: FriendId }
  /** It answered what was sent at `sentAtMs`, so it has read what was written before. */
  | { readonly kind: 'friend-read'; readonly friend: FriendId; readonly sentAtMs: number }
  /** No friend any longer: forgotten in all lobbies. */
  | { readonly kind: 'friend-removed'; readonly friend: FriendId }
  /**
   * A message or event came over a link. `raw` is the item as it came, header included; it is kept for minutes,
   * so it must be neither changed later nor a view into a larger buffer.
   */
  | {
      readonly kind: 'bounced'
      readonly friend: FriendId
      readonly item: BouncedItem
      readonly raw: Uint8Array
    }
  | { readonly kind: 'control'; readonly friend: FriendId; readonly item: LobbyControl }
  /** A new lobby of this node; the caller has chosen a random id. */
  | { readonly kind: 'create'; readonly lobby: LobbyId; readonly spec: LobbySpec }
  /** Join a visible lobby, or accept a pending invitation. */
  | { readonly kind: 'join'; readonly lobby: LobbyId }
  | { readonly kind: 'leave'; readonly lobby: LobbyId }
  /** The speaker's identity `author` is ready to sign. Joins the lobby if need be. */
  | {
      readonly kind: 'speaker-enter'
      readonly lobby: LobbyId
      readonly speaker: SpeakerId
      readonly nick: string
      readonly author: ParticipantId
    }
  | { readonly kind: 'speaker-exit'; readonly lobby: LobbyId; readonly speaker: SpeakerId }
  | {
      readonly kind: 'say'
      readonly lobby: LobbyId
      readonly speaker: SpeakerId
      readonly text: string
      readonly ref: string
      /** When it was said, if not just now: it was held back while nobody was there. */
      readonly saidAtMs?: number
    }
  /** So many of our people take part in the lobby without an identity yet. */
  | { readonly kind: 'expect'; readonly lobby: LobbyId; readonly count: number }
  | { readonly kind: 'typing'; readonly lobby: LobbyId; readonly speaker: SpeakerId }
  | { readonly kind: 'set-topic'; readonly lobby: LobbyId; readonly topic: string }
  | { readonly kind: 'invite'; readonly lobby: LobbyId; readonly friend: FriendId }
  /** Forget a pending invitation. */
  | { readonly kind: 'decline'; readonly lobby: LobbyId }
  /** Take, show and pass on nothing of this identity. */
  | { readonly kind: 'ban' | 'unban'; readonly participant: ParticipantId }
  /** Have nothing to do with this friend in lobbies; `heed` ends it. */
  | { readonly kind: 'ignore' | 'heed'; readonly friend: FriendId }
  /** Answer to `sign`: the item with its signature, and its bytes. */
  | {
      readonly kind: 'signed'
      readonly token: SignToken
      readonly item: BouncedItem
      readonly raw: Uint8Array
    }
  /** Answer to `sign` when it cannot be done. */
  | { readonly kind: 'sign-failed'; readonly token: SignToken }
  /** The time of the last `wake` effect has come. */
  | { readonly kind: 'wake' }
  /** All speakers take leave; the lobbies stay joined. Answered by `finished` once all is on its way. */
  | { readonly kind: 'shutdown' }

/** Why something was dropped or ignored; each is counted. Meanings: docs/routing.md. */
export type NoteCode =
  | 'FRIEND_IGNORED'
  | 'NOT_JOINED'
  | 'AUTHOR_BANNED'
  | 'ITEM_TOO_LARGE'
  | 'TEXT_TOO_LARGE'
  | 'TEXT_FORBIDDEN'
  | 'TOO_OLD'
  | 'TOO_NEW'
  | 'FLOOD_REFUSED'
  | 'BAD_SIGNATURE'
  | 'AUTHOR_NOT_LINKED'
  | 'PARTICIPANTS_FULL'
  | 'LIST_TRUNCATED'
  | 'LISTINGS_FULL'
  | 'INVITE_MISMATCH'
  | 'INVITATIONS_FULL'
  | 'CHALLENGE_UNKNOWN'
  | 'CHALLENGE_FLOOD'
  | 'NO_PLACE'
  | 'BARRED_FULL'
  | 'LOBBY_UNKNOWN'
  | 'LOBBIES_FULL'
  | 'SPEAKER_UNKNOWN'
  | 'SPEAKERS_FULL'
  | 'SIGN_FAILED'
  | 'SIGN_QUEUE_FULL'

/** Carried out in order. */
export type RouterEffect =
  /** Encode and queue for one connected friend. */
  | { readonly kind: 'send'; readonly friend: FriendId; readonly item: Item }
  /** Queue `raw` for each of these connected friends. */
  | {
      readonly kind: 'forward'
      readonly friends: readonly FriendId[]
      readonly item: BouncedItem
      readonly raw: Uint8Array
    }
  /** Sign `item` (its `signature` is empty) as `item.author`, encode it, and answer with `signed` or `sign-failed`. */
  | { readonly kind: 'sign'; readonly token: SignToken; readonly item: BouncedItem }
  | { readonly kind: 'update'; readonly update: LobbyUpdate }
  /** The author's identity is not known; ask this friend for it. */
  | { readonly kind: 'want-identity'; readonly author: ParticipantId; readonly friend: FriendId }
  /** Store the record of a joined lobby, replacing an older one. */
  | { readonly kind: 'save'; readonly lobby: SavedLobby }
  /** Store what friends invite to, replacing what was stored. */
  | { readonly kind: 'save-invitations'; readonly invitations: readonly SavedInvitation[] }
  /** Store who is barred, replacing what was stored. */
  | { readonly kind: 'save-barred'; readonly barred: Barred }
  /** The lobby was left: delete its record. */
  | { readonly kind: 'forget'; readonly lobby: LobbyId }
  | {
      readonly kind: 'note'
      readonly code: NoteCode
      readonly friend: FriendId | null
      readonly lobby: LobbyId | null
    }
  /** Call back with `wake` at this time; a later `wake` replaces an earlier one. */
  | { readonly kind: 'wake'; readonly atMs: number }
  /** After `shutdown`: everything that was to be said has been given to the links. */
  | { readonly kind: 'finished' }

/** Codes of `not-sent` updates. */
export type NotSentCode =
  | 'LOBBY_NOT_JOINED'
  | 'LOBBY_SPEAKER_UNKNOWN'
  | 'LOBBY_TEXT_TOO_LARGE'
  | 'LOBBY_TEXT_FORBIDDEN'
  | 'LOBBY_SIGN_FAILED'
  | 'LOBBY_BUSY'
  | 'LOBBY_TOO_FAST'
