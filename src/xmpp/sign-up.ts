/** Accounts that people make themselves, before they log in. XEP-0077 §3.1. */
import type { Logger } from 'pino'
import { normalizeLocal } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { type ErrorCondition, type ErrorType, errorReply, iqResult } from '../stanza/stanza-error.ts'
import { childOf, type Element, el } from '../stanza/xml.ts'
import { ExpiringMap } from '../util/expiring-map.ts'
import type { AccountStore } from './account-port.ts'
import { OneAtATime } from './account-services/one-at-a-time.ts'
import { networkOf } from './network-address.ts'
import { makeCredentials } from './scram.ts'
import type { WorkLimit } from './work-limit.ts'

const MAX_NAME_CHARACTERS = 64
/** Names that one address may try in an hour, and all together. */
const MAX_TRIES = 10
const MAX_ALL_TRIES = 200
const HOUR_MS = 3_600_000
const MAX_ADDRESSES = 10_000
const ALL = 'all'

export interface SignUpOptions {
  readonly accounts: AccountStore
  /** Bounds the making of credentials. */
  readonly passwordChecks: WorkLimit
  /** A name that nobody may choose: it has rights already. */
  readonly isReserved: (account: string) => boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Logger
}

export const isSignUp = (stanza: Element): boolean =>
  stanza.name === 'iq' && childOf(stanza, 'query', NS.register) !== undefined

/** The stream feature that offers it. */
export const signUpFeature = (): Element =>
  el('register', { xmlns: 'http://jabber.org/features/iq-register' })

/** Answers forms and makes accounts; tries are counted by address, an IPv6 address as its /64. */
export class SignUp {
  readonly #options: SignUpOptions
  readonly #turns = new OneAtATime()
  readonly #tries = new ExpiringMap<string, { readonly count: number; readonly fromMs: number }>(
    HOUR_MS,
    MAX_ADDRESSES,
  )

  constructor(options: SignUpOptions) {
    this.#options = options
  }

  /** The answer to an IQ for which `isSignUp`. Never rejects. */
  async answer(iq: Element, address: string): Promise<Element> {
    const query = childOf(iq, 'query', NS.register)
    if (iq.attrs.type === 'get') return iqResult(iq, form())
    const account = normalizeLocal(query?.getChildText('username') ?? '')
    const password = query?.getChildText('password') ?? ''
    if (iq.attrs.type !== 'set' || !query?.getChild('username') || !query.getChild('password'))
      return refused(iq, 'modify', 'bad-request', 'Give a name and a password.')
    if (account === undefined || account.length > MAX_NAME_CHARACTERS)
      return refused(iq, 'modify', 'not-acceptable', 'This cannot be a name.')
    if (!this.#mayTry(ALL, MAX_ALL_TRIES) || !this.#mayTry(networkOf(address), MAX_TRIES))
      return refused(
        iq,
        'wait',
        'resource-constraint',
        'Too many accounts are asked for; try again in an hour.',
      )
    try {
      const made = await this.#turns.run(account, () => this.#make(iq, account, password))
      return made ?? refused(iq, 'wait', 'resource-constraint', 'Too many ask for this name.')
    } catch (error) {
      this.#options.log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
      return refused(iq, 'wait', 'internal-server-error', 'The server could not do this now.')
    }
  }

  async #make(iq: Element, account: string, password: string): Promise<Element> {
    const { accounts, passwordChecks, isReserved, log } = this.#options
    if (isReserved(account) || (await accounts.find(account)))
      return refused(iq, 'cancel', 'conflict', 'This name is taken.')
    const made = await passwordChecks.run(async () => ({ credentials: await makeCredentials(password) }))
    if (!made)
      return refused(iq, 'wait', 'resource-constraint', 'Too many passwords are looked at; try again.')
    if (!made.credentials) return refused(iq, 'modify', 'not-acceptable', 'This cannot be a password.')
    await accounts.put(account, made.credentials)
    log.info({ account }, 'account made by its user')
    return iqResult(iq)
  }

  /** Counts a try; false when there were too many. */
  #mayTry(who: string, max: number): boolean {
    const nowMs = this.#options.now()
    const before = this.#tries.get(who, nowMs)
    const tries = before && before.fromMs + HOUR_MS > nowMs ? before : { count: 0, fromMs: nowMs }
    if (tries.count >= max) return false
    this.#tries.set(who, { ...tries, count: tries.count + 1 }, nowMs)
    return true
  }
}

const form = (): Element =>
  el(
    'query',
    { xmlns: NS.register },
    el('instructions', {}, 'Choose a name and a password.'),
    el('username'),
    el('password'),
  )

const refused = (iq: Element, type: ErrorType, condition: ErrorCondition, text: string): Element =>
  errorReply(iq, { type, condition, text })
