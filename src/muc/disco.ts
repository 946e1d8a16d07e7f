/** What a room tells of itself: XEP-0030, XEP-0045 §6.4 and §6.5, XEP-0128. */
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { formElement } from './data-form.ts'
import { MAX_DISCO_ITEMS, MAX_HISTORY } from './limits.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import { pageOfList, readPageRequest } from './rsm.ts'
import { mayChangeSubject } from './subject.ts'

const FEATURES: readonly string[] = [
  NS.discoInfo,
  NS.discoItems,
  NS.ping,
  NS.rsm,
  NS.muc,
  NS.mucStableId,
  NS.mucSelfPing,
  'muc_open',
  'muc_semianonymous',
  'muc_unmoderated',
  'muc_unsecured',
  'muc_persistent',
  NS.mam,
  NS.mamExtended,
  NS.fulltext,
  NS.sid,
  NS.occupantId,
  NS.retraction,
  `${NS.retraction}#tombstone`,
  NS.moderation,
  NS.oldModeration,
]

const yesNo = (claim: boolean): string => (claim ? '1' : '0')

/** Identity, features and the room's data, for anybody. What is said of the subject is true of who asks. */
export function describeRoom(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (query.attrs.node !== undefined) return refuseNode(room, from, iq)
  const { description } = room
  const canChange = yesNo(mayChangeSubject(room, from.bare))
  const fields: readonly (readonly [string, string])[] = [
    ['muc#roomconfig_roomname', description.name],
    ['muc#roominfo_description', [description.description, description.network].filter(Boolean).join(' – ')],
    ['muc#roominfo_occupants', String(room.occupants.size)],
    // The language of a lobby is not known.
    ['muc#roominfo_lang', ''],
    ['muc#roominfo_subject', room.subject],
    ['muc#roominfo_subjectmod', yesNo(false)],
    ['muc#roominfo_changesubject', canChange],
    ['muc#roomconfig_changesubject', canChange],
    ['muc#maxhistoryfetch', String(MAX_HISTORY)],
  ]
  return answer(
    from,
    iqResult(
      iq,
      el(
        'query',
        { xmlns: NS.discoInfo },
        el('identity', { category: 'conference', type: 'text', name: description.name }),
        ...[...FEATURES, description.isPublic ? 'muc_public' : 'muc_hidden'].map((name) =>
          el('feature', { var: name }),
        ),
        formElement(
          'result',
          NS.mucRoomInfo,
          fields.map(([name, value]) => ({ name, values: [value] })),
        ),
      ),
    ),
  )
}

/** Occupants of a public room for anybody, of a hidden one for those who are in it. */
export function listOccupants(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (query.attrs.node !== undefined) return refuseNode(room, from, iq)
  const request = readPageRequest(query)
  if (!request.ok) return refuse(room, from, iq, request.error)
  const isAllowed = room.description.isPublic || room.sessions.has(from.full)
  const nicks = isAllowed ? [...room.occupants.keys()] : []
  const page = pageOfList(nicks, (nick) => `${room.bare}/${nick}`, request.value, MAX_DISCO_ITEMS)
  return answer(
    from,
    iqResult(
      iq,
      el(
        'query',
        { xmlns: NS.discoItems },
        ...page.items.map((nick) => el('item', { jid: `${room.bare}/${nick}` })),
        page.set,
      ),
    ),
  )
}

const refuseNode = (room: Room, from: Jid, iq: Element): RoomEffect[] =>
  refuse(room, from, iq, refusal(room, 'cancel', 'item-not-found', 'The room has no such node.'))
