/** The nodes of an account and their items, kept in the account's lists: one of configurations, one of items for each node. */
import { DocumentParser } from '../../stanza/parser.ts'
import type { Element } from '../../stanza/xml.ts'
import type { AccountData } from '../account-port.ts'
import type { Account } from './account.ts'
import { itemsKept, type NodeConfig } from './pep-config.ts'

/** What was published under an id. */
export interface PepItem {
  readonly id: string
  /** The payload, one element that can stand alone. */
  readonly xml: string
}

const NODES = 'pep'
/** Nodes of one account. */
export const MAX_NODES = 200

const itemsOf = (node: string): string => `pep ${node}`

/** The nodes of one account. Calls that read and then write must come one after another. */
export class PepNodes {
  readonly #data: AccountData
  readonly #local: string

  constructor({ data, jid }: Account) {
    this.#data = data
    this.#local = jid.local
  }

  /** Names and configurations, the one configured longest ago first. */
  async all(): Promise<readonly { readonly node: string; readonly config: NodeConfig }[]> {
    const entries = await this.#data.entries(this.#local, NODES)
    return entries.map(({ id, text }) => ({ node: id, config: JSON.parse(text) as NodeConfig }))
  }

  /** Undefined when there is no such node. */
  async config(node: string): Promise<NodeConfig | undefined> {
    const text = await this.#data.entry(this.#local, NODES, node)
    return text === undefined ? undefined : (JSON.parse(text) as NodeConfig)
  }

  /** Makes or configures a node; false when there is no room. Items beyond a new maximum go, oldest first. */
  async configure(node: string, config: NodeConfig): Promise<boolean> {
    if (!(await this.#data.putEntry(this.#local, NODES, { id: node, text: JSON.stringify(config) })))
      return false
    await this.#trim(node, itemsKept(config))
    return true
  }

  async remove(node: string): Promise<void> {
    await this.purge(node)
    await this.#data.removeEntry(this.#local, NODES, node)
  }

  /** The one published longest ago first. */
  async items(node: string): Promise<readonly PepItem[]> {
    const entries = await this.#data.entries(this.#local, itemsOf(node))
    return entries.map(({ id, text }) => ({ id, xml: text }))
  }

  async item(node: string, id: string): Promise<PepItem | undefined> {
    const xml = await this.#data.entry(this.#local, itemsOf(node), id)
    return xml === undefined ? undefined : { id, xml }
  }

  /** Keeps an item, and as many others as the node may have; false when there is no room. */
  async put(node: string, item: PepItem, config: NodeConfig): Promise<boolean> {
    const kept = itemsKept(config)
    if (kept === 0) return true
    if (!(await this.#data.putEntry(this.#local, itemsOf(node), { id: item.id, text: item.xml })))
      return false
    await this.#trim(node, kept)
    return true
  }

  /** False when there was no such item. */
  retract(node: string, id: string): Promise<boolean> {
    return this.#data.removeEntry(this.#local, itemsOf(node), id)
  }

  purge(node: string): Promise<void> {
    return this.#data.clearList(this.#local, itemsOf(node))
  }

  async #trim(node: string, kept: number): Promise<void> {
    const items = await this.items(node)
    for (const { id } of items.slice(0, Math.max(0, items.length - kept))) await this.retract(node, id)
  }
}

/** The payload of an item as an element of its own; undefined when what is stored is damaged. */
export function payloadOf({ xml }: PepItem): Element | undefined {
  const parsed = new DocumentParser().parse(xml)
  return parsed.ok ? parsed.value : undefined
}
