/** What a client sent and is not handled yet: in order, within the client's share of turns and tokens. See docs/limits.md. */
import type { StreamEvent } from '../stanza/parser.ts'
import type { ServerLimits } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Pumpable, Turns } from './turns.ts'

/** What comes from a client: what its stream brings, or the end of its half of the connection. */
export type ClientInput = StreamEvent | { readonly kind: 'input-ended' }

/** What the queue needs of the server. */
export interface InputEnv {
  readonly limits: ServerLimits
  readonly turns: Turns
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Who handles the input. */
export interface InputHandler {
  handle(input: ClientInput): void
  /** Everything was handled. */
  drained(): void
  /** Nothing more is wanted from the client for the time being, or it is again. */
  setPaused(isPaused: boolean): void
}

/** One per connection; what it holds is bounded, as nothing is read while input waits. */
export class InputQueue implements Pumpable {
  readonly #env: InputEnv
  readonly #handler: InputHandler
  readonly #tokens: TokenBucket
  /** Shared with other connections from the same address. */
  readonly #sharedTokens: TokenBucket | undefined
  #queue: ClientInput[] = []
  #next = 0
  #isHeld = false
  #isWaiting = false
  #isFree = false

  constructor(env: InputEnv, handler: InputHandler, sharedTokens: TokenBucket | undefined) {
    this.#env = env
    this.#handler = handler
    this.#sharedTokens = sharedTokens
    this.#tokens = new TokenBucket(env.limits.tokensPerSecond, env.limits.maxTokens, env.now())
  }

  /** Whether something was received that is not handled yet. */
  get isEmpty(): boolean {
    return this.#next >= this.#queue.length
  }

  /** Takes input that was `bytes` on the wire, and handles it at once if it may. */
  received(inputs: readonly ClientInput[], bytes: number): void {
    this.#take(bytes / 1024)
    if (inputs.length === 0) return
    for (const input of inputs) this.#queue.push(input)
    if (!this.#isWaiting && !this.#isHeld) this.pump()
  }

  /** Nothing is handled until `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.pump()
  }

  /** No more input can come: what is here needs no tokens. */
  ended(): void {
    this.#isFree = true
  }

  clear(): void {
    this.#queue = []
    this.#next = 0
  }

  pump(): void {
    this.#isWaiting = false
    let share = this.#env.limits.stanzasPerTurn
    while (!this.isEmpty) {
      if (this.#isHeld) {
        this.#handler.setPaused(true)
        return
      }
      if (share-- === 0) {
        this.#wait()
        this.#env.turns.pumpSoon(this)
        return
      }
      if (!this.#isFree && !this.#hasToken()) {
        this.#wait()
        this.#env.turns.pumpLater(this)
        return
      }
      this.#take(1)
      const input = this.#queue[this.#next++]
      if (input) this.#handler.handle(input)
    }
    this.clear()
    this.#handler.setPaused(this.#isHeld)
    this.#handler.drained()
  }

  #hasToken(): boolean {
    const { now } = this.#env
    return this.#tokens.hasToken(now) && (this.#sharedTokens?.hasToken(now) ?? true)
  }

  #take(tokens: number): void {
    this.#tokens.take(tokens)
    this.#sharedTokens?.take(tokens)
  }

  #wait(): void {
    this.#isWaiting = true
    this.#handler.setPaused(true)
  }
}
