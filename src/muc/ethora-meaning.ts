/** What the Ethora chat component is to know of messages of other clients, in attributes: docs/ethora.md. */
import { type EthoraAuthor, plainChild } from '../stanza/ethora.ts'
import { escapeLocal } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element } from '../stanza/xml.ts'
import { sharedFileIn } from './shared-files.ts'

/** Who wrote a message: the component knows people by their nicks, as localparts. `room`: bare address. */
export function authorOf(room: string, message: Element): EthoraAuthor {
  const at = room.indexOf('@')
  const nick = String(message.attrs.from).slice(room.length + 1)
  // What the room itself says has an author too, whom nobody sees.
  const name = nick === '' ? room.slice(0, at) : nick
  return { nick: name, jid: `${escapeLocal(name)}${room.slice(at)}` }
}

/** A text that begins with lines that quote what it answers, in its two parts. */
export interface Quoting {
  readonly quote: string
  readonly text: string
}

/** The parts of a reply (XEP-0461) whose text quotes what it answers; undefined for all other messages. */
export function quotingIn(message: Element): Quoting | undefined {
  const lines = (plainChild(message, 'body')?.getText() ?? '').split('\n')
  const end = lines.findIndex((line) => !line.startsWith('>'))
  if (end <= 0 || !childOf(message, 'reply', NS.reply)) return undefined
  const text = lines.slice(end).join('\n').trim()
  const quote = lines.slice(0, end).map((line) => line.replace(/^>\s?/, ''))
  return text === '' ? undefined : { quote: quote.join('\n'), text }
}

/** Attributes beside who wrote it: a file, an answer, or a word of the room itself. */
export function meaningOf(room: string, message: Element): Readonly<Record<string, string>> {
  const about = { roomJid: room, isSystemMessage: String(message.attrs.from === room) }
  const file = sharedFileIn(message)
  if (file)
    return {
      ...about,
      isMediafile: 'true',
      location: file.url,
      locationPreview: file.url,
      mimetype: file.mediaType,
      fileName: file.name,
      originalName: file.name,
      size: file.size,
    }
  const reply = childOf(message, 'reply', NS.reply)
  if (!reply) return about
  const answered = {
    id: String(reply.attrs.id ?? ''),
    text: quotingIn(message)?.quote ?? '',
    userName: String(reply.attrs.to ?? '').slice(room.length + 1),
    roomJid: room,
  }
  return { ...about, isReply: 'true', showInChannel: 'true', mainMessage: JSON.stringify(answered) }
}
