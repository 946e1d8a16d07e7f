/** Messages of the Ethora chat component as other clients and lobbies understand them: docs/ethora.md. */
import { emojiNamed } from '../stanza/emoji-names.ts'
import { answeredIn, type EthoraChange, ethoraData, fileIn, isPlain, reactionsIn } from '../stanza/ethora.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import type { Room } from './room.ts'
import { stanzaWith } from './stanza-parts.ts'

/**
 * `stanza` with what the component says in its own way said in that of XMPP too: replies, files and reactions. What it
 * sent stays in it. Messages of other clients, and most of its own, are returned as they are.
 */
export function standardMessage(room: Room, stanza: Element, nowMs: number): Element {
  const data = ethoraData(stanza)
  if (!data) return stanza
  const reactions = reactionsIn(stanza)
  if (reactions) return withChildren(stanza, emojiReactions(stanza, reactions))
  const file = fileIn(data)
  const reply = replyTo(room, answeredIn(data), nowMs)
  if (file === undefined && !reply) return stanza
  const children = elements(stanza).map((child) =>
    file !== undefined && isPlain(child, 'body') ? el('body', {}, file) : child,
  )
  const oob = file !== undefined && el('x', { xmlns: NS.oob }, el('url', {}, file))
  return withChildren(stanza, [
    ...children,
    ...[oob, reply].filter((child) => child !== undefined && child !== false),
  ])
}

/** `stanza` with these children; new ones get its namespace. */
function withChildren(stanza: Element, children: readonly Element[]): Element {
  const changed = stanzaWith('message', { ...stanza.attrs, xmlns: stanza.getNS() }, children)
  for (const child of children) child.parent ??= changed
  return changed
}

/** Short names become emoji. Who reacts is known by the occupant. */
const emojiReactions = (
  stanza: Element,
  { target, texts }: { readonly target: string; readonly texts: readonly string[] },
): Element[] =>
  elements(stanza).map((child) =>
    child === childOf(stanza, 'reactions', NS.reactions)
      ? el(
          'reactions',
          { xmlns: NS.reactions, id: target },
          ...texts.map((text) => el('reaction', {}, emojiNamed(text))),
        )
      : child,
  )

/** XEP-0461 §3; the author is named where the room remembers. */
function replyTo(room: Room, id: string | undefined, nowMs: number): Element | undefined {
  if (id === undefined) return undefined
  const author = room.recent.messages.get(id, nowMs)
  return el('reply', { xmlns: NS.reply, id, to: author && `${room.bare}/${author.nick}` })
}

/**
 * The correction (XEP-0308) or retraction (XEP-0424) that a change of the component means. `messageId`: the id that its
 * author gave the message that changes. A retraction has it too, last, as Converse.js 14 knows messages by no other.
 */
export function standardChange(stanza: Element, change: EthoraChange, messageId: string): Element {
  const meaning =
    change.kind === 'edit'
      ? [el('body', {}, change.text), el('replace', { xmlns: NS.correction, id: messageId })]
      : [change.id, messageId].map((id) => el('retract', { xmlns: NS.retraction, id }))
  return withChildren(stanza, [...meaning, ...elements(stanza).filter((child) => !isPlain(child, 'body'))])
}
