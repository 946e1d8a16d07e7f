/** Gaps in a room's history: spans in which its lobby was not heard, told by the room itself and archived. */
import { el } from '../stanza/xml.ts'
import { archivable } from './archived-stanza.ts'
import { formatDateTime } from './date-time.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import { GAP_NS, stanzaIdElement } from './stanza-parts.ts'
import { tellEverybody } from './tell.ts'

/** Since when the lobby is not heard; null: it is heard, and nothing was missed. */
export function setHearing(room: Room, deafSinceMs: number | null): RoomEffect[] {
  room.deafSinceMs = deafSinceMs
  return []
}

const forPeople = (ms: number): string => `${formatDateTime(ms).slice(0, 19).replace('T', ' ')} UTC`

/** The lobby is heard again: the room says what may be missing, now and in its archive. */
export function tellGap(
  room: Room,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  env: RoomEnv,
): RoomEffect[] {
  room.deafSinceMs = null
  const id = env.nextArchiveId()
  const body = `Messages may be missing here: the lobby was not heard from ${forPeople(fromMs)} to ${forPeople(toMs)}.`
  const message = el(
    'message',
    { from: room.bare, type: 'groupchat', id },
    el('body', {}, body),
    el('gap', { xmlns: GAP_NS, start: formatDateTime(fromMs), end: formatDateTime(toMs) }),
    stanzaIdElement(room.bare, id),
  )
  const { xml, stanza } = archivable(message)
  return [
    {
      kind: 'archive',
      entry: {
        id,
        room: room.identity.jid.local,
        atMs: env.nowMs,
        occupantId: '',
        nick: '',
        kind: 'gap',
        body,
        xml,
        networkId: null,
      },
      stored: [...tellEverybody(room, stanza, { message, id }), { kind: 'gap-told', fromMs, toMs }],
      failed: [{ kind: 'gap-untold', fromMs }],
    },
  ]
}
