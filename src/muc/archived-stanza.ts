/** Archived messages, spliced from their stored text: XEP-0203 delays, XEP-0313 results, XEP-0424 tombstones. */
import { NS } from '../stanza/ns.ts'
import { DocumentParser } from '../stanza/parser.ts'
import { type Element, escapeAttribute, type PreparedStanza, serialize } from '../stanza/xml.ts'
import type { ArchiveEntry, Tombstone } from './archive-port.ts'
import { formatDateTime } from './date-time.ts'
import { occupantIdElement, stanzaIdElement } from './stanza-parts.ts'

const OPEN = '<message'
const CLOSE = '</message>'

/** A message as text for the archive and as stanza for many, from one serialisation. It must not have a `to`. */
export function archivable(message: Element): { readonly xml: string; readonly stanza: PreparedStanza } {
  const xml = serialize(message)
  return { xml, stanza: { name: 'message', rest: xml.slice(OPEN.length) } }
}

/** A stored message as history for who joins (XEP-0045 §7.2.13): with the time at which the room got it. */
export function delayedMessage(entry: ArchiveEntry, room: string): PreparedStanza {
  const body = entry.xml.slice(OPEN.length, -CLOSE.length)
  const stamp = formatDateTime(entry.atMs)
  return {
    name: 'message',
    rest: `${body}<delay xmlns="${NS.delay}" from="${escapeAttribute(room)}" stamp="${stamp}"/>${CLOSE}`,
  }
}

/** A stored message as result of an archive query (XEP-0313 §4.2). */
export function archiveResult(
  entry: ArchiveEntry,
  room: string,
  queryId: string | undefined,
): PreparedStanza {
  const query = queryId === undefined ? '' : ` queryid="${escapeAttribute(queryId)}"`
  const stored = `${OPEN} xmlns="${NS.client}"${entry.xml.slice(OPEN.length)}`
  return {
    name: 'message',
    rest:
      ` from="${escapeAttribute(room)}"><result xmlns="${NS.mam}" id="${entry.id}"${query}>` +
      `<forwarded xmlns="${NS.forward}"><delay xmlns="${NS.delay}" stamp="${formatDateTime(entry.atMs)}"/>` +
      `${stored}</forwarded></result></message>`,
  }
}

/** The start tag: attributes have no `>` of their own. */
const startTag = ({ xml }: ArchiveEntry): string => xml.slice(0, xml.indexOf('>') + 1)

/** Whether the sender gave this message the id `id`. */
export const hasMessageId = (entry: ArchiveEntry, id: string): boolean =>
  startTag(entry).includes(` id="${escapeAttribute(id)}"`)

/** The id that the sender gave a stored message; undefined when it cannot be told. */
export function messageIdOf(entry: ArchiveEntry): string | undefined {
  const parsed = new DocumentParser().parse(startTag(entry).replace(/\/?>$/, '/>'))
  return parsed.ok && typeof parsed.value.attrs.id === 'string' ? parsed.value.attrs.id : undefined
}

/** What is left of a message: who, when and under which ids, and `marks`, which say that it was taken back (§4). */
export const tombstoneOf = (entry: ArchiveEntry, room: string, marks: readonly Element[]): Tombstone => ({
  id: entry.id,
  xml: [
    startTag(entry),
    ...[stanzaIdElement(room, entry.id), occupantIdElement(entry.occupantId), ...marks].map(serialize),
    CLOSE,
  ].join(''),
})
