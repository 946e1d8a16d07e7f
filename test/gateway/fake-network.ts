// A lobby network without wires: tests make it say things and read what it was asked.
import type {
  FriendInfo,
  Invitation,
  LobbyCommand,
  LobbyInfo,
  LobbyUpdate,
  ParticipantInfo,
} from '../../src/lobby/lobby.ts'
import type { LobbyNetwork, LobbySpec, NetworkSnapshot } from '../../src/lobby/network.ts'
import { GatewayError } from '../../src/util/errors.ts'
import type { FriendId, LobbyId, NetworkId, ParticipantId } from '../../src/util/ids.ts'

export class FakeNetwork implements LobbyNetwork {
  readonly id = 'fake' as NetworkId
  readonly limits = { maxTextBytes: 1000, maxPrivateTextBytes: 2000, maxNickChars: 30, maxNickBytes: 50 }
  readonly commands: LobbyCommand[] = []
  readonly #lobbies = new Map<LobbyId, LobbyInfo>()
  readonly #members = new Map<LobbyId, ParticipantInfo[]>()
  onUpdate: (update: LobbyUpdate) => void = () => undefined
  isFull = false
  #lastId = -1
  readonly friends = new Map<FriendId, FriendInfo>()
  readonly told: { friend: FriendId; text: string }[] = []
  invitations: Invitation[] = []
  /** What `admit` answers. */
  waitMs = 0

  /** A friend lists, or no longer lists, a lobby; or it becomes joined. */
  show(id: string, name: string, isJoined = false, isPrivate = false): LobbyId {
    const lobby = { ...this.#lobbyInfo(id, name, isJoined), isPrivate }
    this.#lobbies.set(lobby.id, lobby)
    this.onUpdate({ kind: 'lobby', lobby })
    return lobby.id
  }

  /** No friend that takes part in it is connected any longer. */
  deafen(lobby: LobbyId): void {
    const known = this.#lobbies.get(lobby)
    if (!known) return
    this.#lobbies.set(lobby, { ...known, isHeard: false })
    this.onUpdate({ kind: 'lobby', lobby: { ...known, isHeard: false } })
  }

  /** No friend lists it any longer. */
  hide(lobby: LobbyId): void {
    this.#lobbies.delete(lobby)
    this.onUpdate({ kind: 'lobby-vanished', lobby })
  }

  enters(lobby: LobbyId, id: string, nick: string): ParticipantId {
    const participant = { id: id as ParticipantId, nick, sinceMs: 0, lastSeenMs: 0, speaker: null }
    this.#members.set(lobby, [...this.members(lobby), participant])
    this.onUpdate({ kind: 'entered', lobby, participant })
    return participant.id
  }

  /** A friend is known, or comes and goes. */
  befriend(id: string, name: string, isOnline = true, avatar: Uint8Array | null = null): FriendId {
    const friend: FriendInfo = {
      id: id as FriendId,
      name,
      isOnline,
      status: isOnline ? 'online' : null,
      sinceMs: 0,
      address: null,
      rttMs: null,
      clockOffsetMs: null,
      version: null,
      avatar,
    }
    this.friends.set(friend.id, friend)
    this.onUpdate({ kind: 'friend', friend })
    return friend.id
  }

  /** A friend invites to a private lobby that nobody lists. */
  invites(friend: FriendId, id: string, name: string): LobbyId {
    const lobby: LobbyInfo = { ...this.#lobbyInfo(id, name, false), isPrivate: true }
    this.#lobbies.set(lobby.id, lobby)
    this.invitations.push({ lobby, friends: [friend] })
    this.onUpdate({ kind: 'invited', lobby, friend })
    return lobby.id
  }

  says(lobby: LobbyId, participant: ParticipantId, text: string, messageId: string): void {
    this.onUpdate({ kind: 'said', lobby, participant, nick: 'Nick', text, sentAtMs: 0, messageId })
  }

  said(): string[] {
    return this.commands.flatMap((command) => (command.kind === 'say' ? [command.text] : []))
  }

  async start(): Promise<{ port: number }> {
    return { port: 0 }
  }

  async stop(): Promise<void> {}

  async flush(): Promise<void> {}

  newLobbyId(): LobbyId {
    this.#lastId += 1
    return `ffffffffffffff${10 + this.#lastId}` as LobbyId
  }

  create(spec: LobbySpec): LobbyInfo {
    if (this.isFull) throw new GatewayError('LOBBIES_FULL', 'no further lobby can be joined')
    const id = this.show(spec.id ?? this.newLobbyId(), spec.name, true, spec.isPrivate)
    return this.lobby(id) as LobbyInfo
  }

  lobby(id: LobbyId): LobbyInfo | undefined {
    return this.#lobbies.get(id)
  }

  members(id: LobbyId): readonly ParticipantInfo[] {
    return this.#members.get(id) ?? []
  }

  send(command: LobbyCommand): void {
    this.commands.push(command)
    if (command.kind === 'decline' || command.kind === 'join')
      this.invitations = this.invitations.filter(({ lobby }) => lobby.id !== command.lobby)
  }

  friend(id: FriendId): FriendInfo | undefined {
    return this.friends.get(id)
  }

  tellFriend(friend: FriendId, text: string): boolean {
    if (!this.friends.get(friend)?.isOnline) return false
    this.told.push({ friend, text })
    return true
  }

  paceMs(): number {
    return 0
  }

  admit(): number {
    return this.waitMs
  }

  snapshot(): NetworkSnapshot {
    return {
      id: this.id,
      self: { id: '', name: 'fake', address: '' },
      friends: [...this.friends.values()],
      lobbies: [...this.#lobbies.values()].map((lobby) => ({
        ...lobby,
        members: this.members(lobby.id),
        friends: [],
      })),
      invitations: this.invitations,
      barred: { banned: [], ignored: [] },
    }
  }

  counters(): Readonly<Record<string, number>> {
    return {}
  }

  #lobbyInfo(id: string, name: string, isJoined: boolean): LobbyInfo {
    return {
      id: id as LobbyId,
      network: this.id,
      name,
      topic: `About ${name}`,
      isPrivate: false,
      isSigned: false,
      isJoined,
      isHeard: isJoined,
      isOwn: false,
      participants: 0,
    }
  }

  invite(): string {
    return ''
  }

  addFriend(): Promise<FriendInfo> {
    return Promise.reject(new Error('no friends here'))
  }

  async removeFriend(): Promise<boolean> {
    return false
  }
}
