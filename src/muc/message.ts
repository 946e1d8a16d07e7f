/** What a room does with messages that come to it: to everybody, to one occupant, or to the room as such. */
import { type Jid, parseJid } from '../stanza/jid.ts'
import type { Element } from '../stanza/xml.ts'
import { isAdmin } from './affiliation.ts'
import { handleBounce } from './ghosts.ts'
import { receiveGroupchat } from './groupchat.ts'
import { isDecline, isInvitation, receiveDecline, receiveInvitations } from './invitation.ts'
import { receivePrivate } from './private.ts'
import { refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import { readVoiceForm, receiveVoiceForm } from './voice-request.ts'

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
  if (isDecline(stanza)) return receiveDecline(room, from, stanza)
  const isInside = room.sessions.has(from.full)
  if (isInvitation(stanza) && (isInside || isAdmin(room, from.bare)))
    return receiveInvitations(room, from, stanza)
  if (!isInside)
    return refuse(room, from, stanza, refusal(room, 'cancel', 'not-acceptable', 'You are not in this room.'))
  const voice = readVoiceForm(stanza)
  if (voice) return receiveVoiceForm(room, from, stanza, voice)
  const text = 'Messages to the room are of type groupchat, invitations or voice requests.'
  return refuse(room, from, stanza, refusal(room, 'modify', 'bad-request', text))
}
