/** One running RetroShare node: starts its parts, connects them, and stops them in order. */
import { join } from 'node:path'
import type { FriendInfo, LobbyCommand, LobbyInfo, LobbyUpdate, ParticipantInfo } from '../lobby/lobby.ts'
import type { LobbySpec, NetworkSnapshot } from '../lobby/network.ts'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId, NetworkId, SpeakerId } from '../util/ids.ts'
import type { AvatarItem } from './avatars.ts'
import { openBarred } from './barred-store.ts'
import { nodeCounters } from './counters.ts'
import { FriendLinks } from './friend-links.ts'
import { IdentityStore } from './identity/identity-store.ts'
import { KeyMaker } from './identity/key-maker.ts'
import { loadOrCreateNodeIdentity, type NodeIdentity } from './identity/node-identity.ts'
import type { JsonFile } from './json-file.ts'
import { LobbyStore } from './lobby-store.ts'
import type { NodeOptions } from './node-options.ts'
import { openPending, type Pending } from './pending-store.ts'
import { PrivateChat, privateMessages, TYPING_ITEM } from './private-chat.ts'
import { RouterRunner } from './router-runner.ts'
import type { Barred } from './routing/router-port.ts'
import { barred } from './routing/state.ts'
import { allInvitations, allLobbies, isHeard, lobbyInfo, lobbyMembers } from './routing/view.ts'
import type { Reach } from './self.ts'
import { Speakers } from './speakers.ts'
import { judge, type VerdictCounts } from './verdict.ts'
import { encodeItem, signedBytes } from './wire/codec.ts'
import type { BouncedItem, ChatItem } from './wire/item.ts'

/** How often heartbeats, time-outs and waiting speakers are looked at. */
const TICK_MS = 1000
/** Leave events are waited for this long; what is signed by then goes out. */
const LEAVE_MS = 700
/** Lobbies to be joined as soon as a friend lists them. */
const MAX_WANTED_LOBBIES = 1000

/** The parts that `open` has read from disk. */
interface Kept {
  readonly identity: NodeIdentity
  readonly identities: IdentityStore
  readonly lobbies: LobbyStore
  readonly barred: JsonFile<Barred>
  readonly pending: JsonFile<Pending>
  readonly keys: KeyMaker
}

/** One per process and folder. */
export class Node {
  readonly #options: NodeOptions
  readonly #kept: Kept
  readonly #router: RouterRunner
  readonly #links: FriendLinks
  readonly #speakers: Speakers
  readonly #privateChat = new PrivateChat()
  readonly #wanted = new Set<LobbyId>()
  readonly #verdicts: VerdictCounts = { good: 0, bad: 0, unknown: 0 }
  #signatures = 0
  #ticker: NodeJS.Timeout | undefined

  private constructor(network: NetworkId, options: NodeOptions, kept: Kept) {
    this.#options = options
    this.#kept = kept
    this.#router = this.#makeRouter(network)
    this.#speakers = this.#makeSpeakers()
    this.#links = new FriendLinks(options, kept, {
      onChatOpen: (friend) => {
        this.#router.dispatch({ kind: 'friend-up', friend })
        this.#speakers.listen()
      },
      onChatClosed: (friend) => {
        this.#privateChat.forget(friend)
        this.#router.dispatch({ kind: 'friend-down', friend })
      },
      onRead: (friend, sentAtMs) => this.#router.dispatch({ kind: 'friend-read', friend, sentAtMs }),
      onChat: (friend, item, raw) => this.#onChat(friend, item, raw),
      onFriend: (friend) => this.#onUpdate({ kind: 'friend', friend }),
      onRemoved: (friend) => this.#router.dispatch({ kind: 'friend-removed', friend }),
    })
  }

  /**
   * Reads, or makes, what the node keeps. Rejects with `IDENTITY_UNREADABLE`, `IDENTITY_NOT_WRITABLE`,
   * `PROFILE_NAME_INVALID`, `IDENTITY_STORE_UNUSABLE`, `LOBBY_STORE_UNREADABLE`, `BARRED_UNREADABLE`.
   */
  static async open(network: NetworkId, options: NodeOptions): Promise<Node> {
    const { dir, name, log, profileBits } = options
    const onProblem = (error: GatewayError): void => log.error({ code: error.code }, error.message)
    const onNew = (): void =>
      log.info({ name, folder: dir }, 'there were no keys: this is a new node, without friends')
    const identity = await loadOrCreateNodeIdentity(dir, name, { onNew, ...(profileBits && { profileBits }) })
    const lobbies = await LobbyStore.open({ dir, onError: onProblem })
    const barred = await openBarred(dir, onProblem)
    const pending = await openPending(dir, onProblem)
    const keys = new KeyMaker()
    const nowSec = (): number => Math.floor(options.now() / 1000)
    const identities = await IdentityStore.open({ folder: join(dir, 'identities'), keys, nowSec, onProblem })
    return new Node(network, options, { identity, identities, lobbies, barred, pending, keys })
  }

  /** Listens and dials. Rejects with `PEER_LISTEN_FAILED`, `FRIENDS_UNREADABLE`. */
  async start(): Promise<{ readonly port: number }> {
    const { lobbies, barred, pending } = this.#kept
    const { wanted, invitations } = pending.value
    for (const lobby of wanted) this.#wanted.add(lobby)
    const bound = await this.#links.start()
    // Friends are known now, and it is the turn in which they were read: no link is there yet.
    this.#router.dispatch({ kind: 'restore', lobbies: lobbies.lobbies, barred: barred.value, invitations })
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
    return bound
  }

  /** Takes leave, flushes and closes all within two seconds. */
  async stop(): Promise<void> {
    this.#speakers.stop()
    this.#kept.keys.close()
    await this.#router.finish(LEAVE_MS)
    clearInterval(this.#ticker)
    await this.#links.stop()
    const { identities, lobbies, barred, pending } = this.#kept
    await Promise.all([identities.close(), lobbies.flush(), barred.flush(), pending.flush()])
  }

  create(id: LobbyId, spec: LobbySpec): LobbyInfo {
    this.#router.dispatch({ kind: 'create', lobby: id, spec })
    const lobby = this.lobby(id)
    if (!lobby) throw new GatewayError('LOBBIES_FULL', 'no further lobby can be joined')
    return lobby
  }

  /** What was joined and left so far is on disk. */
  async flush(): Promise<void> {
    await Promise.all([this.#kept.lobbies.flush(), this.#kept.pending.flush()])
  }

  lobby(id: LobbyId): LobbyInfo | undefined {
    return lobbyInfo(this.#router.router, id)
  }

  members(id: LobbyId): ParticipantInfo[] {
    return lobbyMembers(this.#router.router, id, this.#options.now())
  }

  paceMs(lobby: LobbyId): number {
    return this.#router.paceMs(lobby)
  }

  admit(lobby: LobbyId, speaker: SpeakerId): number {
    return this.#speakers.isClosed(lobby) ? Number.POSITIVE_INFINITY : this.#router.admit(lobby, speaker)
  }

  send(command: LobbyCommand): void {
    switch (command.kind) {
      case 'enter':
        this.#want(command.lobby)
        this.#joinWanted(command.lobby)
        this.#speakers.take(command)
        return
      case 'exit':
      case 'say':
      case 'typing':
        this.#speakers.take(command)
        return
      case 'join':
        this.#want(command.lobby)
        this.#joinWanted(command.lobby)
        return
      case 'leave':
        this.#unwant(command.lobby)
        this.#speakers.leaveLobby(command.lobby)
        this.#router.dispatch(command)
        return
      case 'set-topic':
      case 'invite':
      case 'decline':
      case 'ban':
      case 'unban':
      case 'ignore':
      case 'heed':
        this.#router.dispatch(command)
        return
      case 'friend-typing':
        this.#links.send(command.friend, TYPING_ITEM)
        return
    }
  }

  friend(id: FriendId): FriendInfo | undefined {
    return this.#links.get(id)
  }

  /** False when chat does not work with the friend now. */
  tellFriend(friend: FriendId, text: string): boolean {
    const sentAtSec = Math.floor(this.#options.now() / 1000)
    return privateMessages(text, sentAtSec).every((item) => this.#links.send(friend, item))
  }

  view(): Pick<NetworkSnapshot, 'friends' | 'lobbies' | 'invitations' | 'barred'> & {
    readonly identity: NodeIdentity
    readonly reach: Reach
  } {
    return {
      identity: this.#kept.identity,
      reach: this.#links.reach,
      friends: this.#links.list(),
      lobbies: allLobbies(this.#router.router, this.#options.now()),
      invitations: allInvitations(this.#router.router),
      barred: barred(this.#router.router),
    }
  }

  /** Rejects as `FriendLinks.add`. */
  addFriend(invite: string): Promise<FriendInfo> {
    return this.#links.add(invite)
  }

  removeFriend(id: FriendId): Promise<boolean> {
    return this.#links.remove(id)
  }

  counters(): Record<string, number> {
    return nodeCounters({
      ...this.#links.counters,
      router: this.#router,
      verdicts: this.#verdicts,
      signatures: this.#signatures,
      waitingSpeakers: this.#speakers.waiting,
      identities: this.#kept.identities.ids().length,
      privateChat: this.#privateChat,
    })
  }

  #makeRouter(network: NetworkId): RouterRunner {
    const { now, randomBytes } = this.#options
    const { identity, identities, lobbies, barred, pending } = this.#kept
    return new RouterRunner(
      { network, self: identity.sslId },
      {
        now,
        randomBytes,
        judge: (item) => judge(item, (id) => identities.known(id), this.#verdicts),
        send: (friend, item) => this.#links.send(friend, item),
        forward: (friend, raw) => this.#links.forward(friend, raw),
        sign: (item) => this.#sign(item),
        fetchIdentity: (author, friend) => this.#links.fetchIdentity(author, friend),
        save: (lobby) => lobbies.save(lobby),
        forget: (lobby) => lobbies.forget(lobby),
        saveBarred: (who) => barred.save(who),
        saveInvitations: (invitations) => pending.save({ ...pending.value, invitations }),
        onUpdate: (update) => this.#onUpdate(update),
        onSignFailed: (error) => this.#options.log.error({ err: error }, 'item not signed'),
      },
    )
  }

  #makeSpeakers(): Speakers {
    const { identities, identity } = this.#kept
    return new Speakers({
      now: () => this.#options.now(),
      ensure: (speaker, nick, isKept, isLinked) =>
        identities.ensureOwn(speaker, nick, isKept, isLinked ? identity.profile : undefined),
      drop: (speaker) => identities.dropOwn(speaker),
      lobbyKind: (lobby) => {
        const known = this.lobby(lobby)
        return known && (known.isSigned ? 'signed' : 'open')
      },
      linking: this.#options.linking ?? (() => 'anonymous'),
      isHeard: (lobby) => isHeard(this.#router.router, lobby),
      dispatch: (event) => this.#router.dispatch(event),
      after: (work) => this.#router.after(work),
      refuse: ({ lobby, speaker, ref }, code, text) =>
        this.#onUpdate({ kind: 'not-sent', lobby, speaker, ref, code, text }),
      onIdentity: () => this.#links.announceIdentities(),
      onFailed: (_speaker, error) => this.#options.log.error({ err: error }, 'no identity for a speaker'),
    })
  }

  async #sign(item: BouncedItem): Promise<{ item: BouncedItem; raw: Uint8Array }> {
    const identity = this.#speakers.identity(item.author)
    if (!identity) throw new Error(`${item.author} is no identity of this node`)
    const signed = { ...item, signature: await identity.sign(signedBytes(item)) }
    this.#signatures++
    return { item: signed, raw: encodeItem(signed) }
  }

  #onChat(friend: FriendId, item: Exclude<ChatItem, AvatarItem>, raw: Uint8Array): void {
    switch (item.kind) {
      case 'lobby-message':
      case 'lobby-event':
        this.#router.dispatch({ kind: 'bounced', friend, item, raw })
        this.#speakers.listen(item.lobby)
        return
      case 'private-message':
      case 'status-string': {
        const update = this.#privateChat.take(friend, item, this.#options.now())
        if (update) this.#onUpdate(update)
        return
      }
      default:
        this.#router.dispatch({ kind: 'control', friend, item })
        this.#speakers.listen()
        return
    }
  }

  #onUpdate(update: LobbyUpdate): void {
    this.#options.onUpdate(update)
    if (update.kind !== 'lobby' && update.kind !== 'invited') return
    this.#joinWanted(update.lobby.id)
    this.#speakers.lobbyShown(update.lobby.id)
  }

  /** Remembers a lobby that is to be joined once it is known. */
  #want(lobby: LobbyId): void {
    if (this.lobby(lobby)?.isJoined || this.#wanted.has(lobby)) return
    if (this.#wanted.size < MAX_WANTED_LOBBIES) {
      this.#wanted.add(lobby)
      this.#saveWanted()
    } else this.#options.log.warn({ lobby, code: 'LOBBIES_FULL' }, 'too many lobbies wait to be seen')
  }

  /** True when it was wanted. */
  #unwant(lobby: LobbyId): boolean {
    const wasWanted = this.#wanted.delete(lobby)
    if (wasWanted) this.#saveWanted()
    return wasWanted
  }

  #saveWanted(): void {
    const { pending } = this.#kept
    pending.save({ ...pending.value, wanted: [...this.#wanted] })
  }

  #joinWanted(lobby: LobbyId): void {
    if (this.lobby(lobby) && this.#unwant(lobby)) this.#router.dispatch({ kind: 'join', lobby })
  }

  #tick(): void {
    this.#links.tick()
    this.#speakers.tick()
  }
}
