/** Registering a nick with the room, and staying in the lobby under it: XEP-0045 §7.10 and §7.12, XEP-0077. */

import { formElement, readBoolean, readForm, submission } from '../stanza/data-form.ts'
import type { Jid } from '../stanza/jid.ts'
import { normalizeResource } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { mayRead, refusesAccount } from './access.ts'
import { affiliationOf } from './affiliation.ts'
import { booleanValue } from './config-fields.ts'
import { MAX_AFFILIATIONS, MAX_NICK_RECORDS, MAX_STAYING } from './limits.ts'
import { nickOf, putRecords } from './records.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { AffiliationRecord } from './room-state.ts'
import { failTo, save } from './saving.ts'

const ROOM_NICK = 'muc#register_roomnick'
const LEGACY_NICK = 'username'
const STAY = 'foyer#stay'

/** Somebody else than this account (bare JID) has registered the nick. */
export const isReservedFor = (room: Room, account: string, nick: string): boolean =>
  (room.reserved.get(nick) ?? account) !== account

export function receiveRegistration(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  const banned = refusesAccount(room, from.bare)
  if (banned) return refuse(room, from, iq, banned)
  if (iq.attrs.type === 'get') return answer(from, iqResult(iq, registration(room, from.bare)))
  if (elements(query).some((child) => child.getName() === 'remove'))
    return store(room, from, iq, { nick: '', ...(isConfigured(room, from.bare) && { isStaying: false }) })
  const wish = readWish(room, from.bare, query)
  if (!wish.ok) return refuse(room, from, iq, wish.error)
  const error = refusesNick(room, from.bare, wish.value.nick) ?? refusesStay(room, from, wish.value)
  return error ? refuse(room, from, iq, error) : store(room, from, iq, wish.value)
}

function registration(room: Room, account: string): Element {
  const nick = nickOf(room, account)
  const field = {
    name: ROOM_NICK,
    type: 'text-single',
    label: 'Nickname',
    values: nick === '' ? [] : [nick],
    isRequired: true,
  }
  const stay = {
    name: STAY,
    type: 'boolean',
    label: 'Stay in the lobby while I am away',
    values: [booleanValue(isStaying(room, account))],
  }
  const form = formElement('form', NS.mucRegister, [field, stay], {
    title: `Nickname in ${room.config.name}`,
    instructions:
      'A registered nickname is kept for you at this gateway. In the lobby others may have it too. ' +
      'If you stay in the lobby while you are away, others there see you, and you get messages that mention you.',
  })
  return el(
    'query',
    { xmlns: NS.register },
    nick !== '' && el('registered', {}),
    el('username', {}, nick),
    form,
  )
}

/** The payload that registers a nick, and says whether to stay in the lobby. */
export const stayRequest = (nick: string, stays: boolean): Element =>
  el(
    'query',
    { xmlns: NS.register },
    submission(NS.mucRegister, [
      [ROOM_NICK, nick],
      [STAY, booleanValue(stays)],
    ]),
  )

/** What an account asks to be kept of it. */
type Wish = Pick<AffiliationRecord, 'nick' | 'isStaying'>

const isStaying = (room: Room, account: string): boolean => room.staying.has(account)

/** Then not to stay has to be remembered. */
const isConfigured = (room: Room, account: string): boolean => room.description.stays.has(account)

/** Who does not say whether to stay has it as before. */
function readWish(room: Room, account: string, query: Element): Result<Wish, StanzaError> {
  const element = childOf(query, 'x', NS.dataForms)
  const form = element && readForm(element)
  if (form && form.type !== 'cancel' && form.formType !== NS.mucRegister)
    return fail(refusal(room, 'modify', 'bad-request', `FORM_TYPE: expected ${NS.mucRegister}`))
  const text = element
    ? form?.fields.get(ROOM_NICK)?.[0]
    : elements(query)
        .find((child) => child.getName() === LEGACY_NICK || child.getName() === 'nick')
        ?.getText()
  const nick = text === undefined ? undefined : normalizeResource(text.trim())
  if (nick === undefined)
    return fail(refusal(room, 'modify', 'bad-request', `${ROOM_NICK}: expected a nickname`))
  const before = room.affiliations.get(account)?.isStaying
  const values = form?.fields.get(STAY)
  const stays = values ? readBoolean(values) : before
  if (values && stays === undefined)
    return fail(refusal(room, 'modify', 'bad-request', `${STAY}: expected 1 or 0`))
  // A form that never said yes need not mean no.
  const isUnsaid = stays === undefined || (!stays && before === undefined && !isStaying(room, account))
  return ok({ nick, ...(!isUnsaid && { isStaying: stays }) })
}

/** Who stays hears what is said, and so must be somebody who may. */
function refusesStay(room: Room, from: Jid, wish: Wish): StanzaError | undefined {
  if (!wish.isStaying || isStaying(room, from.bare)) return undefined
  if (!mayRead(room, from))
    return refusal(room, 'auth', 'not-authorized', 'Enter the room first: it asks for a password.')
  return room.staying.size >= MAX_STAYING
    ? refusal(
        room,
        'wait',
        'resource-constraint',
        'As many as can be stay in the lobby of this room already.',
      )
    : undefined
}

function refusesNick(room: Room, account: string, nick: string): StanzaError | undefined {
  const holder = room.occupants.get(nick)
  const isTaken =
    isReservedFor(room, account, nick) ||
    (holder !== undefined && !(holder.side === 'local' && holder.account === account))
  if (isTaken) return refusal(room, 'cancel', 'conflict', `The nickname ${nick} belongs to somebody else.`)
  const refused = room.policy.refusesNick(nick) ?? room.policy.refusesRegistration(account)
  if (refused) return { by: room.bare, ...refused }
  if (room.affiliations.has(account)) return undefined
  const isFull = room.reserved.size >= MAX_NICK_RECORDS || room.affiliations.size >= MAX_AFFILIATIONS
  return isFull
    ? refusal(room, 'wait', 'resource-constraint', 'This room keeps as many nicknames as it can.')
    : undefined
}

/** Nothing else changes: who stands how to the room is for owners and admins to say. */
function store(room: Room, from: Jid, iq: Element, wish: Wish): RoomEffect[] {
  const before = room.affiliations.get(from.bare)
  if ((before?.nick ?? '') === wish.nick && before?.isStaying === wish.isStaying)
    return answer(from, iqResult(iq))
  const affiliation = before?.affiliation ?? (from.bare === room.createdBy ? 'owner' : 'none')
  const record: AffiliationRecord = {
    address: from.bare,
    affiliation,
    reason: before?.reason ?? '',
    ...wish,
  }
  const isNothing =
    wish.nick === '' && wish.isStaying === undefined && affiliation === 'none' && from.bare !== room.createdBy
  const write = isNothing ? { records: [], forgotten: [from.bare] } : { records: [record], forgotten: [] }
  return save(room, {
    write,
    make: () => {
      putRecords(room, write.records, write.forgotten)
      return answer(from, iqResult(iq))
    },
    fail: failTo(room, from, iq),
  })
}

/** The answer about the node `x-roomuser-item` (§7.12): the asker's own nick, if it has one. */
export function offerNick(room: Room, from: Jid, iq: Element): RoomEffect[] {
  const nick = affiliationOf(room, from.bare) === 'outcast' ? '' : nickOf(room, from.bare)
  const identity = nick !== '' && el('identity', { category: 'conference', type: 'text', name: nick })
  return answer(from, iqResult(iq, el('query', { xmlns: NS.discoInfo, node: 'x-roomuser-item' }, identity)))
}
