/** What a network could deliver at best: earliest arrival over links that come and go, when nodes hold and repeat. */

/** A link between two nodes, and when it carried: times `from` up to, but not at, `to`, in order. */
export interface LinkHistory {
  readonly ends: readonly [number, number]
  readonly latencyMs: number
  readonly alive: readonly { readonly fromMs: number; readonly toMs: number }[]
}

/**
 * Earliest arrival of something said at `node` at `atMs`, at every node that it can reach: a node passes it on
 * over each link that carries it whole, and to a friend whose link returns, unless more than `holdMs` have
 * passed since it was said.
 */
export function earliestArrivals(
  links: readonly LinkHistory[],
  said: { readonly node: number; readonly atMs: number },
  holdMs: number,
): Map<number, number> {
  const linksOf = new Map<number, LinkHistory[]>()
  for (const link of links) for (const end of link.ends) linksOf.set(end, [...(linksOf.get(end) ?? []), link])
  const arrivals = new Map([[said.node, said.atMs]])
  const open = new Set([said.node])
  while (open.size > 0) {
    const node = [...open].reduce((a, b) => ((arrivals.get(b) ?? 0) < (arrivals.get(a) ?? 0) ? b : a))
    open.delete(node)
    for (const link of linksOf.get(node) ?? []) {
      const other = link.ends[0] === node ? link.ends[1] : link.ends[0]
      const atMs = crossing(link, arrivals.get(node) ?? 0, said.atMs + holdMs)
      if (atMs >= (arrivals.get(other) ?? Number.POSITIVE_INFINITY)) continue
      arrivals.set(other, atMs)
      open.add(other)
    }
  }
  return arrivals
}

/** When something that is at one end at `atMs` is at the other; infinite when it never gets there. */
function crossing({ alive, latencyMs }: LinkHistory, atMs: number, lastRepeatMs: number): number {
  for (const { fromMs, toMs } of alive) {
    const leavesMs = Math.max(atMs, fromMs)
    if (leavesMs > atMs && leavesMs > lastRepeatMs) break
    if (leavesMs + latencyMs < toMs) return leavesMs + latencyMs
  }
  return Number.POSITIVE_INFINITY
}
