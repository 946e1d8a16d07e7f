/** Moderators take back what others said, in the gateway's view of the lobby alone: XEP-0425, also in its older form. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply, iqResult } from '../stanza/stanza-error.ts'
import { childOf, type Element, el } from '../stanza/xml.ts'
import type { ArchiveAnswer } from './archive-port.ts'
import { archivable } from './archived-stanza.ts'
import { formatDateTime } from './date-time.ts'
import { MAX_REASON_CHARS } from './limits.ts'
import { type FoundMessage, findMessage, readArchiveId, revisionsQuery } from './reference.ts'
import { answer, notStored, refusal, refuse } from './reply.ts'
import { isModerator } from './role.ts'
import type { Room } from './room.ts'
import type { QueryContext, RoomEffect, RoomEnv } from './room-port.ts'
import { occupantIdElement, stanzaIdElement } from './stanza-parts.ts'
import { tellEverybody } from './tell.ts'
import { firstOf, tombstones } from './tombstones.ts'

/** The request in an IQ: `<moderate/>`, or `<apply-to/>` around an older one. */
function readRequest(payload: Element): { readonly id: string; readonly reason: string } | undefined {
  const isOld = payload.getNS() === NS.fasten
  const moderate = isOld ? childOf(payload, 'moderate', NS.oldModeration) : payload
  const retract = moderate && childOf(moderate, 'retract', isOld ? NS.oldRetraction : NS.retraction)
  if (!retract || typeof payload.attrs.id !== 'string') return undefined
  return { id: payload.attrs.id, reason: moderate.getChildText('reason')?.trim() ?? '' }
}

/** An IQ set that asks to take a message back. */
export function moderate(room: Room, from: Jid, iq: Element, payload: Element): RoomEffect[] {
  const request = readRequest(payload)
  if (!request) {
    const text = 'A moderation names the id of a message and asks to retract it; nothing else is served here.'
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', text))
  }
  const occupant = room.sessions.get(from.full)?.occupant
  if (!occupant || !isModerator(occupant)) {
    const text = "Only moderators may take back others' messages."
    return refuse(room, from, iq, refusal(room, 'auth', 'forbidden', text))
  }
  if (request.reason.length > MAX_REASON_CHARS) {
    const text = `A reason has ${MAX_REASON_CHARS} characters at most.`
    return refuse(room, from, iq, refusal(room, 'modify', 'policy-violation', text))
  }
  const id = readArchiveId(request.id)
  if (!id) return refuse(room, from, iq, unknownMessage(room))
  const { nick, occupantId } = occupant
  return [
    {
      kind: 'query',
      query: revisionsQuery(room, id),
      context: { kind: 'moderation', from, iq, id, reason: request.reason, nick, occupantId },
      isOrdered: false,
    },
  ]
}

const unknownMessage = (room: Room) =>
  refusal(room, 'cancel', 'item-not-found', 'The archive has no message with this id.')

/** Replaces the message, and tells everybody, once it is known that it is there. */
export function answerModeration(
  room: Room,
  context: QueryContext & { readonly kind: 'moderation' },
  found: ArchiveAnswer,
  env: RoomEnv,
): RoomEffect[] {
  const { from, iq, id: target } = context
  if (found.kind === 'failed') return refuse(room, from, iq, notStored(room))
  const message = found.kind === 'page' ? findMessage(found.page.entries, target) : undefined
  if (!message) return refuse(room, from, iq, unknownMessage(room))
  return takeBack(room, { from, request: iq, by: context, answer: answer(from, iqResult(iq)) }, message, env)
}

/** Who takes which message back, and why. */
type Moderator = Pick<QueryContext & { readonly kind: 'moderation' }, 'nick' | 'occupantId' | 'reason' | 'id'>

/** Makes tombstones of a message and all that corrects it, and tells everybody. `answer`: what follows when it is done. */
export function takeBack(
  room: Room,
  asked: {
    readonly from: Jid
    readonly request: Element
    readonly by: Moderator
    readonly answer: readonly RoomEffect[]
  },
  { target, revisions }: FoundMessage,
  when: Pick<RoomEnv, 'nowMs' | 'nextArchiveId'>,
): RoomEffect[] {
  const { from, request, by } = asked
  if (target.kind !== 'message' && target.kind !== 'retracted') {
    const text = 'Only messages of occupants can be taken back.'
    return refuse(room, from, request, refusal(room, 'cancel', 'not-allowed', text))
  }
  const id = when.nextArchiveId()
  const stamp = formatDateTime(when.nowMs)
  const retracts = tombstones(room, revisions, () => marks(room, by, id, stamp))
  const first = firstOf(retracts)
  if (first === undefined) return [...asked.answer]
  const told = announcement(room, by, id)
  const { xml, stanza } = archivable(told)
  return [
    {
      kind: 'archive',
      entry: {
        id,
        room: room.identity.jid.local,
        atMs: when.nowMs,
        occupantId: '',
        nick: '',
        kind: 'retraction',
        body: null,
        xml,
        networkId: null,
        retracts,
      },
      stored: [
        ...tellEverybody(room, stanza, { message: told, id, change: { kind: 'delete', id: first } }),
        ...asked.answer,
      ],
      failed: [{ kind: 'send', to: from.full, stanza: errorReply(request, notStored(room)) }],
    },
  ]
}

const reasonElement = ({ reason }: Moderator): Element | false => reason !== '' && el('reason', {}, reason)

const moderated = (room: Room, { nick, occupantId }: Moderator): Element =>
  el('moderated', { xmlns: NS.moderation, by: `${room.bare}/${nick}` }, occupantIdElement(occupantId))

const moderatedBefore = (room: Room, context: Moderator, retraction: Element): Element =>
  el(
    'moderated',
    { xmlns: NS.oldModeration, by: `${room.bare}/${context.nick}` },
    retraction,
    reasonElement(context),
  )

/** What stands in the place of the message (§4), in both forms. */
const marks = (room: Room, context: Moderator, id: string, stamp: string): Element[] => [
  el('retracted', { xmlns: NS.retraction, id, stamp }, moderated(room, context), reasonElement(context)),
  moderatedBefore(room, context, el('retracted', { xmlns: NS.oldRetraction, stamp })),
]

/** What everybody is told (§3.1), in both forms, and in words for clients that know neither. */
const announcement = (room: Room, context: Moderator, id: string): Element =>
  el(
    'message',
    { from: room.bare, type: 'groupchat', id },
    el('retract', { xmlns: NS.retraction, id: context.id }, moderated(room, context), reasonElement(context)),
    el(
      'apply-to',
      { xmlns: NS.fasten, id: context.id },
      moderatedBefore(room, context, el('retract', { xmlns: NS.oldRetraction })),
    ),
    el(
      'body',
      {},
      `${context.nick} removed a message here; in the lobby it stays.${context.reason && ` Reason: ${context.reason}`}`,
    ),
    el('fallback', { xmlns: NS.fallback, for: NS.retraction }, el('body')),
    el('store', { xmlns: NS.hints }),
    stanzaIdElement(room.bare, id),
  )
