/** Corrections and retractions once it is known whose message they are about: XEP-0308 §5, XEP-0424 §4 and §5. */
import { NS } from '../stanza/ns.ts'
import { el } from '../stanza/xml.ts'
import type { ArchiveAnswer, ArchiveEntry, Tombstone } from './archive-port.ts'
import { tombstoneOf } from './archived-stanza.ts'
import { formatDateTime } from './date-time.ts'
import { deliver } from './groupchat.ts'
import { readContent } from './message-content.ts'
import { forget } from './recent.ts'
import { findMessage, type Reference, referenceIn } from './reference.ts'
import { notStored, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { QueryContext, RoomEffect } from './room-port.ts'

type ReferenceContext = QueryContext & { readonly kind: 'reference' }

/** Goes on with a message that refers to another. What is not in the archive is for clients to judge. */
export function answerReference(room: Room, context: ReferenceContext, answer: ArchiveAnswer): RoomEffect[] {
  const { from, stanza } = context
  if (answer.kind === 'failed') return refuse(room, from, stanza, notStored(room))
  const reference = referenceIn(stanza) as Reference
  const found = answer.kind === 'page' ? findMessage(answer.page.entries, reference.id) : undefined
  return reference.kind === 'correction'
    ? correct(room, context, found?.target)
    : retract(room, context, found?.target, found?.revisions ?? [])
}

const messageOf = (room: Room, { from, stanza, speaker }: ReferenceContext) => ({
  from,
  stanza,
  speaker,
  content: readContent(stanza, room.bare),
})

const when = ({ id, atMs }: ReferenceContext) => ({ nowMs: atMs, nextArchiveId: () => id })

function correct(room: Room, context: ReferenceContext, target: ArchiveEntry | undefined): RoomEffect[] {
  const { from, stanza, speaker, atMs } = context
  const named = String(referenceIn(stanza)?.id)
  const known = target ? undefined : room.recent.messages.get(named, atMs)
  if (known && known.occupantId !== speaker.occupantId)
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'auth', 'forbidden', 'Only its author may correct a message.'),
    )
  if (target?.kind === 'retracted')
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'cancel', 'not-acceptable', 'This message was taken back and cannot be corrected.'),
    )
  const change = target && { corrects: target.corrects ?? target.id }
  return deliver(room, messageOf(room, context), when(context), change)
}

function retract(
  room: Room,
  context: ReferenceContext,
  target: ArchiveEntry | undefined,
  revisions: readonly ArchiveEntry[],
): RoomEffect[] {
  const { from, stanza, speaker, id, atMs } = context
  if (!target) return deliver(room, messageOf(room, context), when(context))
  if (target.occupantId !== speaker.occupantId)
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'auth', 'forbidden', 'Only its author may take a message back, or a moderator.'),
    )
  const mark = el('retracted', {
    xmlns: NS.retraction,
    id: stanza.attrs.id ?? id,
    stamp: formatDateTime(atMs),
  })
  const retracts = tombstones(room, revisions, () => [mark])
  return deliver(room, messageOf(room, context), when(context), { retracts })
}

/** Tombstones for the messages that are not taken back yet; the room forgets their words. */
export function tombstones(
  room: Room,
  revisions: readonly ArchiveEntry[],
  marks: () => Parameters<typeof tombstoneOf>[2],
): Tombstone[] {
  const standing = revisions.filter((entry) => entry.kind === 'message')
  for (const entry of standing) forget(room.recent, entry.id)
  return standing.map((entry) => tombstoneOf(entry, room.bare, marks()))
}
