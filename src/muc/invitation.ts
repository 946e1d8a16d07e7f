/** Invitations through the room: XEP-0045 §7.8.2. Who can be invited is the gateway's to say. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { childOf, type Element, elements } from '../stanza/xml.ts'
import { isOwner } from './affiliation.ts'
import { refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

function invitesOf(stanza: Element): Element[] {
  const x = childOf(stanza, 'x', NS.mucUser)
  return x ? elements(x).filter((child) => child.getName() === 'invite' && child.getNS() === NS.mucUser) : []
}

export const isInvitation = (stanza: Element): boolean => invitesOf(stanza).length > 0

/** Only owners invite: rooms are open, and in the lobby the invitation is in the node's name. */
export function receiveInvitations(room: Room, from: Jid, stanza: Element): RoomEffect[] {
  if (!isOwner(room, from.bare)) {
    const text = 'Only owners of the room invite through it.'
    return refuse(room, from, stanza, refusal(room, 'auth', 'forbidden', text))
  }
  return invitesOf(stanza).map((invite) => ({
    kind: 'local-invited',
    from: from.full,
    address: String(invite.attrs.to ?? ''),
    stanza,
  }))
}
