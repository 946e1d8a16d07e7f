/** Runs the lobby router: steps it at once, carries its effects out in order, keeps its one timer. */
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { FriendId, LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'
import { countUp } from './peer/counters.ts'
import { admit, paceOf } from './routing/admission.ts'
import { stepRouter } from './routing/router.ts'
import type {
  Barred,
  RouterEffect,
  RouterEvent,
  RouterOptions,
  SavedInvitation,
  SavedLobby,
  SignToken,
  Verdict,
} from './routing/router-port.ts'
import { createRouter, type Router } from './routing/state.ts'
import type { BouncedItem, Item } from './wire/item.ts'

/** What the router's effects come down to. */
export interface RouterRunnerPort {
  /** Milliseconds since 1970. */
  now(): number
  randomBytes(count: number): Uint8Array
  judge(item: BouncedItem, raw: Uint8Array): Verdict
  send(friend: FriendId, item: Item): void
  forward(friend: FriendId, raw: Uint8Array): void
  /** The item with its signature, and its bytes. */
  sign(item: BouncedItem): Promise<{ readonly item: BouncedItem; readonly raw: Uint8Array }>
  fetchIdentity(author: ParticipantId, friend: FriendId): void
  save(lobby: SavedLobby): void
  forget(lobby: LobbyId): void
  saveBarred(barred: Barred): void
  saveInvitations(invitations: readonly SavedInvitation[]): void
  onUpdate(update: LobbyUpdate): void
  /** A signature could not be made. */
  onSignFailed(error: unknown): void
}

/** Timers of the platform take at most this delay. */
const MAX_DELAY_MS = 0x7fff_ffff

/** One router and its surroundings. */
export class RouterRunner {
  /** The state, to be read by the views of `routing/view.ts`. */
  readonly router: Router
  /** Notes of the router, by code. */
  readonly notes = new Map<string, number>()
  readonly #port: RouterRunnerPort
  readonly #waiting: (RouterEffect | (() => void))[] = []
  #isCarryingOut = false
  #timer: NodeJS.Timeout | undefined
  #onFinished: (() => void) | undefined
  #isStopped = false

  constructor(options: RouterOptions, port: RouterRunnerPort) {
    this.router = createRouter(options)
    this.#port = port
  }

  /** Applies an event. Its effects are done when this returns, unless it is called by one of them. */
  dispatch(event: RouterEvent): void {
    const port = this.#port
    this.#waiting.push(
      ...stepRouter(this.router, event, {
        nowMs: port.now(),
        randomBytes: (count) => port.randomBytes(count),
        judge: (item, raw) => port.judge(item, raw),
      }),
    )
    this.#drain()
  }

  /** As `LobbyNetwork.admit`. */
  admit(lobby: LobbyId, speaker: SpeakerId): number {
    return admit(this.router, lobby, speaker, this.#port.now())
  }

  /** As `LobbyNetwork.paceMs`. */
  paceMs(lobby: LobbyId): number {
    return paceOf(this.router, lobby, this.#port.now())
  }

  /** Runs `work` after the effects of everything dispatched before. */
  after(work: () => void): void {
    this.#waiting.push(work)
    this.#drain()
  }

  /** Takes leave for all speakers; resolves when everything is with the links, or after `limitMs`. The last call. */
  async finish(limitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs)
      this.#onFinished = () => {
        clearTimeout(limit)
        resolve()
      }
      this.dispatch({ kind: 'shutdown' })
    })
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #drain(): void {
    if (this.#isCarryingOut) return
    this.#isCarryingOut = true
    try {
      for (let at = 0; at < this.#waiting.length; at++) {
        const next = this.#waiting[at]
        if (typeof next === 'function') next()
        else if (next) this.#carryOut(next)
      }
    } finally {
      this.#waiting.length = 0
      this.#isCarryingOut = false
    }
  }

  #carryOut(effect: RouterEffect): void {
    const port = this.#port
    switch (effect.kind) {
      case 'send':
        port.send(effect.friend, effect.item)
        return
      case 'forward':
        for (const friend of effect.friends) port.forward(friend, effect.raw)
        return
      case 'sign':
        void this.#sign(effect.token, effect.item)
        return
      case 'update':
        port.onUpdate(effect.update)
        return
      case 'want-identity':
        port.fetchIdentity(effect.author, effect.friend)
        return
      case 'save':
        port.save(effect.lobby)
        return
      case 'forget':
        port.forget(effect.lobby)
        return
      case 'save-invitations':
        port.saveInvitations(effect.invitations)
        return
      case 'save-barred':
        port.saveBarred(effect.barred)
        return
      case 'note':
        countUp(this.notes, effect.code)
        return
      case 'wake':
        this.#wakeAt(effect.atMs)
        return
      case 'finished':
        this.#onFinished?.()
        return
    }
  }

  async #sign(token: SignToken, item: BouncedItem): Promise<void> {
    let event: RouterEvent
    try {
      event = { kind: 'signed', token, ...(await this.#port.sign(item)) }
    } catch (error) {
      this.#port.onSignFailed(error)
      event = { kind: 'sign-failed', token }
    }
    this.dispatch(event)
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    const delayMs = Math.min(Math.max(Math.ceil(atMs - this.#port.now()), 0), MAX_DELAY_MS)
    this.#timer = setTimeout(() => this.dispatch({ kind: 'wake' }), delayMs)
  }
}
