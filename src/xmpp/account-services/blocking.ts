/** The list of blocked addresses: shown, changed, and told to the user's other sessions. XEP-0191 §3. */
import { parseJid } from '../../stanza/jid.ts'
import { type Element, el, elements, prepare } from '../../stanza/xml.ts'
import type { BlockLists } from '../block-lists.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { Session } from '../session.ts'
import type { SessionTable } from '../session-table.ts'
import { type IqAnswer, type IqService, notServed, refuse, result } from './iq-service.ts'

export const BLOCKING = 'urn:xmpp:blocking'

export interface BlockingOptions {
  readonly sessions: SessionTable
  readonly lists: BlockLists
  readonly contacts: Contacts
  /** An id for a push. */
  readonly newId: () => string
}

/** Get: the list. Whoever asks is told of changes from then on. */
export const blocklist =
  ({ sessions, lists }: BlockingOptions): IqService =>
  async ({ kind, account, from }) => {
    if (kind === 'set') return notServed()
    const session = sessions.get(from)
    if (session) session.knowsBlocked = true
    return result(el('blocklist', { xmlns: BLOCKING }, ...items(await lists.of(account.jid.bare))))
  }

/** Set: blocks each item. */
export const block =
  (options: BlockingOptions): IqService =>
  async ({ kind, payload, account }) => {
    if (kind === 'get') return notServed()
    const addresses = addressesIn(payload)
    if (!addresses) return malformed()
    if (addresses.length === 0) return refuse('modify', 'bad-request', 'Whom do you want to block?')
    if (!(await options.lists.block(account, addresses)))
      return refuse('cancel', 'resource-constraint', 'You block as many addresses as you may.')
    options.contacts.blocked(account.jid, addresses, true)
    push(options, account.jid.bare, el('block', { xmlns: BLOCKING }, ...items(addresses)))
    return result()
  }

/** Set: unblocks each item, or everybody when there is none. */
export const unblock =
  (options: BlockingOptions): IqService =>
  async ({ kind, payload, account }) => {
    if (kind === 'get') return notServed()
    const addresses = addressesIn(payload)
    if (!addresses) return malformed()
    const { bare } = account.jid
    const unblocked = addresses.length > 0 ? addresses : await options.lists.of(bare)
    await options.lists.unblock(account, unblocked)
    options.contacts.blocked(account.jid, unblocked, false)
    push(options, bare, el('unblock', { xmlns: BLOCKING }, ...items(addresses)))
    return result()
  }

const malformed = (): IqAnswer => refuse('modify', 'jid-malformed', 'An item has no address that could be.')

/** Normalised; undefined when one cannot be. */
function addressesIn(payload: Element): readonly string[] | undefined {
  const jids = elements(payload)
    .filter((item) => item.getName() === 'item')
    .map(({ attrs }) => parseJid(String(attrs.jid ?? ''))?.full)
  return jids.every((jid) => jid !== undefined) ? jids : undefined
}

const items = (addresses: readonly string[]): Element[] => addresses.map((jid) => el('item', { jid }))

function push({ sessions, newId }: BlockingOptions, bare: string, change: Element): void {
  const told = sessions.ofAccount(bare).filter((session: Session) => session.knowsBlocked)
  if (told.length === 0) return
  const iq = prepare(el('iq', { type: 'set', id: newId(), from: bare }, change))
  for (const session of told) session.deliver(iq)
}
