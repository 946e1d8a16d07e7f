/** Messages to everybody in the room: XEP-0045 §7.4. What lasts is archived before anybody sees it. */
import type { Jid } from '../stanza/jid.ts'
import { errorElement, errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import { type Element, el, prepare } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import { archivable } from './archived-stanza.ts'
import { TYPING_TO_LOBBY_MS } from './limits.ts'
import { type Said, whatIsSaid } from './manner.ts'
import { type MessageContent, readContent } from './message-content.ts'
import { fanout } from './presence-stanza.ts'
import { remember } from './recent.ts'
import { notStored, refusal, refuse } from './reply.ts'
import { audienceOf, type LocalOccupant, type Room, type Session } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import { occupantIdElement, stanzaIdElement, stanzaWith } from './stanza-parts.ts'
import { changeSubject } from './subject.ts'

/** A message of type groupchat to the room. */
export function receiveGroupchat(room: Room, from: Jid, stanza: Element, env: RoomEnv): RoomEffect[] {
  const session = room.sessions.get(from.full)
  if (!session)
    return refuse(room, from, stanza, refusal(room, 'cancel', 'not-acceptable', 'You are not in this room.'))
  const content = readContent(stanza, room.bare)
  if (content.isEmpty) return []
  if (content.isSubjectChange) return changeSubject(room, session, { from, stanza, content }, env)
  const { occupantId, account, nick } = session.occupant
  const said = whatIsSaid(stanza, content.body, { occupantId, recent: room.recent, nowMs: env.nowMs })
  const refused =
    said && (room.policy.refusesText(said.body, said.manner) ?? room.policy.admits(account, nick))
  if (refused) return refuse(room, from, stanza, refused)
  return content.isLasting
    ? keepAndReflect(room, session, { from, stanza, content, said }, env)
    : reflectOnly(room, session, { from, stanza, content, said }, env)
}

/** A message on its way; `said` is what the lobby hears of it. */
interface Message {
  readonly from: Jid
  readonly stanza: Element
  readonly content: MessageContent
  readonly said: Said | undefined
}

function keepAndReflect(room: Room, session: Session, message: Message, env: RoomEnv): RoomEffect[] {
  const { from, stanza, content } = message
  const { occupant } = session
  const id = env.nextArchiveId()
  const reflected = archivable(
    reflection(room, occupant, stanza.attrs.id ?? id, stanza, [
      ...content.children,
      stanzaIdElement(room.bare, id),
    ]),
  )
  rememberText(room, session, message, [id, stanza.attrs.id], env.nowMs)
  return [
    {
      kind: 'archive',
      entry: {
        id,
        room: room.identity.jid.local,
        atMs: env.nowMs,
        occupantId: occupant.occupantId,
        nick: occupant.nick,
        kind: 'message',
        body: content.body === '' ? null : content.body,
        xml: reflected.xml,
        networkId: null,
      },
      stored: [
        ...fanout(reflected.stanza, audienceOf(room).everybody),
        ...toLobby(room, session, message, { id, nowMs: env.nowMs }),
      ],
      failed: [{ kind: 'send', to: from.full, stanza: errorReply(stanza, notStored(room)) }],
    },
  ]
}

function reflectOnly(room: Room, session: Session, message: Message, env: RoomEnv): RoomEffect[] {
  const { stanza, content, said } = message
  const { occupant } = session
  const reflected = reflection(room, occupant, stanza.attrs.id, stanza, content.children)
  rememberText(room, session, message, [stanza.attrs.id], env.nowMs)
  return [
    ...fanout(prepare(reflected), audienceOf(room).everybody),
    ...(said
      ? toLobby(room, session, message, { id: env.nextArchiveId(), nowMs: env.nowMs })
      : typingToLobby(occupant, content, env.nowMs)),
  ]
}

/** Others may refer to what has words. */
function rememberText(
  room: Room,
  { occupant }: Session,
  { said }: Message,
  ids: readonly (string | undefined)[],
  nowMs: number,
): void {
  if (said && said.body !== '')
    remember(
      room.recent,
      { occupantId: occupant.occupantId, nick: occupant.nick, body: said.body, ids },
      nowMs,
    )
}

const reflection = (
  room: Room,
  occupant: LocalOccupant,
  id: string | undefined,
  stanza: Element,
  children: readonly Element[],
): Element =>
  stanzaWith(
    'message',
    {
      from: `${room.bare}/${occupant.nick}`,
      type: 'groupchat',
      id,
      'xml:lang': stanza.attrs['xml:lang'],
    },
    [...children, occupantIdElement(occupant.occupantId)],
  )

function toLobby(
  room: Room,
  session: Session,
  { stanza, said }: Message,
  at: { readonly id: ArchiveId; readonly nowMs: number },
): RoomEffect[] {
  if (!said) return []
  const { account, nick } = session.occupant
  session.occupant.typingToldAtMs = 0
  room.sent.set(at.id, { session: session.full, id: stanza.attrs.id }, at.nowMs)
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
