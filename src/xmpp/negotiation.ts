/** A stream before it has a session: header, login, then a resource or an earlier session. RFC 6120 §4-§7, XEP-0198 §5. */
import type { Logger } from 'pino'
import { isFromEthora } from '../stanza/ethora.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { errorReply, type StanzaError } from '../stanza/stanza-error.ts'
import type { StreamErrorCondition } from '../stanza/stream-error.ts'
import { type Element, el } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import { type BindRefusal, bindRequest, isBind } from './bind.ts'
import type { ServerLimits } from './limits.ts'
import { Login, type LoginAnswer, refusedWithoutTls } from './login.ts'
import { mechanismsOf, type SaslEnv } from './sasl.ts'
import type { Session } from './session.ts'
import { isSignUp, type SignUp, signUpFeature } from './sign-up.ts'
import {
  bindFeature,
  channelBindingFeature,
  claimedAddress,
  clientStateFeature,
  features,
  mechanismsFeature,
  refusesHeader,
  startTlsFeature,
} from './stream-header.ts'
import { failed, managementFeature, managementRequest } from './stream-management/elements.ts'
import type { SleepingSessions } from './stream-management/sleeping-sessions.ts'
import { offeredBindings } from './tls/channel-binding.ts'
import type { Transport } from './transport.ts'

export type StartTls = 'none' | 'offered' | 'required'

/** What negotiations need of the server. */
export interface NegotiationEnv {
  readonly domain: string
  /** Whether clients on TCP may or must begin TLS before they log in. */
  readonly startTls: StartTls
  readonly limits: ServerLimits
  readonly sasl: SaslEnv
  /** Makes accounts for who asks; undefined makes none. */
  readonly signUp: SignUp | undefined
  readonly sleeping: SleepingSessions
  readonly log: Logger
  /** The account that a login gave. */
  readonly accountOf: (local: string, isAnonymous: boolean) => Account
  /** The address for a new session; ends an older session that has it. */
  readonly claim: (account: Account, resource: string | undefined) => Jid | BindRefusal
}

/** The stream that is negotiated. */
export interface NegotiatedStream {
  openStream(to: string | undefined): void
  writeElement(element: Element): void
  fail(condition: StreamErrorCondition, text: string): void
  /** Nothing of the client is handled until `goOn`. */
  hold(): void
  goOn(): void
  readonly isClosing: boolean
  /** Something was received that is not handled yet. */
  readonly hasMoreInput: boolean
  /** Negotiation is over: a new session, with the answer to its client. */
  begin(jid: Jid, account: Account, answer: Element): void
  /** Negotiation is over: an earlier session goes on, whose client has handled `h` stanzas. */
  resume(session: Session, id: string, h: number): void
}

const TOO_EARLY = {
  type: 'auth',
  condition: 'not-authorized',
  text: 'Log in first, then bind a resource.',
} as const satisfies StanzaError

/** Lives until its stream has a session. */
export class Negotiation {
  readonly #env: NegotiationEnv
  readonly #stream: NegotiatedStream
  readonly #transport: Transport
  #stage: 'header' | 'login' | 'header-again' | 'bind' = 'header'
  #login: Login | undefined
  #account: Account | undefined

  constructor(env: NegotiationEnv, stream: NegotiatedStream, transport: Transport) {
    this.#env = env
    this.#stream = stream
    this.#transport = transport
  }

  /** Not logged in yet. */
  get isUnauthenticated(): boolean {
    return this.#account === undefined
  }

  /** TLS has begun, and with it everything begins anew. */
  secured(): void {
    this.#stage = 'header'
    this.#login = undefined
  }

  opened(header: Element): void {
    const { domain } = this.#env
    const { isFramed } = this.#transport
    if (this.#stage !== 'header' && this.#stage !== 'header-again') {
      this.#stream.fail('bad-format', 'The stream is open already.')
      return
    }
    this.#stream.openStream(claimedAddress(header))
    const refusal = refusesHeader(header, domain, isFramed)
    if (refusal) {
      this.#stream.fail(refusal.condition, refusal.text)
    } else if (this.#stage === 'header') {
      this.#stage = 'login'
      this.#stream.writeElement(features(isFramed, ...this.#loginFeatures()))
    } else {
      this.#stage = 'bind'
      this.#stream.writeElement(features(isFramed, bindFeature(), managementFeature(), clientStateFeature()))
    }
  }

  take(element: Element): void {
    const account = this.#account
    if (this.#stage === 'login' && element.getNS() === NS.sasl) this.#sasl(element)
    else if (this.#stage === 'login' && element.is('starttls', NS.startTls)) this.#startTls()
    else if (
      this.#stage === 'login' &&
      this.#env.signUp &&
      this.#offersTls !== 'required' &&
      isSignUp(element)
    )
      this.#signUp(this.#env.signUp, element)
    else if (this.#stage === 'bind' && account && isBind(element)) this.#bind(account, element)
    else if (this.#stage === 'bind' && account && element.getNS() === NS.streamManagement)
      this.#management(account, element)
    else if (this.#stage !== 'header' && element.name === 'presence' && isFromEthora(element))
      // Version 26 of the component enters rooms that it was told of by HTTP, and again when it is logged in.
      this.#stream.writeElement(this.#standingAlone(errorReply(element, TOO_EARLY)))
    else this.#stream.fail('not-authorized', TOO_EARLY.text)
  }

  /** `none` where it has begun. */
  get #offersTls(): StartTls {
    const { isFramed, channelBindings } = this.#transport
    return isFramed || channelBindings ? 'none' : this.#env.startTls
  }

  #loginFeatures(): Element[] {
    const bindings = this.#transport.channelBindings
    const mechanisms = mechanismsFeature(mechanismsOf(this.#env.sasl.policy, (bindings?.size ?? 0) > 0))
    const offersTls = this.#offersTls
    if (offersTls === 'required') return [startTlsFeature(true)]
    return [
      ...(offersTls === 'offered' ? [startTlsFeature(false)] : []),
      mechanisms,
      ...(this.#env.signUp ? [signUpFeature()] : []),
      ...(bindings ? [channelBindingFeature(offeredBindings(bindings))] : []),
    ]
  }

  #startTls(): void {
    if (this.#offersTls === 'none') {
      this.#stream.writeElement(el('failure', { xmlns: NS.startTls }))
      this.#stream.fail('unsupported-feature', 'There is no TLS here, or it has begun already.')
    } else if (this.#stream.hasMoreInput) {
      this.#stream.fail('policy-violation', 'Nothing may follow the request for TLS but TLS.')
    } else {
      this.#stream.writeElement(el('proceed', { xmlns: NS.startTls }))
      this.#transport.startTls()
    }
  }

  #signUp(signUp: SignUp, iq: Element): void {
    this.#stream.hold()
    void signUp.answer(iq, this.#transport.address).then((answer) => {
      if (this.#stream.isClosing) return
      this.#stream.writeElement(this.#standingAlone(answer))
      this.#stream.goOn()
    })
  }

  #sasl(element: Element): void {
    const { sasl, log } = this.#env
    if (this.#offersTls === 'required') {
      this.#stream.writeElement(refusedWithoutTls())
      return
    }
    const { address, channelBindings } = this.#transport
    this.#login ??= new Login(sasl, { address, bindings: channelBindings }, log)
    this.#stream.hold()
    void this.#login.take(element).then((answer) => {
      if (this.#stream.isClosing) return
      this.#loginAnswered(answer)
      this.#stream.goOn()
    })
  }

  #loginAnswered({ reply, outcome }: LoginAnswer): void {
    const { accountOf, limits, log } = this.#env
    this.#stream.writeElement(reply)
    if (outcome.kind === 'success') {
      this.#account = accountOf(outcome.account, outcome.isAnonymous)
      this.#login = undefined
      this.#stage = 'header-again'
      this.#transport.restart(limits.maxStanzaBytes)
    } else if (outcome.kind === 'refused') {
      const { account, condition } = outcome
      log.info({ account, address: this.#transport.address, condition }, 'login refused')
      if (outcome.count >= limits.maxLoginFailures)
        this.#stream.fail('policy-violation', 'Too many logins were refused.')
    }
  }

  #bind(account: Account, iq: Element): void {
    const request = bindRequest(iq)
    const jid = request.ok ? this.#env.claim(account, request.value) : request.error
    if ('condition' in jid) {
      this.#stream.writeElement(this.#standingAlone(errorReply(iq, jid)))
      return
    }
    const bind = el('bind', { xmlns: NS.bind }, el('jid', {}, jid.full))
    const result = el('iq', { type: 'result', id: iq.attrs.id }, bind)
    this.#stream.begin(jid, account, this.#standingAlone(result))
  }

  #management(account: Account, element: Element): void {
    const request = managementRequest(element)
    if (request.kind !== 'resume') {
      this.#stream.writeElement(failed('unexpected-request', 'Bind a resource first, or resume a session.'))
      return
    }
    const found = this.#env.sleeping.find(request.id, account)
    if (found.kind === 'session') this.#stream.resume(found.session, request.id, request.h)
    else
      this.#stream.writeElement(
        failed('item-not-found', 'This session is over: bind a resource.', found.handled),
      )
  }

  /** On WebSocket each stanza names its namespace (RFC 7395 §3.3.3). */
  #standingAlone(stanza: Element): Element {
    if (this.#transport.isFramed) stanza.attrs.xmlns = NS.client
    return stanza
  }
}
