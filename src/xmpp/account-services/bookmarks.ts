/** Bookmarks in both forms: conferences of private XML (XEP-0048) are the items of a node (XEP-0402 §5); nothing is kept twice. */
import { parseJid } from '../../stanza/jid.ts'
import { NS } from '../../stanza/ns.ts'
import { DocumentParser } from '../../stanza/parser.ts'
import { childOf, type Element, el, elements, serialize } from '../../stanza/xml.ts'
import type { Account } from './account.ts'
import { type IqAnswer, refuse, serviceKey } from './iq-service.ts'
import type { Pep } from './pep.ts'
import { type PepItem, type PepNodes, payloadOf } from './pep-nodes.ts'

const NODE = NS.bookmarks
/** The name of bookmarks in private XML. */
export const STORED_BOOKMARKS = serviceKey(NS.storedBookmarks, 'storage')

/** What private XML shows: all bookmarks, and what was stored beside them, as one element. */
export async function readStorage(pep: Pep, account: Account, nodes: PepNodes): Promise<Element> {
  await adoptStorage(pep, account, nodes)
  const conferences = (await nodes.items(NODE)).flatMap((item) => storedForm(item) ?? [])
  return storageOf([...conferences, ...(await storedRest(account))])
}

/** Makes the bookmarks those of `storage`, and keeps the rest of it as it is; undefined when that is done. */
export async function writeStorage(
  pep: Pep,
  account: Account,
  nodes: PepNodes,
  storage: Element,
): Promise<IqAnswer | undefined> {
  const { wanted, rest } = split(storage)
  for (const { id } of await nodes.items(NODE))
    if (!wanted.has(id)) await pep.retract(account, nodes, { node: NODE, id, isTold: false })
  return (await publish(pep, account, nodes, wanted)) ?? storeRest(account, rest)
}

/** Moves bookmarks that were stored before there were nodes; one that is a bookmark already stays what it is. */
export async function adoptStorage(pep: Pep, account: Account, nodes: PepNodes): Promise<void> {
  const { wanted, rest } = split(storageOf(await storedRest(account)))
  if (wanted.size === 0) return
  for (const id of wanted.keys()) if (await nodes.item(NODE, id)) wanted.delete(id)
  if (!(await publish(pep, account, nodes, wanted))) await storeRest(account, rest)
}

/** Publishes what differs from what is there. */
async function publish(
  pep: Pep,
  account: Account,
  nodes: PepNodes,
  wanted: ReadonlyMap<string, Element>,
): Promise<IqAnswer | undefined> {
  const items: PepItem[] = []
  for (const [id, conference] of wanted) {
    const before = await nodes.item(NODE, id)
    const shown = before && storedForm(before)
    if (!shown || !isSame(shown, conference)) items.push(publishedForm(id, conference, before))
  }
  return items.length === 0 ? undefined : pep.publish(account, nodes, { node: NODE, items, demanded: {} })
}

/** Conferences that can be bookmarks by room, and all other elements. Of two for one room the last counts. */
function split(storage: Element): { wanted: Map<string, Element>; rest: readonly Element[] } {
  const wanted = new Map<string, Element>()
  const rest: Element[] = []
  for (const element of elements(storage)) {
    const jid = element.getName() === 'conference' ? parseJid(String(element.attrs.jid ?? '')) : undefined
    if (jid && jid.local !== '' && jid.resource === '') wanted.set(jid.bare, element)
    else rest.push(element)
  }
  return { wanted, rest }
}

const storageOf = (children: readonly Element[]): Element =>
  el('storage', { xmlns: NS.storedBookmarks }, ...children)

async function storedRest({ data, jid }: Account): Promise<readonly Element[]> {
  const xml = await data.privateXml(jid.local, STORED_BOOKMARKS)
  const parsed = xml === undefined ? undefined : new DocumentParser().parse(xml)
  return parsed?.ok ? elements(parsed.value) : []
}

async function storeRest({ data, jid }: Account, rest: readonly Element[]): Promise<IqAnswer | undefined> {
  const isStored = await data.putPrivateXml(jid.local, STORED_BOOKMARKS, serialize(storageOf(rest)))
  return isStored
    ? undefined
    : refuse('cancel', 'resource-constraint', 'There is no room for these bookmarks.')
}

/** Names and texts of a bookmark in either form. */
function partsOf(conference: Element): {
  name?: string
  autojoin?: string
  nick?: string
  password?: string
} {
  const { name, autojoin } = conference.attrs
  const nick = conference.getChildText('nick')
  const password = conference.getChildText('password')
  return {
    ...(name && { name }),
    ...(autojoin && { autojoin }),
    ...(nick && { nick }),
    ...(password && { password }),
  }
}

function form(
  conference: Element,
  attributes: Readonly<Record<string, string>>,
  extensions?: Element,
): Element {
  const { name, autojoin, nick, password } = partsOf(conference)
  return el(
    'conference',
    { ...attributes, name, autojoin },
    nick !== undefined && el('nick', {}, nick),
    password !== undefined && el('password', {}, password),
    extensions,
  )
}

/** The bookmark as private XML has it; undefined when the item is none. */
function storedForm(item: PepItem): Element | undefined {
  const payload = payloadOf(item)
  return payload?.is('conference', NODE) ? form(payload, { jid: item.id }) : undefined
}

/** The bookmark as an item. What other clients keep in the item before stays (XEP-0402 §4). */
function publishedForm(id: string, conference: Element, before: PepItem | undefined): PepItem {
  const payload = before && payloadOf(before)
  const extensions = payload && childOf(payload, 'extensions', NODE)
  return { id, xml: serialize(form(conference, { xmlns: NODE }, extensions)) }
}

const isSame = (a: Element, b: Element): boolean => JSON.stringify(partsOf(a)) === JSON.stringify(partsOf(b))
