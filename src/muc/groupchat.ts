/** Messages to everybody in the room: XEP-0045 §7.4. What lasts is archived before anybody sees it. */

import type { Jid } from '../stanza/jid.ts'
import { errorElement, errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import { type Element, el, prepare } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { ArchiveWrite } from './archive-port.ts'
import { archivable } from './archived-stanza.ts'
import type { Told } from './ethora-form.ts'
import { standardMessage } from './ethora-in.ts'
import { TYPING_TO_LOBBY_MS } from './limits.ts'
import { type Said, whatIsSaid } from './manner.ts'
import { forwardMentions, mentionedIn } from './mentions.ts'
import { type MessageContent, readContent } from './message-content.ts'
import { countMessage, rateOf } from './message-rate.ts'
import { remember } from './recent.ts'
import { lookUp, referenceIn } from './reference.ts'
import { notStored, refusal, refuse } from './reply.ts'
import { hasVoice } from './role.ts'
import type { LocalOccupant, Room } from './room.ts'
import type { RoomEffect, RoomEnv, Speaker } from './room-port.ts'
import { followPace, noteSpoken, refusesHaste } from './slow-mode.ts'
import { occupantIdElement, stanzaIdElement, stanzaWith } from './stanza-parts.ts'
import { changeSubject } from './subject.ts'
import { tellEverybody } from './tell.ts'
import { firstOf } from './tombstones.ts'
import { open, plainWishes } from './unlock.ts'

/** A message of type groupchat to the room. */
export function receiveGroupchat(room: Room, from: Jid, sent: Element, env: RoomEnv): RoomEffect[] {
  const session = room.sessions.get(from.full)
  if (!session)
    return refuse(room, from, sent, refusal(room, 'cancel', 'not-acceptable', 'You are not in this room.'))
  const stanza = standardMessage(room, sent, env.nowMs)
  const content = readContent(stanza, room.bare)
  if (content.isEmpty) return []
  if (!hasVoice(session.occupant)) {
    const text = 'Visitors cannot speak in this room; a moderator can give you voice.'
    return refuse(room, from, stanza, refusal(room, 'auth', 'forbidden', text))
  }
  // Who speaks in a room that was just made takes it as it is.
  if (room.isLocked)
    return open(room, from, stanza, {
      settings: room.settings,
      wishes: plainWishes(room),
      next: (then) => receiveGroupchat(room, from, sent, then),
    })
  session.occupant.activeAtMs = env.nowMs
  if (content.isSubjectChange) return changeSubject(room, session, { from, stanza, content }, env)
  const { occupantId, account, nick } = session.occupant
  const speaker = { occupantId, account, nick }
  const reference = referenceIn(stanza)
  return reference
    ? lookUp(room, { from, stanza, speaker }, reference, env)
    : deliver(room, { from, stanza, content, speaker }, env)
}

/** A message that an occupant may send. */
export interface Message {
  readonly from: Jid
  readonly stanza: Element
  readonly content: MessageContent
  /** As it was when the message came. */
  readonly speaker: Speaker
}

/** What a message does to earlier ones of its author. */
export type Change = Pick<ArchiveWrite, 'corrects' | 'retracts'>

/** The message that is changed, the first of its revisions. */
const changed = ({ corrects, retracts }: Change): Told['change'] => {
  if (corrects) return { kind: 'edit', id: corrects }
  const first = firstOf(retracts ?? [])
  return first && { kind: 'delete', id: first }
}

/** Time of a message, and the archive id that it gets if it needs one. */
type When = Pick<RoomEnv, 'nowMs' | 'nextArchiveId'>

/** Stores a message if it lasts, shows it to everybody and tells the lobby; or refuses it. */
export function deliver(room: Room, message: Message, when: When, change: Change = {}): RoomEffect[] {
  const { from, stanza, content, speaker } = message
  const { occupantId, account, nick } = speaker
  const said = whatIsSaid(stanza, content.body, { occupantId, recent: room.recent, nowMs: when.nowMs })
  const refused =
    refusesHaste(room, message, when.nowMs) ??
    (said && (room.policy.refusesText(said.body, said.manner) ?? room.policy.admits(account, nick)))
  const paced = said ? followPace(room, when.nowMs) : []
  if (refused) return [...refuse(room, from, stanza, refused), ...paced]
  noteSpoken(room, message, when.nowMs)
  if (content.body !== '' && change.corrects === undefined) countMessage(rateOf(room, when.nowMs), when.nowMs)
  const isKept = (content.isLasting && room.config.isLogged) || change.retracts
  const heard = { ...message, said }
  return [...(isKept ? keepAndReflect(room, heard, when, change) : reflectOnly(room, heard, when)), ...paced]
}

/** A message on its way; `said` is what the lobby hears of it. */
interface Heard extends Message {
  readonly said: Said | undefined
}

function keepAndReflect(
  room: Room,
  message: Heard,
  { nowMs, nextArchiveId }: When,
  change: Change,
): RoomEffect[] {
  const { from, stanza, content, speaker } = message
  const id = nextArchiveId()
  const shown = reflection(room, message, stanza.attrs.id ?? id, [
    ...content.children,
    stanzaIdElement(room.bare, id),
  ])
  const reflected = archivable(shown)
  const { nick } = speaker
  const { body } = content
  const isNew = !change.corrects && !change.retracts
  const told = { message: shown, id, change: changed(change) }
  const kept = { message: shown, id, nick, body, atMs: nowMs, uris: mentionedIn(content.children) }
  rememberText(room, message, [id, stanza.attrs.id], nowMs)
  return [
    {
      kind: 'archive',
      entry: {
        id,
        room: room.identity.jid.local,
        atMs: nowMs,
        occupantId: speaker.occupantId,
        nick,
        kind: change.retracts ? 'retraction' : 'message',
        body: change.retracts || body === '' ? null : body,
        xml: reflected.xml,
        networkId: null,
        ...change,
      },
      stored: [
        ...tellEverybody(room, reflected.stanza, told),
        ...toLobby(room, message, { id, nowMs }),
        ...(isNew ? forwardMentions(room, kept) : []),
      ],
      failed: [{ kind: 'send', to: from.full, stanza: errorReply(stanza, notStored(room)) }],
    },
  ]
}

function reflectOnly(room: Room, message: Heard, { nowMs, nextArchiveId }: When): RoomEffect[] {
  const { from, stanza, content, said } = message
  const occupant = room.sessions.get(from.full)?.occupant
  rememberText(room, message, [stanza.attrs.id], nowMs)
  const shown = reflection(room, message, stanza.attrs.id, content.children)
  return [
    ...tellEverybody(room, prepare(shown), { message: shown }),
    ...(said ? toLobby(room, message, { id: nextArchiveId(), nowMs }) : []),
    ...(!said && occupant ? typingToLobby(occupant, content, nowMs) : []),
  ]
}

/** Others may refer to what has words. */
function rememberText(
  room: Room,
  { said, speaker: { occupantId, nick } }: Heard,
  ids: readonly (string | undefined)[],
  nowMs: number,
): void {
  if (said && said.body !== '') remember(room.recent, { occupantId, nick, body: said.body, ids }, nowMs)
}

const reflection = (
  room: Room,
  { stanza, speaker }: Message,
  id: string | undefined,
  children: readonly Element[],
): Element =>
  stanzaWith(
    'message',
    { from: `${room.bare}/${speaker.nick}`, type: 'groupchat', id, 'xml:lang': stanza.attrs['xml:lang'] },
    [...children, occupantIdElement(speaker.occupantId)],
  )

function toLobby(
  room: Room,
  { from, stanza, said, speaker: { account, nick } }: Heard,
  at: { readonly id: ArchiveId; readonly nowMs: number },
): RoomEffect[] {
  if (!said) return []
  const session = room.sessions.get(from.full)
  if (session) session.occupant.typingToldAtMs = 0
  room.sent.set(at.id, { session: from.full, id: stanza.attrs.id }, at.nowMs)
  return [{ kind: 'local-said', account, nick, ...said, ref: at.id }]
}

function typingToLobby(occupant: LocalOccupant, content: MessageContent, nowMs: number): RoomEffect[] {
  if (!content.isComposing || nowMs - occupant.typingToldAtMs < TYPING_TO_LOBBY_MS) return []
  occupant.typingToldAtMs = nowMs
  return [{ kind: 'local-typing', account: occupant.account, nick: occupant.nick }]
}

/** A network did not take what an occupant said: their client is told, by the id that it gave the message. */
export function reportNotSent(room: Room, ref: ArchiveId, error: StanzaError, nowMs: number): RoomEffect[] {
  const sent = room.sent.get(ref, nowMs)
  if (!sent || !room.sessions.has(sent.session)) return []
  const message = el(
    'message',
    { type: 'error', id: sent.id, from: room.bare, to: sent.session },
    errorElement({ by: room.bare, ...error }),
  )
  return [{ kind: 'send', to: sent.session, stanza: message }]
}
