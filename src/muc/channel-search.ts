/** Search for rooms by words, on the service: Extended Channel Search, XEP-0433. */

import { type FormField, formElement, readBoolean, readForm } from '../stanza/data-form.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply, iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { MAX_SEARCH_PAGE, MAX_SEARCH_TERMS } from './limits.ts'
import { pageOfList, readPageRequest } from './rsm.ts'

/** A room as a search shows it; hidden rooms are not given to a search at all. */
export interface FoundRoom {
  /** Bare JID. */
  readonly address: string
  readonly name: string
  readonly description: string
  readonly occupants: number
  /** Anybody can enter, without a password. */
  readonly isOpen: boolean
  /** Everybody in it sees the addresses of XMPP users. */
  readonly showsAddresses: boolean
}

const BY_OCCUPANTS = `{${NS.searchOrder}}nusers`
const BY_ADDRESS = `{${NS.searchOrder}}address`
const ROOM_TYPE = 'xep-0045'

/** Fields that words are looked for in, with the names that the specification gives them. */
const PLACES = [
  { names: ['sinname'], label: 'Search in name', textOf: (room: FoundRoom) => room.name },
  {
    names: ['sindescription'],
    label: 'Search in description',
    textOf: (room: FoundRoom) => room.description,
  },
  // The examples of the specification say `sinaddr`, its table says `sinaddress`.
  { names: ['sinaddr', 'sinaddress'], label: 'Search in address', textOf: (room: FoundRoom) => room.address },
] as const

const FIELDS: readonly FormField[] = [
  { name: 'q', type: 'text-single', label: 'Search for', values: [] },
  { name: 'all', type: 'boolean', label: 'Return all entries (ignore search terms)', values: ['false'] },
  ...PLACES.map(({ names, label }) => ({ name: names[0], type: 'boolean', label, values: ['true'] })),
  { name: 'min_users', type: 'text-single', label: 'Minimum number of users', values: ['0'] },
  {
    name: 'types',
    type: 'list-multi',
    label: 'Service types',
    values: [ROOM_TYPE],
    options: [{ label: 'XEP-0045 Multi-User Chats', value: ROOM_TYPE }],
  },
  {
    name: 'key',
    type: 'list-single',
    label: 'Sort results by',
    values: [BY_OCCUPANTS],
    options: [
      { label: 'Number of online users', value: BY_OCCUPANTS },
      { label: 'Address', value: BY_ADDRESS },
    ],
  },
]

/** The answer to `<search/>`: the form, or a page of the rooms that match it. */
export function answerSearch(iq: Element, search: Element, rooms: Iterable<FoundRoom>): Element {
  const form = childOf(search, 'x', NS.dataForms)
  if (!form)
    return iqResult(iq, el('search', { xmlns: NS.search }, formElement('form', NS.searchParams, FIELDS)))
  const refuse = (error: StanzaError): Element => errorReply(iq, { ...error, by: iq.attrs.to })
  const request = readPageRequest(search)
  if (!request.ok) return refuse(request.error)
  const query = readQuery(form)
  if (!query.ok) return refuse(query.error)
  const found = [...rooms].filter(query.value.matches)
  const page = pageOfList(found, query.value.keyOf, request.value, MAX_SEARCH_PAGE)
  return iqResult(iq, el('result', { xmlns: NS.search }, ...page.items.map(itemElement), page.set))
}

interface SearchQuery {
  readonly matches: (room: FoundRoom) => boolean
  /** Rooms are listed in the order of their keys. */
  readonly keyOf: (room: FoundRoom) => string
}

const KEYS: ReadonlyMap<string, SearchQuery['keyOf']> = new Map([
  [BY_ADDRESS, (room: FoundRoom) => room.address],
  // Most occupants first; the address makes keys unique.
  [
    BY_OCCUPANTS,
    (room: FoundRoom) => `${String(999_999_999 - room.occupants).padStart(9, '0')} ${room.address}`,
  ],
])

/** Why a search is refused; `name` is of the condition that the specification adds. */
const refused = (
  error: Pick<StanzaError, 'type' | 'condition' | 'text'>,
  name?: string,
  ...children: Element[]
): Result<never, StanzaError> =>
  fail(name === undefined ? error : { ...error, detail: el(name, { xmlns: NS.searchError }, ...children) })
const bad = (text: string, name?: string, ...children: Element[]): Result<never, StanzaError> =>
  refused({ type: 'modify', condition: 'bad-request', text }, name, ...children)

function readQuery(form: Element): Result<SearchQuery, StanzaError> {
  const { type, formType, fields } = readForm(form)
  if (type !== 'submit' || formType !== NS.searchParams)
    return bad(`The form must be of type submit, with the FORM_TYPE ${NS.searchParams}.`)

  const first = (name: string): string | undefined => fields.get(name)?.[0]
  const isOn = (name: string): boolean => readBoolean(fields.get(name) ?? []) !== false
  const q = first('q') ?? ''
  const terms = wordsOf(q)
  const isAll = readBoolean(fields.get('all') ?? ['false'])
  const keyOf = KEYS.get(first('key') ?? BY_OCCUPANTS)
  const minUsers = first('min_users') ?? '0'
  if (isAll === undefined) return bad('The field all is neither true nor false.')
  if (!/^\d{1,9}$/.test(minUsers)) return bad('The field min_users is not a number.')
  if (!keyOf)
    return refused(
      { type: 'modify', condition: 'feature-not-implemented', text: 'Rooms cannot be sorted like that.' },
      'invalid-sort-key',
    )
  if (isAll && q !== '')
    return bad(
      'Either all rooms are returned or those with some words, not both.',
      'conflicting-fields',
      el('var', {}, 'all'),
      el('var', {}, 'q'),
    )
  if (!isAll && q === '')
    return refused(
      { type: 'cancel', condition: 'bad-request', text: 'Say what to search for, or ask for all.' },
      'no-search-conditions',
    )
  if (!isAll && (terms.length === 0 || terms.length > MAX_SEARCH_TERMS))
    return bad(`Search for 1 to ${MAX_SEARCH_TERMS} words.`, 'invalid-search-terms')

  const isWanted = (fields.get('types') ?? [ROOM_TYPE]).includes(ROOM_TYPE)
  const places = PLACES.filter(({ names }) => names.every(isOn))
  const hasTerms = (room: FoundRoom): boolean => {
    const texts = places.map(({ textOf }) => folded(textOf(room)))
    return terms.every((term) => texts.some((text) => text.includes(term)))
  }
  return ok({
    matches: (room) => isWanted && room.occupants >= Number(minUsers) && (isAll || hasTerms(room)),
    keyOf,
  })
}

/** Text in which words are found whatever their case and form. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase()
const wordsOf = (text: string): readonly string[] => folded(text).split(/\s+/u).filter(Boolean)

const itemElement = (room: FoundRoom): Element =>
  el(
    'item',
    { address: room.address },
    el('name', {}, room.name),
    room.description !== '' && el('description', {}, room.description),
    el('nusers', {}, String(room.occupants)),
    el('service-type', {}, ROOM_TYPE),
    el('is-open', {}, String(room.isOpen)),
    el('anonymity-mode', {}, room.showsAddresses ? 'muc_nonanonymous' : 'muc_semianonymous'),
  )
