/** Where friends and operators meet: private messages, presence of friends, invitations. */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Avatar } from '../bridge/avatar.ts'
import { friendLocalpart, parseFriendLocalpart } from '../bridge/friend-address.ts'
import {
  answerForFriend,
  FRIEND_OFFLINE,
  friendInvitation,
  friendMessage,
  friendPresence,
  friendTyping,
  isDecline,
  NO_SUCH_FRIEND,
  type ShownFriend,
  toFriend,
} from '../bridge/friend-chat.ts'
import type { FriendInfo, LobbyInfo, LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import { isJoinRequest, refuseJoin } from '../muc/service.ts'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import type { FriendId, LobbyId, NetworkId } from '../util/ids.ts'
import { isStep } from '../xmpp/contacts/contact.ts'
import { OperatorMail, type OperatorMailOptions } from './operator-mail.ts'

/** A friend that types does so until then. */
const TYPING_FROM_FRIEND_MS = 6000
/** A friend is told of typing so often. */
const TYPING_TO_FRIEND_MS = 5000

/** Whose invitations are accepted without asking. */
export type AcceptInvites = 'all' | readonly FriendId[]

export interface FriendDeskOptions extends OperatorMailOptions {
  readonly log: Logger
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  acceptInvites(): AcceptInvites
  /** Bare JID of the room of a lobby. */
  roomOf(lobby: LobbyInfo): string
  /** The picture of a friend, if it can be shown. */
  avatarOf(friend: FriendInfo): Avatar | undefined
  /** What the presence map shows has changed. */
  onChange(): void
}

const FORBIDDEN: StanzaError = {
  type: 'auth',
  condition: 'forbidden',
  text: 'Only operators of this gateway have to do with its friends.',
}
const NO_SUCH_ROOM: StanzaError = {
  type: 'cancel',
  condition: 'item-not-found',
  text: 'There is no such room.',
}
interface KnownFriend {
  readonly network: LobbyNetwork
  readonly friend: FriendInfo
}

export class FriendDesk {
  readonly #options: FriendDeskOptions
  readonly #mail: OperatorMail
  /** Friends that type, and what says that they ceased to. */
  readonly #typing = new Map<FriendId, NodeJS.Timeout>()
  /** When a friend was last told of typing. */
  readonly #typedAtMs = new Map<FriendId, number>()
  /** Sessions that watch a friend, by full JID. */
  readonly #watchers = new Map<FriendId, Map<string, Jid>>()
  /** The last invitation to each room, by id: networks tell again of those that are pending when the process starts. */
  readonly #invitations = new Map<string, string>()
  /** Presence that watchers were last sent. */
  readonly #shown = new Map<FriendId, string>()

  private constructor(options: FriendDeskOptions) {
    this.#options = options
    this.#mail = new OperatorMail(options, (stanza) => this.#isCurrent(stanza))
  }

  /** Knows what waits for operators when it resolves. Rejects as the store does. */
  static async open(options: FriendDeskOptions): Promise<FriendDesk> {
    const desk = new FriendDesk(options)
    await desk.#mail.load()
    return desk
  }

  /** The rooms have taken the update before. */
  onUpdate(network: LobbyNetwork, update: LobbyUpdate): void {
    switch (update.kind) {
      case 'friend-said':
        this.#onSaid(network, update)
        return
      case 'friend-typing':
        this.#onTyping(network, update.friend)
        return
      case 'friend':
        this.#onFriend(update.friend)
        return
      case 'invited':
        this.#onInvited(network, update.lobby, update.friend)
        return
      default:
        return
    }
  }

  /** False when the stanza, of a session to the service or a room, is for somebody else. */
  takes(from: Jid, stanza: Element): boolean {
    const to = parseJid(String(stanza.attrs.to))
    if (!to) return false
    const friend = parseFriendLocalpart(to.local)
    if (friend === undefined) return isDecline(stanza) && this.#isOperator(from) && this.#decline(to)
    const reply = this.#answer(from, friend, stanza)
    if (reply) this.#options.send(from.full, reply)
    return true
  }

  /** A session of this account (bare) shows itself. */
  onAvailable(account: string): void {
    this.#mail.onAvailable(account)
  }

  /** The account (bare) is no more. */
  forget(account: string): void {
    this.#mail.forget(account)
  }

  onSessionEnded(session: string): void {
    for (const friend of this.#watchers.keys()) this.#unwatch(friend, session)
  }

  /** Resolves when what was to be stored is. */
  stop(): Promise<void> {
    for (const timer of this.#typing.values()) clearTimeout(timer)
    this.#typing.clear()
    return this.#mail.idle()
  }

  #onSaid(network: LobbyNetwork, said: Extract<LobbyUpdate, { kind: 'friend-said' }>): void {
    const message = friendMessage(this.#show(network, said.friend), { id: randomUUID(), ...said })
    if (!message) return
    clearTimeout(this.#typing.get(said.friend))
    this.#typing.delete(said.friend)
    this.#mail.post({ stanza: message, atMs: said.sentAtMs })
  }

  #onTyping(network: LobbyNetwork, friend: FriendId): void {
    const shown = this.#show(network, friend)
    if (!this.#typing.has(friend)) this.#mail.tell(friendTyping(shown, true))
    clearTimeout(this.#typing.get(friend))
    const ceased = (): void => {
      this.#typing.delete(friend)
      this.#mail.tell(friendTyping(shown, false))
    }
    this.#typing.set(friend, setTimeout(ceased, TYPING_FROM_FRIEND_MS))
  }

  #onFriend(friend: FriendInfo): void {
    if (!friend.isOnline) this.#typedAtMs.delete(friend.id)
    const watchers = this.#watchers.get(friend.id)
    const photo = friend.avatar && (this.#options.avatarOf(friend)?.sha1 ?? '')
    const shown = `${friend.isOnline} ${friend.status} ${photo}`
    if (!watchers || this.#shown.get(friend.id) === shown) return
    this.#shown.set(friend.id, shown)
    for (const [session, jid] of watchers)
      if (this.#isOperator(jid)) this.#options.send(session, this.#presence(friend, session))
  }

  #onInvited(network: LobbyNetwork, lobby: LobbyInfo, friend: FriendId): void {
    const { acceptInvites, log, roomOf } = this.#options
    const accepted = acceptInvites()
    const isAccepted = accepted === 'all' || accepted.includes(friend)
    log.info({ friend, lobby: lobby.id, isAccepted }, 'a friend invites to a lobby')
    if (isAccepted) {
      network.send({ kind: 'join', lobby: lobby.id })
      return
    }
    const invitation = { room: roomOf(lobby), lobby, id: randomUUID() }
    for (const room of this.#invitations.keys()) if (!this.#pending(room)) this.#invitations.delete(room)
    this.#invitations.set(invitation.room, invitation.id)
    this.#mail.post({
      stanza: friendInvitation(this.#show(network, friend), invitation),
      atMs: this.#options.nowMs(),
    })
  }

  #decline(room: Jid): boolean {
    const pending = this.#pending(room.bare)
    pending?.network.send({ kind: 'decline', lobby: pending.lobby })
    if (pending) this.#options.onChange()
    return pending !== undefined
  }

  /** The lobby of a room (bare JID) to which friends invite. */
  #pending(room: string): { readonly network: LobbyNetwork; readonly lobby: LobbyId } | undefined {
    for (const network of this.#options.networks.values())
      for (const { lobby } of network.snapshot().invitations)
        if (this.#options.roomOf(lobby) === room) return { network, lobby: lobby.id }
    return undefined
  }

  /** Whether a letter is still worth reading: an invitation only while it is the last to its lobby, and pending. */
  #isCurrent({ attrs: { from, id } }: Element): boolean {
    const room = String(from)
    if (parseFriendLocalpart(parseJid(room)?.local ?? '') !== undefined) return true
    return this.#invitations.get(room) === id && this.#pending(room) !== undefined
  }

  /** To anybody but operators a friend's address says nothing, not even whether there is such a friend. */
  #answer(from: Jid, id: FriendId, stanza: Element): Element | undefined {
    const { type } = stanza.attrs
    if (type === 'error' || type === 'result') return undefined
    if (isJoinRequest(stanza)) return refuseJoin(stanza, NO_SUCH_ROOM)
    if (type === 'unavailable') {
      this.#unwatch(id, from.full)
      return undefined
    }
    // A friend can be kept as a contact, and never agrees to be seen by one: whoever asks must not go on asking.
    if (stanza.name === 'presence' && isStep(type))
      return type === 'subscribe'
        ? el('presence', { type: 'unsubscribed', from: stanza.attrs.to, to: from.full, id: stanza.attrs.id })
        : undefined
    if (!this.#isOperator(from)) return errorReply(stanza, FORBIDDEN)
    const known = this.#find(id)
    if (!known) return errorReply(stanza, NO_SUCH_FRIEND)
    switch (stanza.name) {
      case 'message':
        return this.#tell(known, stanza)
      case 'presence':
        return this.#answerPresence(known.friend, from, stanza)
      default:
        return answerForFriend(stanza, known.friend.name, this.#options.avatarOf(known.friend))
    }
  }

  #tell({ network, friend: { id, isOnline } }: KnownFriend, message: Element): Element | undefined {
    const said = toFriend(message, network.limits)
    switch (said.kind) {
      case 'tell':
        this.#typedAtMs.delete(id)
        return network.tellFriend(id, said.text) ? undefined : errorReply(message, FRIEND_OFFLINE)
      case 'typing':
        if (isOnline) this.#type(network, id)
        return undefined
      case 'refused':
        return errorReply(message, said.error)
      case 'nothing':
        return undefined
    }
  }

  #type(network: LobbyNetwork, friend: FriendId): void {
    const nowMs = this.#options.nowMs()
    if (nowMs - (this.#typedAtMs.get(friend) ?? Number.NEGATIVE_INFINITY) < TYPING_TO_FRIEND_MS) return
    this.#typedAtMs.set(friend, nowMs)
    network.send({ kind: 'friend-typing', friend })
  }

  /** Who shows itself to a friend sees the friend, until it says goodbye. */
  #answerPresence(friend: FriendInfo, from: Jid, presence: Element): Element | undefined {
    switch (presence.attrs.type) {
      case undefined: {
        const watchers = this.#watchers.get(friend.id) ?? new Map()
        this.#watchers.set(friend.id, watchers.set(from.full, from))
        return this.#presence(friend, from.full)
      }
      case 'probe':
        return this.#presence(friend, from.full)
      default:
        return undefined
    }
  }

  #unwatch(friend: FriendId, session: string): void {
    const watchers = this.#watchers.get(friend)
    if (!watchers?.delete(session) || watchers.size > 0) return
    this.#watchers.delete(friend)
    this.#shown.delete(friend)
  }

  #presence(friend: FriendInfo, to: string): Element {
    const shown = { jid: this.#jidOf(friend.id), name: friend.name }
    const presence = friendPresence(shown, friend, this.#options.avatarOf(friend))
    presence.attrs.to = to
    return presence
  }

  #isOperator(from: Jid): boolean {
    return this.#options.admins().includes(from.bare)
  }

  #find(id: FriendId): KnownFriend | undefined {
    for (const network of this.#options.networks.values()) {
      const friend = network.friend(id)
      if (friend) return { network, friend }
    }
    return undefined
  }

  #show(network: LobbyNetwork, friend: FriendId): ShownFriend {
    return { jid: this.#jidOf(friend), name: network.friend(friend)?.name ?? friend }
  }

  #jidOf(friend: FriendId): string {
    return `${friendLocalpart(friend)}@${this.#options.domain}`
  }
}
