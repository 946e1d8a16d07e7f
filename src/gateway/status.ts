/** What the gateway tells of itself: the shapes behind `foyer … --json` and `/api/map` (docs/operating.md). */

/** Ports really bound; a listener that is off is absent. */
export type BoundPorts = Readonly<Partial<Record<'c2s' | 'c2sTls' | 'http' | 'retroshare', number>>>

/** `foyer status --json`. */
export interface GatewayStatus {
  readonly version: string
  readonly uptimeSec: number
  readonly ports: BoundPorts
  /** The link to the host server, and our domain there; null without `xmpp.component`. */
  readonly hostServer: { readonly domain: string; readonly linked: boolean } | null
  readonly networks: readonly {
    readonly id: string
    readonly friends: number
    readonly friendsOnline: number
    readonly lobbies: number
    readonly lobbiesJoined: number
  }[]
  /** Rooms that are known, loaded or not. */
  readonly rooms: number
  /** Occupants in all rooms, local and remote. */
  readonly occupants: number
  /** Null while the database is out of reach. */
  readonly archive: { readonly messages: number; readonly bytes: number } | null
  /** Gaps in histories that have ended, in all rooms; and lobbies once heard that are not heard now. */
  readonly gaps: { readonly ended: number; readonly open: number }
  /** How far the clocks of friends are ahead of ours, their median; null while none is known. */
  readonly clockOffsetSec: number | null
  /** What is wrong, in words; empty when all is well. */
  readonly problems: readonly string[]
}

/** One element of `foyer friend list --json`. `since` is ISO 8601. */
export interface FriendView {
  readonly id: string
  readonly name: string
  readonly online: boolean
  readonly since: string
  readonly address: string | null
}

/** One element of `foyer identity list --json`: who takes part in lobbies, by id, or is banned. */
export interface IdentityView {
  readonly id: string
  /** Null for the banned, who are not listened to. */
  readonly nick: string | null
  /** Ids of the lobbies. */
  readonly lobbies: readonly string[]
  readonly banned: boolean
}

/** One element of `foyer lobby list --json`. `room` is the bare JID. */
export interface LobbyView {
  readonly id: string
  readonly network: string
  readonly name: string
  readonly topic: string
  readonly joined: boolean
  readonly private: boolean
  readonly participants: number
  readonly room: string
}

/** One element of `foyer lobby invites --json`: a lobby that friends invite to. `room` is the bare JID. */
export interface InvitationView {
  readonly id: string
  readonly network: string
  readonly name: string
  readonly topic: string
  readonly private: boolean
  readonly room: string
  readonly invitedBy: readonly { readonly id: string; readonly name: string }[]
}

/** One occupant of `/api/map`. */
export interface OccupantView {
  readonly side: 'local' | 'remote'
  readonly nick: string
  readonly occupantId: string
  /** Identity in the network; null while a local one has none yet. */
  readonly identity: string | null
  readonly since: string
  /** When it was last heard in the lobby; null for an XMPP user, and while the lobby is not joined. */
  readonly lastSeen: string | null
  /** In the lobby, and not shown in the room by order of a moderator. */
  readonly muted: boolean
  /** In the lobby, and not shown in the room: an XMPP user who stays there while away. */
  readonly away: boolean
}

/** One element of `foyer room who --json`: for operators alone, as it has the addresses of XMPP users. */
export interface PresentView extends OccupantView {
  /** Bare JID. */
  readonly room: string
  /** Full JIDs of the sessions; the bare JID of who stays in the lobby while away; nothing for who is in the lobby. */
  readonly addresses: readonly string[]
}

/** When the lobby of a room was not heard. */
export interface GapsView {
  /** Gaps that have ended. */
  readonly count: number
  readonly latest: { readonly from: string; readonly to: string } | null
  /** Begin of the one that has not ended; null when the lobby is heard or never was. */
  readonly since: string | null
}

/** `/api/map`: networks, friends, lobbies, rooms and occupants at one moment. */
export interface PresenceMap {
  readonly at: string
  /** Since when the gateway runs, and counts messages. */
  readonly startedAt: string
  readonly version: string
  readonly networks: readonly {
    readonly id: string
    readonly self: { readonly id: string; readonly name: string; readonly address: string }
    readonly friends: readonly (FriendView & {
      /** Bare JID, for operators. */
      readonly jid: string
      /** `online`, `away`, `busy` or `inactive`; null while offline or unknown. */
      readonly status: string | null
      readonly rttMs: number | null
      /** How far its clock is ahead. */
      readonly clockOffsetMs: number | null
      readonly version: string | null
      /** Address of the picture that it shows of itself; null without one. */
      readonly avatar: string | null
      /** The operator wants nothing of its lobbies. */
      readonly ignored: boolean
    })[]
    readonly lobbies: readonly (LobbyView & {
      /** Ids of friends that take part. */
      readonly friends: readonly string[]
    })[]
    readonly invitations: readonly InvitationView[]
    /** Ids of identities of which nothing is taken in any lobby. */
    readonly banned: readonly string[]
  }[]
  readonly rooms: readonly {
    readonly jid: string
    readonly name: string
    readonly lobby: string | null
    readonly occupants: readonly OccupantView[]
    readonly gaps: GapsView
    /** Messages of the last 24 hours and of the one that is going on, hour by hour, the newest last. */
    readonly messagesByHour: readonly number[]
  }[]
  /** Rooms that join lobbies of several networks. */
  readonly links: readonly never[]
  /** Null while the database is out of reach. */
  readonly archive: { readonly messages: number; readonly bytes: number } | null
  /** What may still be written to the file system of the data folder; null when that cannot be told. */
  readonly diskFreeBytes: number | null
  readonly problems: readonly string[]
}
