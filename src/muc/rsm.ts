/** Result Set Management: XEP-0059, reading requests, writing answers, and paging lists that are in memory. */
import { NS } from '../stanza/ns.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { childOf, type Element, el, elements } from '../stanza/xml.ts'
import { fail, ok, type Result } from '../util/result.ts'

/** What a `<set/>` asks for. */
export interface PageRequest {
  readonly max: number | undefined
  readonly after: string | undefined
  /** Empty: the last page. */
  readonly before: string | undefined
  readonly index: number | undefined
}

/** Where a page lies in its set. `index` and `count` are left out when they are not known. */
export interface PagePlace {
  readonly first: string | undefined
  readonly last: string | undefined
  readonly index: number | null
  readonly count: number | null
}

const invalid = (text: string): Result<never, StanzaError> =>
  fail({ type: 'modify', condition: 'bad-request', text })

function readCount(set: Element, name: string): Result<number | undefined, StanzaError> {
  const text = childOf(set, name, NS.rsm)?.getText().trim()
  if (text === undefined) return ok(undefined)
  return /^\d{1,15}$/.test(text) ? ok(Number(text)) : invalid(`<${name}/> is not a number`)
}

/** The `<set/>` in `parent`, undefined when there is none; fails with `bad-request`. */
export function readPageRequest(parent: Element): Result<PageRequest | undefined, StanzaError> {
  const set = childOf(parent, 'set', NS.rsm)
  if (!set) return ok(undefined)
  if (elements(set).some((child) => child.getName() === 'after' && child.getText() === ''))
    return invalid('<after/> is empty')
  const max = readCount(set, 'max')
  const index = readCount(set, 'index')
  if (!max.ok) return max
  if (!index.ok) return index
  return ok({
    max: max.value,
    index: index.value,
    after: childOf(set, 'after', NS.rsm)?.getText(),
    before: childOf(set, 'before', NS.rsm)?.getText(),
  })
}

/** The `<set/>` of an answer (XEP-0059 §2.2). */
export const placeElement = (place: PagePlace): Element =>
  el(
    'set',
    { xmlns: NS.rsm },
    place.first !== undefined && el('first', { index: place.index ?? undefined }, place.first),
    place.last !== undefined && el('last', {}, place.last),
    place.count !== null && el('count', {}, String(place.count)),
  )

/** Index of the first key that is not before `key` (`isAfter`: that is behind it) in ascending `keys`. */
function position(keys: readonly string[], key: string, isAfter: boolean): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    const found = keys[middle] as string
    if (found < key || (isAfter && found === key)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * A page of a list in the order of its keys, so that a page stays where it was when items come and go. `set` is
 * undefined when nobody asked for a page and all items fit.
 */
export function pageOfList<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: PageRequest | undefined,
  maxItems: number,
): { readonly items: readonly T[]; readonly set: Element | undefined } {
  const sorted = items
    .map((item) => ({ key: keyOf(item), item }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const keys = sorted.map((entry) => entry.key)
  const max = Math.min(request?.max ?? maxItems, maxItems)
  let from = request?.index ?? 0
  let to = keys.length
  if (request?.after !== undefined) from = position(keys, request.after, true)
  if (request?.before) to = position(keys, request.before, false)
  if (request?.before === undefined) to = Math.min(to, from + max)
  else from = Math.max(from, to - max)
  const page = sorted.slice(from, to)
  const isWhole = request === undefined && page.length === keys.length
  return {
    items: page.map((entry) => entry.item),
    set: isWhole
      ? undefined
      : placeElement({
          first: page[0]?.key,
          last: page.at(-1)?.key,
          index: from,
          count: keys.length,
        }),
  }
}
