/** Corrections and retractions once it is known whose message they are about: XEP-0308 §5, XEP-0424 §4 and §5. */
import { ethoraChange } from '../stanza/ethora.ts'
import { NS } from '../stanza/ns.ts'
import { el } from '../stanza/xml.ts'
import type { ArchiveAnswer, ArchiveEntry } from './archive-port.ts'
import { messageIdOf } from './archived-stanza.ts'
import { formatDateTime } from './date-time.ts'
import { standardChange } from './ethora-in.ts'
import { deliver } from './groupchat.ts'
import { readContent } from './message-content.ts'
import { takeBack } from './moderation.ts'
import { type FoundMessage, findMessage, type Reference, referenceIn } from './reference.ts'
import { notStored, refusal, refuse } from './reply.ts'
import { isModerator } from './role.ts'
import type { Room } from './room.ts'
import type { QueryContext, RoomEffect } from './room-port.ts'
import { tombstones } from './tombstones.ts'

type ReferenceContext = QueryContext & { readonly kind: 'reference' }

/** Goes on with a message that refers to another. What is not in the archive is for clients to judge. */
export function answerReference(room: Room, context: ReferenceContext, answer: ArchiveAnswer): RoomEffect[] {
  const { from, stanza } = context
  if (answer.kind === 'failed') return refuse(room, from, stanza, notStored(room))
  const reference = referenceIn(stanza) as Reference
  const found = answer.kind === 'page' ? findMessage(answer.page.entries, reference.id) : undefined
  if (reference.isEthora) return change(room, context, found)
  return reference.kind === 'correction'
    ? correct(room, context, found?.target)
    : retract(room, context, found?.target, found?.revisions ?? [])
}

/** The Ethora chat component names messages that are in the archive, and nothing else; its moderators delete those of others. */
function change(room: Room, context: ReferenceContext, found: FoundMessage | undefined): RoomEffect[] {
  const { from, stanza: original, speaker, id } = context
  const asked = ethoraChange(original)
  if (!asked || !found) {
    const text = 'The archive has no message with this id.'
    return refuse(room, from, original, refusal(room, 'cancel', 'item-not-found', text))
  }
  const { target, revisions } = found
  const occupant = room.sessions.get(from.full)?.occupant
  const isOwn = target.occupantId === speaker.occupantId
  if (asked.kind === 'delete' && !isOwn && occupant && isModerator(occupant)) {
    const by = { nick: speaker.nick, occupantId: speaker.occupantId, reason: '', id: target.id }
    return takeBack(room, { from, request: original, by, answer: [] }, found, when(context))
  }
  if (!isOwn) {
    const text = 'Only its author may change a message, or a moderator delete it.'
    return refuse(room, from, original, refusal(room, 'auth', 'forbidden', text))
  }
  const stanza = standardChange(original, asked, messageIdOf(target) ?? id)
  const changed = { ...context, stanza }
  return asked.kind === 'edit' ? correct(room, changed, target) : retract(room, changed, target, revisions)
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
