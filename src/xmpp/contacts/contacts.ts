/** Contacts among the users of this server: subscriptions and the presence that they bring. RFC 6121 §3 and §4. */
import type { Logger } from 'pino'
import { type Jid, parseJid } from '../../stanza/jid.ts'
import { errorReply } from '../../stanza/stanza-error.ts'
import { detached, type Element, el, type PreparedStanza, prepare } from '../../stanza/xml.ts'
import type { Account } from '../account-services/account.ts'
import { OneAtATime } from '../account-services/one-at-a-time.ts'
import type { BlockLists } from '../block-lists.ts'
import type { Session } from '../session.ts'
import type { SessionTable } from '../session-table.ts'
import {
  afterOwn,
  afterTheirs,
  type Contact,
  contactItem,
  rosterQuery,
  type Step,
  stranger,
} from './contact.ts'
import type { Roster, Rosters } from './rosters.ts'

/** Characters that are kept of what somebody says in asking for presence. */
const MAX_REQUEST_CHARACTERS = 1_000

export interface ContactsOptions {
  /** Of the users. */
  readonly domain: string
  readonly sessions: SessionTable
  readonly rosters: Rosters
  readonly lists: BlockLists
  readonly log: Logger
  /** The registered account of this name, if there is one. */
  registered(local: string): Promise<Account | undefined>
  /** Takes a step that is for a service. */
  toService(from: Jid, stanza: Element): void
  /** An id for a push. */
  newId(): string
}

export class Contacts {
  readonly #options: ContactsOptions
  /** By pair of users, as a step changes what both keep. */
  readonly #queue = new OneAtATime()

  constructor(options: ContactsOptions) {
    this.#options = options
  }

  /** A session has sent undirected presence, which its own account has seen; `before`: it had been available. */
  shown(session: Session, presence: Element, before: boolean): void {
    const { type } = presence.attrs
    if (type !== undefined && type !== 'unavailable') return
    if (session.account.isAnonymous || (type === 'unavailable' && !before)) return
    const prepared = prepare(presence)
    const kept: PreparedStanza = { name: prepared.name, rest: detached(prepared.rest) }
    this.#withRoster(session, (roster) => {
      this.#broadcast(session.jid, roster, kept)
      if (type === undefined && !before) this.#welcome(session, roster)
    })
  }

  /** A session ended that had been available. */
  ended(session: Session): void {
    if (session.account.isAnonymous) return
    const goodbye = unavailable(session)
    this.#withRoster(session, (roster) => this.#broadcast(session.jid, roster, goodbye))
  }

  /** A step of a session's user; `to` is bare. What it changes is stored before anybody is told. */
  step(session: Session, to: Jid, stanza: Element): void {
    const { account } = session
    const step = stanza.attrs.type as Step
    this.#inTurn(account.jid, to, async () => {
      const before = (await this.#options.rosters.of(account)).get(to.bare) ?? stranger(to.bare)
      const after = afterOwn(before, step)
      if (!after) return
      if (!(await this.#options.rosters.put(account, after))) {
        session.reply(errorReply(stanza, TOO_MANY))
        return
      }
      if (after.isListed) this.push(account.jid.bare, contactItem(after))
      stanza.attrs.from = account.jid.bare
      await this.#deliver(account.jid, to, stanza)
      this.#tellPresence(account.jid, to, before, after)
    })
  }

  /** A step of a service for a user. */
  stepOfService(from: Jid, to: Jid, stanza: Element): void {
    this.#inTurn(from, to, () => this.#deliver(from, to, stanza))
  }

  /** Shows a session's user those sessions of a contact that are available (§4.3). */
  probe(session: Session, to: Jid): void {
    if (session.account.isAnonymous) return
    this.#showAll(to, session.jid, [session])
  }

  /** Keeps what a client says of a contact; false when there are too many. */
  async set(
    account: Account,
    jid: Jid,
    told: Pick<Contact, 'name' | 'groups'>,
  ): Promise<boolean | undefined> {
    return this.#queue.run(pairOf(account.jid, jid), async () => {
      const before = (await this.#options.rosters.of(account)).get(jid.bare) ?? stranger(jid.bare)
      const after = { ...before, ...told, isListed: true }
      if (!(await this.#options.rosters.put(account, after))) return false
      this.push(account.jid.bare, contactItem(after))
      return true
    })
  }

  /** Takes a contact off the roster, and ends all subscriptions (§2.5.2). False when it is not there. */
  async remove(account: Account, jid: Jid): Promise<boolean | undefined> {
    return this.#queue.run(pairOf(account.jid, jid), async () => {
      const before = (await this.#options.rosters.of(account)).get(jid.bare)
      if (!before?.isListed) return false
      await this.#options.rosters.remove(account, jid.bare)
      this.push(account.jid.bare, el('item', { jid: jid.bare, subscription: 'remove' }))
      for (const step of ['unsubscribe', 'unsubscribed'] as const)
        if (afterOwn(before, step)) await this.#deliver(account.jid, jid, stepOf(step, account.jid, jid))
      this.#tellPresence(account.jid, jid, before, stranger(jid.bare))
      return true
    })
  }

  /** A user has blocked, or blocks no longer, these addresses: who sees the user sees that (XEP-0191 §3.3 and §3.4). */
  blocked(user: Jid, addresses: readonly string[], isBlocked: boolean): void {
    for (const { jid, from } of this.#options.rosters.known(user.bare)?.values() ?? []) {
      const contact = from ? parseJid(jid) : undefined
      if (!contact) continue
      const meant = this.#available(contact.bare).filter(({ jid: { full, bare, domain } }) =>
        [full, bare, domain].some((address) => addresses.includes(address)),
      )
      if (isBlocked) this.#sayGoodbye(user, meant)
      else if (meant.length > 0) {
        this.#showAll(user, contact, meant)
        this.#showAll(contact, user)
      }
    }
  }

  /** An account (bare) is no more: nobody keeps it as a contact, for whoever takes the name is somebody else. */
  async forget(account: Jid, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const other = await this.#options.registered(name)
      if (!other || other.jid.bare === account.bare) continue
      await this.#queue.run(pairOf(other.jid, account), async () => {
        const before = (await this.#options.rosters.of(other)).get(account.bare)
        if (!before) return
        await this.#options.rosters.remove(other, account.bare)
        if (before.isListed)
          this.push(other.jid.bare, el('item', { jid: account.bare, subscription: 'remove' }))
      })
    }
  }

  /** Tells the sessions that have asked for the roster of a change (§2.1.6). */
  push(bare: string, item: Element): void {
    const told = this.#options.sessions.ofAccount(bare).filter(({ knowsRoster }) => knowsRoster)
    if (told.length === 0) return
    const iq = prepare(el('iq', { type: 'set', id: this.#options.newId(), from: bare }, rosterQuery([item])))
    for (const session of told) session.deliver(iq)
  }

  #inTurn(one: Jid, other: Jid, work: () => Promise<void>): void {
    this.#queue.run(pairOf(one, other), work).catch((error: unknown) => {
      this.#options.log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
    })
  }

  /** What `from` says reaches the other side, which keeps it. */
  async #deliver(from: Jid, to: Jid, stanza: Element): Promise<void> {
    if (to.domain !== this.#options.domain) {
      this.#options.toService(from, stanza)
      return
    }
    const step = stanza.attrs.type as Step
    const account = await this.#options.registered(to.local)
    if (!account) {
      if (step === 'subscribe') await this.#deliver(to, from, stepOf('unsubscribed', to, from))
      return
    }
    if (await this.#options.lists.keeps(account, from)) return
    const before = (await this.#options.rosters.of(account)).get(from.bare) ?? stranger(from.bare)
    if (step === 'subscribe' && before.from) {
      await this.#deliver(to, from, stepOf('subscribed', to, from))
      this.#showAll(to, from)
      return
    }
    const text = (stanza.getChildText('status') ?? '').slice(0, MAX_REQUEST_CHARACTERS)
    const after = afterTheirs(before, step, text)
    if (!after) return
    if (!(await this.#options.rosters.put(account, after))) {
      if (step === 'subscribe') await this.#deliver(to, from, stepOf('unsubscribed', to, from))
      return
    }
    if (after.isListed && step !== 'subscribe') this.push(account.jid.bare, contactItem(after))
    const prepared = prepare(stanza)
    for (const session of this.#available(to.bare)) session.deliverAsAddressed(prepared, to.bare)
    this.#tellPresence(to, from, before, after)
  }

  /** What `user` lets `contact` see has changed. */
  #tellPresence(user: Jid, contact: Jid, before: Contact, after: Contact): void {
    if (after.from === before.from) return
    if (after.from) this.#showAll(user, contact)
    else this.#sayGoodbye(user, this.#available(contact.bare))
  }

  #sayGoodbye(user: Jid, viewers: readonly Session[]): void {
    for (const session of this.#available(user.bare))
      for (const viewer of viewers) viewer.deliverAsAddressed(unavailable(session), viewer.jid.bare)
  }

  /** The presence of all sessions of a user, for some or all sessions of a contact that may see it. */
  #showAll(user: Jid, contact: Jid, to: readonly Session[] = this.#available(contact.bare)): void {
    if (!this.#maySee(contact, user)) return
    for (const { availability } of this.#available(user.bare))
      for (const session of to)
        if (availability && !this.#options.lists.isKeptFrom(user.bare, session.jid))
          session.deliverAsAddressed(availability.presence, contact.bare)
  }

  /** What a session that begins to be available is shown: its contacts, and who has asked to be one. */
  #welcome(session: Session, roster: Roster): void {
    const { jid } = session
    for (const contact of roster.values()) {
      const other = parseJid(contact.jid)
      if (!other) continue
      if (contact.to) this.#showAll(other, jid, [session])
      if (contact.request !== null && !this.#options.lists.isKeptFrom(jid.bare, other))
        session.deliverAsAddressed(prepare(stepOf('subscribe', other, jid, contact.request)), jid.bare)
    }
  }

  #broadcast(user: Jid, roster: Roster, presence: PreparedStanza): void {
    for (const { jid, from } of roster.values()) {
      const contact = from ? parseJid(jid) : undefined
      if (!contact || !this.#maySee(contact, user)) continue
      for (const session of this.#available(contact.bare))
        if (!this.#options.lists.isKeptFrom(user.bare, session.jid))
          session.deliverAsAddressed(presence, contact.bare)
    }
  }

  /** Both sides must say so, and neither block the other. Who has no session here sees nothing anyway. */
  #maySee(viewer: Jid, user: Jid): boolean {
    const { rosters, lists } = this.#options
    return (
      rosters.known(viewer.bare)?.get(user.bare)?.to === true &&
      rosters.known(user.bare)?.get(viewer.bare)?.from === true &&
      !lists.isKeptFrom(viewer.bare, user) &&
      !lists.isKeptFrom(user.bare, viewer)
    )
  }

  #available(bare: string): readonly Session[] {
    return this.#options.sessions.ofAccount(bare).filter(({ availability }) => availability !== undefined)
  }

  /** At once when the roster is read, as it mostly is; else as soon as it is, in the same order. */
  #withRoster(session: Session, act: (roster: Roster) => void): void {
    const { rosters, log } = this.#options
    const known = rosters.known(session.jid.bare)
    if (known) act(known)
    else
      rosters.of(session.account).then(act, (error: unknown) => {
        log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
      })
  }
}

const TOO_MANY = {
  type: 'cancel',
  condition: 'resource-constraint',
  text: 'You have as many contacts as you may.',
} as const

const pairOf = (one: Jid, other: Jid): string => [one.bare, other.bare].sort().join(' ')

const stepOf = (type: Step, from: Jid, to: Jid, text = ''): Element =>
  el('presence', { type, from: from.bare, to: to.bare }, text !== '' && el('status', {}, text))

const unavailable = (session: Session): PreparedStanza =>
  prepare(el('presence', { type: 'unavailable', from: session.full }))
