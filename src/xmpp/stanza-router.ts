/** Where a stanza goes: to the server, the user's account, other local users or a service. RFC 6120 §10, RFC 6121 §8. */
import type { Logger } from 'pino'
import { Jid, parseJid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import {
  type ErrorCondition,
  type ErrorType,
  errorReply,
  iqResult,
  type StanzaError,
} from '../stanza/stanza-error.ts'
import { detached, type Element, el, elements, prepare } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import type { ServiceItem } from './account-services/disco.ts'
import {
  type IqAnswer,
  type IqServices,
  notServed,
  serviceKey,
  storeFailed,
} from './account-services/iq-service.ts'
import { type BlockLists, isRoomTraffic } from './block-lists.ts'
import { copySent } from './carbons.ts'
import { isStep } from './contacts/contact.ts'
import type { Contacts } from './contacts/contacts.ts'
import type { Rosters } from './contacts/rosters.ts'
import { deliverIq, deliverMessage, deliverPresence, NOBODY_THERE } from './local-delivery.ts'
import { sessionEnded, undirectedPresence } from './own-presence.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'
import { undelivered } from './undelivered.ts'

/** What routing needs of the server. */
export interface RouterOptions {
  readonly domain: string
  readonly sessions: SessionTable
  readonly lists: BlockLists
  readonly rosters: Rosters
  readonly contacts: Contacts
  readonly services: () => readonly ServiceItem[]
  readonly atServer: IqServices
  readonly atAccount: IqServices
  /** The service that takes files, by its domain. */
  readonly upload: { readonly domain: string; readonly services: IqServices } | undefined
  /** What others may ask of a user's bare address. */
  readonly atOthers: IqServices
  /** The account of a local user, there or not. */
  readonly accountOf: (user: Jid) => Account
  readonly maxDirectedPresence: number
  /** The service or room that a request without an address is for; undefined: the user's own account. */
  readonly meantFor: (stanza: Element) => string | undefined
  /** Takes what is for a service; `from` is the session's full address and is also in the stanza. */
  readonly onStanza: (from: Jid, stanza: Element) => void
  readonly onSessionEnded: (full: string) => void
  readonly onAvailable: (account: string) => void
  /** Presence without an address, after everybody who is to see it was shown it. */
  readonly onPresence: (session: Session, presence: Element) => void
  /** A result or error for the server or the user's own account. */
  readonly onAnswer: (session: Session, iq: Element) => void
  readonly log: Logger
}

/** Names of the elements that are stanzas (RFC 6120 §8). */
export const STANZAS: ReadonlySet<string> = new Set(['message', 'presence', 'iq'])

/** Stateless but for what it is given. */
export class StanzaRouter {
  readonly #options: RouterOptions
  #bounces: Element[] = []

  constructor(options: RouterOptions) {
    this.#options = options
  }

  /** Takes a stanza of a client. Its `from` is replaced whatever it says (RFC 6120 §8.1.2.1). */
  fromClient(session: Session, stanza: Element): void {
    if (stanza.getNS() !== NS.client)
      session.fail('invalid-namespace', 'Stanzas belong to the namespace jabber:client.')
    else if (stanza.name.includes(':'))
      session.fail('bad-namespace-prefix', 'Stanzas have no prefix here (RFC 6120 §4.8.5).')
    else if (!STANZAS.has(stanza.name))
      session.fail('unsupported-stanza-type', 'Only message, presence and iq are stanzas.')
    else {
      stanza.attrs.from = session.full
      if (stanza.name === 'iq' && !isIq(stanza)) refuse(session, stanza, 'modify', 'bad-request', BAD_IQ)
      else this.#route(session, stanza)
    }
  }

  /** Takes a stanza of a service for a local user. What cannot be delivered comes back as an error, in another turn. */
  fromService(to: Jid, stanza: Element): void {
    const { sessions, lists } = this.#options
    const from = isRoomTraffic(stanza) ? undefined : parseJid(String(stanza.attrs.from))
    if (from && lists.isKeptFrom(to.bare, from)) {
      // A message is dropped unseen: for an error its room would take the user out.
      if (stanza.name === 'iq') this.#bounce(errorReply(stanza, NOBODY_THERE))
      return
    }
    if (stanza.name === 'presence') {
      const from = isStep(stanza.attrs.type) ? parseJid(String(stanza.attrs.from)) : undefined
      if (from) this.#options.contacts.stepOfService(bareOf(from), bareOf(to), stanza)
      else deliverPresence(sessions, to, stanza)
      return
    }
    if (isAccountRequest(to, stanza)) {
      this.#answerOther(to, stanza, (reply) => this.#bounce(reply))
      return
    }
    const error =
      stanza.name === 'iq' ? deliverIq(sessions, to, stanza) : deliverMessage(sessions, to, stanza)
    if (error && isRefusable(stanza)) this.#bounce(errorReply(stanza, error))
  }

  /** Takes a session out, tells those who saw it and whose stanzas it did not get, and reports it. */
  ended(session: Session): void {
    const { sessions, lists, rosters, contacts, domain, onSessionEnded } = this.#options
    sessions.remove(session)
    for (const { reply, from, to } of undelivered(session, sessions))
      if (to.domain === domain) this.fromService(to, reply)
      else this.#options.onStanza(from, reply)
    if (session.availability) contacts.ended(session)
    lists.closed(session.jid.bare)
    rosters.closed(session.jid.bare)
    sessionEnded(session, sessions, domain)
    onSessionEnded(session.full)
  }

  #route(session: Session, stanza: Element): void {
    const address = addressOf(stanza) ?? this.#options.meantFor(stanza)
    if (address === undefined) {
      this.#toOwnAccount(session, stanza)
      return
    }
    const to = parseJid(address)
    if (!to) {
      refuse(session, stanza, 'modify', 'jid-malformed', 'This is not an address.')
      return
    }
    stanza.attrs.to = to.full
    if (this.#isBlocked(session, to, stanza)) return
    if (stanza.name === 'presence' && this.#isForContacts(session, to, stanza)) return
    if (stanza.name === 'message' && to.bare !== session.jid.bare)
      copySent(this.#options.sessions, session, stanza)
    if (to.domain === this.#options.domain) this.#toLocal(session, to, stanza)
    else if (to.domain === this.#options.upload?.domain) this.#toUpload(session, to, stanza)
    else this.#toService(session, to, stanza)
  }

  /** Steps of subscriptions, and probes of users. Guests keep no contacts. */
  #isForContacts(session: Session, to: Jid, presence: Element): boolean {
    const { contacts, domain } = this.#options
    const { type } = presence.attrs
    if (to.local === '' || to.bare === session.jid.bare) return false
    if (session.account.isAnonymous)
      return type === 'subscribe' && to.domain === domain && refuseGuest(session, to)
    if (type === 'probe' && to.domain === domain) contacts.probe(session, to)
    else if (isStep(type) && (to.domain === domain || this.#isService(to))) {
      presence.attrs.to = to.bare
      contacts.step(session, bareOf(to), presence)
    } else return false
    return true
  }

  #isService(to: Jid): boolean {
    return this.#options.services().some(({ jid }) => jid === to.domain)
  }

  /** Whether the user blocks the addressee, or an addressee here the user; the answer is given then. */
  #isBlocked(session: Session, to: Jid, stanza: Element): boolean {
    const { lists, domain } = this.#options
    const isLocal = to.domain === domain
    if (to.full === domain || (!isLocal && isRoomTraffic(stanza))) return false
    if (lists.blocks(session.jid.bare, to)) {
      if (isRefusable(stanza)) session.reply(errorReply(stanza, blocked()))
      return true
    }
    if (!isLocal || !lists.isKeptFrom(to.bare, session.jid)) return false
    // The sender's own side of a subscription changes all the same; the addressee does not hear of it.
    if (stanza.name === 'presence' && isStep(stanza.attrs.type)) return false
    if (stanza.name !== 'presence' && isRefusable(stanza)) session.reply(errorReply(stanza, NOBODY_THERE))
    return true
  }

  /** No address means the user's own account (RFC 6120 §8.1.1.1). */
  #toOwnAccount(session: Session, stanza: Element): void {
    if (stanza.name === 'iq') this.#answer(session, stanza, this.#options.atAccount)
    else if (stanza.name === 'message') this.#deliverLocally(session, session.account.jid, stanza)
    else {
      const wasAvailable = session.availability !== undefined
      for (const directed of undirectedPresence(session, this.#options.sessions, stanza))
        this.#route(session, directed)
      this.#options.contacts.shown(session, stanza, wasAvailable)
      if (stanza.attrs.type === undefined) this.#options.onAvailable(session.jid.bare)
      this.#options.onPresence(session, stanza)
    }
  }

  #toLocal(session: Session, to: Jid, stanza: Element): void {
    const { domain, atServer, atAccount } = this.#options
    if (stanza.name === 'iq' && to.full === domain) this.#answer(session, stanza, atServer)
    else if (stanza.name === 'iq' && to.full === session.account.jid.full)
      this.#answer(session, stanza, atAccount)
    else if (stanza.name !== 'presence' || to.local === '' || this.#track(session, to, stanza))
      this.#deliverLocally(session, to, stanza)
  }

  #toUpload(session: Session, to: Jid, stanza: Element): void {
    const services = to.full === to.domain && stanza.name === 'iq' && this.#options.upload?.services
    if (services) this.#answer(session, stanza, services)
    else if (stanza.name !== 'presence')
      refuse(session, stanza, 'cancel', 'service-unavailable', 'Files are taken here, and nothing else.')
  }

  #deliverLocally(session: Session, to: Jid, stanza: Element): void {
    const { sessions } = this.#options
    if (isAccountRequest(to, stanza)) {
      this.#answerOther(to, stanza, (reply) => session.reply(reply))
      return
    }
    if (stanza.name === 'presence') {
      deliverPresence(sessions, to, stanza)
      return
    }
    const error =
      stanza.name === 'iq' ? deliverIq(sessions, to, stanza) : deliverMessage(sessions, to, stanza)
    if (error && isRefusable(stanza)) session.reply(errorReply(stanza, error))
  }

  #toService(session: Session, to: Jid, stanza: Element): void {
    if (!this.#isService(to))
      refuse(session, stanza, 'cancel', 'remote-server-not-found', 'No such server is known here.')
    else if (stanza.name !== 'presence' || this.#track(session, to, stanza))
      this.#options.onStanza(session.jid, stanza)
  }

  /** Remembers to whom the session shows itself (RFC 6121 §4.6.2); false when that are too many. */
  #track(session: Session, to: Jid, presence: Element): boolean {
    const { type } = presence.attrs
    if (type === 'unavailable') session.directed?.delete(to.bare)
    if (type !== undefined) return true
    session.directed ??= new Map()
    const isNew = !session.directed.has(to.bare)
    if (isNew && session.directed.size >= this.#options.maxDirectedPresence) {
      refuse(session, presence, 'wait', 'resource-constraint', 'This client is in too many places at once.')
      return false
    }
    presence.attrs.to = detached(to.full)
    session.directed.set(detached(to.bare), presence.attrs.to)
    return true
  }

  /** Answers an IQ of kind get or set, once; results and errors are reported. */
  #answer(session: Session, iq: Element, services: IqServices): void {
    if (isResponse(iq)) this.#options.onAnswer(session, iq)
    else this.#serve(iq, services, session.account, (reply) => session.reply(reply))
  }

  /** Answers what is asked of somebody else's account. */
  #answerOther(to: Jid, iq: Element, reply: (answer: Element) => void): void {
    const { atOthers, accountOf } = this.#options
    if (!isResponse(iq)) this.#serve(iq, atOthers, accountOf(to), reply)
  }

  #serve(iq: Element, services: IqServices, account: Account, reply: (answer: Element) => void): void {
    const [payload, ...others] = elements(iq)
    if (!payload || others.length > 0) {
      reply(errorReply(iq, { type: 'modify', condition: 'bad-request', text: BAD_IQ }))
      return
    }
    const service = services.get(serviceKey(payload.getNS() ?? '', payload.getName()))
    const kind = iq.attrs.type === 'get' ? 'get' : 'set'
    const answer = service?.({ kind, payload, account, from: String(iq.attrs.from) }) ?? notServed()
    if (answer instanceof Promise)
      answer.then(
        (given) => {
          reply(answerTo(iq, given))
          if (given.kind === 'result') given.after?.()
        },
        (error: unknown) => {
          this.#options.log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
          reply(answerTo(iq, storeFailed()))
        },
      )
    else reply(answerTo(iq, answer))
  }

  #bounce(reply: Element): void {
    this.#bounces.push(reply)
    if (this.#bounces.length > 1) return
    setImmediate(() => {
      const bounces = this.#bounces
      this.#bounces = []
      for (const bounce of bounces) {
        const from = parseJid(String(bounce.attrs.from))
        if (from) this.#options.onStanza(from, bounce)
      }
    })
  }
}

/** An empty address of a request is none: the Ethora chat component pings that way (docs/ethora.md). */
function addressOf({ name, attrs }: Element): string | undefined {
  if (name === 'iq' && attrs.to === '') delete attrs.to
  return attrs.to
}

function refuseGuest(session: Session, to: Jid): true {
  const answer = el('presence', { type: 'unsubscribed', from: to.bare })
  session.deliverAsAddressed(prepare(answer), session.jid.bare)
  return true
}

const bareOf = ({ local, domain }: Jid): Jid => new Jid(local, domain)

const BAD_IQ = 'An IQ has an id, a type, and as a request exactly one child (RFC 6120 §8.2.3).'
/** XEP-0191 §3.2. */
const blocked = (): StanzaError => ({
  type: 'cancel',
  condition: 'not-acceptable',
  text: 'You have blocked this address.',
  detail: el('blocked', { xmlns: 'urn:xmpp:blocking:errors' }),
})
const IQ_TYPES = new Set(['get', 'set', 'result', 'error'])

const isIq = (iq: Element): boolean => IQ_TYPES.has(iq.attrs.type) && Boolean(iq.attrs.id)

const isResponse = ({ attrs }: Element): boolean => attrs.type === 'result' || attrs.type === 'error'

/** An IQ for an account: bare addresses name no client. */
const isAccountRequest = (to: Jid, { name }: Element): boolean =>
  name === 'iq' && to.resource === '' && to.local !== ''

/** Errors are never answered with errors, nor are results and goodbyes (RFC 6120 §8.3.1). */
function isRefusable({ name, attrs }: Element): boolean {
  if (name === 'iq') return attrs.type !== 'result' && attrs.type !== 'error'
  return attrs.type !== 'error' && !(name === 'presence' && attrs.type === 'unavailable')
}

function refuse(
  session: Session,
  stanza: Element,
  type: ErrorType,
  condition: ErrorCondition,
  text: string,
): void {
  const by = session.jid.domain
  if (isRefusable(stanza)) session.reply(errorReply(stanza, { type, condition, text, by }))
}

const answerTo = (iq: Element, answer: IqAnswer): Element =>
  answer.kind === 'result' ? iqResult(iq, answer.payload) : errorReply(iq, answer.error)
