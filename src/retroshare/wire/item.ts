/** RetroShare items as values: one type per item that Foyer reads or writes. Source: docs/retroshare.md. */
import type { LobbyId, ParticipantId } from '../../util/ids.ts'

/** Service numbers (u16 of the item header). */
export const SERVICE = {
  disc: 0x0011,
  chat: 0x0012,
  heartbeat: 0x0016,
  serviceInfo: 0x0020,
  bandwidth: 0x0021,
  status: 0x0102,
  gxsId: 0x0211,
  rtt: 0x1011,
} as const

/** One entry of a service list. Versions are `major.minor`; `min` is the oldest that the peer may have. */
export interface ServiceDescription {
  readonly service: number
  readonly name: string
  readonly major: number
  readonly minor: number
  readonly minMajor: number
  readonly minMinor: number
}

/** Part common to everything that is forwarded through a lobby. */
export interface Bounce {
  readonly lobby: LobbyId
  /** 16 hex digits, random; the key of duplicate suppression. */
  readonly messageId: string
  readonly nick: string
  /** GXS id of the author: the key id of the signature. */
  readonly author: ParticipantId
  /** 256 bytes for RSA-2048. */
  readonly signature: Uint8Array
}

/** Chat 0x17. `flags` is 0x201 on the wire; `parent` is always zero (16 hex digits). */
export interface LobbyMessage extends Bounce {
  readonly kind: 'lobby-message'
  readonly flags: number
  readonly sentAtSec: number
  readonly text: string
  readonly parent: string
}

export const LOBBY_EVENT = { left: 1, status: 2, joined: 3, nick: 4, keepAlive: 5 } as const

/** Chat 0x18. `text` is empty but for status (typing) and nick change (the new GXS id). */
export interface LobbyEvent extends Bounce {
  readonly kind: 'lobby-event'
  /** One of `LOBBY_EVENT`; other numbers are kept as they came. */
  readonly event: number
  readonly text: string
  readonly sentAtSec: number
}

export type BouncedItem = LobbyMessage | LobbyEvent

/** Lobby flags on the wire; lists and comparisons keep only `public | signed`. */
export const LOBBY_FLAG = { public: 0x04, challenge: 0x08, signed: 0x10 } as const

export interface LobbyListEntry {
  readonly lobby: LobbyId
  readonly name: string
  readonly topic: string
  readonly participants: number
  readonly flags: number
}

export type LobbyControl =
  | { readonly kind: 'lobby-challenge' /** 16 hex digits. */; readonly code: string }
  | { readonly kind: 'lobby-unsubscribe'; readonly lobby: LobbyId }
  | { readonly kind: 'lobby-list-request' }
  | { readonly kind: 'lobby-list'; readonly lobbies: readonly LobbyListEntry[] }
  | {
      readonly kind: 'lobby-invite'
      readonly lobby: LobbyId
      readonly name: string
      readonly topic: string
      readonly flags: number
    }
  /** Chat 0x1a, deprecated, still sent by RetroShare after each `lobby-invite`. */
  | {
      readonly kind: 'lobby-invite-old'
      readonly lobby: LobbyId
      readonly name: string
      readonly flags: number
    }

/** Flags of private messages and status strings. */
export const CHAT_FLAG = {
  private: 0x001,
  asksAvatar: 0x002,
  hasAvatar: 0x008,
  customState: 0x010,
  broadcast: 0x020,
  asksCustomState: 0x040,
  hasCustomState: 0x080,
  partial: 0x100,
  lobby: 0x200,
} as const

/** Text of the status strings, and of the lobby events, that tell of typing. */
export const TYPING = 'is typing...'

export type ChatItem =
  | BouncedItem
  | LobbyControl
  /** Chat 0x01. `text` is UTF-8; a part of a message (`CHAT_FLAG.partial`) may end within a character. */
  | {
      readonly kind: 'private-message'
      readonly flags: number
      readonly sentAtSec: number
      readonly text: Uint8Array
    }
  | { readonly kind: 'avatar'; readonly image: Uint8Array }
  | { readonly kind: 'status-string'; readonly flags: number; readonly text: string }
  | { readonly kind: 'avatar-info'; readonly atSec: number }

/** Null is an empty address. IPv6 hosts are read in canonical form (RFC 5952) and written from any spelling. */
export type WireAddress =
  | { readonly family: 4; readonly host: string; readonly port: number }
  | { readonly family: 6; readonly host: string; readonly port: number }
  | null

export interface SeenAddress {
  readonly address: WireAddress
  readonly seenAtSec: bigint
  readonly source: number
}

/** Discovery 0x05. Hidden nodes carry `hidden`, others the addresses. */
export interface ContactItem {
  readonly kind: 'contact'
  /** 16 upper-case hex digits. */
  readonly pgpId: string
  /** 32 lower-case hex digits. */
  readonly sslId: string
  readonly location: string
  readonly version: string
  readonly netMode: number
  readonly vsDisc: number
  readonly vsDht: number
  readonly lastContactSec: number
  readonly reach:
    | { readonly kind: 'hidden'; readonly host: string; readonly port: number }
    | {
        readonly kind: 'open'
        readonly localV4: WireAddress
        readonly externalV4: WireAddress
        readonly localV6: WireAddress
        readonly externalV6: WireAddress
        /** The receiver's address as the sender sees it. */
        readonly current: WireAddress
        readonly dynDns: string
        readonly localSet: readonly SeenAddress[]
        readonly externalSet: readonly SeenAddress[]
      }
}

export type DiscItem =
  | ContactItem
  /** Discovery 0x01: mode 1 is a friends list, mode 2 asks for keys. Ids are 16 upper-case hex digits. */
  | { readonly kind: 'pgp-list'; readonly mode: number; readonly pgpIds: readonly string[] }
  | { readonly kind: 'identity-list'; readonly ids: readonly ParticipantId[] }
  /** Discovery 0x09: a binary transferable public key. */
  | { readonly kind: 'pgp-key'; readonly pgpId: string; readonly key: Uint8Array }

/** Flags of a GXS transaction: one state and one type. */
export const TRANSACTION = {
  beginP1: 0x0001,
  beginP2: 0x0002,
  endSuccess: 0x0004,
  cancel: 0x0008,
  groupListResponse: 0x0100,
  groupListRequest: 0x0400,
  groups: 0x1000,
} as const

export type GxsItem =
  | {
      readonly kind: 'gxs-sync-request'
      readonly transaction: number
      readonly flag: number
      readonly createdSinceSec: number
      readonly hash: string
      readonly updatedAtSec: number
    }
  /** 0x02, an element of a group list. `flag`: 1 request, 2 response. */
  | {
      readonly kind: 'gxs-group-entry'
      readonly transaction: number
      readonly flag: number
      readonly groupId: ParticipantId
      readonly publishedAtSec: number
      /** 32 hex digits, zero for identities. */
      readonly authorId: string
    }
  /** 0x04: the record of an identity; `data` and `meta` are kept byte for byte. */
  | {
      readonly kind: 'gxs-group'
      readonly transaction: number
      readonly position: number
      readonly groupId: ParticipantId
      readonly data: Uint8Array
      readonly meta: Uint8Array
    }
  | {
      readonly kind: 'gxs-statistics'
      readonly type: number
      readonly groupId: ParticipantId
      readonly posts: number
      readonly lastPostSec: number
    }
  | {
      readonly kind: 'gxs-transaction'
      readonly transaction: number
      readonly flags: number
      readonly items: number
      readonly updatedAtSec: number
    }
  | { readonly kind: 'gxs-pull' }

export type LinkItem =
  | { readonly kind: 'service-info'; readonly services: readonly ServiceDescription[] }
  | { readonly kind: 'heartbeat' }
  /** Times are seconds << 32 | microseconds. */
  | { readonly kind: 'rtt-ping'; readonly sequence: number; readonly pingAt: bigint }
  | { readonly kind: 'rtt-pong'; readonly sequence: number; readonly pingAt: bigint; readonly pongAt: bigint }
  | { readonly kind: 'bandwidth'; readonly bytesPerSec: number }
  | { readonly kind: 'status'; readonly sentAtSec: number; readonly status: number }

export type Item =
  | LinkItem
  | ChatItem
  | DiscItem
  | GxsItem
  /** The slice probe, `02 aabbcc 00000008`. */
  | { readonly kind: 'slice-probe' }
  /** A well-formed item of a service or subtype that Foyer does not read; `body` follows the header. */
  | {
      readonly kind: 'unknown'
      readonly service: number
      readonly subtype: number
      readonly body: Uint8Array
    }
