/** What a groupchat message holds and whether it is worth keeping: XEP-0045 §7.4, XEP-0334, XEP-0313 §5.1.2. */
import { isEthoraData } from '../stanza/ethora.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element } from '../stanza/xml.ts'
import { isForged, isOwn, ownChild, portableChildren } from './stanza-parts.ts'

const MARKERS = 'urn:xmpp:chat-markers:0'
const RECEIPTS = 'urn:xmpp:receipts'
/** Elements that say something about the moment or the message, not something to read later. */
const PASSING: ReadonlySet<string | undefined> = new Set([NS.chatStates, NS.hints, NS.sid, MARKERS, RECEIPTS])

export interface MessageContent {
  /** Empty when there is none, or one without text. */
  readonly body: string
  /** Undefined when there is no `<subject/>`. */
  readonly subject: string | undefined
  /** `<subject/>` alone: a change of the room's subject. A body without text counts as none. */
  readonly isSubjectChange: boolean
  /** What occupants get: all children but forged ones and a body without text. */
  readonly children: readonly Element[]
  /** There is nothing in it to pass on. */
  readonly isEmpty: boolean
  /** To be archived: has a body or other lasting content, and does not ask to be forgotten. */
  readonly isLasting: boolean
  /** The sender types (XEP-0085). */
  readonly isComposing: boolean
}

/** Reads a message sent to the room `bare`. */
export function readContent(stanza: Element, bare: string): MessageContent {
  const body = ownChild(stanza, 'body')?.getText() ?? ''
  const subject = ownChild(stanza, 'subject')?.getText()
  const isBodiless = body === ''
  const children = portableChildren(stanza).filter(
    (child) => !isForged(child, bare) && !(isBodiless && isOwn(child, stanza, 'body')),
  )
  const substance = children.filter(
    (child) => !isOwn(child, stanza, 'thread') && child.getNS() !== NS.hints && child.getNS() !== NS.sid,
  )
  const isUnwanted =
    childOf(stanza, 'no-store', NS.hints) !== undefined ||
    childOf(stanza, 'no-permanent-store', NS.hints) !== undefined
  const isWanted =
    !isBodiless ||
    childOf(stanza, 'store', NS.hints) !== undefined ||
    substance.some((child) => !PASSING.has(child.getNS()) && !isEthoraData(child))
  return {
    body,
    subject,
    isSubjectChange: subject !== undefined && isBodiless && !ownChild(stanza, 'thread'),
    children,
    isEmpty: substance.length === 0,
    isLasting: isWanted && !isUnwanted,
    isComposing: childOf(stanza, 'composing', NS.chatStates) !== undefined,
  }
}
