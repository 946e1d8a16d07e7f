/** What any lobby network can say of lobbies, participants and friends, and what can be asked of it. */
import type { FriendId, LobbyId, NetworkId, ParticipantId, SpeakerId } from '../util/ids.ts'

/** A lobby as this node sees it. */
export interface LobbyInfo {
  readonly id: LobbyId
  readonly network: NetworkId
  readonly name: string
  readonly topic: string
  /** Not listed to strangers; joined by invitation. */
  readonly isPrivate: boolean
  /** Only identities linked to a profile may speak. */
  readonly isSigned: boolean
  /** This node takes part: it routes the lobby's traffic and hears it. */
  readonly isJoined: boolean
  /** Somebody else that takes part is connected: what is said elsewhere in the lobby is heard here. */
  readonly isHeard: boolean
  /** Created by this node. */
  readonly isOwn: boolean
  /** Participants known here, or reported by friends if that is more. A lower bound. */
  readonly participants: number
}

/** What somebody says of being there. `inactive`: nobody has touched the machine for a while. */
export type FriendStatus = 'online' | 'away' | 'busy' | 'inactive'

/** A node that is, or may be, linked to ours. */
export interface FriendInfo {
  readonly id: FriendId
  /** Profile name; the location name in brackets if it differs. */
  readonly name: string
  readonly isOnline: boolean
  /** What it says of its user; null while it is offline or has said nothing. */
  readonly status: FriendStatus | null
  /** When the present state began, in ms since 1970. */
  readonly sinceMs: number
  /** `host:port` last used or known; null when none is known. */
  readonly address: string | null
  /** Last measured round-trip time; null before the first. */
  readonly rttMs: number | null
  /** Software version as the friend tells it; null when it does not. */
  readonly version: string | null
  /** How far the friend's clock is ahead of ours, as last measured; null before the first. */
  readonly clockOffsetMs: number | null
  /**
   * The image that it shows of itself, as it came: nobody has looked what it is. Empty when it has none, null as long as
   * that is not known. The same object until it changes.
   */
  readonly avatar: Uint8Array | null
}

/** A lobby to which friends have invited this node, and which it has neither joined nor declined. */
export interface Invitation {
  readonly lobby: LobbyInfo
  /** Who invites, in the order in which they did. */
  readonly friends: readonly FriendId[]
}

/** Someone in a lobby. `speaker` is set when it is one of our own. */
export interface ParticipantInfo {
  readonly id: ParticipantId
  readonly nick: string
  readonly sinceMs: number
  readonly lastSeenMs: number
  readonly speaker: SpeakerId | null
}

/** Something happened in a network. Own speakers are never reported as `entered`, `said` and the like. */
export type LobbyUpdate =
  /** A lobby is new, or something about it changed. */
  | { readonly kind: 'lobby'; readonly lobby: LobbyInfo }
  /** No friend lists it any longer and this node has not joined it. */
  | { readonly kind: 'lobby-vanished'; readonly lobby: LobbyId }
  | { readonly kind: 'entered'; readonly lobby: LobbyId; readonly participant: ParticipantInfo }
  | {
      readonly kind: 'left'
      readonly lobby: LobbyId
      readonly participant: ParticipantId
      /**
       * `left`: said so; `silent`: not heard of for the network's time-out; `unsubscribed`: we left the lobby;
       * `banned`: the operator does not want to hear it.
       */
      readonly reason: 'left' | 'silent' | 'unsubscribed' | 'banned'
    }
  | {
      readonly kind: 'renamed'
      readonly lobby: LobbyId
      readonly participant: ParticipantId
      readonly nick: string
    }
  | {
      readonly kind: 'said'
      readonly lobby: LobbyId
      readonly participant: ParticipantId
      readonly nick: string
      /** In the network's own format (RetroShare: HTML or plain). */
      readonly text: string
      readonly sentAtMs: number
      /** The network's id of the message: the same at every node; unique in the lobby. */
      readonly messageId: string
    }
  | { readonly kind: 'typing'; readonly lobby: LobbyId; readonly participant: ParticipantId }
  /** A friend invites this node to a lobby that it has not joined. */
  | { readonly kind: 'invited'; readonly lobby: LobbyInfo; readonly friend: FriendId }
  | { readonly kind: 'friend'; readonly friend: FriendInfo }
  /** A friend writes to this node's operators: nothing that is said in a lobby. */
  | {
      readonly kind: 'friend-said'
      readonly friend: FriendId
      /** In the network's own format (RetroShare: HTML or plain). */
      readonly text: string
      /** By the friend's clock. */
      readonly sentAtMs: number
      /** It went to all friends of the friend. */
      readonly isBroadcast: boolean
    }
  | { readonly kind: 'friend-typing'; readonly friend: FriendId }
  /** An own speaker now takes part under this identity. */
  | {
      readonly kind: 'speaking-as'
      readonly lobby: LobbyId
      readonly speaker: SpeakerId
      readonly participant: ParticipantId
    }
  /** A `say` was not sent; `code` is stable, `text` is for people. */
  | {
      readonly kind: 'not-sent'
      readonly lobby: LobbyId
      readonly speaker: SpeakerId
      readonly ref: string
      readonly code: string
      readonly text: string
    }

/** What can be asked of a network. A command for an unknown lobby or speaker does nothing but answer a `say`. */
export type LobbyCommand =
  /** Take part as a node: route and hear. Speakers may enter later. */
  | { readonly kind: 'join'; readonly lobby: LobbyId }
  /** All own speakers leave, then the node unsubscribes. */
  | { readonly kind: 'leave'; readonly lobby: LobbyId }
  /**
   * A local speaker takes part; joins the lobby if need be. A nick that is too long is cut. `isKept`: the identity
   * outlives the process.
   */
  | {
      readonly kind: 'enter'
      readonly lobby: LobbyId
      readonly speaker: SpeakerId
      readonly nick: string
      readonly isKept: boolean
    }
  | { readonly kind: 'exit'; readonly lobby: LobbyId; readonly speaker: SpeakerId }
  /** `text` is in the network's format and within its limits; `ref` comes back in `not-sent`. */
  | {
      readonly kind: 'say'
      readonly lobby: LobbyId
      readonly speaker: SpeakerId
      readonly text: string
      readonly ref: string
    }
  | { readonly kind: 'typing'; readonly lobby: LobbyId; readonly speaker: SpeakerId }
  /** New topic of an own lobby; ignored for others, whose topic is not ours to set. */
  | { readonly kind: 'set-topic'; readonly lobby: LobbyId; readonly topic: string }
  | { readonly kind: 'invite'; readonly lobby: LobbyId; readonly friend: FriendId }
  /** Forgets a pending invitation; nobody is told. Accepting it is a `join`. */
  | { readonly kind: 'decline'; readonly lobby: LobbyId }
  /** An operator writes to a friend: lasts a few seconds. */
  | { readonly kind: 'friend-typing'; readonly friend: FriendId }
  /** Take, show and pass on nothing of a participant, in any lobby; outlives the process. */
  | { readonly kind: 'ban' | 'unban'; readonly participant: ParticipantId }
  /** Have nothing to do with a friend in lobbies, until it is heeded again; outlives the process. */
  | { readonly kind: 'ignore' | 'heed'; readonly friend: FriendId }

/** What the network would drop silently, so that it can be refused aloud before. */
export interface LobbyLimits {
  /** Bytes of UTF-8 of one message's `text` as given to `say`. */
  readonly maxTextBytes: number
  /** The same of a message to a friend, as given to `tellFriend`. */
  readonly maxPrivateTextBytes: number
  /** Characters of a nick. */
  readonly maxNickChars: number
  /** Bytes of UTF-8 of a nick. */
  readonly maxNickBytes: number
}
