/** Counts what crosses links and what is shown, and compares it with what was possible. */
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { NoteCode } from '../retroshare/routing/router-port.ts'
import type { BouncedItem } from '../retroshare/wire/item.ts'
import type { Observer, SimulatedNode, Transmission } from './network.ts'

/** A message that was said: where (number of the node) and when. */
export interface Said {
  readonly messageId: string
  readonly node: number
  readonly atMs: number
}

/** What a tally says of a run. */
export interface TallyResult {
  /** Pairs of a message and another participant that it could reach, and how many of these came about. */
  readonly deliverable: number
  readonly delivered: number
  /** Pairs that came about although no path is known, and messages shown again: both should be 0. */
  readonly unexplained: number
  readonly shownTwice: number
  /** Copies of a message on all links, and how many of them were one too many, per link. */
  readonly copiesPerMessage: number
  readonly duplicatesPerMessageAndLink: number
  readonly meanHops: number
  readonly maxHops: number
  readonly medianLatencyMs: number
  readonly maxLatencyMs: number
  /** Bytes on all links: of one message, and of presence and lists in a second. */
  readonly bytesPerMessage: number
  readonly otherBytesPerSec: number
  /** Items that nodes refused by a flood rule since the talk began. */
  readonly refused: number
}

/** Where and when a message was shown, over how many links. */
interface Shown {
  readonly afterMs: number
  readonly hops: number
}

export class Tally implements Observer {
  /** In the order in which they were said. */
  readonly said: Said[] = []
  /** When each message was shown first, by node. */
  readonly #shownMs = new Map<SimulatedNode, Map<string, number>>()
  #shownTwice = 0
  #copies = 0
  #messageBytes = 0
  #otherBytes = 0
  #refused = 0
  #beganMs = 0

  /** Bytes count from now on. */
  begin(nowMs: number): void {
    this.#beganMs = nowMs
    this.#otherBytes = 0
    this.#refused = 0
  }

  onOwn(node: SimulatedNode, item: BouncedItem, nowMs: number): void {
    if (item.kind === 'lobby-message')
      this.said.push({ messageId: item.messageId, node: node.index, atMs: nowMs })
  }

  onUpdate(node: SimulatedNode, update: LobbyUpdate, nowMs: number): void {
    if (update.kind !== 'said') return
    const shownMs = this.#shownMs.get(node) ?? new Map<string, number>()
    this.#shownMs.set(node, shownMs)
    if (shownMs.has(update.messageId)) this.#shownTwice += 1
    else shownMs.set(update.messageId, nowMs)
  }

  onTransmission({ item, bytes }: Transmission): void {
    if (item.kind === 'lobby-message') {
      this.#copies += 1
      this.#messageBytes += bytes
    } else this.#otherBytes += bytes
  }

  onNote(_node: SimulatedNode, code: NoteCode): void {
    if (code === 'FLOOD_REFUSED') this.#refused += 1
  }

  /** How messages of a split, and the first one after it, got around; times are counted from its end. */
  repair(
    members: readonly SimulatedNode[],
    { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  ): { firstMessageMs: number | null; allMessagesMs: number | null; lost: number } {
    const lastShownMs = ({ messageId, node: author }: Said): (number | undefined)[] =>
      members.flatMap((node) => (node.index === author ? [] : [this.#shownMs.get(node)?.get(messageId)]))
    const first = this.said.find(({ atMs }) => atMs >= toMs)
    const firstMs = first ? lastShownMs(first) : [undefined]
    const meanwhileMs = this.said.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).flatMap(lastShownMs)
    const lost = meanwhileMs.filter((ms) => ms === undefined).length
    const latest = (times: readonly (number | undefined)[], sinceMs: number): number | null =>
      times.includes(undefined)
        ? null
        : times.reduce<number>((most, ms) => Math.max(most, (ms ?? 0) - sinceMs), 0)
    return {
      firstMessageMs: latest(firstMs, first?.atMs ?? toMs),
      allMessagesMs: latest(meanwhileMs, toMs),
      lost,
    }
  }

  /** `arrivals`: for each message said, the nodes that it could reach. */
  result(
    nodes: readonly SimulatedNode[],
    arrivals: readonly ReadonlyMap<number, number>[],
    { links, nowMs }: { readonly links: number; readonly nowMs: number },
  ): TallyResult {
    const shown: Shown[] = []
    let deliverable = 0
    let unexplained = 0
    for (const [i, said] of this.said.entries())
      for (const node of nodes) {
        const isDeliverable = arrivals[i]?.has(node.index) === true && node.index !== said.node
        if (isDeliverable) deliverable += 1
        const shownMs = this.#shownMs.get(node)?.get(said.messageId)
        if (shownMs === undefined) continue
        if (isDeliverable)
          shown.push({ afterMs: shownMs - said.atMs, hops: node.hops.get(said.messageId) ?? 0 })
        else unexplained += 1
      }
    const messages = Math.max(1, this.said.length)
    const latencies = shown.map(({ afterMs }) => afterMs).sort((a, b) => a - b)
    const hops = shown.map((one) => one.hops)
    const duplicates = this.#copies - shown.length - unexplained
    return {
      deliverable,
      delivered: shown.length,
      unexplained,
      shownTwice: this.#shownTwice,
      copiesPerMessage: this.#copies / messages,
      duplicatesPerMessageAndLink: duplicates / messages / Math.max(1, links),
      meanHops: hops.reduce((sum, hop) => sum + hop, 0) / Math.max(1, hops.length),
      maxHops: hops.reduce((most, hop) => Math.max(most, hop), 0),
      medianLatencyMs: latencies[latencies.length >> 1] ?? 0,
      maxLatencyMs: latencies.at(-1) ?? 0,
      bytesPerMessage: this.#messageBytes / messages,
      otherBytesPerSec: (this.#otherBytes * 1000) / Math.max(1, nowMs - this.#beganMs),
      refused: this.#refused,
    }
  }
}
