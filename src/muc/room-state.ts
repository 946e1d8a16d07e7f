/** What a room keeps for ever: its settings, who stands how to it, and that it was destroyed. XEP-0045 §5, §7.10, §10. */

/** How an account stands to the room, present or not. */
export type Affiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast'
/** What an occupant may do while it is there. */
export type Role = 'moderator' | 'participant' | 'visitor' | 'none'

/** What is kept of one address. One with affiliation `none` and no nick is the room's creator's, or of who does not want to stay. */
export interface AffiliationRecord {
  /** Bare JID or domain of XMPP users, or `identity.ID@DOMAIN` for a participant of the lobby. */
  readonly address: string
  readonly affiliation: Affiliation
  /** Why; may be empty. */
  readonly reason: string
  /** Nick that nobody else can have; empty when none is registered. */
  readonly nick: string
  /** Whether the place in the lobby is kept while nobody of the account is in the room; undefined: it never said. */
  readonly isStaying?: boolean
}

/** All that an owner decides of a room. */
export interface RoomConfig {
  readonly name: string
  readonly description: string
  /** Language tag; empty when it is not known. */
  readonly lang: string
  /** It stays when nobody is in it. */
  readonly isPersistent: boolean
  readonly isPublic: boolean
  readonly isMembersOnly: boolean
  readonly isModerated: boolean
  /** Empty when none is asked for. */
  readonly password: string
  /** XMPP occupants at most, owners and admins not counted out. */
  readonly maxUsers: number
  /** Not only moderators set the subject. */
  readonly canOccupantsSetSubject: boolean
  /** Not only owners and admins invite. */
  readonly canOccupantsInvite: boolean
  /** Who sees the addresses of XMPP users. */
  readonly whois: 'anyone' | 'moderators'
  /** Messages of history at most. */
  readonly maxHistory: number
  /** Roles whose presence others see. */
  readonly shownRoles: readonly Role[]
  /** Messages are archived. */
  readonly isLogged: boolean
  /** Who may write private messages. */
  readonly privateMessages: 'anyone' | 'participants' | 'moderators' | 'none'
  /** Roles that may read the lists of owners, admins and members; these always may. */
  readonly memberListRoles: readonly Role[]
  /** Visitors may ask for voice. */
  readonly hasVoiceRequests: boolean
  /** Seconds that an account waits between two messages; 0 for no rule. */
  readonly slowModeSeconds: number
  /** Messages that mention somebody who stays in the lobby while away are forwarded. */
  readonly forwardsMentions: boolean
  /** Addresses of the room's picture and of what is behind its messages; empty when there is none. */
  readonly thumbnail: string
  readonly background: string
}

/** What owners have decided; everything else is as the lobby has it. */
export type RoomSettings = Partial<RoomConfig>

/** A room is no more. */
export interface RoomTombstone {
  /** By an owner; or because everybody had left, then nothing is told of it. */
  readonly kind: 'destroyed' | 'ended'
  readonly reason: string
  /** JID of the room to go to instead; null for none. */
  readonly alternate: string | null
}

/** All that is kept of a room beside its messages and its subject. */
export interface RoomState {
  readonly settings: RoomSettings
  readonly affiliations: readonly AffiliationRecord[]
  readonly tombstone: RoomTombstone | null
  /** What the lobby was made as; null when it was not made through the room. */
  readonly lobby: LobbyWishes | null
}

/** What is to be changed of it, all or nothing. */
export interface StateWrite {
  /** All settings from now on; left out: as before. */
  readonly settings?: RoomSettings
  /** Null: the room is there again; left out: as before. */
  readonly tombstone?: RoomTombstone | null
  /** What the lobby is made as; left out: as before. */
  readonly lobby?: LobbyWishes
  /** Records to put. */
  readonly records: readonly AffiliationRecord[]
  /** Addresses of which nothing is kept any longer. */
  readonly forgotten: readonly string[]
}

/** What the lobby of a room that does not exist yet shall be. */
export interface LobbyWishes {
  readonly name: string
  readonly isPrivate: boolean
  readonly isSigned: boolean
}

/** A room of which nothing was ever decided. */
export const EMPTY_STATE: RoomState = { settings: {}, affiliations: [], tombstone: null, lobby: null }
