/**
 * RetroShare's own rules for lobbies, for comparison in simulations: presence is refreshed before duplicates are
 * found, what the flood rule refuses is lost, nothing is repeated or pushed. Source: docs/retroshare.md §6, §9.
 */
import type { RouterEffect, RouterEnv, RouterEvent } from '../retroshare/routing/router-port.ts'
import { challengeCode } from '../retroshare/wire/challenge.ts'
import {
  type BouncedItem,
  type Item,
  LOBBY_EVENT,
  LOBBY_FLAG,
  type LobbyControl,
} from '../retroshare/wire/item.ts'
import { toHex } from '../util/bytes.ts'
import type { FriendId, LobbyId } from '../util/ids.ts'
import { RETROSHARE, RetroShareLobby, type VisibleLobby } from './retroshare-lobby.ts'
import type { NodeRules } from './rules.ts'

type Event<K extends RouterEvent['kind']> = Extract<RouterEvent, { kind: K }>

const KEPT_FLAGS = LOBBY_FLAG.public | LOBBY_FLAG.signed
const LIST_ENTRIES = 50

/** A node that behaves as RetroShare does. One speaker a lobby; what concerns bans, leaving and restarts is left out. */
export class RetroShareRules implements NodeRules {
  readonly #self: FriendId
  readonly #up = new Set<FriendId>()
  readonly #joined = new Map<LobbyId, RetroShareLobby>()
  readonly #visible = new Map<LobbyId, VisibleLobby>()
  readonly #invitations = new Map<LobbyId, { readonly flags: number; readonly friend: FriendId }>()
  readonly #signing = new Map<number, RetroShareLobby>()
  #tokens = 0
  #askedMs = Number.NEGATIVE_INFINITY
  #isTicking = false
  #effects: RouterEffect[] = []

  constructor(self: FriendId) {
    this.#self = self
  }

  canJoin(lobby: LobbyId): boolean {
    return this.#visible.has(lobby) || this.#invitations.has(lobby)
  }

  others(id: LobbyId): number {
    const lobby = this.#joined.get(id)
    if (!lobby) return 0
    const isSelfSeen = lobby.speaker !== undefined && lobby.participants.has(lobby.speaker.author)
    return lobby.participants.size - (isSelfSeen ? 1 : 0)
  }

  step(event: RouterEvent, env: RouterEnv): RouterEffect[] {
    this.#effects = []
    if (!this.#isTicking) {
      // Nodes were not all started at one moment.
      this.#isTicking = true
      this.#wakeAt(env.nowMs + ((env.randomBytes(1)[0] ?? 0) * RETROSHARE.tickMs) / 256)
    }
    this.#apply(event, env)
    return this.#effects
  }

  #apply(event: RouterEvent, env: RouterEnv): void {
    switch (event.kind) {
      case 'friend-up':
        this.#up.add(event.friend)
        return
      case 'friend-down':
        this.#up.delete(event.friend)
        return
      case 'bounced':
        this.#takeBounced(event, env)
        return
      case 'control':
        this.#takeControl(event.friend, event.item, env)
        return
      case 'create':
        this.#open(
          { id: event.lobby, name: event.spec.name, flags: event.spec.isPrivate ? 0 : LOBBY_FLAG.public },
          [],
        )
        return
      case 'speaker-enter':
        this.#enter(event, env)
        return
      case 'invite': {
        const lobby = this.#joined.get(event.lobby)
        if (lobby) this.#send(event.friend, inviteTo(lobby, lobby.flags))
        return
      }
      case 'say':
        this.#sign(this.#joined.get(event.lobby), { kind: 'lobby-message', text: event.text }, env)
        return
      case 'signed': {
        const lobby = this.#signing.get(event.token)
        this.#signing.delete(event.token)
        if (lobby) this.#bounce(lobby, event, this.#self, env.nowMs)
        return
      }
      case 'wake':
        this.#tick(env)
        return
      default:
        throw new Error(`a simulation does not need ${event.kind}`)
    }
  }

  #takeBounced({ friend, item, raw }: Event<'bounced'>, env: RouterEnv): void {
    const lobby = this.#joined.get(item.lobby)
    const ageMs = env.nowMs - item.sentAtSec * 1000
    if (!lobby || ageMs > RETROSHARE.maxAgeMs || -ageMs > RETROSHARE.maxAheadMs) return
    if (!this.#bounce(lobby, { item, raw }, friend, env.nowMs)) return
    if (item.kind === 'lobby-message') {
      const { lobby: id, author: participant, nick, text, messageId } = item
      const update = { lobby: id, participant, nick, text, messageId, sentAtMs: item.sentAtSec * 1000 }
      this.#effects.push({ kind: 'update', update: { kind: 'said', ...update } })
    } else if (item.event === LOBBY_EVENT.joined) lobby.keepAliveMs = Number.NEGATIVE_INFINITY
    else if (item.event === LOBBY_EVENT.left) lobby.participants.delete(item.author)
  }

  /** False when the item goes no further: seen before, or over the limit and thereby lost. */
  #bounce(
    lobby: RetroShareLobby,
    { item, raw }: { readonly item: BouncedItem; readonly raw: Uint8Array },
    source: FriendId,
    nowMs: number,
  ): boolean {
    if (source !== this.#self) lobby.friends.add(source)
    lobby.participants.set(item.author, nowMs)
    const isSeen = lobby.seen.has(item.messageId)
    lobby.seen.set(item.messageId, nowMs)
    if (isSeen) return false
    if (!lobby.passes(source, this.#visible.get(lobby.id)?.count ?? 0, nowMs)) {
      this.#effects.push({ kind: 'note', code: 'FLOOD_REFUSED', friend: source, lobby: lobby.id })
      return false
    }
    const friends = [...lobby.friends].filter((friend) => friend !== source && this.#up.has(friend))
    if (friends.length > 0) this.#effects.push({ kind: 'forward', friends, item, raw })
    lobby.challengeItems += 1
    return true
  }

  #takeControl(friend: FriendId, item: LobbyControl, { nowMs }: RouterEnv): void {
    switch (item.kind) {
      case 'lobby-list-request':
        this.#sendList(friend)
        return
      case 'lobby-list':
        for (const entry of item.lobbies.slice(0, LIST_ENTRIES)) this.#takeListed(friend, entry, nowMs)
        return
      case 'lobby-invite':
        this.#takeInvite(friend, item)
        return
      case 'lobby-challenge':
        this.#takeChallenge(friend, item.code, nowMs)
        return
      case 'lobby-unsubscribe': {
        const lobby = this.#joined.get(item.lobby)
        if (lobby?.friends.delete(friend)) lobby.former.add(friend)
        return
      }
      case 'lobby-invite-old':
        return
    }
  }

  #takeListed(
    friend: FriendId,
    entry: {
      readonly lobby: LobbyId
      readonly name: string
      readonly participants: number
      readonly flags: number
    },
    nowMs: number,
  ): void {
    const known = this.#visible.get(entry.lobby)
    const lobby = known ?? {
      name: entry.name,
      flags: entry.flags & KEPT_FLAGS,
      count: 0,
      friends: new Set(),
      seenMs: 0,
    }
    this.#visible.set(entry.lobby, lobby)
    lobby.count = Math.max(lobby.count, entry.participants)
    lobby.friends.add(friend)
    lobby.seenMs = nowMs
    const joined = this.#joined.get(entry.lobby)
    if (!joined || joined.friends.has(friend)) return
    joined.friends.add(friend)
    this.#send(friend, inviteTo(joined, joined.flags))
  }

  #takeInvite(friend: FriendId, { lobby: id, flags }: Extract<LobbyControl, { kind: 'lobby-invite' }>): void {
    const lobby = this.#joined.get(id)
    const isAnswer = (flags & LOBBY_FLAG.challenge) !== 0
    if (lobby) {
      if (isAnswer || (flags & KEPT_FLAGS) === lobby.flags) lobby.friends.add(friend)
    } else if (!isAnswer) this.#invitations.set(id, { flags: flags & KEPT_FLAGS, friend })
  }

  #takeChallenge(friend: FriendId, code: string, nowMs: number): void {
    for (const lobby of this.#joined.values()) {
      if ((lobby.flags & LOBBY_FLAG.public) !== 0) continue
      for (const messageId of lobby.seen.since(nowMs - RETROSHARE.challengeKnownMs)) {
        if (challengeCode(this.#self, lobby.id, messageId) !== code) continue
        lobby.friends.add(friend)
        this.#send(friend, inviteTo(lobby, LOBBY_FLAG.challenge))
        return
      }
    }
  }

  #enter({ lobby: id, author, nick }: Event<'speaker-enter'>, env: RouterEnv): void {
    const visible = this.#visible.get(id)
    const invitation = this.#invitations.get(id)
    if (!this.#joined.has(id) && !visible && !invitation) return
    const flags = visible?.flags ?? invitation?.flags ?? 0
    const friends = visible ? visible.friends : invitation ? [invitation.friend] : []
    const lobby = this.#joined.get(id) ?? this.#open({ id, name: visible?.name ?? '', flags }, friends)
    this.#invitations.delete(id)
    lobby.speaker = { author, nick }
    for (const friend of this.#online(lobby)) this.#send(friend, inviteTo(lobby, lobby.flags))
    this.#sign(lobby, { kind: 'lobby-event', event: LOBBY_EVENT.joined, text: '' }, env)
    lobby.isJoinRepeated = this.#online(lobby).length > 0
    lobby.keepAliveMs = env.nowMs
  }

  #open(lobby: { id: LobbyId; name: string; flags: number }, friends: Iterable<FriendId>): RetroShareLobby {
    const joined = new RetroShareLobby(lobby, friends)
    this.#joined.set(lobby.id, joined)
    return joined
  }

  #tick(env: RouterEnv): void {
    const { nowMs } = env
    this.#wakeAt(nowMs + RETROSHARE.tickMs)
    for (const [id, lobby] of this.#visible)
      if (!this.#joined.has(id) && nowMs - lobby.seenMs > RETROSHARE.visibleMs) this.#visible.delete(id)
    for (const lobby of this.#joined.values()) {
      lobby.expire(nowMs)
      this.#keepAlive(lobby, env)
      this.#challenge(lobby, nowMs)
    }
    const pauseMs = this.#visible.size === 0 ? RETROSHARE.eagerListMs : RETROSHARE.listMs
    if (nowMs - this.#askedMs < pauseMs) return
    this.#askedMs = nowMs
    for (const lobby of this.#visible.values()) lobby.count = 0
    for (const friend of this.#up) this.#send(friend, { kind: 'lobby-list-request' })
  }

  #keepAlive(lobby: RetroShareLobby, env: RouterEnv): void {
    if (!lobby.speaker) return
    if (!lobby.isJoinRepeated && this.#online(lobby).length > 0) {
      lobby.isJoinRepeated = true
      this.#sign(lobby, { kind: 'lobby-event', event: LOBBY_EVENT.joined, text: '' }, env)
    }
    if (env.nowMs - lobby.keepAliveMs <= RETROSHARE.keepAliveMs) return
    lobby.keepAliveMs = env.nowMs
    this.#sign(lobby, { kind: 'lobby-event', event: LOBBY_EVENT.keepAlive, text: '' }, env)
  }

  #challenge(lobby: RetroShareLobby, nowMs: number): void {
    lobby.challengeItems += 1
    const isDue =
      lobby.challengeItems > RETROSHARE.challengeItems && nowMs - lobby.challengedMs > RETROSHARE.challengeMs
    if (!isDue || (lobby.flags & LOBBY_FLAG.public) !== 0) return
    const [messageId] = lobby.seen.since(nowMs - RETROSHARE.challengeAgeMs)
    if (messageId === undefined) return
    lobby.challengeItems = 0
    lobby.challengedMs = nowMs
    for (const friend of this.#up)
      this.#send(friend, { kind: 'lobby-challenge', code: challengeCode(friend, lobby.id, messageId) })
  }

  #sign(
    lobby: RetroShareLobby | undefined,
    draft: { kind: 'lobby-message'; text: string } | { kind: 'lobby-event'; event: number; text: string },
    env: RouterEnv,
  ): void {
    if (!lobby?.speaker) return
    const common = {
      lobby: lobby.id,
      messageId: toHex(env.randomBytes(8)),
      ...lobby.speaker,
      signature: new Uint8Array(),
      sentAtSec: Math.floor(env.nowMs / 1000),
    }
    const token = ++this.#tokens
    this.#signing.set(token, lobby)
    const item: BouncedItem =
      draft.kind === 'lobby-event'
        ? { ...common, ...draft }
        : { ...common, ...draft, flags: 0x201, parent: '0000000000000000' }
    this.#effects.push({ kind: 'sign', token, item })
  }

  #sendList(friend: FriendId): void {
    const lobbies = [...this.#joined.values()]
      .filter(
        ({ flags, friends, former }) =>
          flags & LOBBY_FLAG.public || friends.has(friend) || former.has(friend),
      )
      .map(({ id: lobby, name, flags, participants }) => ({
        lobby,
        name,
        topic: '',
        participants: participants.size,
        flags,
      }))
    this.#send(friend, { kind: 'lobby-list', lobbies })
  }

  #online(lobby: RetroShareLobby): FriendId[] {
    return [...lobby.friends].filter((friend) => this.#up.has(friend))
  }

  #send(friend: FriendId, item: Item): void {
    if (this.#up.has(friend)) this.#effects.push({ kind: 'send', friend, item })
  }

  #wakeAt(atMs: number): void {
    this.#effects.push({ kind: 'wake', atMs: Math.ceil(atMs) })
  }
}

const inviteTo = ({ id: lobby, name }: RetroShareLobby, flags: number): LobbyControl => ({
  kind: 'lobby-invite',
  lobby,
  name,
  topic: '',
  flags,
})
