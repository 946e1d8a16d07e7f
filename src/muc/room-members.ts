/** Who belongs to a room and who is in it, in one list for the Ethora chat component: docs/ethora.md. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { mayRead, mayReadList } from './access.ts'
import { addressOf } from './presence-stanza.ts'
import { answer, refusal, refuse } from './reply.ts'
import { isShown, seesAddresses } from './role.ts'
import type { Occupant, Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'

const MS_PER_SECOND = 1000

/** Occupants, then those who are not here and whose affiliation the asker may read. */
export function listMembers(room: Room, from: Jid, iq: Element): RoomEffect[] {
  if (!mayRead(room, from)) {
    const text = 'The members are for those who may enter this room.'
    return refuse(room, from, iq, refusal(room, 'auth', 'forbidden', text))
  }
  const isInside = room.sessions.has(from.full)
  const isOpen = room.config.isPublic && !room.config.isMembersOnly
  const shown = [...room.occupants.values()].filter((occupant) => isShown(room, occupant))
  const here = isInside || isOpen ? shown : []
  const accounts = new Set(here.flatMap((each) => (each.side === 'local' ? [each.account] : [])))
  const away = [...room.affiliations.values()].filter(
    ({ address, affiliation }) =>
      affiliation !== 'none' && !accounts.has(address) && mayReadList(room, from, affiliation),
  )
  return answer(
    from,
    iqResult(
      iq,
      el(
        'query',
        { xmlns: NS.roomMembers, room: room.bare },
        ...here.map((occupant) => presentMember(room, from, occupant)),
        ...away.map(({ address, affiliation, nick }) =>
          el('activity', {
            name: nick || address.split('@')[0],
            role: affiliation,
            ban_status: affiliation === 'outcast' ? 'banned' : 'clear',
            last_active: 0,
            jid: address,
          }),
        ),
      ),
    ),
  )
}

/** The address behind the nick is for those who see addresses. */
function presentMember(room: Room, from: Jid, occupant: Occupant): Element {
  const asker = room.sessions.get(from.full)?.occupant
  const address = asker && seesAddresses(room, asker) ? addressOf(room, occupant) : undefined
  return el('activity', {
    name: occupant.nick,
    role: occupant.affiliation === 'none' ? occupant.role : occupant.affiliation,
    ban_status: 'clear',
    last_active: Math.floor(occupant.activeAtMs / MS_PER_SECOND),
    jid: address ?? `${room.bare}/${occupant.nick}`,
  })
}
