/** A lobby network as the gateway runs it: one implementation per network, all alike from here. */
import type { FriendId, LobbyId, NetworkId, ParticipantId, SpeakerId } from '../util/ids.ts'
import type {
  FriendInfo,
  Invitation,
  LobbyCommand,
  LobbyInfo,
  LobbyLimits,
  ParticipantInfo,
} from './lobby.ts'

/** What a new lobby shall be. */
export interface LobbySpec {
  /** Of a lobby that this node made before and no longer knows; a new random id without it. */
  readonly id?: LobbyId
  readonly name: string
  readonly topic: string
  readonly isPrivate: boolean
  readonly isSigned: boolean
}

/** Everything a network knows at one moment, for the map and the CLI. */
export interface NetworkSnapshot {
  readonly id: NetworkId
  readonly self: { readonly id: string; readonly name: string; readonly address: string }
  readonly friends: readonly FriendInfo[]
  /** Joined lobbies, and those that friends list or invite to. */
  readonly lobbies: readonly (LobbyInfo & {
    readonly members: readonly ParticipantInfo[]
    /** Friends that take part, connected or not, as far as this node knows. */
    readonly friends: readonly FriendId[]
  })[]
  readonly invitations: readonly Invitation[]
  /** Identities of which nothing is taken, and friends whose lobbies are ignored. */
  readonly barred: { readonly banned: readonly ParticipantId[]; readonly ignored: readonly FriendId[] }
}

/** Updates go to the `onUpdate` that the implementation's constructor was given. */
export interface LobbyNetwork {
  readonly id: NetworkId
  readonly limits: LobbyLimits
  /** Listens and dials; resolves when listening. Rejects with a `GatewayError` (port taken, unreadable keys). */
  start(): Promise<{ readonly port: number }>
  /** Says good-bye (leave events), flushes and closes all within two seconds. */
  stop(): Promise<void>
  /** An id for a lobby that may be made later, and that nobody else has. */
  newLobbyId(): LobbyId
  /** Makes a lobby, joins it and announces it. Its id is known at once. Throws `LOBBIES_FULL`. */
  create(spec: LobbySpec): LobbyInfo
  lobby(id: LobbyId): LobbyInfo | undefined
  /** Who is in a joined lobby, own speakers included; nobody in any other. */
  members(id: LobbyId): readonly ParticipantInfo[]
  send(command: LobbyCommand): void
  friend(id: FriendId): FriendInfo | undefined
  /**
   * Writes to a friend itself: `text` is in the network's format and within its limits. True when it is on its way,
   * false when the friend cannot be reached now. Nobody tells whether it arrives.
   */
  tellFriend(friend: FriendId, text: string): boolean
  /** Resolves when the joins, leaves and creations so far outlive the process. */
  flush(): Promise<void>
  /**
   * Books a place for a message that is about to be said, and returns 0; or the milliseconds to wait, when others
   * in the network would lose what comes so fast; infinite when nobody from here may speak in the lobby. What was admitted
   * is never lost for that reason.
   */
  admit(lobby: LobbyId, speaker: SpeakerId): number
  /**
   * How far apart, in ms, each of our speakers has to keep two messages now so that all can go on;
   * 0 while there is room. Who keeps to it, in whole seconds, is admitted.
   */
  paceMs(lobby: LobbyId): number
  snapshot(): NetworkSnapshot
  /** Numbers for the metrics by name, all growing but those that begin with `current_`. */
  counters(): Readonly<Record<string, number>>
  /** This node's invitation for friends. */
  invite(form: 'short' | 'long'): string
  /** Accepts an invitation in any form the network has. Rejects with a `GatewayError` that says what is wrong. */
  addFriend(invite: string): Promise<FriendInfo>
  /** False when there is no such friend. */
  removeFriend(id: FriendId): Promise<boolean>
}
