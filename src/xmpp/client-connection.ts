/** One client from its first byte to its last: header, login, binding, stanzas in their turn, the end. RFC 6120 §4-§7. */
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import type { StreamEvent } from '../stanza/parser.ts'
import { errorReply } from '../stanza/stanza-error.ts'
import { type StreamErrorCondition, streamErrorElement } from '../stanza/stream-error.ts'
import { type Element, el, serialize } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import { type BindRefusal, bindRequest, isBind } from './bind.ts'
import type { ServerLimits } from './limits.ts'
import { Login, type LoginAnswer } from './login.ts'
import type { SaslEnv } from './sasl.ts'
import { mechanismsOf } from './sasl.ts'
import { Session } from './session.ts'
import { bindFeature, claimedAddress, features, mechanismsFeature, refusesHeader } from './stream-header.ts'
import type { Transport, TransportSink } from './transport.ts'
import type { Pumpable, Turns } from './turns.ts'

/** What connections need of the server. */
export interface ConnectionEnv {
  readonly domain: string
  readonly limits: ServerLimits
  readonly sasl: SaslEnv
  readonly turns: Turns
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The account that a login gave. */
  readonly accountOf: (local: string, isAnonymous: boolean) => Account
  /** The address for a new session; ends an older session that has it. */
  readonly claim: (account: Account, resource: string | undefined) => Jid | BindRefusal
  readonly bound: (session: Session) => void
  readonly stanza: (session: Session, stanza: Element) => void
  /** The session is over; comes once. */
  readonly ended: (session: Session) => void
  /** The connection no longer waits for login or for its end, or does again. */
  readonly watch: (connection: ClientConnection, isWatched: boolean) => void
  /** The connection is gone; comes once. */
  readonly gone: (connection: ClientConnection) => void
}

type Phase = 'header' | 'login' | 'header-again' | 'bind' | 'bound' | 'closing'

/** Made for each connection; `sweep` is called about once a second while it is watched. */
export class ClientConnection implements TransportSink, Pumpable {
  readonly #env: ConnectionEnv
  readonly #transport: Transport
  #phase: Phase = 'header'
  /** When this phase must be over. */
  #deadlineMs: number
  #hasHeader = false
  #login: Login | undefined
  #account: Account | undefined
  #session: Session | undefined
  #queue: StreamEvent[] = []
  #next = 0
  #isBusy = false
  #isWaiting = false
  #isGone = false
  #hasOverflowed = false
  #tokens: number
  #tokensAtMs: number

  constructor(env: ConnectionEnv, connect: (sink: TransportSink) => Transport) {
    this.#env = env
    this.#tokens = env.limits.maxTokens
    this.#tokensAtMs = env.now()
    this.#deadlineMs = this.#tokensAtMs + env.limits.loginTimeoutMs
    this.#transport = connect(this)
    env.watch(this, true)
  }

  /** Not logged in yet. */
  get isUnauthenticated(): boolean {
    return this.#account === undefined
  }

  received(events: readonly StreamEvent[], bytes: number): void {
    if (this.#phase === 'closing') return
    this.#tokens -= bytes / 1024
    if (events.length === 0) return
    for (const event of events) this.#queue.push(event)
    if (!this.#isWaiting && !this.#isBusy) this.pump()
  }

  inputEnded(): void {
    this.received([{ kind: 'closed' }], 0)
  }

  overflowed(): void {
    // In a turn of its own: this may come in the middle of sending to many.
    this.#hasOverflowed = true
    this.#env.turns.pumpSoon(this)
  }

  gone(): void {
    this.#isGone = true
    // What was received before the end still counts.
    if (this.#session && this.#next < this.#queue.length) return
    this.#leave()
  }

  /** Handles what was received, within this connection's share. */
  pump(): void {
    this.#isWaiting = false
    if (this.#hasOverflowed) this.#endSlowClient()
    let share = this.#env.limits.stanzasPerTurn
    while (this.#next < this.#queue.length) {
      if (this.#isBusy) {
        this.#transport.setPaused(true)
        return
      }
      if (share-- === 0) {
        this.#wait()
        this.#env.turns.pumpSoon(this)
        return
      }
      if (!this.#takeToken()) {
        this.#wait()
        this.#env.turns.pumpLater(this)
        return
      }
      const event = this.#queue[this.#next++]
      if (event) this.#handle(event)
    }
    this.#queue = []
    this.#next = 0
    this.#transport.setPaused(this.#isBusy)
    if (this.#isGone) this.#leave()
  }

  /** Ends the connection when it takes too long to log in or to close. */
  sweep(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return
    if (this.#phase === 'closing') this.#transport.destroy()
    else this.fail('connection-timeout', 'Logging in took too long.')
  }

  /** Ends the stream with an error (RFC 6120 §4.9). */
  fail(condition: StreamErrorCondition, text: string): void {
    if (this.#phase === 'closing') return
    this.#env.log.debug({ condition, jid: this.#session?.full }, 'stream error')
    if (!this.#hasHeader) this.#openStream(undefined)
    this.#write(streamErrorElement(condition, text))
    this.#close()
  }

  #handle(event: StreamEvent): void {
    switch (event.kind) {
      case 'stanza':
        this.#stanza(event.stanza)
        break
      case 'opened':
        this.#opened(event.header)
        break
      case 'closed':
        if (!this.#hasHeader) this.#openStream(undefined)
        this.#close()
        break
      case 'failed':
        this.fail(event.failure.condition, `${event.failure.detail}.`)
        break
      default:
        event satisfies never
    }
  }

  #opened(header: Element): void {
    const { domain, sasl } = this.#env
    const { isFramed } = this.#transport
    if (this.#phase !== 'header' && this.#phase !== 'header-again') {
      this.fail('bad-format', 'The stream is open already.')
      return
    }
    this.#openStream(claimedAddress(header))
    const refusal = refusesHeader(header, domain, isFramed)
    if (refusal) {
      this.fail(refusal.condition, refusal.text)
    } else if (this.#phase === 'header') {
      this.#phase = 'login'
      this.#write(features(isFramed, mechanismsFeature(mechanismsOf(sasl.policy))))
    } else {
      this.#phase = 'bind'
      this.#write(features(isFramed, bindFeature()))
    }
  }

  #stanza(stanza: Element): void {
    if (this.#session && this.#phase === 'bound') {
      if (isBind(stanza)) this.#refuseSecondBind(this.#session, stanza)
      else this.#env.stanza(this.#session, stanza)
    } else if (this.#phase === 'login' && stanza.getNS() === NS.sasl) this.#sasl(stanza)
    else if (this.#phase === 'bind' && this.#account && isBind(stanza)) this.#bind(this.#account, stanza)
    else this.fail('not-authorized', 'Log in first, then bind a resource.')
  }

  #sasl(stanza: Element): void {
    const { sasl, log } = this.#env
    this.#login ??= new Login(sasl, this.#transport.address, log)
    this.#isBusy = true
    void this.#login.take(stanza).then((answer) => {
      this.#isBusy = false
      if (this.#phase !== 'login') return
      this.#loginAnswered(answer)
      this.pump()
    })
  }

  #loginAnswered({ reply, outcome }: LoginAnswer): void {
    const { accountOf, limits, log } = this.#env
    this.#write(reply)
    if (outcome.kind === 'success') {
      this.#account = accountOf(outcome.account, outcome.isAnonymous)
      this.#login = undefined
      this.#phase = 'header-again'
      this.#transport.restart(limits.maxStanzaBytes)
    } else if (outcome.kind === 'refused') {
      log.info({ address: this.#transport.address, condition: outcome.condition }, 'login refused')
      if (outcome.count >= limits.maxLoginFailures)
        this.fail('policy-violation', 'Too many logins were refused.')
    }
  }

  #bind(account: Account, iq: Element): void {
    const request = bindRequest(iq)
    const jid = request.ok ? this.#env.claim(account, request.value) : request.error
    if ('condition' in jid) {
      this.#write(withNamespace(errorReply(iq, jid), this.#transport.isFramed))
      return
    }
    const session = new Session(jid, account, this.#transport, this)
    this.#session = session
    this.#phase = 'bound'
    this.#deadlineMs = 0
    this.#env.watch(this, false)
    this.#env.bound(session)
    const bind = el('bind', { xmlns: NS.bind }, el('jid', {}, session.full))
    this.#write(withNamespace(el('iq', { type: 'result', id: iq.attrs.id }, bind), this.#transport.isFramed))
  }

  #refuseSecondBind(session: Session, iq: Element): void {
    session.reply(
      errorReply(el('iq', { id: iq.attrs.id }), {
        type: 'cancel',
        condition: 'not-allowed',
        text: 'This stream has a resource already.',
      }),
    )
  }

  #endSlowClient(): void {
    this.#hasOverflowed = false
    if (this.#phase === 'closing') return
    this.#env.log.warn({ code: 'XMPP_SLOW_CLIENT', jid: this.#session?.full }, 'client does not read')
    this.#transport.takeOutputAgain()
    this.fail('resource-constraint', 'You do not read what is sent to you.')
  }

  #openStream(to: string | undefined): void {
    this.#hasHeader = true
    const id = randomBytes(9).toString('base64url')
    this.#transport.openStream({ id, from: this.#env.domain, to })
  }

  #write(element: Element): void {
    this.#transport.write(serialize(element))
  }

  /** Ends our side of the stream; what still comes is not looked at. */
  #close(): void {
    if (this.#phase === 'closing') return
    this.#phase = 'closing'
    this.#deadlineMs = this.#env.now() + this.#env.limits.closeTimeoutMs
    this.#queue = []
    this.#next = 0
    this.#transport.closeStream()
    this.#endSession()
    this.#env.watch(this, true)
  }

  #leave(): void {
    this.#phase = 'closing'
    this.#endSession()
    this.#env.watch(this, false)
    this.#env.gone(this)
  }

  #endSession(): void {
    const session = this.#session
    this.#session = undefined
    if (session) this.#env.ended(session)
  }

  #wait(): void {
    this.#isWaiting = true
    this.#transport.setPaused(true)
  }

  #takeToken(): boolean {
    if (this.#tokens < 1 && !this.#isGone) {
      const { tokensPerSecond, maxTokens } = this.#env.limits
      const nowMs = this.#env.now()
      const earned = ((nowMs - this.#tokensAtMs) / 1000) * tokensPerSecond
      this.#tokens = Math.min(maxTokens, this.#tokens + earned)
      this.#tokensAtMs = nowMs
      if (this.#tokens < 1) return false
    }
    this.#tokens--
    return true
  }
}

/** On WebSocket each stanza names its namespace (RFC 7395 §3.3.3). */
function withNamespace(stanza: Element, isFramed: boolean): Element {
  if (isFramed) stanza.attrs.xmlns = NS.client
  return stanza
}
