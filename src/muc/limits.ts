/** Bounds of the room model, each with its unit and reason; docs/limits.md lists them. */

/** Occupants, and likewise sessions, of one room: a join costs one presence for each. */
export const MAX_OCCUPANTS = 20_000
/** Sessions of one account under one nick. */
export const MAX_SESSIONS_PER_NICK = 50
/** Characters of what a client adds to its presence (caps, avatar hash, status); what goes beyond is left out. */
export const MAX_PRESENCE_CHARS = 4096
/** Characters of a room subject. */
export const MAX_SUBJECT_CHARS = 2000
/** Addresses of which a room keeps how they stand to it. */
export const MAX_AFFILIATIONS = 5000
/** Changes of the lists of affiliations that are remembered for clients that come back (XEP-0463). */
export const MAX_AFFILIATION_VERSIONS = 100
/** Affiliations in one message. */
export const MAX_AFFILIATION_ITEMS = 500
/** Registered nicks of a room, of those whom nobody gave an affiliation: these come on their own. */
export const MAX_NICK_RECORDS = 1000
/** Accounts whose place in the lobby is kept while they are away: each is an identity that is kept alive there. */
export const MAX_STAYING = 100
/** Characters of a message that a notice of a mention shows to clients that know no such notices. */
export const MAX_MENTION_BODY_CHARS = 300
/** Requests that wait while a change is being stored; and invitations in one message. */
export const MAX_WAITING_STANZAS = 256
export const MAX_INVITATIONS = 50
/** Characters of a room's name, description and password. */
export const MAX_NAME_CHARS = 100
export const MAX_DESCRIPTION_CHARS = 2000
export const MAX_PASSWORD_CHARS = 200
/** Messages of classic history when a join names no limit. */
export const DEFAULT_HISTORY = 20
/** Messages of classic history at most, whatever the join asks for. */
export const MAX_HISTORY = 100
/** Entries of one page of the archive at most, and ids in one query. */
export const MAX_ARCHIVE_PAGE = 100
/** Characters and words of what is searched for in an archive. */
export const MAX_SEARCH_CHARS = 500
export const MAX_SEARCH_WORDS = 10
/** Latest messages of an author that are looked through for the one that a correction or a retraction names. */
export const MAX_LOOK_BACK = 100
/** Corrections of one message, and itself, that are taken back at once. */
export const MAX_REVISIONS = 500
/** Characters of the reason that a moderator gives. */
export const MAX_REASON_CHARS = 1000
/** Characters of the address of a room's picture. */
export const MAX_PICTURE_URL_CHARS = 2000
/** Rooms of one `ns:getrooms` answer: who asks enters them all. */
export const MAX_USER_ROOMS = 100
/** Items of one disco#items answer at most: rooms of a service, occupants of a room. */
export const MAX_DISCO_ITEMS = 500
/** Rooms on one page of a search at most, and words of a search. */
export const MAX_SEARCH_PAGE = 100
export const MAX_SEARCH_TERMS = 16
/** The longest slow mode that follows from the pace of the lobby, in seconds. */
export const MAX_PACE_SECONDS = 60
/** It goes on so long after the lobby had no room the last time. */
export const PACE_HELD_MS = 15_000
/** The longest slow mode, in seconds. */
export const MAX_SLOW_MODE_SECONDS = 3600
/** Sessions that may ask for room activity, accounts of which it is known where they were, and rooms of each. */
export const MAX_ACTIVITY_SUBSCRIBERS = 10_000
export const MAX_ACCOUNTS_KNOWN = 20_000
export const MAX_ROOMS_KNOWN = 200
/** How long, in ms, and for how many messages a room remembers who sent them, to say that a network refused one. */
export const SENT_MEMORY_MS = 5 * 60_000
export const MAX_SENT_MEMORY = 256
/** How long, in ms, and how many ids of messages a room remembers, and as many reactions, to tell what is referred to. */
export const RECENT_MS = 24 * 60 * 60_000
export const MAX_RECENT = 256
/** Characters of a remembered message. */
export const MAX_EXCERPT_CHARS = 40
/** Longer ids of messages are not remembered. */
export const MAX_MESSAGE_ID_CHARS = 80
/** Reactions of one message that are told to the lobby, and characters of each. */
export const MAX_REACTIONS = 8
export const MAX_REACTION_CHARS = 32
/** Typing is told to the lobby at most this often per occupant, in ms. */
export const TYPING_TO_LOBBY_MS = 5000
/** Someone in the lobby counts as typing for this long after the last sign of it, in ms. */
export const TYPING_FROM_LOBBY_MS = 6000
