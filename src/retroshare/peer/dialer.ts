/** Dials friends: when the plan says so, one address after another, a bounded number at a time. docs/retroshare.md §1.7, §3.3. */
import { isIP } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import type { FriendId } from '../../util/ids.ts'
import type { Endpoint } from '../wire/invite.ts'
import type { PeerCounters } from './counters.ts'
import { addressIndex, afterFailure, afterLoss, type DialPlan, dialDelayMs, FRESH_PLAN } from './dial-plan.ts'
import type { Timings } from './timings.ts'
import { ANY_CERTIFICATE } from './tls.ts'

/** Dials in progress at a time; others wait for their turn. */
export const MAX_DIALS = 64
/** How often a dial is put off while its host is in a handshake with us. */
const MAX_DEFERS = 8

export interface DialerOptions {
  readonly context: SecureContext
  readonly timings: Timings
  readonly counters: PeerCounters
  /** 0 … 1. */
  readonly random: () => number
  readonly addressesOf: (id: FriendId) => readonly Endpoint[]
  /** Whether a link to the friend exists: then it is not dialled, and its owner tells when it is gone. */
  readonly isLinked: (id: FriendId) => boolean
  /** Whether a connection from this host is in its handshake: it may be the friend. */
  readonly isHandshaking: (host: string) => boolean
  /** In the turn in which the handshake ended. False when the connection is not used. */
  readonly onDialled: (id: FriendId, socket: TLSSocket, address: Endpoint) => Promise<boolean>
  readonly onFailed: (id: FriendId, address: Endpoint, reason: string) => void
}

interface DialState {
  plan: DialPlan
  defers: number
  timer: NodeJS.Timeout | undefined
  /** Aborts the dial in progress. */
  dialling: AbortController | undefined
}

/** Knows of each friend when to dial it next; is told by its owner what became of it. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #states = new Map<FriendId, DialState>()
  readonly #waiting = new Set<FriendId>()
  #dialling = 0
  #isStopped = false

  constructor(options: DialerOptions) {
    this.#options = options
  }

  /** Dials now: a new friend, or a new address of one. */
  dialNow(id: FriendId): void {
    const state = this.#stateOf(id)
    state.plan = FRESH_PLAN
    this.#schedule(id, state)
  }

  /** The friend was up for `upMs`, and is not any more. */
  lost(id: FriendId, upMs: number): void {
    const state = this.#stateOf(id)
    state.plan = afterLoss(state.plan, upMs, this.#options.timings)
    this.#schedule(id, state)
  }

  /** A connection came to nothing. */
  failed(id: FriendId): void {
    const state = this.#stateOf(id)
    state.plan = afterFailure(state.plan)
    this.#schedule(id, state)
  }

  /** The friend is up: no dial is needed. One in progress goes on and is judged at its end. */
  rest(id: FriendId): void {
    this.#waiting.delete(id)
    clearTimeout(this.#states.get(id)?.timer)
  }

  /** Ends all that is done for this friend. */
  forget(id: FriendId): void {
    this.rest(id)
    this.#states.get(id)?.dialling?.abort()
    this.#states.delete(id)
  }

  stop(): void {
    this.#isStopped = true
    for (const id of [...this.#states.keys()]) this.forget(id)
  }

  #stateOf(id: FriendId): DialState {
    const state = this.#states.get(id) ?? {
      plan: FRESH_PLAN,
      defers: 0,
      timer: undefined,
      dialling: undefined,
    }
    this.#states.set(id, state)
    return state
  }

  #schedule(id: FriendId, state: DialState): void {
    clearTimeout(state.timer)
    const { addressesOf, random, timings } = this.#options
    const count = addressesOf(id).length
    if (this.#isStopped || count === 0 || state.dialling) return
    state.defers = 0
    state.timer = setTimeout(() => this.#due(id), dialDelayMs(state.plan, count, random(), timings))
  }

  #due(id: FriendId): void {
    const state = this.#states.get(id)
    const address = state && this.#addressOf(id, state)
    if (!state || !address || state.dialling || this.#options.isLinked(id)) return
    if (this.#options.isHandshaking(address.host) && state.defers < MAX_DEFERS) {
      state.defers++
      state.timer = setTimeout(() => this.#due(id), this.#options.timings.deferMs)
    } else if (this.#dialling >= MAX_DIALS) this.#waiting.add(id)
    else void this.#dial(id, state, address)
  }

  #addressOf(id: FriendId, { plan }: DialState): Endpoint | undefined {
    const addresses = this.#options.addressesOf(id)
    return addresses[addressIndex(plan, addresses.length)]
  }

  async #dial(id: FriendId, state: DialState, address: Endpoint): Promise<void> {
    const dialling = new AbortController()
    state.dialling = dialling
    this.#dialling++
    this.#options.counters.dials++
    const socket = await this.#connect(id, address, dialling.signal)
    const isUsed = socket !== undefined && (await this.#options.onDialled(id, socket, address))
    this.#dialling--
    if (state.dialling === dialling) state.dialling = undefined
    if (!isUsed && !dialling.signal.aborted) this.failed(id)
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    this.#due(next)
  }

  async #connect(id: FriendId, address: Endpoint, signal: AbortSignal): Promise<TLSSocket | undefined> {
    const { context, timings, counters, onFailed } = this.#options
    try {
      return await dial(address, context, AbortSignal.any([signal, AbortSignal.timeout(timings.connectMs)]))
    } catch (error) {
      if (signal.aborted) return undefined
      counters.dialFailures++
      onFailed(id, address, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
}

/** A connection whose handshake is over and whose peer is still to be judged; paused until it is read. */
export function dial(address: Endpoint, context: SecureContext, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = connect({
      host: address.host,
      port: address.port,
      secureContext: context,
      // A host name in the handshake would tell more than RetroShare's does.
      servername: '',
      checkServerIdentity: () => undefined,
      ...ANY_CERTIFICATE,
      ...(isIP(address.host) === 0 && { autoSelectFamily: true }),
    })
    const abort = (): void => {
      socket.destroy(new Error(signal.reason instanceof Error ? signal.reason.message : 'aborted'))
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed during the handshake')))
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      resolve(socket)
    })
  })
}
