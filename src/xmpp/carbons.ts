/** Copies of messages for the user's other sessions, so that all of them show the same conversation. XEP-0280. */
import { NS } from '../stanza/ns.ts'
import {
  childIn,
  childOf,
  type Element,
  el,
  elements,
  emptyElement,
  prepare,
  setAttribute,
} from '../stanza/xml.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/** What makes a message that is no chat part of one (§6.1): receipts, markers, encrypted texts, calls. */
const CONVERSATION = new Set([
  'urn:xmpp:receipts',
  'urn:xmpp:chat-markers:0',
  'urn:xmpp:jingle-message:0',
  'eu.siacs.conversations.axolotl',
  'urn:xmpp:omemo:2',
  NS.chatStates,
  NS.conference,
  NS.reactions,
  NS.retraction,
])

/** Copies a message that came for the account to those sessions that did not get it itself. */
export function copyReceived(sessions: readonly Session[], got: readonly Session[], message: Element): void {
  const others = sessions.filter((session) => session.hasCarbons && !got.includes(session))
  if (others.length > 0 && isCopied(message)) copy('received', others, message)
}

/** Copies what a session sends to the user's others; not what it sends to the account itself, which they get anyway. */
export function copySent(sessions: SessionTable, from: Session, message: Element): void {
  const others = sessions.ofAccount(from.jid.bare).filter((other) => other.hasCarbons && other !== from)
  if (others.length > 0 && isCopied(message) && !isToRoomOccupant(message)) copy('sent', others, message)
}

/** Takes out the wish not to be copied, which is for servers alone (§7). */
export function withoutPrivate(message: Element): void {
  const wish = childOf(message, 'private', NS.carbons)
  if (wish) message.children = message.children.filter((child) => child !== wish)
}

function copy(direction: 'received' | 'sent', to: readonly Session[], message: Element): void {
  const [first] = to
  const original = emptyElement(message.name)
  for (const [name, value] of Object.entries(message.attrs)) setAttribute(original, name, String(value))
  original.attrs.xmlns = NS.client
  original.children = message.children
  const carbon = prepare(
    el(
      'message',
      { from: first?.jid.bare, type: message.attrs.type },
      el(direction, { xmlns: NS.carbons }, el('forwarded', { xmlns: NS.forward }, original)),
    ),
  )
  for (const session of to) session.deliver(carbon)
}

/** §6.1, as most servers read it. A copy is never copied again. */
function isCopied(message: Element): boolean {
  const { type } = message.attrs
  if (type === 'groupchat' || type === 'error' || type === 'headline') return false
  if (childIn(message, NS.carbons) || childOf(message, 'no-copy', NS.hints)) return false
  const muc = childOf(message, 'x', NS.mucUser)
  if (muc) return muc.getChild('invite') !== undefined
  return (
    type === 'chat' ||
    message.getChild('body') !== undefined ||
    elements(message).some((child) => CONVERSATION.has(child.getNS() ?? ''))
  )
}

/** A private message in a room, as the sending client marks it (XEP-0045 §7.5). */
const isToRoomOccupant = (message: Element): boolean => childOf(message, 'x', NS.mucUser) !== undefined
