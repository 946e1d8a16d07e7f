/** Parts of clients' stanzas that a room passes on: made self-contained, without what only a room may say. */
import { NS } from '../stanza/ns.ts'
import { type Element, el, elements } from '../stanza/xml.ts'

/** A child element of the stanza's own namespace: `body`, `subject`, `show`. */
export const ownChild = (stanza: Element, name: string): Element | undefined =>
  elements(stanza).find((child) => isOwn(child, stanza, name))

/** Whether `child` is an element of the stanza's own namespace with this name. */
export const isOwn = (child: Element, stanza: Element, name: string): boolean =>
  child.name === name && child.getNS() === stanza.getNS()

const isDeclaration = (attribute: string): boolean => attribute.startsWith('xmlns:')

/** Whether every prefix in `element` is declared, in `declared` or below. */
function isBound(element: Element, declared: ReadonlySet<string>): boolean {
  const names = Object.keys(element.attrs)
  const scope = names.some(isDeclaration)
    ? new Set([...declared, ...names.filter(isDeclaration).map((name) => name.slice('xmlns:'.length))])
    : declared
  const isKnown = (name: string): boolean => {
    const colon = name.indexOf(':')
    return colon === -1 || isDeclaration(name) || scope.has(name.slice(0, colon))
  }
  return (
    isKnown(element.name) && names.every(isKnown) && elements(element).every((child) => isBound(child, scope))
  )
}

const XML_PREFIXES: ReadonlySet<string> = new Set(['xml'])

/**
 * Child elements that can stand in another stanza: prefixes that the stanza declares are declared on the child, and
 * a child with a prefix that nobody declares is left out, because it would end the stream of whoever gets it.
 */
export function portableChildren(stanza: Element): Element[] {
  const declarations = Object.entries(stanza.attrs).filter(([name]) => isDeclaration(name))
  const children = elements(stanza).map((child) => {
    if (declarations.length === 0) return child
    const copy = el(child.name, { ...Object.fromEntries(declarations), ...child.attrs })
    copy.children = child.children
    return copy
  })
  return children.filter((child) => isBound(child, XML_PREFIXES))
}

/** A stanza with these children; they keep their own parents, so that the stanza they came from stays as it is. */
export function stanzaWith(
  name: 'message' | 'presence',
  attributes: Readonly<Record<string, string | undefined>>,
  children: readonly Element[],
): Element {
  const stanza = el(name, attributes)
  stanza.children = [...children]
  return stanza
}

const LEGACY_DELAY = 'jabber:x:delay'
const HATS = 'urn:xmpp:hats:0'
/** Namespace of `<gap start='…' end='…'/>`, for programs that want to know; others show the body or ignore both. */
export const GAP_NS = 'urn:foyer:gap:0'
const RESERVED: ReadonlySet<string | undefined> = new Set([
  NS.mucUser,
  NS.muc,
  NS.occupantId,
  NS.mam,
  NS.carbons,
  HATS,
  NS.moderation,
  NS.oldModeration,
  GAP_NS,
])

/** Whether a retraction claims to be a moderator's (XEP-0425 §5), which only the room tells. */
export const claimsModeration = (retraction: Element): boolean =>
  elements(retraction).some((child) => child.getName() === 'moderated')

/**
 * Whether `child` says what only the room `bare` may say: roles and status codes (XEP-0045 §17.3), occupant-ids
 * (XEP-0421 §4), stanza-ids, also in their old form, and delays in the room's name (XEP-0359 §4, XEP-0203), archive results,
 * moderation, gaps.
 */
export function isForged(child: Element, bare: string): boolean {
  const namespace = child.getNS()
  if (RESERVED.has(namespace)) return true
  if (namespace === NS.retraction || namespace === NS.fasten) return claimsModeration(child)
  if ((namespace === NS.sid && child.getName() === 'stanza-id') || namespace === NS.archived)
    return namesRoom(child.attrs.by, bare)
  if (namespace === NS.delay || namespace === LEGACY_DELAY)
    return child.attrs.from === undefined || namesRoom(child.attrs.from, bare)
  return false
}

const namesRoom = (address: unknown, bare: string): boolean => {
  const text = String(address ?? '')
    .normalize('NFC')
    .toLowerCase()
  return text === bare || text.startsWith(`${bare}/`)
}

/** `<occupant-id/>` of XEP-0421. */
export const occupantIdElement = (id: string): Element => el('occupant-id', { xmlns: NS.occupantId, id })

/** `<stanza-id/>` of XEP-0359. */
export const stanzaIdElement = (by: string, id: string): Element => el('stanza-id', { xmlns: NS.sid, by, id })
