/** Random friendships and random circles within them. */
import type { Random } from './random.ts'

/** Pairs of nodes, numbered from 0; the smaller number first. */
export type Edge = readonly [number, number]

/** A connected graph of `nodes` nodes with `degree` friends each on average (a tree if that is too few). */
export function randomGraph(nodes: number, degree: number, random: Random): Edge[] {
  const edges = new Map<string, Edge>()
  const connect = (a: number, b: number): void => {
    const edge: Edge = a < b ? [a, b] : [b, a]
    if (a !== b) edges.set(edge.join(), edge)
  }
  for (let node = 1; node < nodes; node++) connect(node, random.below(node))
  const wanted = Math.min(Math.round((nodes * degree) / 2), (nodes * (nodes - 1)) / 2)
  while (edges.size < wanted) connect(random.below(nodes), random.below(nodes))
  return [...edges.values()]
}

/**
 * `size` nodes that a lobby made by node 0 can spread to: each is a friend of an earlier one. All that node 0
 * can reach, if those are fewer.
 */
export function randomCircle(edges: readonly Edge[], size: number, random: Random): number[] {
  const friends = new Map<number, number[]>()
  for (const [a, b] of edges) {
    friends.set(a, [...(friends.get(a) ?? []), b])
    friends.set(b, [...(friends.get(b) ?? []), a])
  }
  const circle = new Set([0])
  let fringe = friends.get(0) ?? []
  while (circle.size < size && fringe.length > 0) {
    const next = random.pick(fringe)
    circle.add(next)
    fringe = [...fringe, ...(friends.get(next) ?? [])].filter((node) => !circle.has(node))
  }
  return [...circle]
}
