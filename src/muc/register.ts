/** Registering a nick with the room: XEP-0045 §7.10 and §7.12, XEP-0077. Nobody else gets it then. */
import type { Jid } from '../stanza/jid.ts'
import { normalizeResource } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { refusesAccount } from './access.ts'
import { affiliationOf } from './affiliation.ts'
import { formElement, readForm } from './data-form.ts'
import { MAX_AFFILIATIONS, MAX_NICK_RECORDS } from './limits.ts'
import { answer, refusal, refuse } from './reply.ts'
import { putRecords, type Room } from './room.ts'
import type { RoomEffect } from './room-port.ts'
import type { AffiliationRecord } from './room-state.ts'
import { failTo, save } from './saving.ts'

const ROOM_NICK = 'muc#register_roomnick'
const LEGACY_NICK = 'username'

/** The nick that an account (bare JID) has registered; empty when it has none. */
export const nickOf = (room: Room, account: string): string => room.affiliations.get(account)?.nick ?? ''

/** Somebody else than this account (bare JID) has registered the nick. */
export const isReservedFor = (room: Room, account: string, nick: string): boolean =>
  (room.reserved.get(nick) ?? account) !== account

export function receiveRegistration(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  const banned = refusesAccount(room, from.bare)
  if (banned) return refuse(room, from, iq, banned)
  if (iq.attrs.type === 'get') return answer(from, iqResult(iq, registration(room, from.bare)))
  if (elements(query).some((child) => child.getName() === 'remove')) return store(room, from, iq, '')
  const nick = readNick(room, query)
  if (!nick.ok) return refuse(room, from, iq, nick.error)
  const error = refusesNick(room, from.bare, nick.value)
  return error ? refuse(room, from, iq, error) : store(room, from, iq, nick.value)
}

function registration(room: Room, account: string): Element {
  const nick = nickOf(room, account)
  const field = { name: ROOM_NICK, type: 'text-single', label: 'Nickname', values: nick === '' ? [] : [nick] }
  const form = formElement('form', NS.mucRegister, [field], {
    title: `Nickname in ${room.config.name}`,
    instructions:
      'A registered nickname is kept for you at this gateway. In the lobby others may have it too.',
  })
  form.getChildByAttr('var', ROOM_NICK)?.append(el('required', {}))
  return el(
    'query',
    { xmlns: NS.register },
    nick !== '' && el('registered', {}),
    el('username', {}, nick),
    form,
  )
}

function readNick(room: Room, query: Element): Result<string, StanzaError> {
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
  return nick === undefined
    ? fail(refusal(room, 'modify', 'bad-request', `${ROOM_NICK}: expected a nickname`))
    : ok(nick)
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

/** The nick is the only thing that changes: who stands how to the room is for owners and admins to say. */
function store(room: Room, from: Jid, iq: Element, nick: string): RoomEffect[] {
  const before = room.affiliations.get(from.bare)
  if ((before?.nick ?? '') === nick) return answer(from, iqResult(iq))
  const affiliation = before?.affiliation ?? (from.bare === room.createdBy ? 'owner' : 'none')
  const record: AffiliationRecord = { address: from.bare, affiliation, reason: before?.reason ?? '', nick }
  const isNothing = nick === '' && affiliation === 'none' && from.bare !== room.createdBy
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
