/** Messages to everybody in the room: XEP-0045 §7.4. What lasts is archived before anybody sees it. */
import type { Jid } from '../stanza/jid.ts'
import { errorElement, errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import { type Element, el, prepare } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import { archivable } from './archived-stanza.ts'
import { TYPING_TO_LOBBY_MS } from './limits.ts'
import { type MessageContent, readContent } from './message-content.ts'
import { fanout } from './presence-stanza.ts'
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
  const refused = content.body === '' ? undefined : room.policy.refusesText(content.body)
  if (refused) return refuse(room, from, stanza, refused)
  return content.isLasting
    ? keepAndReflect(room, session, { from, stanza, content }, env)
    : reflectOnly(room, session, { stanza, content }, env)
}

function keepAndReflect(
  room: Room,
  session: Session,
  said: { readonly from: Jid; readonly stanza: Element; readonly content: MessageContent },
  env: RoomEnv,
): RoomEffect[] {
  const { from, stanza, content } = said
  const { occupant } = session
  const id = env.nextArchiveId()
  const reflected = archivable(
    reflection(room, occupant, stanza.attrs.id ?? id, stanza, [
      ...content.children,
      stanzaIdElement(room.bare, id),
    ]),
  )
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
        ...toLobby(room, session, stanza, content, { id, nowMs: env.nowMs }),
      ],
      failed: [{ kind: 'send', to: from.full, stanza: errorReply(stanza, notStored(room)) }],
    },
  ]
}

function reflectOnly(
  room: Room,
  session: Session,
  said: { readonly stanza: Element; readonly content: MessageContent },
  env: RoomEnv,
): RoomEffect[] {
  const { stanza, content } = said
  const { occupant } = session
  const message = reflection(room, occupant, stanza.attrs.id, stanza, content.children)
  return [
    ...fanout(prepare(message), audienceOf(room).everybody),
    ...(content.body === ''
      ? typingToLobby(occupant, content, env.nowMs)
      : toLobby(room, session, stanza, content, { id: env.nextArchiveId(), nowMs: env.nowMs })),
  ]
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
  stanza: Element,
  content: MessageContent,
  at: { readonly id: ArchiveId; readonly nowMs: number },
): RoomEffect[] {
  if (content.body === '') return []
  const { account, nick } = session.occupant
  session.occupant.typingToldAtMs = 0
  room.sent.set(at.id, { session: session.full, id: stanza.attrs.id }, at.nowMs)
  return [{ kind: 'local-said', account, nick, body: content.body, ref: at.id }]
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
