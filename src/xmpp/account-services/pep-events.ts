/** Notifications of PEP: to those of the user's own sessions whose clients ask for the node. XEP-0060 §7.1.2, XEP-0163 §4. */
import type { Jid } from '../../stanza/jid.ts'
import { NS } from '../../stanza/ns.ts'
import { type Element, el, prepare } from '../../stanza/xml.ts'
import type { Session } from '../session.ts'
import type { SessionTable } from '../session-table.ts'
import { configured, isSet, type NodeConfig } from './pep-config.ts'
import { type PepItem, type PepNodes, payloadOf } from './pep-nodes.ts'

/** An item was published. */
export function itemPublished(
  sessions: SessionTable,
  owner: Jid,
  node: string,
  { item, config }: { readonly item: PepItem; readonly config: NodeConfig },
): void {
  notify(sessions, owner, node, itemsElement(node, item, config))
}

export function itemRetracted(sessions: SessionTable, owner: Jid, node: string, id: string): void {
  notify(sessions, owner, node, el('items', { node }, el('retract', { id })))
}

/** A node lost all its items (`purge`), or itself (`delete`). */
export function nodeEmptied(sessions: SessionTable, owner: Jid, node: string, how: 'purge' | 'delete'): void {
  notify(sessions, owner, node, el(how, { node }))
}

/** The last item of each node of interest, for a session that is new to them (XEP-0163 §4.3.4). */
export async function sendLastItems(session: Session, nodes: PepNodes, interests: ReadonlySet<string>) {
  for (const { node, config } of await nodes.all()) {
    if (!interests.has(node) || configured(config, 'pubsub#send_last_published_item') === 'never') continue
    const item = (await nodes.items(node)).at(-1)
    if (item) session.deliver(prepare(event(session.jid.bare, itemsElement(node, item, config))))
  }
}

function notify(sessions: SessionTable, owner: Jid, node: string, change: Element): void {
  const prepared = prepare(event(owner.bare, change))
  for (const session of sessions.ofAccount(owner.bare))
    if (session.interests?.has(node)) session.deliver(prepared)
}

const event = (from: string, change: Element): Element =>
  el('message', { from, type: 'headline' }, el('event', { xmlns: NS.pubsubEvent }, change))

function itemsElement(node: string, item: PepItem, config: NodeConfig): Element {
  const payload = isSet(config, 'pubsub#deliver_payloads') ? payloadOf(item) : undefined
  return el('items', { node }, el('item', { id: item.id }, payload))
}
