/** One contact of a user, and what the steps of subscriptions make of it: RFC 6121 §2.1.2, §3 and appendix A. */
import { NS } from '../../stanza/ns.ts'
import { type Element, el } from '../../stanza/xml.ts'

/** The steps, and what they say to the contact. */
export type Step = 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed'

const STEPS: ReadonlySet<string> = new Set(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])

/** Whether presence of this type is a step of a subscription. */
export const isStep = (type: unknown): type is Step => STEPS.has(String(type))

export interface Contact {
  /** Bare JID. */
  readonly jid: string
  readonly name: string
  readonly groups: readonly string[]
  /** The user sees the contact's presence. */
  readonly to: boolean
  /** The contact sees the user's. */
  readonly from: boolean
  /** The user has asked to see the contact's presence, and has no answer. */
  readonly isAsking: boolean
  /** What the contact says in asking for the user's presence; null when it does not ask. */
  readonly request: string | null
  /** Clients see it in the roster: a request alone is not in it. */
  readonly isListed: boolean
}

/** Somebody that the user has nothing to do with. */
export const stranger = (jid: string): Contact => ({
  jid,
  name: '',
  groups: [],
  to: false,
  from: false,
  isAsking: false,
  request: null,
  isListed: false,
})

/** Whether anything is left to be kept. */
export const isKept = ({ isListed, request }: Contact): boolean => isListed || request !== null

const withoutTo = (contact: Contact): Contact | undefined =>
  contact.to || contact.isAsking ? { ...contact, to: false, isAsking: false } : undefined
const withoutFrom = (contact: Contact): Contact | undefined =>
  contact.from || contact.request !== null ? { ...contact, from: false, request: null } : undefined

/** A step of the user towards the contact. Undefined: it says nothing new, and goes nowhere. */
export function afterOwn(contact: Contact, step: Step): Contact | undefined {
  switch (step) {
    case 'subscribe':
      return contact.to ? undefined : { ...contact, isAsking: true, isListed: true }
    case 'subscribed':
      return contact.request === null ? undefined : { ...contact, from: true, request: null, isListed: true }
    case 'unsubscribe':
      return withoutTo(contact)
    case 'unsubscribed':
      return withoutFrom(contact)
  }
}

/** A step of the contact towards the user; `text` is what is said with it. Undefined: nobody is to hear of it. */
export function afterTheirs(contact: Contact, step: Step, text: string): Contact | undefined {
  switch (step) {
    case 'subscribe':
      return contact.from || contact.request !== null ? undefined : { ...contact, request: text }
    case 'subscribed':
      return contact.isAsking ? { ...contact, to: true, isAsking: false } : undefined
    case 'unsubscribe':
      return withoutFrom(contact)
    case 'unsubscribed':
      return withoutTo(contact)
  }
}

/** As clients get it: RFC 6121 §2.1.2. */
export function contactItem({ jid, name, groups, to, from, isAsking }: Contact): Element {
  const subscription = to ? (from ? 'both' : 'to') : from ? 'from' : 'none'
  return el(
    'item',
    { jid, name: name || undefined, subscription, ask: isAsking ? 'subscribe' : undefined },
    ...groups.map((group) => el('group', {}, group)),
  )
}

/** The roster, or the part of it that a push tells. */
export const rosterQuery = (items: readonly Element[]): Element => el('query', { xmlns: NS.roster }, ...items)
