// A friend that applies RetroShare's flood rule (docs/retroshare.md §6.8) to what a router under test sends it.
import type { RouterEffect } from '../../../src/retroshare/routing/router-port.ts'
import type { BouncedItem } from '../../../src/retroshare/wire/item.ts'
import { ALICE, LOBBY, sentTo, type TestNode } from './node.ts'

/** ALICE. Counts in whole seconds of her own clock, and forgets what lists said whenever she asks for lists. */
export class RetroShareNeighbour {
  readonly taken: BouncedItem[] = []
  readonly refused: BouncedItem[] = []
  readonly #node: TestNode
  readonly #latencyMs: number
  readonly #clockMs: number
  readonly #seen = new Set<string>()
  readonly #underWay: { readonly atMs: number; readonly run: () => void }[] = []
  #window: number[] = []
  #count = 0
  #link = 0

  constructor(node: TestNode, { latencyMs, clockMs }: { latencyMs: number; clockMs: number }) {
    this.#node = node
    this.#latencyMs = latencyMs
    this.#clockMs = clockMs
    const step = node.step.bind(node)
    let depth = 0
    // Items are sent when the step that wants them ends, not when the test looks.
    node.step = (event) => {
      depth += 1
      const effects = step(event)
      depth -= 1
      if (depth === 0) this.#send(node.take())
      return effects
    }
  }

  /** Lets time pass for both. */
  passMs(ms: number): void {
    const untilMs = this.#node.nowMs + ms
    while (this.#node.nowMs < untilMs || this.#isDue()) {
      const nextMs = Math.min(this.#node.wakeAtMs, this.#underWay[0]?.atMs ?? untilMs, untilMs)
      this.#node.passMs(Math.max(0, nextMs - this.#node.nowMs))
      if (this.#isDue()) this.#underWay.shift()?.run()
    }
  }

  /** Begins a new round of lists: what was reported in the last is forgotten. */
  asksForLists(): void {
    this.#count = 0
    this.#later(() => this.#node.gets(ALICE, { kind: 'lobby-list-request' }))
  }

  /** Has heard an item from somebody else first, and passes it on to the node. */
  brings(item: BouncedItem): void {
    this.#seen.add(item.messageId)
    this.#later(() => this.#node.gets(ALICE, item))
  }

  /** The link breaks: what is under way is lost. */
  breaks(): void {
    this.#link += 1
    this.#node.down(ALICE)
  }

  #isDue(): boolean {
    return (this.#underWay[0]?.atMs ?? Number.POSITIVE_INFINITY) <= this.#node.nowMs
  }

  #send(effects: readonly RouterEffect[]): void {
    for (const item of sentTo(effects, ALICE))
      this.#later(() => {
        if (item.kind === 'lobby-list')
          for (const { lobby, participants } of item.lobbies)
            if (lobby === LOBBY) this.#count = Math.max(this.#count, participants)
        if (item.kind === 'lobby-message' || item.kind === 'lobby-event') this.#take(item)
      })
  }

  #take(item: BouncedItem): void {
    if (this.#seen.has(item.messageId)) return
    this.#seen.add(item.messageId)
    const nowSec = Math.floor((this.#node.nowMs + this.#clockMs) / 1000)
    this.#window = this.#window.filter((sec) => sec + 10 >= nowSec)
    const limit = Math.max(10, ((10 * this.#count) / 120) * 10)
    if (this.#window.length > limit) {
      this.refused.push(item)
      return
    }
    this.#window.push(nowSec)
    this.taken.push(item)
  }

  #later(run: () => void): void {
    const link = this.#link
    const atMs = this.#node.nowMs + this.#latencyMs
    this.#underWay.push({ atMs, run: () => (link === this.#link ? run() : undefined) })
  }
}
