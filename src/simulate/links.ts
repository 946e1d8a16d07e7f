/** Which links break and return while people talk: here and there, or all between two halves at once. */
import type { Edge } from './graph.ts'
import { type SimulatedLink, type SimulatedNetwork, START_MS } from './network.ts'
import type { LinkHistory } from './oracle.ts'
import type { Random } from './random.ts'

/** A dead link is noticed this late at most (docs/retroshare.md §5.2), and dialled again this much later at most. */
export const NOTICE_MS = 130_000
export const REDIAL_MS = 60_000

/** The talk and what befalls its links. */
export interface Weather {
  /** Share of the links that break once, 0..1. */
  readonly churn: number
  readonly talkMs: number
  /** All links between the nodes of `half` and the others are cut for that time; null for none. */
  readonly split: {
    readonly fromMs: number
    readonly toMs: number
    readonly half: ReadonlySet<number>
  } | null
}

/** Links break without a word; each end notices by itself, unless the link is back before. */
export function planLinks(
  network: SimulatedNetwork,
  edges: readonly Edge[],
  { churn, talkMs, split }: Weather,
  random: Random,
): LinkHistory[] {
  const falling = picked(edges, Math.ceil(edges.length * churn), random)
  return edges.map((ends) => {
    const link = linkBetween(network, ends)
    const isSplit = split !== null && split.half.has(ends[0]) !== split.half.has(ends[1])
    const nowMs = network.timeline.nowMs
    if (isSplit) return outage(network, link, random, { cutMs: split.fromMs, backMs: split.toMs })
    // Half a millisecond off, so that nothing breaks at the very moment when something arrives.
    if (falling.has(ends)) return outage(network, link, random, { cutMs: nowMs + random.below(talkMs) + 0.5 })
    const always = { fromMs: START_MS, toMs: Number.POSITIVE_INFINITY }
    return { ends, latencyMs: link.latencyMs, alive: [always] }
  })
}

/** Without `backMs` the link returns some time after both ends have noticed. */
function outage(
  network: SimulatedNetwork,
  link: SimulatedLink,
  random: Random,
  { cutMs, backMs: fixedMs }: { readonly cutMs: number; readonly backMs?: number },
): LinkHistory {
  const { timeline } = network
  const noticeMs = [cutMs + random.below(NOTICE_MS), cutMs + random.below(NOTICE_MS)] as const
  const backMs = fixedMs ?? Math.max(...noticeMs) + 1 + random.below(REDIAL_MS)
  timeline.at(cutMs, () => network.cut(link))
  for (const [i, end] of [link.a, link.b].entries()) {
    const atMs = noticeMs[i] ?? backMs
    if (atMs < backMs) timeline.at(atMs, () => network.notice(link, end))
  }
  timeline.at(backMs, () => network.restore(link))
  return {
    ends: [link.a.index, link.b.index],
    latencyMs: link.latencyMs,
    alive: [
      { fromMs: START_MS, toMs: cutMs },
      { fromMs: backMs, toMs: Number.POSITIVE_INFINITY },
    ],
  }
}

function picked(edges: readonly Edge[], count: number, random: Random): ReadonlySet<Edge> {
  const rest = [...edges]
  const chosen = new Set<Edge>()
  while (chosen.size < count) {
    const [edge] = rest.splice(random.below(rest.length), 1)
    if (edge) chosen.add(edge)
  }
  return chosen
}

function linkBetween(network: SimulatedNetwork, [a, b]: Edge): SimulatedLink {
  const [one, other] = [network.nodes[a], network.nodes[b]]
  const link = other && one?.links.get(other.id)
  if (!link) throw new Error(`no link between ${a} and ${b}`)
  return link
}
