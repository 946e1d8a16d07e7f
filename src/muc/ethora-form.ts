/** What a room says, in the form that the Ethora chat component understands: docs/ethora.md. Live and from the archive. */
import { nameOfEmoji } from '../stanza/emoji-names.ts'
import {
  archivedElement,
  dataElement,
  ethoraData,
  ethoraReactions,
  fileIn,
  isHarmless,
  isIdOfChange,
  isPlain,
  plainChild,
  reactionsIn,
  sayableIn,
  walletOf,
} from '../stanza/ethora.ts'
import { NS } from '../stanza/ns.ts'
import { DocumentParser } from '../stanza/parser.ts'
import { childIn, type Element, el, elements } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { ArchiveEntry } from './archive-port.ts'
import { authorOf, meaningOf, quotingIn } from './ethora-meaning.ts'
import { stanzaIdElement, stanzaWith } from './stanza-parts.ts'

/** A message of the room as everybody else gets it, and what must be known of it besides. */
export interface Told {
  readonly message: Element
  /** Its id in the archive; undefined when it is not kept. */
  readonly id?: ArchiveId | undefined
  /** The message that it corrects or takes back. */
  readonly change?: { readonly kind: 'edit' | 'delete'; readonly id: ArchiveId } | undefined
}

/** A message as the component gets it when it is said, after the end of typing that it brings. `room`: bare address. */
export function liveForms(room: string, told: Told): Element[] {
  const { message, change } = told
  const form = liveForm(room, told)
  const endsTyping = !change && plainChild(message, 'body') && childIn(message, NS.chatStates)
  if (!endsTyping) return [form]
  const { from, type } = message.attrs
  const ended = stanzaWith('message', { from, type }, [
    el('paused', { xmlns: NS.chatStates }),
    dataElement(authorOf(room, message)),
  ])
  return [ended, form]
}

function liveForm(room: string, { message, id, change }: Told): Element {
  if (!change) return messageForm(room, message, id)
  const { from, type } = message.attrs
  // Without a body, under ids by which the component knows them.
  return change.kind === 'edit'
    ? stanzaWith('message', { from, type, id: knownId(message, 'edit-message-', change.id) }, [
        el('replace', { id: change.id, text: plainChild(message, 'body')?.getText() }),
        ...marks(room, id),
      ])
    : stanzaWith('message', { from, type, id: 'deleteMessageStanza' }, [
        el('delete', { id: change.id }),
        ...marks(room, id),
      ])
}

/** The id by which the component knows an edit or a reaction: what it gave itself, or one that is like it. */
function knownId({ attrs }: Element, prefix: 'edit-message-' | 'message-reaction:', id: string): string {
  const given = String(attrs.id)
  return given.startsWith(prefix) && /^\d+$/.test(given.slice(prefix.length)) ? given : `${prefix}${id}`
}

const marks = (room: string, id: ArchiveId | undefined): Element[] =>
  id === undefined ? [] : [stanzaIdElement(room, id), archivedElement(room, id)]

/**
 * A message with who wrote it and what it is. It changes no other and speaks for nobody else, whatever its sender put in;
 * `added` is the room's.
 */
function messageForm(
  room: string,
  message: Element,
  id: ArchiveId | undefined,
  added: readonly Element[] = [],
): Element {
  const author = authorOf(room, message)
  const sent = ethoraData(message)
  const data = dataElement(
    author,
    sent
      ? { ...sayableIn(sent), senderWalletAddress: walletOf(author, sent), roomJid: room }
      : meaningOf(room, message),
  )
  const rest = elements(message).filter(isHarmless)
  const reactions = reactionsIn(message)
  if (!reactions)
    return stanzaWith('message', isIdOfChange(message.attrs.id) ? { ...message.attrs, id } : message.attrs, [
      data,
      ...words(message, data, rest),
      ...added,
      ...marks(room, id),
    ])
  return stanzaWith('message', { ...message.attrs, id: knownId(message, 'message-reaction:', id ?? '') }, [
    ethoraReactions(reactions.target, author.jid, reactions.texts.map(nameOfEmoji)),
    data,
    ...rest,
    ...marks(room, id),
  ])
}

/** Text without what it quotes, and signs of typing: of these the component knows two, and takes no text beside them. */
function words(message: Element, data: Element, children: readonly Element[]): Element[] {
  const body = plainChild(message, 'body')
  const text = fileIn(data) === undefined ? quotingIn(message)?.text : 'media'
  return children.flatMap((child) => {
    if (child === body && text !== undefined) return el('body', {}, text)
    if (child.getNS() !== NS.chatStates || child.getName() === 'composing')
      return body && child.getNS() === NS.chatStates ? [] : child
    return body ? [] : el('paused', { xmlns: NS.chatStates })
  })
}

/**
 * An archived message as the component gets it: with the text of its last correction, and as deleted when it was taken
 * back. Undefined for what cannot be read.
 */
export function archivedForm(room: string, entry: ArchiveEntry): Element | undefined {
  const message = read(entry.xml)
  if (!message) return undefined
  if (entry.kind === 'retracted')
    return messageForm(
      room,
      stanzaWith('message', message.attrs, [el('body', {}, 'This message was deleted')]),
      entry.id,
      [el('deleted', { timestamp: entry.atMs })],
    )
  const latest = entry.latest === undefined ? undefined : read(entry.latest)
  const text = latest && plainChild(latest, 'body')
  const children = elements(message).map((child) => (text && isPlain(child, 'body') ? text : child))
  return messageForm(room, stanzaWith('message', message.attrs, children), entry.id)
}

function read(xml: string): Element | undefined {
  const parsed = new DocumentParser().parse(xml)
  return parsed.ok ? parsed.value : undefined
}
