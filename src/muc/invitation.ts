/** Invitations through the room and what comes back: XEP-0045 §7.8.2. Who can be reached is the gateway's to say. */
import { type Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { reasonOf } from './admin-item.ts'
import { affiliationOf, isAdmin, isOwner } from './affiliation.ts'
import { MAX_AFFILIATIONS, MAX_INVITATIONS } from './limits.ts'
import { putRecords } from './records.ts'
import { refusal, refuse } from './reply.ts'
import { hasVoice, isModerator } from './role.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { AffiliationRecord } from './room-state.ts'
import { failTo, save } from './saving.ts'

function partsOf(stanza: Element, name: 'invite' | 'decline'): Element[] {
  const x = childOf(stanza, 'x', NS.mucUser)
  return x ? elements(x).filter((child) => child.getName() === name && child.getNS() === NS.mucUser) : []
}

export const isInvitation = (stanza: Element): boolean => partsOf(stanza, 'invite').length > 0
export const isDecline = (stanza: Element): boolean => partsOf(stanza, 'decline').length > 0

/** An occupant invites one or several. In a members-only room who is invited becomes a member, kept before it is told. */
export function receiveInvitations(room: Room, from: Jid, stanza: Element): RoomEffect[] {
  const invites = partsOf(stanza, 'invite')
  const addresses = invites.map((invite) => parseJid(String(invite.attrs.to ?? '')))
  const error = refusesInviting(room, from, addresses)
  if (error) return refuse(room, from, stanza, error)
  const effects = invites.map((invite) => inviteEffect(room, from, stanza, invite))
  const records = room.config.isMembersOnly ? newMembers(room, addresses) : []
  if (records.length === 0) return effects
  if (room.affiliations.size + records.length > MAX_AFFILIATIONS) {
    const text = `A room keeps ${MAX_AFFILIATIONS} affiliations at most.`
    return refuse(room, from, stanza, refusal(room, 'wait', 'resource-constraint', text))
  }
  return save(room, {
    write: { records, forgotten: [] },
    make: () => {
      putRecords(room, records)
      return effects
    },
    fail: failTo(room, from, stanza),
  })
}

function refusesInviting(
  room: Room,
  from: Jid,
  addresses: readonly (Jid | undefined)[],
): StanzaError | undefined {
  const inviter = room.sessions.get(from.full)?.occupant
  const isAllowed =
    isAdmin(room, from.bare) ||
    (inviter && isModerator(inviter) && !room.config.isMembersOnly) ||
    (inviter && room.config.canOccupantsInvite && hasVoice(inviter))
  if (!isAllowed) return refusal(room, 'auth', 'forbidden', 'You may not invite to this room.')
  if (addresses.length > MAX_INVITATIONS)
    return refusal(room, 'modify', 'policy-violation', `${MAX_INVITATIONS} at most are invited at a time.`)
  for (const address of addresses) {
    if (!address) return refusal(room, 'modify', 'jid-malformed', 'Who is invited has an address.')
    if (address.bare === from.bare || address.bare === room.bare)
      return refusal(room, 'modify', 'bad-request', 'You are in this room already.')
    if (affiliationOf(room, address.bare) === 'outcast' && !isAdmin(room, from.bare))
      return refusal(room, 'cancel', 'not-allowed', `${address.bare} is banned from this room.`)
  }
  return undefined
}

/** Those of the invited who belong to the room from now on. Addresses on our own domain are no users. */
function newMembers(room: Room, addresses: readonly (Jid | undefined)[]): AffiliationRecord[] {
  const members = new Map<string, AffiliationRecord>()
  for (const address of addresses) {
    if (!address || address.local === '' || address.domain === room.identity.jid.domain) continue
    if (affiliationOf(room, address.bare) !== 'none') continue
    const { nick = '', isStaying } = room.affiliations.get(address.bare) ?? {}
    members.set(address.bare, {
      address: address.bare,
      affiliation: 'member',
      reason: '',
      nick,
      ...(isStaying !== undefined && { isStaying }),
    })
  }
  return [...members.values()]
}

function inviteEffect(room: Room, from: Jid, stanza: Element, invite: Element): RoomEffect {
  const to = String(invite.attrs.to)
  const reason = reasonOf(invite)
  const continued = elements(invite).find((child) => child.getName() === 'continue')
  const thread = continued?.attrs.thread
  const { password } = room.config
  const invitation = el(
    'message',
    { from: room.bare, to, id: stanza.attrs.id },
    el(
      'x',
      { xmlns: NS.mucUser },
      el(
        'invite',
        // Clients judge invitations by whether they know who invites; Gajim 1.7 shows none of a nick.
        { from: from.bare },
        reason !== '' && el('reason', {}, reason),
        continued && el('continue', { thread: thread === undefined ? undefined : String(thread) }),
      ),
      password !== '' && el('password', {}, password),
    ),
    el('x', {
      xmlns: NS.conference,
      jid: room.bare,
      reason: reason || undefined,
      password: password || undefined,
    }),
  )
  return {
    kind: 'local-invited',
    from: from.full,
    isOwner: isOwner(room, from.bare),
    address: to,
    stanza,
    invitation,
  }
}

/** Somebody declines: who invited is told, by the address that stood in the invitation. `from` need not be here. */
export function receiveDecline(room: Room, from: Jid, stanza: Element): RoomEffect[] {
  return partsOf(stanza, 'decline').flatMap((decline): RoomEffect[] => {
    const to = parseJid(String(decline.attrs.to ?? ''))
    const sessions = [...room.sessions.values()].filter(({ occupant }) => occupant.account === to?.bare)
    if (sessions.length === 0) {
      // Strangers do not learn whose addresses are in the room.
      if (room.config.whois !== 'anyone') return []
      const text = 'Who invited you is not in this room any longer.'
      return refuse(room, from, stanza, refusal(room, 'cancel', 'item-not-found', text))
    }
    const reason = reasonOf(decline)
    const answer = (): Element =>
      el('decline', { from: from.bare }, reason !== '' && el('reason', {}, reason))
    return sessions.map(({ full }) => ({
      kind: 'send',
      to: full,
      stanza: el('message', { from: room.bare, to: full }, el('x', { xmlns: NS.mucUser }, answer())),
    }))
  })
}
