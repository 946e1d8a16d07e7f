/** What a room does with messages that come to it: to everybody, to one occupant, or to the room as such. */
import { type Jid, parseJid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import { handleBounce } from './ghosts.ts'
import { receiveGroupchat } from './groupchat.ts'
import { isInvitation, receiveInvitations } from './invitation.ts'
import { receivePrivate } from './private.ts'
import { refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'

export function receiveMessage(room: Room, from: Jid, stanza: Element, env: RoomEnv): RoomEffect[] {
  const { to, type } = stanza.attrs
  if (type === 'error') {
    const session = room.sessions.get(from.full)
    return session ? handleBounce(room, session, stanza) : []
  }
  if (to === room.bare && type === 'groupchat') return receiveGroupchat(room, from, stanza, env)
  const address = parseJid(String(to))
  if (!address)
    return refuse(
      room,
      from,
      stanza,
      refusal(room, 'modify', 'jid-malformed', 'No occupant has such an address.'),
    )
  if (address.resource !== '') return receivePrivate(room, from, stanza, address.resource)
  if (type === 'groupchat') return receiveGroupchat(room, from, stanza, env)
  if (!room.sessions.has(from.full))
    return refuse(room, from, stanza, refusal(room, 'cancel', 'not-acceptable', 'You are not in this room.'))
  if (isInvitation(stanza)) return receiveInvitations(room, from, stanza)
  const text = 'Messages to the room are of type groupchat, or invitations.'
  return refuse(room, from, stanza, refusal(room, 'modify', 'bad-request', text))
}
