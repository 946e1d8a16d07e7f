/** Answers of a room to who asked: results and refusals that say who refused. Source: XEP-0045, RFC 6120 §8.3. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { type ErrorCondition, type ErrorType, errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element } from '../stanza/xml.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

/** One stanza to whoever sent the one it answers. */
export const answer = (from: Jid, stanza: Element): RoomEffect[] => [{ kind: 'send', to: from.full, stanza }]

/** An error in the room's name. */
export const refusal = (
  room: Room,
  type: ErrorType,
  condition: ErrorCondition,
  text: string,
): StanzaError => ({ type, condition, text, by: room.bare })

/**
 * Refuses a message, a presence or a request. A refused join carries the `<x/>` that clients look for (XEP-0045 §7.2), a
 * refused nick does not (§7.6): Profanity takes it to mean that it is out.
 */
export function refuse(room: Room, from: Jid, stanza: Element, error: StanzaError): RoomEffect[] {
  const isJoin = !room.sessions.has(from.full) || childOf(stanza, 'x', NS.muc) !== undefined
  const options = { withMuc: stanza.name === 'presence' && isJoin }
  return answer(from, errorReply(stanza, { by: room.bare, ...error }, options))
}

/** The archive did not take a message, so nobody got it. */
export const notStored = (room: Room): StanzaError =>
  refusal(
    room,
    'wait',
    'resource-constraint',
    'The message could not be stored; it was not sent. Try again later.',
  )
