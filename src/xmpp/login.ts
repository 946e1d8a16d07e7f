/** The login on one connection: SASL elements in and out, several attempts perhaps. RFC 6120 §6.4. */
import type { Logger } from 'pino'
import { NS } from '../stanza/ns.ts'
import { type Element, el } from '../stanza/xml.ts'
import {
  type LoginChannel,
  type SaslCondition,
  type SaslEnv,
  type SaslExchange,
  type SaslStep,
  startExchange,
} from './sasl.ts'

/** What to tell the client, and what that means here. */
export interface LoginAnswer {
  readonly reply: Element
  readonly outcome:
    | { readonly kind: 'going-on' }
    | { readonly kind: 'success'; readonly account: string; readonly isAnonymous: boolean }
    /** `account`: who it said to be, if it came so far; `count`: how many were refused on this connection so far. */
    | {
        readonly kind: 'refused'
        readonly condition: SaslCondition
        readonly account: string | undefined
        readonly count: number
      }
}

/** One per connection; elements are taken one after another. */
export class Login {
  readonly #env: SaslEnv
  readonly #channel: LoginChannel
  readonly #log: Logger
  #exchange: SaslExchange | undefined
  #refused = 0

  constructor(env: SaslEnv, channel: LoginChannel, log: Logger) {
    this.#env = env
    this.#channel = channel
    this.#log = log
  }

  /** Takes an element in the SASL namespace. Never rejects. */
  async take(element: Element): Promise<LoginAnswer> {
    const step = await this.#step(element)
    if (step.kind === 'challenge')
      return { reply: data('challenge', step.text), outcome: { kind: 'going-on' } }
    this.#exchange = undefined
    if (step.kind === 'success') {
      const { account, isAnonymous } = step
      return { reply: data('success', step.text), outcome: { kind: 'success', account, isAnonymous } }
    }
    const { condition, account } = step
    if (condition === 'not-authorized') this.#env.throttle.failed(this.#channel.address, account)
    return {
      reply: failureElement(condition, this.#channel.bindings !== undefined),
      outcome: { kind: 'refused', condition, account, count: ++this.#refused },
    }
  }

  async #step(element: Element): Promise<SaslStep> {
    const name = element.getName()
    if (name === 'abort') return failed('aborted')
    if (name === 'auth') {
      this.#exchange = startExchange(element.attrs.mechanism ?? '', this.#env, this.#channel)
      if (!this.#exchange) return failed('invalid-mechanism')
    } else if (name !== 'response') return failed('malformed-request')
    if (!this.#exchange) return failed('malformed-request')
    const text = element.getText().trim()
    const message = decodeBase64(text)
    if (message === undefined) return failed('incorrect-encoding')
    try {
      return await this.#exchange.respond(name === 'auth' && text === '' ? undefined : message)
    } catch (error) {
      this.#log.warn({ err: error, code: 'XMPP_ACCOUNT_STORE_FAILED' }, 'account store failed')
      return failed('temporary-auth-failure')
    }
  }
}

const failed = (condition: SaslCondition): SaslStep => ({ kind: 'failure', condition })

/** For people; what they can do about it, where they can (RFC 6120 §6.5). */
const TEXTS: Readonly<Partial<Record<SaslCondition, string>>> = {
  'encryption-required': 'Passwords are taken over TLS only.',
  'not-authorized': 'Name or password are wrong.',
  'temporary-auth-failure':
    'Too many logins were refused, or too many people log in: try again in ten minutes.',
}

/** The same where a login may have been tied to another TLS connection than this one. */
const TEXT_WITH_BINDINGS = 'Name or password are wrong, or somebody is between you and the server.'

function failureElement(condition: SaslCondition, hasBindings: boolean): Element {
  const text = condition === 'not-authorized' && hasBindings ? TEXT_WITH_BINDINGS : TEXTS[condition]
  return el(
    'failure',
    { xmlns: NS.sasl },
    el(condition),
    text !== undefined && el('text', { 'xml:lang': 'en' }, text),
  )
}

/** The answer to a login before TLS, where TLS is required. */
export const refusedWithoutTls = (): Element => failureElement('encryption-required', false)

const data = (name: string, text: string): Element =>
  el(name, { xmlns: NS.sasl }, text === '' ? undefined : Buffer.from(text).toString('base64'))

/** Strict base64; `=` alone is a message of no bytes (RFC 6120 §6.4.2). */
function decodeBase64(text: string): Buffer | undefined {
  if (text === '=') return Buffer.alloc(0)
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
    ? Buffer.from(text, 'base64')
    : undefined
}
