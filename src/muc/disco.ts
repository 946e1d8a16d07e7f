/** What a room tells of itself: XEP-0030, XEP-0045 §6.4 and §6.5, XEP-0128. */

import { formElement } from '../stanza/data-form.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult } from '../stanza/stanza-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import { MAX_DISCO_ITEMS } from './limits.ts'
import { messagesPerHour, rateOf } from './message-rate.ts'
import { offerNick } from './register.ts'
import { answer, refusal, refuse } from './reply.ts'
import { isShown } from './role.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { RoomConfig } from './room-state.ts'
import { pageOfList, readPageRequest } from './rsm.ts'
import { slowModeSeconds } from './slow-mode.ts'
import { mayChangeSubject } from './subject.ts'

const FEATURES: readonly string[] = [
  NS.discoInfo,
  NS.discoItems,
  NS.ping,
  NS.register,
  NS.rsm,
  NS.muc,
  NS.mucStableId,
  NS.mucSelfPing,
  NS.affiliationVersions,
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

/**
 * Extensions that messages are known to have, XEP-0045 §17.1.1. They pass between XMPP users as anything else does; to
 * the lobby goes what docs/muc-mapping.md says.
 */
const TRAFFIC: readonly string[] = [
  NS.chatStates,
  NS.correction,
  NS.fallback,
  NS.fileSharing,
  NS.hints,
  NS.oob,
  NS.reactions,
  NS.reference,
  NS.reply,
  NS.retraction,
  'urn:xmpp:chat-markers:0', // XEP-0333
  'urn:xmpp:receipts', // XEP-0184
  'urn:xmpp:styling:0', // XEP-0393
]

const yesNo = (claim: boolean): string => (claim ? '1' : '0')

/** What kind of room it is: one of each pair (XEP-0045 §15.3). */
const policyFeatures = (config: RoomConfig): string[] => [
  config.isMembersOnly ? 'muc_membersonly' : 'muc_open',
  config.whois === 'anyone' ? 'muc_nonanonymous' : 'muc_semianonymous',
  config.isModerated ? 'muc_moderated' : 'muc_unmoderated',
  config.password === '' ? 'muc_unsecured' : 'muc_passwordprotected',
  config.isPersistent ? 'muc_persistent' : 'muc_temporary',
  config.isPublic ? 'muc_public' : 'muc_hidden',
]

/** Identity, features and the room's data, for anybody. What is said of the subject is true of who asks. */
export function describeRoom(
  room: Room,
  from: Jid,
  { iq, query }: { readonly iq: Element; readonly query: Element },
  nowMs: number,
): RoomEffect[] {
  if (query.attrs.node === 'x-roomuser-item') return offerNick(room, from, iq)
  if (query.attrs.node === NS.mucTraffic) return answer(from, iqResult(iq, traffic()))
  if (query.attrs.node !== undefined) return refuseNode(room, from, iq)
  const { config, description } = room
  const canChange = yesNo(mayChangeSubject(room, from))
  const fields: readonly (readonly [string, string])[] = [
    ['muc#roomconfig_roomname', config.name],
    ['muc#roominfo_description', aboutRoom(room)],
    ['muc#roominfo_occupants', String(shownNicks(room).length)],
    ['muc#roominfo_lang', config.lang],
    ['muc#roominfo_subject', room.subject],
    ['muc#roominfo_subjectmod', yesNo(config.canOccupantsSetSubject)],
    ['muc#roominfo_changesubject', canChange],
    ['muc#roomconfig_changesubject', canChange],
    ['muc#maxhistoryfetch', String(config.maxHistory)],
    ['foyer#network', description.lobby.network],
    ['foyer#lobby', description.lobby.id],
    ['foyer#private', yesNo(description.lobby.isPrivate)],
    ['foyer#signed', yesNo(description.lobby.isSigned)],
    ['foyer#muted', String(room.muted.size)],
    ['muc#roominfo_slow_mode_duration', String(slowModeSeconds(room))],
    ...activityField(room, nowMs),
  ]
  return answer(
    from,
    iqResult(
      iq,
      el(
        'query',
        { xmlns: NS.discoInfo },
        el('identity', { category: 'conference', type: 'text', name: config.name }),
        ...[...FEATURES, ...policyFeatures(config)].map((name) => el('feature', { var: name })),
        formElement(
          'result',
          NS.mucRoomInfo,
          fields.map(([name, value]) => ({ name, values: [value] })),
        ),
      ),
    ),
  )
}

const traffic = (): Element =>
  el(
    'query',
    { xmlns: NS.discoInfo, node: NS.mucTraffic },
    ...TRAFFIC.map((name) => el('feature', { var: name })),
  )

/** Occupants of a public room for anybody, of a hidden or closed one for those who are in it. */
export function listOccupants(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (query.attrs.node !== undefined) return refuseNode(room, from, iq)
  const request = readPageRequest(query)
  if (!request.ok) return refuse(room, from, iq, request.error)
  const { isPublic, isMembersOnly } = room.config
  const isAllowed = (isPublic && !isMembersOnly) || room.sessions.has(from.full)
  const nicks = isAllowed ? shownNicks(room) : []
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

/** What an owner says of the room, or else what the lobby says and what a user of the gateway should know. */
const aboutRoom = ({ settings, config, description }: Room): string =>
  settings.description ?? [config.description, description.network].filter(Boolean).join(' – ')

/** How much is said, where everybody may know it (XEP-0502). */
function activityField(room: Room, nowMs: number): (readonly [string, string])[] {
  const { isPublic, isPersistent, isMembersOnly, password } = room.config
  const rate = messagesPerHour(rateOf(room, nowMs), nowMs)
  const isTold = isPublic && isPersistent && !isMembersOnly && password === '' && rate !== undefined
  return isTold ? [['{urn:xmpp:muc-activity}message-activity', rate.toFixed(2)]] : []
}

const shownNicks = (room: Room): string[] =>
  [...room.occupants.values()].filter((occupant) => isShown(room, occupant)).map(({ nick }) => nick)

const refuseNode = (room: Room, from: Jid, iq: Element): RoomEffect[] =>
  refuse(room, from, iq, refusal(room, 'cancel', 'item-not-found', 'The room has no such node.'))
