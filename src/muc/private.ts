/** Private messages between occupants: XEP-0045 §7.5. Never archived, never told to a lobby. */
import type { Jid } from '../stanza/jid.ts'
import { type Element, prepare } from '../stanza/xml.ts'
import { readContent } from './message-content.ts'
import { statusElement } from './presence-stanza.ts'
import { refusal, refuse } from './reply.ts'
import { hasVoice, isModerator } from './role.ts'
import type { LocalOccupant, Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { occupantIdElement, stanzaWith } from './stanza-parts.ts'
import { tellSome } from './tell.ts'

/** Whether `muc#roomconfig_allowpm` lets this occupant write. */
function mayWrite(room: Room, occupant: LocalOccupant): boolean {
  switch (room.config.privateMessages) {
    case 'anyone':
      return true
    case 'participants':
      return hasVoice(occupant)
    case 'moderators':
      return isModerator(occupant)
    case 'none':
      return false
  }
}

/** A message to the occupant address with this nick. */
export function receivePrivate(room: Room, from: Jid, stanza: Element, nick: string): RoomEffect[] {
  const session = room.sessions.get(from.full)
  if (stanza.attrs.type === 'groupchat') {
    const text = 'Messages to one occupant are of type chat.'
    return refuse(room, from, stanza, refusal(room, 'modify', 'bad-request', text))
  }
  if (!session)
    return refuse(room, from, stanza, refusal(room, 'cancel', 'not-acceptable', 'You are not in this room.'))
  if (!mayWrite(room, session.occupant)) {
    const text = 'Private messages are not allowed to you in this room.'
    return refuse(room, from, stanza, refusal(room, 'auth', 'forbidden', text))
  }
  const target = room.occupants.get(nick)
  if (!target) {
    const text = `Nobody here has the nickname ${nick}.`
    return refuse(room, from, stanza, refusal(room, 'cancel', 'item-not-found', text))
  }
  const content = readContent(stanza, room.bare)
  if (target.side === 'remote') {
    // A chat state before the first word needs no refusal: the message that follows gets one.
    if (!content.isLasting && content.body === '') return []
    const text = `${nick} is reached through a lobby, whose network has no private messages.`
    return refuse(room, from, stanza, refusal(room, 'cancel', 'feature-not-implemented', text))
  }
  const message = stanzaWith(
    'message',
    {
      from: `${room.bare}/${session.occupant.nick}`,
      type: stanza.attrs.type,
      id: stanza.attrs.id,
      'xml:lang': stanza.attrs['xml:lang'],
    },
    [...content.children, statusElement([]), occupantIdElement(session.occupant.occupantId)],
  )
  const sessions = target.sessions.map((to) => to.full)
  return tellSome(room, sessions, prepare(message), { message })
}
