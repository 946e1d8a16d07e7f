/** The roster: read, changed and pushed. RFC 6121 §2. Versions are not kept: it always comes whole. */
import { parseJid } from '../../stanza/jid.ts'
import { NS } from '../../stanza/ns.ts'
import { type Element, el, elements } from '../../stanza/xml.ts'
import { contactItem, rosterQuery } from '../contacts/contact.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { Rosters } from '../contacts/rosters.ts'
import type { SessionTable } from '../session-table.ts'
import type { Account } from './account.ts'
import { type IqAnswer, type IqService, refuse, result } from './iq-service.ts'

/** Groups of one contact. */
const MAX_GROUPS = 32
/** Characters of a contact's name, and of a group's. */
const MAX_NAME_CHARACTERS = 256

export interface RosterOptions {
  readonly sessions: SessionTable
  readonly rosters: Rosters
  readonly contacts: Contacts
}

/** Get: all contacts. Who asks is told of changes from then on. Set: one contact, or its removal. */
export const roster =
  ({ sessions, rosters, contacts }: RosterOptions): IqService =>
  async ({ kind, payload, account, from }) => {
    if (account.isAnonymous)
      return kind === 'get'
        ? result(el('query', { xmlns: NS.roster }))
        : refuse('cancel', 'not-allowed', 'Guests keep no contacts.')
    if (kind === 'set') return change(contacts, account, payload)
    const session = sessions.get(from)
    if (session) session.knowsRoster = true
    const listed = [...(await rosters.of(account)).values()].filter(({ isListed }) => isListed)
    return result(rosterQuery(listed.map(contactItem)))
  }

async function change(contacts: Contacts, account: Account, query: Element): Promise<IqAnswer> {
  const [item, ...more] = elements(query)
  if (item?.getName() !== 'item' || more.length > 0)
    return refuse('modify', 'bad-request', 'One contact can be changed at a time.')
  const jid = parseJid(String(item.attrs.jid ?? ''))
  if (jid?.resource !== '') return refuse('modify', 'bad-request', 'A contact has a bare address.')
  if (jid.bare === account.jid.bare) return refuse('cancel', 'not-allowed', 'Nobody is their own contact.')
  if (item.attrs.subscription === 'remove') {
    const isDone = await contacts.remove(account, jid)
    if (isDone === undefined) return busy()
    return isDone ? result() : refuse('cancel', 'item-not-found', 'This is none of your contacts.')
  }
  const name = String(item.attrs.name ?? '')
  const groups = elements(item)
    .filter((child) => child.getName() === 'group')
    .map((child) => child.getText())
  if (new Set(groups).size < groups.length)
    return refuse('modify', 'bad-request', 'A contact is in each group once.')
  if (
    groups.length > MAX_GROUPS ||
    groups.includes('') ||
    [name, ...groups].some((text) => text.length > MAX_NAME_CHARACTERS)
  )
    return refuse(
      'modify',
      'not-acceptable',
      'A name is too long, or there are too many groups, or one has none.',
    )
  const isDone = await contacts.set(account, jid, { name, groups })
  if (isDone === undefined) return busy()
  return isDone ? result() : refuse('cancel', 'resource-constraint', 'You have as many contacts as you may.')
}

const busy = (): IqAnswer => refuse('wait', 'resource-constraint', 'Too many changes at once; try again.')
