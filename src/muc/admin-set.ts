/** A `muc#admin` set: kicks, bans, voice, members, admins and owners, several at once, all or none. XEP-0045 §8, §9, §10. */
import type { Jid } from '../stanza/jid.ts'
import { iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import type { Element } from '../stanza/xml.ts'
import { applyRecords, applyRoles, type Records } from './admin-apply.ts'
import { type AdminItem, itemsOf, readItem } from './admin-item.ts'
import { affiliationOf, isGatewayAdmin } from './affiliation.ts'
import { MAX_AFFILIATIONS } from './limits.ts'
import { refusesAffiliation, refusesRole } from './privilege.ts'
import { answer, refusal, refuse } from './reply.ts'
import type { Room } from './room.ts'
import type { RoomEffect, RoomEnv } from './room-port.ts'
import type { AffiliationRecord } from './room-state.ts'
import { failTo, save } from './saving.ts'

type AffiliationItem = AdminItem & { readonly kind: 'affiliation' }

/** Judges all items, stores what is to be kept, then makes and tells the changes and answers. */
export function changeByItems(
  room: Room,
  from: Jid,
  request: { readonly iq: Element; readonly query: Element },
  env: RoomEnv,
): RoomEffect[] {
  const { iq, query } = request
  const items: AdminItem[] = []
  for (const element of itemsOf(query)) {
    const item = readItem(room, element)
    if (!item.ok) return refuse(room, from, iq, item.error)
    items.push(item.value)
  }
  if (items.length === 0)
    return refuse(room, from, iq, refusal(room, 'modify', 'bad-request', 'The query has no item.'))
  const affiliations = items.filter((item) => item.kind === 'affiliation')
  const roles = items.filter((item) => item.kind === 'role')
  const records = recordsOf(room, affiliations)
  const error =
    affiliations.map((item) => refusesAffiliation(room, from.bare, item)).find(Boolean) ??
    roles.map((item) => refusesRole(room, from.bare, item)).find(Boolean) ??
    refusesRecords(room, from.bare, records)
  if (error) return refuse(room, from, iq, error)
  const make = (then: RoomEnv): RoomEffect[] => [
    ...applyRoles(room, from, roles),
    ...applyRecords(room, from, records, then),
    ...answer(from, iqResult(iq)),
  ]
  const isKept = records.records.length > 0 || records.forgotten.length > 0
  return isKept ? save(room, { write: records, make, fail: failTo(room, from, iq) }) : make(env)
}

/** What is to be kept of each address; the last item about one counts. */
function recordsOf(room: Room, items: readonly AffiliationItem[]): Records {
  const wanted = new Map<string, AffiliationRecord>()
  for (const { address, affiliation, reason, nick } of items) {
    const hasNick = affiliation !== 'none' && affiliation !== 'outcast'
    const before = wanted.get(address) ?? room.affiliations.get(address)
    const kept = before?.nick ?? ''
    wanted.set(address, {
      address,
      affiliation,
      reason: affiliation === 'none' ? '' : reason,
      nick: hasNick ? (nick ?? kept) : '',
      ...stayOf(before, hasNick),
    })
  }
  const changes = [...wanted.values()].filter((record) => !isKnown(room, record))
  const isNothing = (record: AffiliationRecord): boolean =>
    record.affiliation === 'none' && record.isStaying === undefined && record.address !== room.createdBy
  return {
    records: changes.filter((record) => !isNothing(record)),
    forgotten: changes.filter(isNothing).map((record) => record.address),
  }
}

/** Without a nick nobody stays; who does not want to, never does. */
const stayOf = (
  before: AffiliationRecord | undefined,
  hasNick: boolean,
): Pick<AffiliationRecord, 'isStaying'> =>
  before?.isStaying === false || (hasNick && before?.isStaying) ? { isStaying: before.isStaying } : {}

/** Nothing would change. */
function isKnown(room: Room, { address, affiliation, reason, nick }: AffiliationRecord): boolean {
  const known = room.affiliations.get(address)
  if (!known) return nick === '' && affiliation === plainAffiliation(room, address)
  return (
    known.affiliation === affiliation && known.nick === nick && (reason === '' || reason === known.reason)
  )
}

const plainAffiliation = (room: Room, address: string): string =>
  isGatewayAdmin(room, address) || address === room.createdBy ? 'owner' : 'none'

function refusesRecords(room: Room, actor: string, { records, forgotten }: Records): StanzaError | undefined {
  const added = records.filter(({ address }) => !room.affiliations.has(address)).length
  if (added > 0 && room.affiliations.size + added > MAX_AFFILIATIONS) {
    const text = `A room keeps ${MAX_AFFILIATIONS} affiliations at most.`
    return refusal(room, 'wait', 'resource-constraint', text)
  }
  const nicks = new Set<string>()
  for (const { address, nick } of records) {
    if (nick === '') continue
    if (nicks.has(nick) || (room.reserved.get(nick) ?? address) !== address)
      return refusal(room, 'cancel', 'conflict', `The nickname ${nick} belongs to somebody else.`)
    nicks.add(nick)
  }
  return leavesNoOwner(room, { records, forgotten }) && !isGatewayAdmin(room, actor)
    ? refusal(room, 'cancel', 'conflict', 'A room keeps one owner at least.')
    : undefined
}

/** The room had owners of its own and would have none. */
function leavesNoOwner(room: Room, { records, forgotten }: Records): boolean {
  const before = ownersOf(room)
  const changed = new Map(records.map(({ address, affiliation }) => [address, affiliation]))
  const after = before.filter(
    (address) => !forgotten.includes(address) && (changed.get(address) ?? 'owner') === 'owner',
  )
  return before.length > 0 && after.length === 0 && ![...changed.values()].includes('owner')
}

/** Owners that are not so by configuration. */
const ownersOf = (room: Room): string[] =>
  [...new Set([...(room.createdBy === null ? [] : [room.createdBy]), ...room.affiliations.keys()])].filter(
    (address) => !isGatewayAdmin(room, address) && affiliationOf(room, address) === 'owner',
  )
