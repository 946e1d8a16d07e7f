/** Branded identifiers shared by all layers: strings that cannot be mixed up by accident. */
declare const brand: unique symbol
type Branded<B extends string> = string & { readonly [brand]: B }

/** Name of a lobby network: `retroshare`, later `tox`. */
export type NetworkId = Branded<'NetworkId'>
/** A lobby, in lower-case hex as its network writes it: 16 digits for RetroShare. Unique in the process. */
export type LobbyId = Branded<'LobbyId'>
/** A participant of a lobby: the lower-case hex id of the identity that signs (RetroShare: GXS id, 32 digits). */
export type ParticipantId = Branded<'ParticipantId'>
/** A friend node (RetroShare: SSL id, 32 lower-case hex digits). */
export type FriendId = Branded<'FriendId'>
/** Someone of this gateway who speaks in lobbies: one per XMPP account and nick. Opaque to networks. */
export type SpeakerId = Branded<'SpeakerId'>
/** Archive id: 16 decimal digits, microseconds since 1970, unique and growing within the gateway. */
export type ArchiveId = Branded<'ArchiveId'>
