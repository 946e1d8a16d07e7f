/** Friends and operators: what a friend node says as stanzas, and what an operator's stanzas say to it. */
import type { FriendInfo, FriendStatus, LobbyInfo, LobbyLimits } from '../lobby/lobby.ts'
import { formatDateTime } from '../muc/date-time.ts'
import { readContent } from '../muc/message-content.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply, iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { utf8 } from '../util/bytes.ts'
import { type Avatar, avatarUpdate, photoElement } from './avatar.ts'
import { readLobbyText } from './lobby-text.ts'
import { textToLobby } from './text.ts'

/** A friend as operators see it; `jid` is its address on the service. */
export interface ShownFriend {
  readonly jid: string
  readonly name: string
}

export const NO_SUCH_FRIEND: StanzaError = {
  type: 'cancel',
  condition: 'item-not-found',
  text: 'This node has no such friend.',
}
export const FRIEND_OFFLINE: StanzaError = {
  type: 'wait',
  condition: 'recipient-unavailable',
  text: 'This friend cannot be reached now.',
}

const nickElement = (name: string): Element => el('nick', { xmlns: NS.nick }, name)
const chatState = (name: string): Element => el(name, { xmlns: NS.chatStates })

/**
 * A message of a friend, without `to`; undefined when a reader would see nothing. Pictures are named, not shown: what is
 * private gets no address on the web. XEP-0085, XEP-0172.
 */
export function friendMessage(
  friend: ShownFriend,
  said: { readonly id: string; readonly text: string; readonly isBroadcast: boolean },
): Element | undefined {
  const text = readLobbyText(said.text, () => undefined).body
  if (text === '') return undefined
  return el(
    'message',
    { type: 'chat', id: said.id, from: friend.jid },
    el('body', {}, said.isBroadcast ? `[to all friends] ${text}` : text),
    chatState('active'),
    nickElement(friend.name),
  )
}

/** A friend types, or has ceased to. */
export const friendTyping = (friend: ShownFriend, isTyping: boolean): Element =>
  el('message', { type: 'chat', from: friend.jid }, chatState(isTyping ? 'composing' : 'paused'))

/** A friend invites to a lobby, whose room is `room`. XEP-0045 §7.8.2; old clients look for the second element. */
export const friendInvitation = (
  friend: ShownFriend,
  { room, lobby, id }: { readonly room: string; readonly lobby: LobbyInfo; readonly id: string },
): Element => {
  const kind = lobby.isPrivate ? 'private' : 'public'
  const reason = `${friend.name} invites this node to the ${kind} lobby ${lobby.name}.`
  return el(
    'message',
    { from: room, id },
    el('x', { xmlns: NS.mucUser }, el('invite', { from: friend.jid }, el('reason', {}, reason))),
    el('x', { xmlns: NS.conference, jid: room }, reason),
  )
}

/** The time of something that was not delivered at once. XEP-0203. */
export const delayElement = (from: string, atMs: number): Element =>
  el('delay', { xmlns: NS.delay, from, stamp: formatDateTime(atMs) })

const SHOW: Readonly<Record<FriendStatus, string | undefined>> = {
  online: undefined,
  away: 'away',
  inactive: 'xa',
  busy: 'dnd',
}

/** Presence of a friend, without `to`; `photo` is its picture. RFC 6121 §4.7.2.1. */
export function friendPresence(
  shown: ShownFriend,
  { isOnline, status, avatar }: FriendInfo,
  photo: Avatar | undefined,
): Element {
  if (!isOnline) return el('presence', { from: shown.jid, type: 'unavailable' })
  const show = status === null ? undefined : SHOW[status]
  return el(
    'presence',
    { from: shown.jid },
    show === undefined ? null : el('show', {}, show),
    nickElement(shown.name),
    avatarUpdate(avatar, photo),
  )
}

/** What an operator's message means to the friend. */
export type ToFriend =
  | { readonly kind: 'tell'; readonly text: string }
  | { readonly kind: 'typing' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly error: StanzaError }

/** Reads a message to a friend; `text` is in the network's format. */
export function toFriend(message: Element, limits: LobbyLimits): ToFriend {
  if (message.attrs.type === 'groupchat') return refused('modify', 'bad-request', 'A friend is no room.')
  const { body, isComposing } = readContent(message, String(message.attrs.to))
  if (body === '') return { kind: isComposing ? 'typing' : 'nothing' }
  const text = textToLobby(body)
  const size = utf8(text).length
  return size > limits.maxPrivateTextBytes
    ? refused(
        'modify',
        'policy-violation',
        `A friend takes messages of up to ${limits.maxPrivateTextBytes} bytes; this one has ${size}.`,
      )
    : { kind: 'tell', text }
}

const refused = (
  type: StanzaError['type'],
  condition: StanzaError['condition'],
  text: string,
): ToFriend & { readonly kind: 'refused' } => ({ kind: 'refused', error: { type, condition, text } })

/** Whether a message to a room declines an invitation. XEP-0045 §7.8.2. */
export function isDecline(stanza: Element): boolean {
  const x = stanza.name === 'message' && stanza.attrs.type !== 'error' && childOf(stanza, 'x', NS.mucUser)
  return x ? childOf(x, 'decline', NS.mucUser) !== undefined : false
}

const FEATURES: readonly string[] = [NS.discoInfo, NS.discoItems, NS.chatStates, NS.nick, NS.ping, NS.vcard]

/** Answers a request of an operator to a friend; undefined when none is due. XEP-0030, 0054, 0199. */
export function answerForFriend(iq: Element, name: string, photo: Avatar | undefined): Element | undefined {
  const { type } = iq.attrs
  if (type === 'result' || type === 'error') return undefined
  const [payload] = elements(iq)
  switch (`${type} {${payload?.getNS() ?? ''}}${payload?.getName() ?? ''}`) {
    case `get {${NS.discoInfo}}query`:
      return iqResult(
        iq,
        el(
          'query',
          { xmlns: NS.discoInfo },
          el('identity', { category: 'account', type: 'registered', name }),
          ...FEATURES.map((feature) => el('feature', { var: feature })),
        ),
      )
    case `get {${NS.discoItems}}query`:
      return iqResult(iq, el('query', { xmlns: NS.discoItems }))
    case `get {${NS.ping}}ping`:
      return iqResult(iq)
    case `get {${NS.vcard}}vCard`:
      return iqResult(
        iq,
        el(
          'vCard',
          { xmlns: NS.vcard },
          el('FN', {}, name),
          el('NICKNAME', {}, name),
          photo ? photoElement(photo) : null,
        ),
      )
    default:
      return errorReply(iq, {
        type: 'cancel',
        condition: 'service-unavailable',
        text: 'This is not served for friends.',
      })
  }
}
