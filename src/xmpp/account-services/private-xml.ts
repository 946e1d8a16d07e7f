/** Private XML storage: any element per namespace, bookmarks mostly. XEP-0049. */
import { NS } from '../../stanza/ns.ts'
import { DocumentParser } from '../../stanza/parser.ts'
import { type Element, el, elements, serialize, standalone } from '../../stanza/xml.ts'
import { MAX_PRIVATE_KEYS } from '../account-port.ts'
import { readStorage, STORED_BOOKMARKS, writeStorage } from './bookmarks.ts'
import { type IqAnswer, type IqRequest, refuse, result, serviceKey } from './iq-service.ts'
import type { Pep } from './pep.ts'
import type { PepNodes } from './pep-nodes.ts'

/** Of one stored element. */
const MAX_CHARACTERS = 65_536
const MAX_KEY_CHARACTERS = 512

/** Get: the stored element, or the empty one that was asked with (XEP-0049 §2.2). Set: stores each child. */
export const privateXml =
  (pep: Pep) =>
  (request: IqRequest): Promise<IqAnswer> =>
    pep.alone(request.account, (nodes) => answer(pep, nodes, request))

async function answer(pep: Pep, nodes: PepNodes, { kind, payload, account }: IqRequest): Promise<IqAnswer> {
  const asked = elements(payload)
  const { local } = account.jid
  if (kind === 'get') {
    const [element] = asked
    if (!element || asked.length > 1) return refuse('modify', 'bad-request', 'Ask for exactly one element.')
    if (keyOf(element) === STORED_BOOKMARKS)
      return result(el('query', { xmlns: NS.privateXml }, await readStorage(pep, account, nodes)))
    const stored = await account.data.privateXml(local, keyOf(element))
    return result(el('query', { xmlns: NS.privateXml }, restored(stored) ?? emptied(element)))
  }
  if (asked.length === 0) return refuse('modify', 'bad-request', 'There is nothing to store.')
  for (const element of asked) {
    const xml = serialize(standalone(element))
    if (element.getNS() === undefined || keyOf(element).length > MAX_KEY_CHARACTERS)
      return refuse('modify', 'not-acceptable', 'Each element needs a namespace of its own, not too long.')
    if (xml.length > MAX_CHARACTERS)
      return refuse('modify', 'not-acceptable', `An element may have ${MAX_CHARACTERS} characters.`)
    if (keyOf(element) === STORED_BOOKMARKS) {
      const refusal = await writeStorage(pep, account, nodes, element)
      if (refusal) return refusal
    } else if (!(await account.data.putPrivateXml(local, keyOf(element), xml)))
      return refuse('cancel', 'resource-constraint', `An account may store ${MAX_PRIVATE_KEYS} elements.`)
  }
  return result()
}

const keyOf = (element: Element): string => serviceKey(element.getNS() ?? '', element.getName())

/** The Ethora chat component reads this attribute unseen, and fails without it (docs/ethora.md). */
const LAST_VIEWED = serviceKey(NS.lastViewed, 'chatjson')

const emptied = (element: Element): Element =>
  el(element.getName(), {
    xmlns: element.getNS(),
    value: keyOf(element) === LAST_VIEWED ? '{}' : undefined,
  })

/** Stored XML as an element; undefined when there is none. */
function restored(xml: string | undefined): Element | undefined {
  const parsed = xml === undefined ? undefined : new DocumentParser().parse(xml)
  return parsed?.ok ? parsed.value : undefined
}
