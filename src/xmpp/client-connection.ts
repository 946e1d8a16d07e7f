/** One client from its first byte to its last: what it sends in its turn, its session, the end. RFC 6120 §4, XEP-0198. */
import { randomBytes } from 'node:crypto'
import type { Jid } from '../stanza/jid.ts'
import type { StreamEvent } from '../stanza/parser.ts'
import { type StreamErrorCondition, streamErrorElement } from '../stanza/stream-error.ts'
import { type Element, serialize } from '../stanza/xml.ts'
import type { Account } from './account-services/account.ts'
import { type BoundEnv, takeAcknowledgement, takeBound } from './bound-stream.ts'
import { type ClientInput, type InputEnv, InputQueue } from './input-queue.ts'
import { Negotiation, type NegotiationEnv } from './negotiation.ts'
import { Session, type SessionPlace } from './session.ts'
import { ASK, acknowledgement, resumed } from './stream-management/elements.ts'
import type { StreamManagement } from './stream-management/stream-management.ts'
import type { TokenBucket } from './token-bucket.ts'
import type { Transport, TransportSink } from './transport.ts'

/** What connections need of the server. */
export interface ConnectionEnv extends InputEnv, NegotiationEnv, BoundEnv {
  readonly bound: (session: Session) => void
  /** The session is over; comes once. */
  readonly ended: (session: Session) => void
  /** What the connection is waiting for, so that `sweep` is called; or nothing. */
  readonly watch: (connection: ClientConnection, wait: Wait | undefined) => void
  /** A connection from this address begins; the tokens that it shares with others of it. */
  readonly entered: (address: string) => TokenBucket | undefined
  /** The connection is gone; comes once. */
  readonly gone: (connection: ClientConnection) => void
}

/** What a connection waits for: its client's login or acknowledgement, or its end. */
export type Wait = 'login' | 'acknowledgement' | 'end'

/** Made for each connection; `sweep` is called about once a second while it is watched. */
export class ClientConnection implements TransportSink, SessionPlace {
  readonly #env: ConnectionEnv
  readonly #transport: Transport
  readonly #input: InputQueue
  /** Until there is a session. */
  #negotiation: Negotiation | undefined
  #session: Session | undefined
  /** When logging in, and later closing, must be over. */
  #deadlineMs: number
  #hasHeader = false
  #isClosing = false
  #isGone = false
  #hasLeft = false

  constructor(env: ConnectionEnv, connect: (sink: TransportSink) => Transport) {
    this.#env = env
    this.#deadlineMs = env.now() + env.limits.loginTimeoutMs
    this.#transport = connect(this)
    this.#input = new InputQueue(env, this, env.entered(this.#transport.address))
    this.#negotiation = new Negotiation(env, this, this.#transport)
    env.watch(this, 'login')
  }

  /** Not logged in yet. */
  get isUnauthenticated(): boolean {
    return this.#negotiation?.isUnauthenticated ?? false
  }

  /** IP address of the client. */
  get address(): string {
    return this.#transport.address
  }

  /** As of `Transport`. */
  get waitingBytes(): number {
    return this.#transport.waitingBytes
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  get hasMoreInput(): boolean {
    return !this.#input.isEmpty
  }

  get isFramed(): boolean {
    return this.#transport.isFramed
  }

  received(events: readonly StreamEvent[], bytes: number): void {
    if (!this.#isClosing) this.#input.received(events, bytes)
  }

  secured(): void {
    this.#hasHeader = false
    this.#negotiation?.secured()
  }

  inputEnded(): void {
    if (!this.#isClosing) this.#input.received([{ kind: 'input-ended' }], 0)
  }

  overflowed(): void {
    // In a turn of its own: this may come in the middle of sending to many.
    this.#env.turns.pumpSoon({ pump: () => this.#endSlowClient() })
  }

  gone(): void {
    this.#isGone = true
    this.#input.ended()
    // What was received before the end still counts.
    if (!this.#session || this.#input.isEmpty) this.#leave()
  }

  /** Ends the connection when it takes too long to log in, to acknowledge or to close. */
  sweep(nowMs: number): void {
    if (this.#session) this.#lookAfter(this.#session, nowMs)
    else if (nowMs < this.#deadlineMs) return
    else if (this.#isClosing) this.#transport.destroy()
    else this.fail('connection-timeout', 'Logging in took too long.')
  }

  /** Ends the stream with an error (RFC 6120 §4.9), and the session with it. */
  fail(condition: StreamErrorCondition, text: string, detail?: Element): void {
    if (this.#isClosing) return
    this.#env.log.debug({ condition, jid: this.#session?.full }, 'stream error')
    if (!this.#hasHeader) this.openStream(undefined)
    this.#acknowledgeLast()
    this.writeElement(streamErrorElement(condition, text, detail))
    this.#close()
  }

  /** The session went on elsewhere: its old stream ends alone (XEP-0198 §5). */
  release(): void {
    if (!this.#session) return
    this.#session = undefined
    this.fail('conflict', 'The session goes on on another connection.')
  }

  handle(input: ClientInput): void {
    switch (input.kind) {
      case 'stanza':
        if (this.#session) takeBound(this.#env, this.#session, this, input.stanza)
        else this.#negotiation?.take(input.stanza)
        break
      case 'opened':
        if (this.#negotiation) this.#negotiation.opened(input.header)
        else this.fail('bad-format', 'The stream is open already.')
        break
      case 'closed':
        this.#closeInTurn()
        break
      case 'input-ended':
        this.#putToSleep()
        this.#closeInTurn()
        break
      case 'failed':
        this.fail(input.failure.condition, `${input.failure.detail}.`)
        break
      default:
        input satisfies never
    }
  }

  drained(): void {
    if (this.#isGone) this.#leave()
  }

  setPaused(isPaused: boolean): void {
    this.#transport.setPaused(isPaused)
  }

  hold(): void {
    this.#input.hold()
  }

  goOn(): void {
    this.#input.release()
  }

  openStream(to: string | undefined): void {
    this.#hasHeader = true
    const id = randomBytes(9).toString('base64url')
    this.#transport.openStream({ id, from: this.#env.domain, to })
  }

  write(text: string): void {
    this.#transport.write(text)
  }

  writeElement(element: Element): void {
    this.#transport.write(serialize(element))
  }

  begin(jid: Jid, account: Account, answer: Element): void {
    this.#session = new Session(jid, account, this)
    this.#negotiated()
    this.#env.bound(this.#session)
    this.writeElement(answer)
  }

  resume(session: Session, id: string, h: number): void {
    const { management } = session
    if (!management || !takeAcknowledgement(management, this, h)) return
    session.moveTo(this)
    this.#session = session
    this.#negotiated()
    management.reconnected()
    this.acknowledged(management.unacked.length > 0)
    this.writeElement(resumed(id, management.handled))
    session.sendAgain()
    session.setActive(true)
  }

  unackedGrew(management: StreamManagement): void {
    if (management.isOverfull) this.#env.turns.pumpSoon({ pump: () => this.#endSilentClient() })
    else if (management.isAskingDue) this.#ask(management)
    else if (management.unacked.length === 1) this.#env.watch(this, 'acknowledgement')
  }

  acknowledged(isAnyLeft: boolean): void {
    this.#env.watch(this, isAnyLeft ? 'acknowledgement' : undefined)
  }

  #negotiated(): void {
    this.#negotiation = undefined
    this.#env.watch(this, undefined)
  }

  #lookAfter({ management }: Session, nowMs: number): void {
    const due = management?.look(nowMs)
    if (due === undefined || !management) return
    if (due === 'ask') {
      this.#ask(management)
      return
    }
    this.#putToSleep()
    this.fail('connection-timeout', 'You do not answer.')
  }

  #ask(management: StreamManagement): void {
    management.asked(this.#env.now())
    this.write(ASK)
  }

  #endSlowClient(): void {
    if (this.#isClosing) return
    this.#env.log.warn({ code: 'XMPP_SLOW_CLIENT', jid: this.#session?.full }, 'client does not read')
    this.#transport.takeOutputAgain()
    this.fail('resource-constraint', 'You do not read what is sent to you.')
  }

  #endSilentClient(): void {
    if (this.#isClosing) return
    this.#env.log.warn({ code: 'XMPP_SLOW_CLIENT', jid: this.#session?.full }, 'client does not acknowledge')
    this.fail('resource-constraint', 'You do not acknowledge what is sent to you.')
  }

  /** The connection is lost and not the session, if its client can resume it. */
  #putToSleep(): void {
    const session = this.#session
    if (!session?.resumption || session.management?.isOverfull) return
    this.#session = undefined
    this.#env.sleeping.sleep(session)
  }

  #closeInTurn(): void {
    if (!this.#hasHeader) this.openStream(undefined)
    this.#acknowledgeLast()
    this.#close()
  }

  /** So that the client does not send again, in another session, what was handled in this one. */
  #acknowledgeLast(): void {
    const management = this.#session?.management
    if (management) this.writeElement(acknowledgement(management.handled))
  }

  /** Ends our side of the stream; what still comes is not looked at. */
  #close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#deadlineMs = this.#env.now() + this.#env.limits.closeTimeoutMs
    this.#input.clear()
    this.#transport.closeStream()
    this.#endSession()
    if (this.#isGone) this.#leave()
    else this.#env.watch(this, 'end')
  }

  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#isClosing = true
    this.#putToSleep()
    this.#endSession()
    this.#env.watch(this, undefined)
    this.#env.gone(this)
  }

  #endSession(): void {
    const session = this.#session
    this.#session = undefined
    if (session) this.#env.ended(session)
  }
}
