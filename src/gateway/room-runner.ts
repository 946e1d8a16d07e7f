/**
 * Runs one room: steps its model and carries the effects out strictly in order. An `archive` effect, or an
 * ordered `query`, holds back everything behind it until it has its answer: reflected means archived.
 */
import type { ArchiveAnswer, ArchiveMetadata, ArchiveQuery, ArchiveWrite } from '../muc/archive-port.ts'
import type { Room } from '../muc/room.ts'
import type { QueryContext, RoomEffect, RoomEnv, RoomEvent } from '../muc/room-port.ts'
import type { StateWrite } from '../muc/room-state.ts'
import { stepRoom } from '../muc/step.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'

/** How an archived entry ended; see `Archive.append`. */
export type AppendOutcome = 'stored' | 'duplicate' | 'failed'

/** What a room needs of its surroundings. None of these may throw or reject. */
export interface RoomPorts {
  env(): RoomEnv
  /** Resolves when the entry is durable, or known to be stored before, or has failed. */
  append(entry: ArchiveWrite, done: (outcome: AppendOutcome) => void): void
  query(query: ArchiveQuery): Promise<ArchiveAnswer>
  metadata(room: string): Promise<ArchiveMetadata | null | 'failed'>
  /** Keeps what a room has decided; the answer says why it could not. */
  save(write: StateWrite): Promise<StanzaError | null>
  /** Everything else: sends to sessions and what is bound for the lobby. */
  perform(effect: OutwardEffect): void
  /** Calls `wake` of this room at a time, replacing an earlier call. */
  wakeAt(atMs: number, wake: () => void): void
}

/** Effects that leave the room without an answer. */
export type OutwardEffect = Exclude<
  RoomEffect,
  { kind: 'archive' | 'query' | 'query-metadata' | 'save' | 'wake' | 'afterwards' }
>

/** An effect in line, or somebody who waits for those before; `outcome` and `isAsked` are about those that wait for an answer. */
interface Held {
  readonly effect: RoomEffect | { readonly kind: 'told'; readonly tell: () => void }
  outcome?: AppendOutcome
  isAsked?: boolean
}

/** Effects that may wait behind a slow archive before new stanzas are refused (docs/limits.md). */
const MAX_HELD = 20_000

export class RoomRunner {
  readonly room: Room
  readonly #localpart: string
  readonly #ports: RoomPorts
  #line: Held[] = []
  /** Ordered queries in line that have no answer yet. */
  #orderedQueries = 0
  /** Of what the room has decided, on their way. */
  #saves = 0
  #isPumping = false
  #onIdle: (() => void)[] = []

  constructor(room: Room, localpart: string, ports: RoomPorts) {
    this.room = room
    this.#localpart = localpart
    this.#ports = ports
  }

  /** So much waits for the archive that nothing more should be let in. */
  get isCongested(): boolean {
    return this.#line.length > MAX_HELD
  }

  /** Nothing waits any longer. */
  get isIdle(): boolean {
    return this.#line.length === 0 && this.#saves === 0
  }

  /** Resolves when nothing waits any longer. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** Calls `tell` when all that is in line now is carried out. */
  whenTold(tell: () => void): void {
    this.#line.push({ effect: { kind: 'told', tell } })
    this.#pump()
  }

  dispatch(event: RoomEvent): void {
    for (const effect of stepRoom(this.room, event, this.#ports.env())) {
      const held: Held = { effect }
      this.#line.push(held)
      if (isOrderedQuery(effect)) this.#orderedQueries += 1
      else if (this.#orderedQueries === 0) this.#handOver(held)
    }
    this.#pump()
  }

  /**
   * Archive entries are handed over at once, so that entries of one room share a commit too; but not before an
   * ordered query ahead of them is answered: whoever joins would get them as history and again as they are said.
   */
  #handOver(held: Held): void {
    const { effect } = held
    if (effect.kind !== 'archive' || held.isAsked) return
    held.isAsked = true
    this.#ports.append(effect.entry, (outcome) => {
      held.outcome = outcome
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    let done = 0
    while (done < this.#line.length) {
      const held = this.#line[done] as Held
      if (!this.#perform(held)) break
      done += 1
    }
    this.#line = done === this.#line.length ? [] : this.#line.slice(done)
    this.#isPumping = false
    if (this.isIdle) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** False: this effect, and with it all behind it, still waits. */
  #perform(held: Held): boolean {
    const { effect } = held
    switch (effect.kind) {
      case 'archive':
        if (held.outcome === undefined) return false
        if (held.outcome !== 'duplicate')
          for (const next of effect[held.outcome]) this.#perform({ effect: next })
        return true
      case 'query':
        if (!held.isAsked) {
          held.isAsked = true
          void this.#ports
            .query(effect.query)
            .then((answer) =>
              this.#answered(effect.isOrdered, { kind: 'answer', context: effect.context, answer }),
            )
        }
        return !effect.isOrdered
      case 'query-metadata':
        void this.#askMetadata(effect.context)
        return true
      case 'save':
        void this.#save(effect.write)
        return true
      case 'wake':
        this.#ports.wakeAt(effect.atMs, () => this.dispatch({ kind: 'wake' }))
        return true
      case 'afterwards':
        this.dispatch(effect.event)
        return true
      case 'told':
        effect.tell()
        return true
      default:
        this.#ports.perform(effect)
        return true
    }
  }

  /** The effects of an ordered answer take the place of the query, before what was held back. */
  #answered(isOrdered: boolean, event: RoomEvent): void {
    if (!isOrdered) {
      this.dispatch(event)
      return
    }
    const effects = stepRoom(this.room, event, this.#ports.env())
    this.#line.splice(0, 1, ...effects.map((effect) => ({ effect })))
    this.#orderedQueries -= 1
    for (const held of this.#line) {
      if (isOrderedQuery(held.effect)) break
      this.#handOver(held)
    }
    this.#pump()
  }

  /** What follows is stepped when it is durable; the room holds back what must wait for it. */
  async #save(write: StateWrite): Promise<void> {
    this.#saves += 1
    const error = await this.#ports.save(write)
    this.#saves -= 1
    this.dispatch({ kind: 'saved', error })
  }

  async #askMetadata(context: QueryContext): Promise<void> {
    const metadata = await this.#ports.metadata(this.#localpart)
    this.dispatch({ kind: 'metadata', context, metadata })
  }
}

const isOrderedQuery = (effect: Held['effect']): boolean => effect.kind === 'query' && effect.isOrdered
