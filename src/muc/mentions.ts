/** Messages that name somebody who stays in the lobby while away are forwarded: XEP-0452, by nick or by XEP-0372. */
import { NS } from '../stanza/ns.ts'
import { type Element, el } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import { formatDateTime } from './date-time.ts'
import { MAX_MENTION_BODY_CHARS } from './limits.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

const ENDS_WORDY = /[\p{L}\p{M}\p{N}_]$/u
const BEGINS_WORDY = /^[\p{L}\p{M}\p{N}_]/u

/** Whether `body` has `nick` as a word of its own, in capitals or not. */
export function namesNick(body: string, nick: string): boolean {
  const [text, word] = [body.toLowerCase(), nick.toLowerCase()]
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    const end = at + word.length
    // Two units of UTF-16 have a whole character in them.
    const isPartOfWord =
      ENDS_WORDY.test(text.slice(Math.max(0, at - 2), at)) || BEGINS_WORDY.test(text.slice(end, end + 2))
    if (!isPartOfWord) return true
  }
  return false
}

/** The addresses that a message with this content mentions, as `xmpp:` URIs. */
export const mentionedIn = (content: readonly Element[]): ReadonlySet<string> =>
  new Set(
    content
      .filter((child) => child.getName() === 'reference' && child.getNS() === NS.reference)
      .filter((reference) => reference.attrs.type === 'mention')
      .map((reference) => String(reference.attrs.uri)),
  )

/** A message of the room as everybody gets it, and as it is archived. */
export interface KeptMessage {
  readonly message: Element
  readonly id: ArchiveId
  readonly nick: string
  readonly body: string
  readonly atMs: number
  /** What it mentions beside names, as `mentionedIn` says. */
  readonly uris: ReadonlySet<string>
}

/** A message that refers to nobody. */
export const NO_URIS: ReadonlySet<string> = new Set()

/** Forwards a message to those whose place is kept and whom it mentions. */
export function forwardMentions(room: Room, kept: KeptMessage): RoomEffect[] {
  if (room.away.size === 0 || !room.config.forwardsMentions || kept.body === '') return []
  const isMeant = (account: string, nick: string): boolean =>
    namesNick(kept.body, nick) ||
    [account, `${room.bare}/${nick}`].some(
      (address) => kept.uris.has(`xmpp:${address}`) || kept.uris.has(encodeURI(`xmpp:${address}`)),
    )
  return [...room.away]
    .filter(([account, { nick }]) => isMeant(account, nick))
    .map(([account]) => ({ kind: 'mentioned', account, stanza: notice(room, account, kept) }))
}

function notice(room: Room, account: string, { message, id, nick, body, atMs }: KeptMessage): Element {
  const copy = el('message', { xmlns: NS.client, ...message.attrs })
  copy.children = [...message.children]
  const excerpt = [...body.slice(0, 2 * MAX_MENTION_BODY_CHARS)].slice(0, MAX_MENTION_BODY_CHARS).join('')
  return el(
    'message',
    { from: room.bare, to: account, id: `mention-${id}` },
    el('body', {}, `${nick} mentioned you in ${room.config.name}: ${excerpt}`),
    el('fallback', { xmlns: NS.fallback, for: NS.mentions }),
    el(
      'mentions',
      { xmlns: NS.mentions },
      el(
        'forwarded',
        { xmlns: NS.forward },
        el('delay', { xmlns: NS.delay, stamp: formatDateTime(atMs) }),
        copy,
      ),
    ),
  )
}
