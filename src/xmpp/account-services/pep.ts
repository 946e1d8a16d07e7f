/** Personal eventing: a user's own nodes, made when first published to. XEP-0163, and of XEP-0060 what it needs. */
import { NS } from '../../stanza/ns.ts'
import { childOf, type Element, el, elements, serialize, standalone } from '../../stanza/xml.ts'
import type { Session } from '../session.ts'
import type { SessionTable } from '../session-table.ts'
import type { Account } from './account.ts'
import { adoptStorage } from './bookmarks.ts'
import { type IqAnswer, type IqRequest, refuse, result } from './iq-service.ts'
import { OneAtATime } from './one-at-a-time.ts'
import {
  configForm,
  configured,
  isSet,
  type NodeConfig,
  readConfig,
  standardConfig,
  unmet,
} from './pep-config.ts'
import { itemPublished, itemRetracted, nodeEmptied, sendLastItems } from './pep-events.ts'
import { MAX_NODES, type PepItem, PepNodes, payloadOf } from './pep-nodes.ts'

const MAX_NODE_CHARACTERS = 512
const MAX_ITEM_ID_CHARACTERS = 512
const MAX_ITEM_CHARACTERS = 196_608
/** Of the items in one answer: all are read, and written out again. */
const MAX_ANSWER_CHARACTERS = 196_608

/** A publication: what is published, and how the node must be. */
export interface Publication {
  readonly node: string
  readonly items: readonly PepItem[]
  readonly demanded: NodeConfig
}

export interface PepOptions {
  readonly sessions: SessionTable
  /** An id for an item that has none. */
  readonly newId: () => string
}

/** What accounts publish. All that changes an account comes one after another. */
export class Pep {
  readonly #options: PepOptions
  readonly #turns = new OneAtATime()

  constructor(options: PepOptions) {
    this.#options = options
  }

  /** Does `work` when nothing else changes this account. */
  async alone(account: Account, work: (nodes: PepNodes) => Promise<IqAnswer>): Promise<IqAnswer> {
    const answer = await this.#turns.run(account.jid.bare, () => work(new PepNodes(account)))
    return answer ?? refuse('wait', 'resource-constraint', 'Too much waits to be stored for this account.')
  }

  /** What a user asks of the own account in the namespace of XEP-0060. */
  serve({ kind, payload, account }: IqRequest): Promise<IqAnswer> {
    return this.alone(account, async (nodes) => {
      const [action] = elements(payload)
      if (!action) return badRequest('Nothing is asked for.')
      if (action.attrs.node === NS.bookmarks) await adoptStorage(this, account, nodes)
      switch (`${kind} ${action.getName()}`) {
        case 'get items':
          return answerItems(nodes, action, true)
        case 'set publish':
          return this.#publish(account, nodes, payload, action)
        case 'set retract':
          return this.#retract(account, nodes, action)
        case 'set create':
          return this.#create(nodes, payload, action)
        case 'get default':
          return result(el('pubsub', { xmlns: NS.pubsub }, el('default', {}, configForm({}))))
        default:
          return unsupported(action.getName())
      }
    })
  }

  /** What a user asks of the own account in the namespace for owners. */
  serveOwner({ kind, payload, account }: IqRequest): Promise<IqAnswer> {
    return this.alone(account, async (nodes) => {
      const [action] = elements(payload)
      if (!action) return badRequest('Nothing is asked for.')
      const name = action.getName()
      if (kind === 'get' && name === 'default')
        return result(el('pubsub', { xmlns: NS.pubsubOwner }, el('default', {}, configForm({}))))
      const node: string = action.attrs.node ?? ''
      const config = await nodes.config(node)
      if (!['configure', 'delete', 'purge'].includes(name)) return unsupported(name)
      if (!config) return noSuchNode()
      if (kind === 'get')
        return name === 'configure'
          ? result(el('pubsub', { xmlns: NS.pubsubOwner }, el('configure', { node }, configForm(config))))
          : badRequest('This is for a set.')
      if (name === 'configure') return configure(nodes, node, config, action)
      await (name === 'delete' ? nodes.remove(node) : nodes.purge(node))
      if (isSet(config, name === 'delete' ? 'pubsub#notify_delete' : 'pubsub#notify_retract'))
        nodeEmptied(this.#options.sessions, account.jid, node, name === 'delete' ? 'delete' : 'purge')
      return result()
    })
  }

  /** What others may read: items of open nodes. What they may not is not there for them. */
  async serveOthers({ kind, payload, account }: IqRequest): Promise<IqAnswer> {
    const [action] = elements(payload)
    if (kind !== 'get' || action?.getName() !== 'items')
      return refuse('auth', 'forbidden', 'Only the user may do this.')
    const nodes = new PepNodes(account)
    const config = await nodes.config(String(action.attrs.node ?? ''))
    if (!config || configured(config, 'pubsub#access_model') !== 'open')
      return refuse('cancel', 'item-not-found', 'There is no such node that you may read.')
    return answerItems(nodes, action, false)
  }

  /** Sends a session what it now is interested in and was published before. */
  async interested(session: Session): Promise<void> {
    const { interests } = session
    if (interests && interests.size > 0)
      await sendLastItems(session, new PepNodes(session.account), interests)
  }

  /** Stores and notifies; makes the node if need be. Within `alone`. Undefined when all is done. */
  async publish(
    account: Account,
    nodes: PepNodes,
    { node, items, demanded }: Publication,
  ): Promise<IqAnswer | undefined> {
    const existing = await nodes.config(node)
    const config = existing ?? { ...standardConfig(node), ...demanded }
    const field = existing && unmet(existing, demanded)
    if (field) return conflict(field)
    if (!existing && !(await this.#make(nodes, node, config))) return full()
    for (const item of items) {
      if (!(await nodes.put(node, item, config))) return full()
      itemPublished(this.#options.sessions, account.jid, node, { item, config })
    }
    return undefined
  }

  /** Takes an item back and notifies if the node says so or `isTold`. Within `alone`; false when there was none. */
  async retract(
    account: Account,
    nodes: PepNodes,
    { node, id, isTold }: { readonly node: string; readonly id: string; readonly isTold: boolean },
  ): Promise<boolean> {
    const config = await nodes.config(node)
    if (!config || !(await nodes.retract(node, id))) return false
    if (isTold || isSet(config, 'pubsub#notify_retract'))
      itemRetracted(this.#options.sessions, account.jid, node, id)
    return true
  }

  async #publish(account: Account, nodes: PepNodes, payload: Element, action: Element): Promise<IqAnswer> {
    const node: string = action.attrs.node ?? ''
    if (node === '') return badRequest('Which node?', pubsubError('nodeid-required'))
    if (node.length > MAX_NODE_CHARACTERS) return tooLong()
    const items: PepItem[] = []
    for (const element of elements(action)) {
      if (element.getName() !== 'item') return badRequest('Only items are published.')
      const [content, ...others] = elements(element)
      if (!content) return badRequest('An item has a payload.', pubsubError('payload-required'))
      if (others.length > 0) return badRequest('An item has one payload.', pubsubError('invalid-payload'))
      const item = {
        id: String(element.attrs.id || this.#options.newId()),
        xml: serialize(standalone(content)),
      }
      if (item.id.length > MAX_ITEM_ID_CHARACTERS || item.xml.length > MAX_ITEM_CHARACTERS) return tooLong()
      items.push(item)
    }
    if (items.length === 0) return badRequest('There is no item.', pubsubError('item-required'))
    const demanded = readConfig(formIn(childOf(payload, 'publish-options', NS.pubsub)))
    if (!demanded.ok) return refuse('modify', 'not-acceptable', demanded.error)
    const refusal = await this.publish(account, nodes, { node, items, demanded: demanded.value })
    const ids = items.map(({ id }) => el('item', { id }))
    return refusal ?? result(el('pubsub', { xmlns: NS.pubsub }, el('publish', { node }, ...ids)))
  }

  async #retract(account: Account, nodes: PepNodes, action: Element): Promise<IqAnswer> {
    const node: string = action.attrs.node ?? ''
    const isTold = ['1', 'true'].includes(action.attrs.notify)
    if (!(await nodes.config(node))) return noSuchNode()
    const ids = elements(action).map(({ attrs }) => String(attrs.id ?? ''))
    if (ids.length === 0) return badRequest('Which item?', pubsubError('item-required'))
    for (const id of ids)
      if (!(await this.retract(account, nodes, { node, id, isTold })))
        return refuse('cancel', 'item-not-found', 'There is no such item.')
    return result()
  }

  async #create(nodes: PepNodes, payload: Element, action: Element): Promise<IqAnswer> {
    const node: string = action.attrs.node ?? ''
    if (node === '')
      return refuse('modify', 'not-acceptable', 'A node has a name here.', pubsubError('nodeid-required'))
    if (node.length > MAX_NODE_CHARACTERS) return tooLong()
    if (await nodes.config(node)) return refuse('cancel', 'conflict', 'There is such a node already.')
    const wanted = readConfig(formIn(childOf(payload, 'configure', NS.pubsub)))
    if (!wanted.ok) return refuse('modify', 'not-acceptable', wanted.error)
    return (await this.#make(nodes, node, { ...standardConfig(node), ...wanted.value })) ? result() : full()
  }

  async #make(nodes: PepNodes, node: string, config: NodeConfig): Promise<boolean> {
    return (await nodes.all()).length < MAX_NODES && (await nodes.configure(node, config))
  }
}

/** Items by id, the last ones, or all. `isOwn`: the user asks. */
async function answerItems(nodes: PepNodes, action: Element, isOwn: boolean): Promise<IqAnswer> {
  const node: string = action.attrs.node ?? ''
  const ids = elements(action).flatMap((item) => (item.attrs.id ? [String(item.attrs.id)] : []))
  const max = Number(action.attrs.max_items ?? 0)
  const config = await nodes.config(node)
  // Dino stores no bookmark where the node is said not to be there.
  if (!config && !(isOwn && node === NS.bookmarks)) return noSuchNode()
  const found =
    ids.length > 0
      ? (await Promise.all(ids.map((id) => nodes.item(node, id)))).filter((item) => item !== undefined)
      : await nodes.items(node)
  if (ids.length > 0 && found.length === 0)
    return refuse('cancel', 'item-not-found', 'There is no such item.')
  const wanted = Number.isInteger(max) && max > 0 ? found.slice(-max) : found
  return result(
    el(
      'pubsub',
      { xmlns: NS.pubsub },
      el('items', { node }, ...newest(wanted).map((item) => el('item', { id: item.id }, payloadOf(item)))),
    ),
  )
}

/** The last items, as many as one answer may have (XEP-0060 §6.5.4 lets us leave out the oldest). */
function newest(items: readonly PepItem[]): readonly PepItem[] {
  let characters = 0
  const from = items.findLastIndex((item) => {
    characters += item.xml.length
    return characters > MAX_ANSWER_CHARACTERS
  })
  return items.slice(from + 1)
}

async function configure(
  nodes: PepNodes,
  node: string,
  config: NodeConfig,
  action: Element,
): Promise<IqAnswer> {
  const form = formIn(action)
  if (!form) return badRequest('There is no form.')
  if (form.attrs.type === 'cancel') return result()
  const wanted = readConfig(form)
  if (!wanted.ok) return refuse('modify', 'not-acceptable', wanted.error)
  return (await nodes.configure(node, { ...config, ...wanted.value })) ? result() : full()
}

const formIn = (parent: Element | undefined): Element | undefined =>
  parent && childOf(parent, 'x', NS.dataForms)

const pubsubError = (name: string, attributes: Readonly<Record<string, string>> = {}): Element =>
  el(name, { xmlns: NS.pubsubErrors, ...attributes })

const badRequest = (text: string, detail?: Element): IqAnswer => refuse('modify', 'bad-request', text, detail)

const noSuchNode = (): IqAnswer => refuse('cancel', 'item-not-found', 'There is no such node.')

const tooLong = (): IqAnswer =>
  refuse('modify', 'not-acceptable', `An item has up to ${MAX_ITEM_CHARACTERS} characters, its names fewer.`)

const full = (): IqAnswer =>
  refuse('cancel', 'resource-constraint', 'This account has stored all that it may; remove something.')

const conflict = (field: string): IqAnswer =>
  refuse('cancel', 'conflict', `The node has another ${field}.`, pubsubError('precondition-not-met'))

const unsupported = (feature: string): IqAnswer =>
  refuse(
    'cancel',
    'feature-not-implemented',
    `There is no ${feature} here.`,
    pubsubError('unsupported', { feature }),
  )
