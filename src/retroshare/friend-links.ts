/** The friends as the node works with them: links and their services as one, and what is known of each friend. */
import { join } from 'node:path'
import type { FriendInfo, FriendStatus } from '../lobby/lobby.ts'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, ParticipantId } from '../util/ids.ts'
import { type AvatarItem, Avatars, avatarRequest } from './avatars.ts'
import type { IdentityStore } from './identity/identity-store.ts'
import type { NodeIdentity } from './identity/node-identity.ts'
import type { NodeOptions } from './node-options.ts'
import type { PeerCounters } from './peer/counters.ts'
import { FriendServices, type ServiceCounters } from './peer/friend-services.ts'
import { fileFriendStore } from './peer/friend-store.ts'
import { type FriendInfo as FriendOfPeer, Friends } from './peer/friends.ts'
import type { LinkInfo } from './peer/session.ts'
import { addressText, type Reach, selfContact, wireAddress } from './self.ts'
import { parseInvite } from './wire/invite.ts'
import { CHAT_FLAG, type ChatItem, type ContactItem, type Item } from './wire/item.ts'

/** What the owner of the links is told. */
export interface FriendLinksHandlers {
  /** Chat works with the friend, or ceased to. */
  onChatOpen(friend: FriendId): void
  onChatClosed(friend: FriendId): void
  /** It answered what was sent at `sentAtMs`: what was written before has been read. */
  onRead(friend: FriendId, sentAtMs: number): void
  /** `raw` is the item as it came. */
  onChat(friend: FriendId, item: Exclude<ChatItem, AvatarItem>, raw: Uint8Array): void
  /** The friend is new, or something about it changed. */
  onFriend(friend: FriendInfo): void
  onRemoved(friend: FriendId): void
}

/** Links end this long after the last write; it is part of the time that a stop may take. */
const CLOSE_MS = 1000
/** Clocks that differ by more are about to lose messages (docs/retroshare.md §6.5). */
const MAX_CLOCK_OFFSET_MS = 300_000
/** A friend's clock that has moved by more is told anew. */
const SHOWN_CLOCK_CHANGE_MS = 1_000
const MAX_VERSION_CHARS = 100
/** Numbers of the status service; others, such as offline, say nothing of somebody who is linked. */
const STATUS: Readonly<Record<number, FriendStatus>> = { 1: 'away', 2: 'busy', 3: 'online', 4: 'inactive' }

/** What only the running process knows of a friend. */
interface Known {
  version: string | null
  status: FriendStatus | null
  downSinceMs: number | undefined
  isClockDoubted: boolean
  clockOffsetMs: number | null
}

/** One per node. */
export class FriendLinks {
  readonly #options: NodeOptions
  readonly #identity: NodeIdentity
  readonly #handlers: FriendLinksHandlers
  readonly #friends: Friends
  readonly #services: FriendServices
  readonly #known = new Map<FriendId, Known>()
  readonly #avatars = new Avatars()
  #reach: Reach

  constructor(
    options: NodeOptions,
    kept: { readonly identity: NodeIdentity; readonly identities: IdentityStore },
    handlers: FriendLinksHandlers,
  ) {
    this.#options = options
    this.#identity = kept.identity
    this.#handlers = handlers
    this.#reach = { listen: options.listen, advertise: options.advertise }
    this.#services = this.#makeServices(kept.identities)
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

  /** Where this node is reached; the port is the one bound once `start` has resolved. */
  get reach(): Reach {
    return this.#reach
  }

  get counters(): {
    readonly peer: PeerCounters
    readonly services: ServiceCounters
    readonly avatars: ReadonlyMap<string, number>
    readonly waitingBytes: number
  } {
    const { dropped: avatars } = this.#avatars
    const { counters: peer, waitingBytes } = this.#friends
    return { peer, services: this.#services.counters, avatars, waitingBytes }
  }

  /** Listens and dials. Rejects with `PEER_LISTEN_FAILED`, `FRIENDS_UNREADABLE`. */
  async start(): Promise<{ readonly port: number }> {
    const { port } = await this.#friends.start()
    this.#reach = { ...this.#reach, listen: { ...this.#options.listen, port } }
    return { port }
  }

  /** Sends what waits and closes all links. */
  stop(): Promise<void> {
    return this.#friends.stop()
  }

  /** To be called about once a second. */
  tick(): void {
    this.#services.tick()
    const nowMs = this.#options.now()
    const ask = (friend: FriendId): boolean => this.#services.send(friend, avatarRequest(nowMs))
    for (const friend of this.#avatars.tick(nowMs, ask)) this.#changed(friend)
  }

  get(id: FriendId): FriendInfo | undefined {
    const friend = this.#friends.get(id)
    return friend && this.#infoOf(friend)
  }

  list(): FriendInfo[] {
    return this.#friends.list().map((friend) => this.#infoOf(friend))
  }

  /** Rejects with `INVITE_MALFORMED` and as `Friends.add`. */
  async add(invite: string): Promise<FriendInfo> {
    const parsed = parseInvite(invite)
    if (!parsed.ok) {
      const { code, offset, detail } = parsed.error
      throw new GatewayError(
        'INVITE_MALFORMED',
        `this is no whole invitation: copy it anew, from its first character to its last (${code} at byte ${offset}: ${detail})`,
      )
    }
    return this.#infoOf(await this.#friends.add(parsed.value))
  }

  /** False when there is no such friend. */
  remove(id: FriendId): Promise<boolean> {
    return this.#friends.remove(id)
  }

  /** Queues an item; false when its service does not work with the friend now. */
  send(friend: FriendId, item: Item): boolean {
    return this.#services.send(friend, item)
  }

  /** Queues a chat item as it came. */
  forward(friend: FriendId, raw: Uint8Array): void {
    this.#services.sendChat(friend, raw)
  }

  /** Asks a friend for the record of an identity. */
  fetchIdentity(author: ParticipantId, friend: FriendId): void {
    this.#services.fetch(friend, [author])
  }

  /** Tells friends of an own identity that is new or changed. */
  announceIdentities(): void {
    this.#services.ownIdentityChanged()
  }

  #makeServices(identities: IdentityStore): FriendServices {
    const { now, randomBytes, log, version } = this.#options
    const random = randomBytes(4)
    const firstTransaction = new DataView(random.buffer, random.byteOffset).getUint32(0)
    return new FriendServices(
      {
        now,
        self: () => selfContact(this.#identity, this.#reach, version),
        send: (friend, bytes, priority) => this.#friends.send(friend, bytes, priority),
        cut: (friend, { code, offset, detail }) => {
          log.warn({ friend, code, offset, detail }, 'friend sent a malformed item')
          this.#friends.cut(friend, 'PEER_MALFORMED', `${code} at byte ${offset}: ${detail}`)
        },
        onChatOpen: (friend) => {
          this.#avatars.opened(friend, now())
          this.#handlers.onChatOpen(friend)
        },
        onChatClosed: (friend) => {
          this.#avatars.closed(friend)
          this.#handlers.onChatClosed(friend)
        },
        onChat: (friend, item, raw) => this.#onChat(friend, item, raw),
        onStatus: (friend, status) => this.#onStatus(friend, status),
        onContact: (friend, contact) => this.#onContact(friend, contact),
        onMeasured: (friend, rttMs, offsetMs) => this.#onMeasured(friend, rttMs, offsetMs),
        learnKey: (friend, key) => this.#friends.learnKey(friend, key),
        takeRecord: (data, meta) => identities.learn(data, meta).ok,
        record: (id) => {
          const known = identities.known(id)
          const record = known && identities.record(id)
          return record && { ...record, publishedAtSec: known.publishedAtSec }
        },
        ownIdentities: () => identities.ownIds,
      },
      firstTransaction,
    )
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
    const known = this.#knownOf(friend)
    known.downSinceMs = this.#options.now()
    known.status = null
    known.isClockDoubted = false
    this.#changed(friend)
  }

  #changed(id: FriendId): void {
    const friend = this.#friends.get(id)
    if (friend) {
      this.#handlers.onFriend(this.#infoOf(friend))
      return
    }
    this.#known.delete(id)
    this.#avatars.forget(id)
    this.#handlers.onRemoved(id)
  }

  #onChat(friend: FriendId, item: ChatItem, raw: Uint8Array): void {
    if (item.kind === 'avatar' || item.kind === 'avatar-info') {
      if (this.#avatars.take(friend, item, this.#options.now())) this.#changed(friend)
      return
    }
    const isTelling = item.kind === 'private-message' && (item.flags & CHAT_FLAG.hasAvatar) !== 0
    if (isTelling) this.#avatars.told(friend, null, this.#options.now())
    this.#handlers.onChat(friend, item, raw)
  }

  #onStatus(friend: FriendId, number: number): void {
    const known = this.#knownOf(friend)
    const status = STATUS[number] ?? null
    if (known.status === status) return
    known.status = status
    this.#changed(friend)
  }

  #onContact(friend: FriendId, { location, version, reach }: ContactItem): void {
    this.#knownOf(friend).version = version.slice(0, MAX_VERSION_CHARS)
    const seen =
      reach.kind === 'open' ? [reach.externalV4, reach.externalV6, reach.localV4, reach.localV6] : []
    this.#friends.setContact(friend, { location, addresses: seen.filter((address) => address !== null) })
    this.#changed(friend)
  }

  #onMeasured(friend: FriendId, rttMs: number, clockOffsetMs: number): void {
    this.#friends.setRtt(friend, rttMs)
    this.#handlers.onRead(friend, this.#options.now() - rttMs)
    const known = this.#knownOf(friend)
    const before = known.clockOffsetMs
    known.clockOffsetMs = clockOffsetMs
    if (before === null || Math.abs(clockOffsetMs - before) > SHOWN_CLOCK_CHANGE_MS) this.#changed(friend)
    if (known.isClockDoubted || Math.abs(clockOffsetMs) <= MAX_CLOCK_OFFSET_MS) return
    known.isClockDoubted = true
    this.#options.log.warn({ friend, clockOffsetMs }, 'clock of a friend differs: messages may be lost')
  }

  #knownOf(friend: FriendId): Known {
    const known = this.#known.get(friend) ?? {
      version: null,
      status: null,
      downSinceMs: undefined,
      isClockDoubted: false,
      clockOffsetMs: null,
    }
    this.#known.set(friend, known)
    return known
  }

  #infoOf({ sslId: id, name, location, link, addresses, addedAtMs, rttMs }: FriendOfPeer): FriendInfo {
    const known = this.#known.get(id)
    const address = addresses[0] ?? link?.remote
    return {
      id,
      name: location === '' || location === name ? name : `${name} (${location})`,
      isOnline: link !== undefined,
      status: known?.status ?? null,
      sinceMs: link?.sinceMs ?? known?.downSinceMs ?? addedAtMs,
      address: address ? addressText(address) : null,
      rttMs: rttMs ?? null,
      version: known?.version ?? null,
      clockOffsetMs: known?.clockOffsetMs ?? null,
      avatar: this.#avatars.of(id),
    }
  }
}
