/** RetroShare as a lobby network: friends, services, identities and the lobby router, put together. */
import { randomBytes as strongRandomBytes } from 'node:crypto'
import { fittingNick } from '../lobby/fitting-nick.ts'
import type { FriendInfo, LobbyCommand, LobbyInfo, ParticipantInfo } from '../lobby/lobby.ts'
import type { LobbyNetwork, LobbySpec, NetworkSnapshot } from '../lobby/network.ts'
import { toHex } from '../util/bytes.ts'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId, NetworkId, SpeakerId } from '../util/ids.ts'
import { RETROSHARE_LIMITS } from './lobby-limits.ts'
import { Node } from './node.ts'
import type { NodeOptions } from './node-options.ts'
import { addressText, ownInvite, publicAddress } from './self.ts'

/** Name of this network. */
export const RETROSHARE = 'retroshare' as NetworkId

/** As `NodeOptions`; clock, randomness and version have defaults. */
export type RetroShareOptions = Omit<NodeOptions, 'now' | 'randomBytes' | 'version'> &
  Partial<Pick<NodeOptions, 'now' | 'randomBytes' | 'version'>>

/** A network that does nothing before `start`; all else may be called between `start` and `stop` only. */
export function createRetroShareNetwork(options: RetroShareOptions): LobbyNetwork {
  return new Network(options)
}

class Network implements LobbyNetwork {
  readonly id = RETROSHARE
  readonly limits = RETROSHARE_LIMITS
  readonly #options: NodeOptions
  #started: Node | undefined

  constructor(options: RetroShareOptions) {
    this.#options = { now: Date.now, randomBytes: strongRandomBytes, version: 'Foyer', ...options }
  }

  async start(): Promise<{ readonly port: number }> {
    const node = await Node.open(this.id, this.#options)
    // Before `node.start`: restored lobbies are told on the way, and whoever hears of them may ask at once.
    this.#started = node
    return node.start()
  }

  async stop(): Promise<void> {
    await this.#started?.stop()
  }

  newLobbyId(): LobbyId {
    return toHex(this.#options.randomBytes(8)) as LobbyId
  }

  create(spec: LobbySpec): LobbyInfo {
    return this.#node.create(spec.id ?? this.newLobbyId(), spec)
  }

  lobby(id: LobbyId): LobbyInfo | undefined {
    return this.#started?.lobby(id)
  }

  members(id: LobbyId): readonly ParticipantInfo[] {
    return this.#started?.members(id) ?? []
  }

  send(command: LobbyCommand): void {
    this.#node.send(
      command.kind === 'enter' ? { ...command, nick: fittingNick(command.nick, this.limits) } : command,
    )
  }

  friend(id: FriendId): FriendInfo | undefined {
    return this.#started?.friend(id)
  }

  tellFriend(friend: FriendId, text: string): boolean {
    return this.#node.tellFriend(friend, text)
  }

  async flush(): Promise<void> {
    await this.#started?.flush()
  }

  paceMs(lobby: LobbyId): number {
    return this.#node.paceMs(lobby)
  }

  admit(lobby: LobbyId, speaker: SpeakerId): number {
    return this.#node.admit(lobby, speaker)
  }

  snapshot(): NetworkSnapshot {
    const { identity, reach, friends, lobbies, invitations, barred } = this.#node.view()
    const address = publicAddress(reach)
    return {
      id: this.id,
      self: {
        id: identity.sslId,
        name: identity.profile.name,
        address: addressText(address ?? reach.listen),
      },
      friends,
      lobbies,
      invitations,
      barred,
    }
  }

  invite(form: 'short' | 'long'): string {
    const { identity, reach } = this.#node.view()
    return ownInvite(identity, reach, form)
  }

  addFriend(invite: string): Promise<FriendInfo> {
    return this.#node.addFriend(invite)
  }

  removeFriend(id: FriendId): Promise<boolean> {
    return this.#node.removeFriend(id)
  }

  counters(): Readonly<Record<string, number>> {
    return this.#started?.counters() ?? {}
  }

  get #node(): Node {
    if (!this.#started) throw new GatewayError('NETWORK_NOT_STARTED', 'the RetroShare network is not started')
    return this.#started
  }
}
