/** The room's archive for its readers: XEP-0313 with #extended and XEP-0431, paged by XEP-0059. */

import { formElement, readForm } from '../stanza/data-form.ts'
import { isFromEthora } from '../stanza/ethora.ts'
import type { Jid } from '../stanza/jid.ts'
import { parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply, iqResult, type StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, serialize } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { isAdmin } from './affiliation.ts'
import type { ArchiveAnswer, ArchiveEntry, ArchivePage, ArchiveQuery } from './archive-port.ts'
import { archiveResult } from './archived-stanza.ts'
import { formatDateTime, parseDateTime } from './date-time.ts'
import { archivedForm } from './ethora-form.ts'
import { MAX_ARCHIVE_PAGE, MAX_SEARCH_CHARS, MAX_SEARCH_WORDS } from './limits.ts'
import { idOfAccount } from './occupant-id.ts'
import { answer, refusal, refuse } from './reply.ts'
import { seesAddresses } from './role.ts'
import type { Room } from './room.ts'
import type { QueryContext, RoomEffect, RoomEvent } from './room-port.ts'
import { speakEthora } from './room-sessions.ts'
import { type PageRequest, placeElement, readPageRequest } from './rsm.ts'

type Failure = Pick<StanzaError, 'type' | 'condition' | 'text'>
type Filter = Pick<
  ArchiveQuery,
  'startMs' | 'endMs' | 'occupantId' | 'nick' | 'afterId' | 'beforeId' | 'ids' | 'text'
>
/** `nobody`: the author asked for cannot be anybody's. */
type ReadFilter = Filter | 'nobody'

const badRequest = (text: string): Result<never, Failure> =>
  fail({ type: 'modify', condition: 'bad-request', text })
const notFound = (): Result<never, Failure> =>
  fail({ type: 'cancel', condition: 'item-not-found', text: 'The archive has no entry with this id.' })

const FULLTEXT = `{${NS.fulltext}}fulltext`
const VALIDATE = 'http://jabber.org/protocol/xdata-validate'

/** An IQ get: the form of queries (§4.1.5) or what the archive spans (§5). */
export function describeArchive(from: Jid, iq: Element): RoomEffect[] | undefined {
  if (childOf(iq, 'metadata', NS.mam))
    return [{ kind: 'query-metadata', context: { kind: 'mam-metadata', iq } }]
  if (!childOf(iq, 'query', NS.mam)) return undefined
  const form = formElement('form', NS.mam, [
    { name: 'with', type: 'jid-single', values: [] },
    { name: 'start', type: 'text-single', values: [] },
    { name: 'end', type: 'text-single', values: [] },
    { name: 'before-id', type: 'text-single', values: [] },
    { name: 'after-id', type: 'text-single', values: [] },
    { name: 'ids', type: 'list-multi', values: [] },
    { name: FULLTEXT, type: 'text-single', values: [] },
  ])
  // The list of ids is open: any may be asked for (XEP-0122).
  form
    .getChildByAttr('var', 'ids')
    ?.append(el('validate', { xmlns: VALIDATE, datatype: 'xs:string' }, el('open')))
  return answer(from, iqResult(iq, el('query', { xmlns: NS.mam }, form)))
}

/** An IQ set with a query. Open rooms answer anybody (§6.1.2). */
export function queryArchive(room: Room, from: Jid, iq: Element, query: Element): RoomEffect[] {
  if (query.attrs.node !== undefined) {
    const text = 'The archive of a room has no nodes.'
    return refuse(room, from, iq, refusal(room, 'cancel', 'item-not-found', text))
  }
  const page = readPageRequest(query)
  if (!page.ok) return refuse(room, from, iq, page.error)
  const filter = readFilter(room, from, query)
  if (!filter.ok) return refuse(room, from, iq, filter.error)
  const bounds = readBounds(page.value)
  if (!bounds.ok) return refuse(room, from, iq, bounds.error)
  const session = room.sessions.get(from.full)
  const isEthora = isFromEthora(iq) || session?.isEthora === true
  if (isEthora && session) speakEthora(room, session)
  const isFolded = isEthora && filter.value !== 'nobody' && Object.keys(filter.value).length === 0
  const queryId = typeof query.attrs.queryid === 'string' ? query.attrs.queryid : undefined
  const flip = childOf(query, 'flip-page', NS.mam) !== undefined
  if (filter.value === 'nobody') return answer(from, finish(iq, NOTHING))
  const { afterId, beforeId, ...rest } = filter.value
  const after = later(afterId, bounds.value.afterId)
  const before = earlier(beforeId, bounds.value.beforeId)
  const fromEnd = page.value?.before !== undefined
  const reachesGap = !isOpenEnded(room, rest, before) ? 'no' : fromEnd ? 'yes' : 'if-complete'
  return [
    {
      kind: 'query',
      query: {
        room: room.identity.jid.local,
        ...rest,
        ...(after !== undefined && { afterId: after }),
        ...(before !== undefined && { beforeId: before }),
        fromEnd,
        max: Math.min(page.value?.max ?? MAX_ARCHIVE_PAGE, MAX_ARCHIVE_PAGE),
        // A count says how big the whole set is; the archive counts it by times alone.
        withCount:
          !isFolded && Object.keys(filter.value).every((key) => key === 'startMs' || key === 'endMs'),
        ...(isFolded && { isFolded }),
      },
      context: { kind: 'mam', iq, queryId, flip, reachesGap, ...(isFolded && { isFolded }) },
      isOrdered: false,
    },
  ]
}

/** What is being missed now would come at the end of what is asked for. */
const isOpenEnded = ({ deafSinceMs }: Room, { endMs, ids }: Filter, before: ArchiveId | undefined): boolean =>
  deafSinceMs !== null && before === undefined && !ids && (endMs === undefined || endMs > deafSinceMs)

const later = (a: ArchiveId | undefined, b: ArchiveId | undefined): ArchiveId | undefined =>
  a !== undefined && b !== undefined ? (a > b ? a : b) : (a ?? b)
const earlier = (a: ArchiveId | undefined, b: ArchiveId | undefined): ArchiveId | undefined =>
  a !== undefined && b !== undefined ? (a < b ? a : b) : (a ?? b)

/** Archive ids are 16 digits; nothing else was ever given out. */
const readId = (text: string): Result<ArchiveId, Failure> =>
  /^\d{16}$/.test(text) ? ok(text as ArchiveId) : notFound()

function readBounds(page: PageRequest | undefined): Result<Pick<Filter, 'afterId' | 'beforeId'>, Failure> {
  if (page?.index !== undefined) {
    const text = 'Pages of the archive are asked for by id, not by index.'
    return fail({ type: 'cancel', condition: 'feature-not-implemented', text })
  }
  const after = page?.after === undefined ? undefined : readId(page.after)
  const before = page?.before ? readId(page.before) : undefined
  if (after && !after.ok) return after
  if (before && !before.ok) return before
  return ok({ ...(after && { afterId: after.value }), ...(before && { beforeId: before.value }) })
}

function readFilter(room: Room, from: Jid, query: Element): Result<ReadFilter, Failure> {
  const element = childOf(query, 'x', NS.dataForms)
  if (!element) return ok({})
  const form = readForm(element)
  if (form.type !== 'submit') return badRequest('The form is not submitted.')
  if (form.formType !== NS.mam) return badRequest(`The FORM_TYPE is not ${NS.mam}.`)
  let filter: Filter = {}
  let isNobody = false
  for (const [name, values] of form.fields) {
    const value = values[0] ?? ''
    if (value === '' && values.length <= 1) continue
    if (values.length > 1 && name !== 'ids') return badRequest(`The field ${name} has one value.`)
    if (name === 'with') {
      const author = readAuthor(room, from, value)
      if (!author.ok) return author
      if (author.value === 'nobody') isNobody = true
      else filter = { ...filter, ...author.value }
      continue
    }
    const read = readField(name, value, values)
    if (!read.ok) return read
    filter = { ...filter, ...read.value }
  }
  return ok(isNobody ? 'nobody' : filter)
}

function readField(name: string, value: string, values: readonly string[]): Result<Filter, Failure> {
  switch (name) {
    case 'start':
    case 'end': {
      const ms = parseDateTime(value)
      if (ms === undefined) return badRequest(`The field ${name} is no date and time of XEP-0082.`)
      return ok(name === 'start' ? { startMs: ms } : { endMs: ms })
    }
    case 'after-id':
    case 'before-id': {
      const id = readId(value)
      if (!id.ok) return id
      return ok(name === 'after-id' ? { afterId: id.value } : { beforeId: id.value })
    }
    case 'ids':
      return readIds(values)
    case FULLTEXT: {
      const words = value.slice(0, MAX_SEARCH_CHARS).match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []
      return value.length > MAX_SEARCH_CHARS || words.length > MAX_SEARCH_WORDS
        ? badRequest(
            `The field ${name} has ${MAX_SEARCH_WORDS} words and ${MAX_SEARCH_CHARS} characters at most.`,
          )
        : ok({ text: value })
    }
    default: {
      const text = `Queries know no field ${name}.`
      return fail({ type: 'cancel', condition: 'feature-not-implemented', text })
    }
  }
}

function readIds(values: readonly string[]): Result<Filter, Failure> {
  const unique = [...new Set(values)]
  if (unique.length > MAX_ARCHIVE_PAGE) return badRequest(`A query has ${MAX_ARCHIVE_PAGE} ids at most.`)
  const ids: ArchiveId[] = []
  for (const value of unique) {
    const id = readId(value)
    if (!id.ok) return id
    ids.push(id.value)
  }
  return ok({ ids })
}

/** Whether `from` may know who is behind a nick. */
function knowsAddresses(room: Room, from: Jid): boolean {
  const occupant = room.sessions.get(from.full)?.occupant
  return isAdmin(room, from.bare) || (occupant !== undefined && seesAddresses(room, occupant))
}

/**
 * Whom `with` names (§4.1.1): an occupant of now under whatever nick, or who else spoke under this one; the room, whose
 * bare address is everybody's; for owners, who see real addresses, an account. For others a real address is nobody's:
 * the room is semi-anonymous.
 */
function readAuthor(room: Room, from: Jid, value: string): Result<Filter | 'nobody', Failure> {
  const jid = parseJid(value)
  if (!jid) return badRequest('The field with is no address.')
  if (jid.bare === room.bare) {
    if (jid.resource === '') return ok({})
    const occupant = room.occupants.get(jid.resource)
    return ok(occupant ? { occupantId: occupant.occupantId } : { nick: jid.resource })
  }
  if (!knowsAddresses(room, from)) return ok('nobody')
  return ok({ occupantId: idOfAccount(room.identity.occupantKey, jid.bare) })
}

const NOTHING: ArchivePage = { entries: [], isComplete: true, total: 0, firstIndex: null }

/**
 * The IQ result that ends a page (§4.3). What is archived keeps its place and nothing is put in later, so a page is
 * stable, unless it reaches into a gap that has no end yet.
 */
const finish = (
  iq: Element,
  page: ArchivePage,
  { isStable = true, isFolded = false }: { readonly isStable?: boolean; readonly isFolded?: boolean } = {},
): Element =>
  iqResult(
    iq,
    el(
      'fin',
      {
        xmlns: NS.mam,
        // The Ethora chat component wants to be told that it is not.
        complete: page.isComplete || isFolded ? String(page.isComplete) : undefined,
        stable: String(isStable),
      },
      placeElement({
        first: page.entries[0]?.id,
        last: page.entries.at(-1)?.id,
        index: page.firstIndex,
        count: page.total,
      }),
    ),
  )

function failure(room: Room, iq: Element, kind: Exclude<ArchiveAnswer['kind'], 'page'>): Element {
  switch (kind) {
    case 'not-found':
      return errorReply(
        iq,
        refusal(room, 'cancel', 'item-not-found', 'The archive has no entry with this id.'),
      )
    case 'busy': {
      const text = 'Too many searches at a time. Try again later.'
      return errorReply(iq, refusal(room, 'wait', 'resource-constraint', text))
    }
    case 'failed': {
      const text = 'The archive is out of order. Try again later.'
      return errorReply(iq, refusal(room, 'wait', 'internal-server-error', text))
    }
  }
}

const inEthoraForm = (room: Room, entry: ArchiveEntry): ArchiveEntry => {
  const message = archivedForm(room.bare, entry)
  return message ? { ...entry, xml: serialize(message) } : entry
}

/** Sends the page that was asked for, or why there is none. */
export function sendPage(
  room: Room,
  context: QueryContext & { readonly kind: 'mam' },
  found: ArchiveAnswer,
): RoomEffect[] {
  const { iq, queryId, flip, isFolded = false } = context
  const to = String(iq.attrs.from)
  if (found.kind !== 'page') return [{ kind: 'send', to, stanza: failure(room, iq, found.kind) }]
  const { entries, isComplete } = found.page
  const { reachesGap } = context
  const isStable = reachesGap === 'no' || (reachesGap === 'if-complete' && !isComplete)
  const stanzas = entries.map((entry) =>
    archiveResult(isFolded ? inEthoraForm(room, entry) : entry, room.bare, queryId),
  )
  if (flip) stanzas.reverse()
  return [
    ...(stanzas.length > 0 ? [{ kind: 'burst' as const, to, stanzas }] : []),
    { kind: 'send', to, stanza: finish(iq, found.page, { isStable, isFolded }) },
  ]
}

/** Sends what the archive spans (§5). */
export function sendMetadata(room: Room, event: RoomEvent & { readonly kind: 'metadata' }): RoomEffect[] {
  if (event.context.kind !== 'mam-metadata') return []
  const { iq } = event.context
  const to = String(iq.attrs.from)
  if (event.metadata === 'failed') return [{ kind: 'send', to, stanza: failure(room, iq, 'failed') }]
  const point = (name: string, at: { readonly id: ArchiveId; readonly atMs: number }): Element =>
    el(name, { id: at.id, timestamp: formatDateTime(at.atMs) })
  const { metadata } = event
  const payload = el(
    'metadata',
    { xmlns: NS.mam },
    metadata && point('start', metadata.first),
    metadata && point('end', metadata.last),
  )
  return [{ kind: 'send', to, stanza: iqResult(iq, payload) }]
}
