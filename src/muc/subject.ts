/** The room's subject: XEP-0045 §7.2.15 and §8.1. Owners change it; lobbies may bring one too. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { affiliationOf } from './affiliation.ts'
import type { ArchiveEntry } from './archive-port.ts'
import { archivable } from './archived-stanza.ts'
import { formatDateTime } from './date-time.ts'
import { MAX_SUBJECT_CHARS } from './limits.ts'
import type { MessageContent } from './message-content.ts'
import { notStored, refusal, refuse } from './reply.ts'
import { defaultRole } from './role.ts'
import type { Room, Session } from './room.ts'

import type { RoomEffect, RoomEnv, RoomSubject } from './room-port.ts'

import type { Role } from './room-state.ts'

import { occupantIdElement, stanzaIdElement, stanzaWith } from './stanza-parts.ts'
import { tellEverybody } from './tell.ts'

const currentSubject = (room: Room, to: string): Element =>
  el(
    'message',
    { from: room.bare, to, type: 'groupchat' },
    el('subject', {}, room.subject),
    room.subjectAtMs !== undefined &&
      el('delay', { xmlns: NS.delay, from: room.bare, stamp: formatDateTime(room.subjectAtMs) }),
  )

/** The subject as the last thing that a join gets (§7.2.15); an empty one says that there is none. */
export function showSubject(room: Room, to: string): RoomEffect[] {
  if (room.changing.pending > 0) room.changing.shownTo.add(to)
  return [{ kind: 'send', to, stanza: currentSubject(room, to) }]
}

/** Whether one with this role may change the subject. */
const roleSetsSubject = (room: Room, role: Role): boolean =>
  role === 'moderator' || (role === 'participant' && room.config.canOccupantsSetSubject)

/** Whether `from` may change the subject, or could if it were in the room. */
export const mayChangeSubject = (room: Room, from: Jid): boolean =>
  roleSetsSubject(
    room,
    room.sessions.get(from.full)?.occupant.role ?? defaultRole(room, affiliationOf(room, from.bare)),
  )

/** An occupant asks for another subject. */
export function changeSubject(
  room: Room,
  session: Session,
  request: { readonly from: Jid; readonly stanza: Element; readonly content: MessageContent },
  env: RoomEnv,
): RoomEffect[] {
  const { from, stanza, content } = request
  const { occupant } = session
  const subject = content.subject ?? ''
  if (!roleSetsSubject(room, occupant.role))
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'auth', 'forbidden', 'You may not change the subject of this room.'),
    )
  if (subject.length > MAX_SUBJECT_CHARS) {
    const text = `A subject has ${MAX_SUBJECT_CHARS} characters at most.`
    return refuse(room, from, stanza, refusal(room, 'modify', 'policy-violation', text))
  }
  const refused = subject === '' ? undefined : room.policy.refusesText(subject, { kind: 'plain' })
  if (refused) return refuse(room, from, stanza, refused)
  room.subject = subject
  room.subjectAtMs = env.nowMs
  const id = env.nextArchiveId()
  const message = stanzaWith(
    'message',
    {
      from: `${room.bare}/${occupant.nick}`,
      type: 'groupchat',
      id: stanza.attrs.id ?? id,
      'xml:lang': stanza.attrs['xml:lang'],
    },
    [...content.children, stanzaIdElement(room.bare, id), occupantIdElement(occupant.occupantId)],
  )
  const author = { occupantId: occupant.occupantId, nick: occupant.nick }
  return archiveSubject(
    room,
    message,
    { ...author, id, atMs: env.nowMs },
    {
      stored: [{ kind: 'subject-changed', subject }],
      failed: [{ kind: 'send', to: from.full, stanza: errorReply(stanza, notStored(room)) }],
    },
  )
}

/** The archive has taken a subject, or has not (null): then the one before is in force again. */
export function settleSubject(room: Room, subject: RoomSubject | null): RoomEffect[] {
  const { changing } = room
  changing.pending -= 1
  if (subject) changing.stored = subject
  else changing.hasFailed = true
  if (changing.pending > 0) return []
  const misled = changing.hasFailed ? [...changing.shownTo].filter((full) => room.sessions.has(full)) : []
  changing.hasFailed = false
  changing.shownTo.clear()
  room.subject = changing.stored.text
  room.subjectAtMs = changing.stored.atMs
  return misled.map((to) => ({ kind: 'send', to, stanza: currentSubject(room, to) }))
}

/** The lobby has another topic: the room says so in its own name. */
export function takeSubject(room: Room, subject: string, env: RoomEnv): RoomEffect[] {
  if (subject === room.subject) return []
  room.subject = subject
  room.subjectAtMs = env.nowMs
  const id = env.nextArchiveId()
  const message = el(
    'message',
    { from: room.bare, type: 'groupchat', id },
    el('subject', {}, subject),
    stanzaIdElement(room.bare, id),
  )
  const author = { occupantId: '', nick: '' }
  return archiveSubject(room, message, { ...author, id, atMs: env.nowMs }, { stored: [], failed: [] })
}

function archiveSubject(
  room: Room,
  message: Element,
  entry: Pick<ArchiveEntry, 'id' | 'atMs' | 'occupantId' | 'nick'>,
  outcome: { readonly stored: readonly RoomEffect[]; readonly failed: readonly RoomEffect[] },
): RoomEffect[] {
  const { xml, stanza } = archivable(message)
  const settled = (subject: RoomSubject | null): RoomEffect => ({
    kind: 'afterwards',
    event: { kind: 'subject-settled', stored: subject },
  })
  room.changing.pending += 1
  const subject = { text: room.subject, atMs: entry.atMs }
  const stored = [
    ...tellEverybody(room, stanza, { message, id: entry.id }),
    ...outcome.stored,
    settled(subject),
  ]
  if (!room.config.isLogged) return stored
  return [
    {
      kind: 'archive',
      entry: { ...entry, room: room.identity.jid.local, kind: 'subject', body: null, xml, networkId: null },
      stored,
      failed: [...outcome.failed, settled(null)],
    },
  ]
}
