/** One running RetroShare node: starts its parts, connects them, and stops them in order. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { FriendInfo, LobbyCommand, LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbySpec, NetworkSnapshot } from '../lobby/network.ts'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId, NetworkId } from '../util/ids.ts'
import { nodeCounters } from './counters.ts'
import { friendInfo } from './friend-info.ts'
import { IdentityStore } from './identity/identity-store.ts'
import { KeyMaker } from './identity/key-maker.ts'
import { loadOrCreateNodeIdentity, type NodeIdentity } from './identity/node-identity.ts'
import { LobbyStore } from './lobby-store.ts'
import type { SelfContact } from './peer/discovery.ts'
import { FriendServices } from './peer/friend-services.ts'
import { fileFriendStore } from './peer/friend-store.ts'
import { type FriendInfo as FriendRecordInfo, Friends } from './peer/friends.ts'
import type { LinkInfo } from './peer/session.ts'
import type { Timings } from './peer/timings.ts'
import { RouterRunner } from './router-runner.ts'
import { allLobbies, lobbyInfo } from './routing/view.ts'
import { type Reach, selfContact, wireAddress } from './self.ts'
import { Speakers } from './speakers.ts'
import { judge, type VerdictCounts } from './verdict.ts'
import { encodeItem, signedBytes } from './wire/codec.ts'
import { type Endpoint, parseInvite } from './wire/invite.ts'
import type { BouncedItem, ChatItem, ContactItem } from './wire/item.ts'

/** What a node needs of the world. */
export interface NodeOptions {
  /** Everything that this node keeps is in this folder, mode 0700. */
  readonly dir: string
  /** Of profile and location when they are made, at the first start. */
  readonly name: string
  /** Port 0 takes any. */
  readonly listen: Endpoint
  /** What invites say; null for what is listened on. */
  readonly advertise: Endpoint | null
  readonly log: Logger
  onUpdate(update: LobbyUpdate): void
  /** Software version told to friends. */
  readonly version: string
  /** Milliseconds since 1970. */
  now(): number
  randomBytes(count: number): Uint8Array
  readonly timings?: Partial<Timings>
  /** RSA bits of a profile that is made. */
  readonly profileBits?: number
}

/** How often heartbeats, time-outs and waiting speakers are looked at. */
const TICK_MS = 1000
/** Leave events are waited for this long; what is signed by then goes out, and links end within `CLOSE_MS`. */
const LEAVE_MS = 700
const CLOSE_MS = 1000
/** Lobbies to be joined as soon as a friend lists them. */
const MAX_WANTED_LOBBIES = 1000
/** Clocks that differ by more lose messages (docs/retroshare.md §6.5). */
const MAX_CLOCK_OFFSET_MS = 300_000

/** The parts that `open` has read from disk. */
interface Kept {
  readonly identity: NodeIdentity
  readonly identities: IdentityStore
  readonly lobbies: LobbyStore
  readonly keys: KeyMaker
}

export class Node {
  readonly #options: NodeOptions
  readonly #kept: Kept
  readonly #log: Logger
  readonly #router: RouterRunner
  readonly #friends: Friends
  readonly #speakers: Speakers
  readonly #services: FriendServices
  #reach: Reach
  #self: SelfContact
  readonly #wanted = new Set<LobbyId>()
  readonly #versions = new Map<FriendId, string>()
  readonly #downSinceMs = new Map<FriendId, number>()
  readonly #verdicts: VerdictCounts = { good: 0, bad: 0, unknown: 0 }
  #signatures = 0
  #ticker: NodeJS.Timeout | undefined

  private constructor(network: NetworkId, options: NodeOptions, kept: Kept) {
    this.#options = options
    this.#kept = kept
    this.#log = options.log
    this.#reach = { listen: options.listen, advertise: options.advertise }
    this.#self = selfContact(kept.identity, this.#reach, options.version)
    this.#router = this.#makeRouter(network)
    this.#speakers = this.#makeSpeakers()
    this.#services = this.#makeServices()
    this.#friends = new Friends({
      identity: kept.identity,
      listen: options.listen,
      store: fileFriendStore(join(options.dir, 'friends.json')),
      log: options.log,
      timings: { closeMs: CLOSE_MS, ...options.timings },
      handlers: {
        onUp: (friend, link) => this.#up(friend, link),
        onItem: (friend, bytes) => this.#services.take(friend, bytes),
        onDown: (friend) => this.#down(friend),
        onChange: (friend) => this.#changed(friend),
      },
    })
  }

  /**
   * Reads, or makes, what the node keeps. Rejects with `IDENTITY_UNREADABLE`, `IDENTITY_NOT_WRITABLE`,
   * `PROFILE_NAME_INVALID`, `IDENTITY_STORE_UNUSABLE`, `LOBBY_STORE_UNREADABLE`.
   */
  static async open(network: NetworkId, options: NodeOptions): Promise<Node> {
    const { dir, name, log, profileBits } = options
    const onProblem = (error: GatewayError): void => log.error({ code: error.code }, error.message)
    const identity = await loadOrCreateNodeIdentity(dir, name, profileBits ? { profileBits } : {})
    const lobbies = await LobbyStore.open({ dir, onError: onProblem })
    const keys = new KeyMaker()
    const nowSec = (): number => Math.floor(options.now() / 1000)
    const identities = await IdentityStore.open({ folder: join(dir, 'identities'), keys, nowSec, onProblem })
    return new Node(network, options, { identity, identities, lobbies, keys })
  }

  /** Listens and dials. Rejects with `PEER_LISTEN_FAILED`, `FRIENDS_UNREADABLE`. */
  async start(): Promise<{ readonly port: number }> {
    const { identity, lobbies } = this.#kept
    this.#router.dispatch({ kind: 'restore', lobbies: lobbies.lobbies })
    const { port } = await this.#friends.start()
    this.#reach = { ...this.#reach, listen: { ...this.#options.listen, port } }
    this.#self = selfContact(identity, this.#reach, this.#options.version)
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
    return { port }
  }

  /** Takes leave, flushes and closes all within two seconds. */
  async stop(): Promise<void> {
    this.#speakers.stop()
    this.#kept.keys.close()
    await this.#router.finish(LEAVE_MS)
    clearInterval(this.#ticker)
    await this.#friends.stop()
    await Promise.all([this.#kept.identities.close(), this.#kept.lobbies.flush()])
  }

  create(id: LobbyId, spec: LobbySpec): LobbyInfo {
    this.#router.dispatch({ kind: 'create', lobby: id, spec })
    const lobby = this.lobby(id)
    if (!lobby) throw new GatewayError('LOBBIES_FULL', 'no further lobby can be joined')
    return lobby
  }

  lobby(id: LobbyId): LobbyInfo | undefined {
    return lobbyInfo(this.#router.router, id)
  }

  send(command: LobbyCommand): void {
    switch (command.kind) {
      case 'enter':
        this.#want(command.lobby)
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
        this.#wanted.delete(command.lobby)
        this.#speakers.leaveLobby(command.lobby)
        this.#router.dispatch(command)
        return
      case 'set-topic':
      case 'invite':
        this.#router.dispatch(command)
        return
    }
  }

  view(): Pick<NetworkSnapshot, 'friends' | 'lobbies'> & {
    readonly identity: NodeIdentity
    readonly reach: Reach
  } {
    return {
      identity: this.#kept.identity,
      reach: this.#reach,
      friends: this.#friends.list().map((friend) => this.#infoOf(friend)),
      lobbies: allLobbies(this.#router.router, this.#options.now()),
    }
  }

  /** Rejects with `INVITE_MALFORMED` and as `Friends.add`. */
  async addFriend(invite: string): Promise<FriendInfo> {
    const parsed = parseInvite(invite)
    if (!parsed.ok) {
      const { code, offset, detail } = parsed.error
      throw new GatewayError('INVITE_MALFORMED', `not an invite: ${code} at byte ${offset}: ${detail}`)
    }
    return this.#infoOf(await this.#friends.add(parsed.value))
  }

  removeFriend(id: FriendId): Promise<boolean> {
    return this.#friends.remove(id)
  }

  counters(): Record<string, number> {
    return nodeCounters({
      peer: this.#friends.counters,
      services: this.#services.counters,
      router: this.#router,
      verdicts: this.#verdicts,
      signatures: this.#signatures,
      waitingSpeakers: this.#speakers.waiting,
      identities: this.#kept.identities.ids().length,
    })
  }

  #makeRouter(network: NetworkId): RouterRunner {
    const { now, randomBytes } = this.#options
    const { identities, lobbies } = this.#kept
    return new RouterRunner(network, {
      now,
      randomBytes,
      judge: (item) => judge(item, (id) => identities.known(id), this.#verdicts),
      send: (friend, item) => this.#services.send(friend, item),
      forward: (friend, raw) => this.#services.sendChat(friend, raw),
      sign: (item) => this.#sign(item),
      fetchIdentity: (author, friend) => this.#services.fetch(friend, [author]),
      save: (lobby) => lobbies.save(lobby),
      forget: (lobby) => lobbies.forget(lobby),
      onUpdate: (update) => this.#onUpdate(update),
      onSignFailed: (error) => this.#log.error({ error }, 'item not signed'),
    })
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
      dispatch: (event) => this.#router.dispatch(event),
      after: (work) => this.#router.after(work),
      refuse: ({ lobby, speaker, ref }, code, text) =>
        this.#onUpdate({ kind: 'not-sent', lobby, speaker, ref, code, text }),
      onIdentity: () => this.#services.ownIdentityChanged(),
      onFailed: (speaker, error) => this.#log.error({ speaker, error }, 'no identity for a speaker'),
    })
  }

  #makeServices(): FriendServices {
    const { identities } = this.#kept
    const random = this.#options.randomBytes(4)
    const firstTransaction = new DataView(random.buffer, random.byteOffset).getUint32(0)
    return new FriendServices(
      {
        now: () => this.#options.now(),
        self: () => this.#self,
        send: (friend, bytes, priority) => this.#friends.send(friend, bytes, priority),
        cut: (friend, { code, offset, detail }) => {
          this.#log.warn({ friend, code, offset, detail }, 'friend sent a malformed item')
          this.#friends.cut(friend, 'PEER_MALFORMED', `${code} at byte ${offset}: ${detail}`)
        },
        onChatOpen: (friend) => this.#router.dispatch({ kind: 'friend-up', friend }),
        onChatClosed: (friend) => this.#router.dispatch({ kind: 'friend-down', friend }),
        onChat: (friend, item, raw) => this.#onChat(friend, item, raw),
        onContact: (friend, contact) => this.#onContact(friend, contact),
        onMeasured: (friend, rttMs, offsetMs) => this.#onMeasured(friend, rttMs, offsetMs),
        learnKey: (friend, key) => this.#friends.learnKey(friend, key),
        takeRecord: (data, meta) => identities.learn(data, meta).ok,
        record: (id) => {
          const known = identities.known(id)
          const record = identities.record(id)
          return known && record && { ...record, publishedAtSec: known.publishedAtSec }
        },
        ownIdentities: () => identities.ownIds,
      },
      firstTransaction,
    )
  }

  async #sign(item: BouncedItem): Promise<{ item: BouncedItem; raw: Uint8Array }> {
    const identity = this.#speakers.identity(item.author)
    if (!identity) throw new Error(`${item.author} is no identity of this node`)
    const signed = { ...item, signature: await identity.sign(signedBytes(item)) }
    this.#signatures++
    return { item: signed, raw: encodeItem(signed) }
  }

  #up(friend: FriendId, link: LinkInfo): void {
    const record = this.#friends.get(friend)
    if (!record) return
    this.#services.up({
      id: friend,
      pgpId: record.pgpId,
      needsKey: record.pgpKey === null,
      address: wireAddress(link.remote),
    })
    this.#changed(friend)
  }

  #down(friend: FriendId): void {
    this.#services.down(friend)
    this.#downSinceMs.set(friend, this.#options.now())
    this.#changed(friend)
  }

  #changed(id: FriendId): void {
    const friend = this.#friends.get(id)
    if (friend) {
      this.#onUpdate({ kind: 'friend', friend: this.#infoOf(friend) })
      return
    }
    this.#versions.delete(id)
    this.#downSinceMs.delete(id)
    this.#router.dispatch({ kind: 'friend-removed', friend: id })
  }

  #onChat(friend: FriendId, item: ChatItem, raw: Uint8Array): void {
    switch (item.kind) {
      case 'lobby-message':
      case 'lobby-event':
        this.#router.dispatch({ kind: 'bounced', friend, item, raw })
        return
      case 'private-message':
      case 'avatar':
      case 'status-string':
      case 'avatar-info':
        return
      default:
        this.#router.dispatch({ kind: 'control', friend, item })
        return
    }
  }

  #onContact(friend: FriendId, { location, version, reach }: ContactItem): void {
    this.#versions.set(friend, version)
    const seen =
      reach.kind === 'open' ? [reach.externalV4, reach.externalV6, reach.localV4, reach.localV6] : []
    this.#friends.setContact(friend, { location, addresses: seen.filter((address) => address !== null) })
    this.#changed(friend)
  }

  #onMeasured(friend: FriendId, rttMs: number, clockOffsetMs: number): void {
    this.#friends.setRtt(friend, rttMs)
    if (Math.abs(clockOffsetMs) > MAX_CLOCK_OFFSET_MS)
      this.#log.warn({ friend, clockOffsetMs }, 'clock of a friend differs: messages will be lost')
  }

  #infoOf(friend: FriendRecordInfo): FriendInfo {
    return friendInfo(friend, {
      version: this.#versions.get(friend.sslId) ?? null,
      downSinceMs: this.#downSinceMs.get(friend.sslId) ?? friend.addedAtMs,
    })
  }

  #onUpdate(update: LobbyUpdate): void {
    this.#options.onUpdate(update)
    if (update.kind !== 'lobby' && update.kind !== 'invited') return
    this.#joinWanted(update.lobby.id)
    this.#speakers.lobbyShown(update.lobby.id)
  }

  /** Remembers a lobby that is to be joined once it is known. */
  #want(lobby: LobbyId): void {
    if (this.lobby(lobby)?.isJoined) return
    if (this.#wanted.size < MAX_WANTED_LOBBIES) this.#wanted.add(lobby)
    else this.#log.warn({ lobby, code: 'LOBBIES_FULL' }, 'too many lobbies wait to be seen')
  }

  #joinWanted(lobby: LobbyId): void {
    if (this.lobby(lobby) && this.#wanted.delete(lobby)) this.#router.dispatch({ kind: 'join', lobby })
  }

  #tick(): void {
    this.#services.tick()
    this.#speakers.tick()
  }
}
