/** The friends of this node: who they are, who is up, and the way to send to them. docs/retroshare.md §1.6, §3. */
import { createSecureContext, type TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import { GatewayError } from '../../util/errors.ts'
import { ExpiringMap } from '../../util/expiring-map.ts'
import type { FriendId } from '../../util/ids.ts'
import { verifyCertificate } from '../identity/certificate.ts'
import type { NodeIdentity } from '../identity/node-identity.ts'
import type { Endpoint, Invite } from '../wire/invite.ts'
import { countUp, PeerCounters } from './counters.ts'
import { Dialer } from './dialer.ts'
import { FriendBook } from './friend-book.ts'
import type { FriendRecord, FriendStore } from './friend-store.ts'
import { judgePeer, type Verdict } from './judge-peer.ts'
import type { CloseReason } from './link.ts'
import type { LinkRole } from './link-pair.ts'
import { Listener } from './listener.ts'
import { FriendSession, type LinkInfo } from './session.ts'
import { DEFAULT_TIMINGS, type Timings } from './timings.ts'
import { peerCertificateOf, tlsContext } from './tls.ts'

/** What the owner of the friends is told. Handlers must not throw. */
export interface FriendsHandlers {
  /** The friend takes items. Once per friend, whatever its links do. */
  onUp(friend: FriendId, link: LinkInfo): void
  /** A whole item, in its own memory; slice probes and heartbeats too. */
  onItem(friend: FriendId, bytes: Uint8Array): void
  /** Items that were still waiting are gone. */
  onDown(friend: FriendId, reason: CloseReason): void
  /** The friend was added, removed, or what is known of it changed; `list` tells. */
  onChange(friend: FriendId): void
}

export interface FriendsOptions {
  readonly identity: NodeIdentity
  /** Port 0 takes any. */
  readonly listen: Endpoint
  readonly store: FriendStore
  readonly log: Logger
  readonly handlers: FriendsHandlers
  readonly timings?: Partial<Timings>
  /** 0 … 1, spreads the pauses between dials. */
  readonly random?: () => number
}

/** A friend as shown to people. */
export interface FriendInfo extends FriendRecord {
  /** Undefined while the friend is down. */
  readonly link: LinkInfo | undefined
  /** The last measured round trip of this link. */
  readonly rttMs: number | undefined
}

/** A refusal is logged once an hour per peer and reason; so many of them are remembered. */
const LOG_PAUSE_MS = 3_600_000
const MAX_LOGGED = 1000

/** Keeps one link to each friend: dials, listens, verifies, and begins again when a link is lost. */
export class Friends {
  readonly counters = new PeerCounters()
  readonly #identity: NodeIdentity
  readonly #listenOn: Endpoint
  readonly #log: Logger
  readonly #handlers: FriendsHandlers
  readonly #timings: Timings
  readonly #book: FriendBook
  readonly #sessions = new Map<FriendId, FriendSession>()
  readonly #rtts = new Map<FriendId, number>()
  readonly #listener: Listener
  readonly #dialer: Dialer
  readonly #logged = new ExpiringMap<string, true>(LOG_PAUSE_MS, MAX_LOGGED)
  #whenEmpty: (() => void) | undefined
  #stopped: Promise<void> | undefined

  constructor({ identity, listen, store, log, handlers, timings, random = Math.random }: FriendsOptions) {
    this.#identity = identity
    this.#listenOn = listen
    this.#log = log
    this.#handlers = handlers
    this.#timings = { ...DEFAULT_TIMINGS, ...timings }
    this.#book = new FriendBook(store)
    const context = tlsContext(identity)
    this.#listener = new Listener({
      context,
      timings: this.#timings,
      counters: this.counters,
      onSocket: (socket) => void this.#accept(socket),
      onFailed: (remote, reason) => log.debug({ remote, reason }, 'incoming handshake failed'),
    })
    this.#dialer = new Dialer({
      context: createSecureContext(context),
      timings: this.#timings,
      counters: this.counters,
      random,
      addressesOf: (id) => this.#book.get(id)?.addresses ?? [],
      isLinked: (id) => this.#sessions.has(id),
      isHandshaking: (host) => this.#listener.isHandshaking(host),
      onDialled: (id, socket, address) => this.#dialled(id, socket, address),
      onFailed: (friend, address, reason) => log.debug({ friend, address, reason }, 'dial failed'),
    })
  }

  /** Reads the friends, listens, and dials all. Rejects with `FRIENDS_UNREADABLE`, `PEER_LISTEN_FAILED`. */
  async start(): Promise<{ readonly port: number }> {
    await this.#book.load()
    const port = await this.#listener.start(this.#listenOn)
    for (const { sslId } of this.#book.all()) this.#dialer.dialNow(sslId)
    return { port }
  }

  /** Sends what waits and closes everything, within `closeMs`. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#listener.stop()
    this.#dialer.stop()
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
    })
    for (const session of [...this.#sessions.values()]) session.end('PEER_STOPPED', 'this node stops')
    if (this.#sessions.size > 0) await empty
  }

  /**
   * Accepts the profile and location of an invite and dials it. Rejects with `INVITE_IS_OWN`, `INVITE_KEY_UNREADABLE`,
   * `INVITE_CONTRADICTS_FRIEND`, `TOO_MANY_FRIENDS`, `FRIENDS_NOT_WRITABLE`.
   */
  async add(invite: Invite): Promise<FriendInfo> {
    const { sslId } = invite
    if (sslId === this.#identity.sslId)
      throw new GatewayError('INVITE_IS_OWN', 'the invite of this node itself cannot be added')
    const record = await this.#book.accept(invite, Date.now())
    this.#log.info({ friend: sslId, name: record.name, form: invite.form }, 'friend added')
    if (invite.form === 'long') await this.#checkLinks(record)
    this.#handlers.onChange(sslId)
    if (!this.#sessions.has(sslId)) this.#dialer.dialNow(sslId)
    return this.#infoOf(record)
  }

  /** Removes the whole profile of this friend with all its locations, and closes their links. False: no friend. */
  async remove(id: FriendId): Promise<boolean> {
    const gone = this.#book.forget(id)
    if (gone.length === 0) return false
    for (const { sslId } of gone) {
      this.#dialer.forget(sslId)
      this.#sessions.get(sslId)?.cut('PEER_REMOVED', 'the friend was removed')
      this.#log.info({ friend: sslId }, 'friend removed')
      this.#handlers.onChange(sslId)
    }
    await this.#book.save()
    return true
  }

  /** All friends, in the order in which they were added. */
  list(): FriendInfo[] {
    return this.#book.all().map((record) => this.#infoOf(record))
  }

  get(id: FriendId): FriendInfo | undefined {
    const record = this.#book.get(id)
    return record && this.#infoOf(record)
  }

  /** What waits for friends to read. */
  get waitingBytes(): number {
    return [...this.#sessions.values()].reduce((sum, session) => sum + session.waitingBytes, 0)
  }

  /** Queues a whole item; 9 is the most urgent priority. False when the friend is down or cannot take it. */
  send(id: FriendId, item: Uint8Array, priority: number): boolean {
    return this.#sessions.get(id)?.send(item, priority) ?? false
  }

  /** Closes the links of a friend that broke the protocol; it may come again. */
  cut(id: FriendId, code: string, detail: string): void {
    this.#sessions.get(id)?.cut(code, detail)
  }

  /**
   * Takes the key of a friend added by short invite. False when it is not the key that the invite named. Links are
   * then judged by the key: one that was opened in the friend's name is closed with `PEER_BAD_SIGNATURE`.
   */
  async learnKey(id: FriendId, pgpKey: Uint8Array): Promise<boolean> {
    if (!(await this.#book.learnKey(id, pgpKey))) return false
    const record = this.#book.get(id)
    if (record) for (const each of this.#book.locationsOf(record.pgpId)) await this.#checkLinks(each)
    this.#changed(id)
    return true
  }

  /** Takes what the friend says of itself; new addresses are dialled when it is not up. */
  setContact(
    id: FriendId,
    contact: { readonly location: string; readonly addresses: readonly Endpoint[] },
  ): void {
    if (this.#book.setContact(id, contact)) this.#changed(id)
  }

  setRtt(id: FriendId, rttMs: number): void {
    if (this.#sessions.get(id)?.info) this.#rtts.set(id, rttMs)
  }

  #infoOf(record: FriendRecord): FriendInfo {
    const link = this.#sessions.get(record.sslId)?.info
    return { ...record, link, rttMs: this.#rtts.get(record.sslId) }
  }

  async #accept(socket: TLSSocket): Promise<void> {
    const verdict = await judgePeer(peerCertificateOf(socket), this.#identity.sslId, this.#book)
    if (verdict.kind === 'refused') return this.#refuse(socket, verdict)
    if (verdict.kind === 'new-location' && !this.#book.get(verdict.id)) {
      if (!this.#book.addLocation(verdict.id, verdict.sibling, Date.now())) {
        const detail = `no more locations of ${verdict.sibling.pgpId}`
        return this.#refuse(socket, {
          kind: 'refused',
          code: 'PEER_TOO_MANY_LOCATIONS',
          detail,
          peer: verdict.id,
        })
      }
      this.#log.info({ friend: verdict.id, sibling: verdict.sibling.sslId }, 'new location of a friend')
      this.#changed(verdict.id)
    }
    this.#open(verdict, socket, 'accepted')
  }

  /** The connection is used if it is still wanted and the right peer answered. */
  async #dialled(id: FriendId, socket: TLSSocket, address: Endpoint): Promise<boolean> {
    if (this.#sessions.get(id)?.mayOpenDial === false) {
      socket.destroy()
      return true
    }
    const verdict = await judgePeer(peerCertificateOf(socket), this.#identity.sslId, this.#book, id)
    if (verdict.kind === 'refused') {
      this.#refuse(socket, verdict)
      return false
    }
    this.#book.prefer(id, address)
    return this.#open(verdict, socket, 'dialled')
  }

  #open(verdict: Verdict & { kind: 'friend' | 'new-location' }, socket: TLSSocket, role: LinkRole): boolean {
    const { id, certificate } = verdict
    if (this.#stopped || socket.destroyed || !this.#book.get(id)) {
      socket.destroy()
      return false
    }
    const session = this.#sessions.get(id) ?? this.#newSession(id)
    this.#sessions.set(id, session)
    session.open(socket, role, certificate)
    return true
  }

  #newSession(friend: FriendId): FriendSession {
    const log = this.#log.child({ friend })
    return new FriendSession({
      own: this.#identity.sslId,
      friend,
      timings: this.#timings,
      counters: this.counters,
      handlers: {
        onUp: (link) => {
          log.info({ name: this.#nameOf(friend), ...link }, 'friend up')
          this.#dialer.rest(friend)
          this.#handlers.onUp(friend, link)
        },
        onItem: (bytes) => this.#handlers.onItem(friend, bytes),
        onDown: (reason) => {
          log.info({ name: this.#nameOf(friend), ...reason }, 'friend down')
          this.#rtts.delete(friend)
          this.#handlers.onDown(friend, reason)
        },
        onAlone: (upMs, reason) => this.#alone(friend, upMs, reason),
      },
    })
  }

  /** The last link of a friend is gone. */
  #alone(friend: FriendId, upMs: number | undefined, reason: CloseReason): void {
    this.#sessions.delete(friend)
    if (this.#sessions.size === 0) this.#whenEmpty?.()
    if (this.#stopped || !this.#book.get(friend)) return
    if (upMs !== undefined) {
      this.#dialer.lost(friend, upMs)
      return
    }
    if (this.#isNews(`${friend} ${reason.code}`))
      this.#log.info(
        { friend, name: this.#nameOf(friend), ...reason },
        'link ended before the friend spoke: it may not have accepted us',
      )
    this.#dialer.failed(friend)
  }

  /** What the log calls a friend; undefined once it is removed. */
  #nameOf(friend: FriendId): string | undefined {
    return this.#book.get(friend)?.name
  }

  #refuse(socket: TLSSocket, { code, detail, peer }: Verdict & { kind: 'refused' }): void {
    const host = socket.remoteAddress
    socket.destroy()
    countUp(this.counters.refused, code)
    if (this.#isNews(`${peer ?? host} ${code}`)) this.#log.warn({ peer, host, code, detail }, 'peer refused')
  }

  /** Whether this was not logged within the last hour. */
  #isNews(key: string): boolean {
    const nowMs = Date.now()
    if (this.#logged.has(key, nowMs)) return false
    this.#logged.set(key, true, nowMs)
    return true
  }

  /** Judges live links by a key that is newly known. */
  async #checkLinks(record: FriendRecord): Promise<void> {
    const key = this.#book.keyOf(record)
    const session = this.#sessions.get(record.sslId)
    if (!key || !session) return
    const verdicts = await Promise.all(session.certificates.map((each) => verifyCertificate(each, key)))
    if (verdicts.includes(false)) session.cut('PEER_BAD_SIGNATURE', `not signed by ${record.pgpId}`)
  }

  /** Stores a change that nobody waits for, and dials a friend that can be dialled now. */
  #changed(id: FriendId): void {
    this.#handlers.onChange(id)
    if (!this.#sessions.has(id) && !this.#stopped) this.#dialer.dialNow(id)
    this.#book.save().catch((error) => this.#log.error({ err: error }, 'friends not saved'))
  }
}
