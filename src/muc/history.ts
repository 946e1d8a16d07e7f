/** Classic history for who joins, within the limits that the join names: XEP-0045 §7.2.13 and §7.2.14. */
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, type PreparedStanza } from '../stanza/xml.ts'
import type { ArchiveAnswer } from './archive-port.ts'
import { delayedMessage } from './archived-stanza.ts'
import { parseDateTime } from './date-time.ts'
import { DEFAULT_HISTORY, MAX_HISTORY } from './limits.ts'
import type { Room } from './room.ts'
import type { QueryContext, RoomEffect } from './room-port.ts'

/** Not negative; undefined when the attribute is absent or no number. */
function numberIn(history: Element | undefined, name: string): number | undefined {
  const text = history?.attrs[name]
  return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/** Asks for the history that a join wants; nothing when it wants none. */
export function requestHistory(room: Room, session: string, join: Element, nowMs: number): RoomEffect[] {
  const history = childOf(join, 'history', NS.muc)
  const seconds = numberIn(history, 'seconds')
  const maxChars = numberIn(history, 'maxchars')
  const starts = [
    seconds === undefined ? undefined : nowMs - 1000 * seconds,
    parseDateTime(String(history?.attrs.since ?? '')),
  ].filter((start) => start !== undefined)
  const limit = numberIn(history, 'maxstanzas') ?? (starts.length === 0 ? DEFAULT_HISTORY : MAX_HISTORY)
  const max = Math.min(limit, room.config.maxHistory)
  if (max === 0 || maxChars === 0 || seconds === 0) return []
  return [
    {
      kind: 'query',
      query: {
        room: room.identity.jid.local,
        ...(starts.length > 0 && { startMs: Math.max(...starts) }),
        fromEnd: true,
        max,
        withCount: false,
      },
      context: { kind: 'join-history', session, maxChars },
      isOrdered: true,
    },
  ]
}

/** Sends the history that was asked for: the newest complete messages that fit. Subjects are no part of it. */
export function sendHistory(
  room: Room,
  context: QueryContext & { readonly kind: 'join-history' },
  answer: ArchiveAnswer,
): RoomEffect[] {
  if (answer.kind !== 'page' || !room.sessions.has(context.session)) return []
  let left = context.maxChars ?? Number.POSITIVE_INFINITY
  const stanzas: PreparedStanza[] = []
  for (const entry of answer.page.entries.toReversed()) {
    if (entry.kind === 'subject') continue
    const stanza = delayedMessage(entry, room.bare)
    left -= stanza.name.length + stanza.rest.length + 1
    if (left < 0) break
    stanzas.push(stanza)
  }
  return stanzas.length === 0 ? [] : [{ kind: 'burst', to: context.session, stanzas: stanzas.reverse() }]
}
