/** One seeded run: friends, a lobby, people who talk in it, links that drop and return; and how well that went. */
import { TIMING } from '../retroshare/routing/limits.ts'
import type { LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'
import { type Edge, randomCircle, randomGraph } from './graph.ts'
import { SimulatedNetwork, type SimulatedNode, START_MS } from './network.ts'
import { earliestArrivals, type LinkHistory } from './oracle.ts'
import { Random } from './random.ts'
import { Tally, type TallyResult } from './tally.ts'

export interface SimulationParameters {
  /** Nodes in the network. */
  readonly peers: number
  /** Friends of a node on average. */
  readonly degree: number
  /** Nodes that take part in the lobby, with one speaker each. */
  readonly participants: number
  /** Messages said, one a second, each by a random speaker. */
  readonly messages: number
  /** Share of the lobby's links that drop once and return while people talk, 0..1. */
  readonly churn: number
  readonly seed: number
}

export interface SimulationResult extends SimulationParameters, TallyResult {
  /** Links of the network, and those between participants. */
  readonly links: number
  readonly lobbyLinks: number
  readonly simulatedSec: number
  /** Digest of everything that arrived: equal for equal parameters. */
  readonly trace: string
}

const LOBBY = '00000000000000f0' as LobbyId
const SPEAKER = 'speaker' as SpeakerId
const MESSAGE_GAP_MS = 1_000
/** A dead link is noticed this late at most (docs/retroshare.md §5.2), and dialled again this much later at most. */
const NOTICE_MS = 130_000
const REDIAL_MS = 60_000
/** Joining takes one exchange of lists a hop. */
const MAX_HOPS = 100

/** Runs it all on a virtual clock. */
export function runSimulation(parameters: SimulationParameters): SimulationResult {
  const random = new Random(parameters.seed)
  const edges = randomGraph(parameters.peers, parameters.degree, random)
  const circle = randomCircle(edges, parameters.participants, random)
  const tally = new Tally()
  const network = new SimulatedNetwork(random, tally)
  for (let i = 0; i < parameters.peers; i++) network.addNode()
  for (const [a, b] of edges) network.link(nodeAt(network, a), nodeAt(network, b), random.between(5, 150))
  gather(network, circle)

  const talkMs = parameters.messages * MESSAGE_GAP_MS
  const lobbyEdges = edges.filter(([a, b]) => circle.includes(a) && circle.includes(b))
  tally.begin(network.timeline.nowMs)
  const histories = planChurn(network, lobbyEdges, { churn: parameters.churn, talkMs }, random)
  for (let i = 0; i < parameters.messages; i++) {
    const atMs = network.timeline.nowMs + i * MESSAGE_GAP_MS + random.below(MESSAGE_GAP_MS)
    planMessage(network, { author: random.pick(circle), atMs, bytes: random.between(1, 400) })
  }
  const endMs = network.timeline.nowMs + talkMs + (parameters.churn > 0 ? NOTICE_MS + REDIAL_MS : 0) + 30_000
  network.timeline.run(endMs)

  const arrivals = tally.said.map((said) => earliestArrivals(histories, said, TIMING.replayMs))
  return {
    ...parameters,
    links: edges.length,
    lobbyLinks: lobbyEdges.length,
    ...tally.result(network.nodes, arrivals, { links: lobbyEdges.length, nowMs: endMs }),
    simulatedSec: (endMs - START_MS) / 1000,
    trace: network.trace,
  }
}

/** Node 0 makes the lobby; the others join when a friend lists it, and wait until all know their neighbours. */
function gather(network: SimulatedNetwork, circle: readonly number[]): void {
  const { timeline } = network
  const first = nodeAt(network, 0)
  const spec = { name: 'Simulated', topic: '', isPrivate: false, isSigned: false }
  network.step(first, { kind: 'create', lobby: LOBBY, spec })
  const outside = new Set(circle)
  for (let round = 0; round < MAX_HOPS && outside.size > 0; round++) {
    for (const index of outside) {
      const node = nodeAt(network, index)
      if (node !== first && !node.router.directory.get(LOBBY)) continue
      network.step(node, {
        kind: 'speaker-enter',
        lobby: LOBBY,
        speaker: SPEAKER,
        nick: `n${index}`,
        author: node.id as string as ParticipantId,
      })
      outside.delete(index)
    }
    timeline.run(timeline.nowMs + TIMING.listMs + 1_000)
  }
  timeline.run(timeline.nowMs + TIMING.listMs + 1_000)
}

/** Links break without a word; each end notices by itself, then they are dialled again. */
function planChurn(
  network: SimulatedNetwork,
  edges: readonly Edge[],
  { churn, talkMs }: { readonly churn: number; readonly talkMs: number },
  random: Random,
): LinkHistory[] {
  const { timeline } = network
  const rest = [...edges]
  const falling = new Set<Edge>()
  while (falling.size < Math.ceil(edges.length * churn)) {
    const [edge] = rest.splice(random.below(rest.length), 1)
    if (edge) falling.add(edge)
  }
  return edges.map((ends) => {
    const [a, b] = ends.map((index) => nodeAt(network, index)) as [SimulatedNode, SimulatedNode]
    const link = a.links.get(b.id)
    if (!link) throw new Error(`no link between ${a.id} and ${b.id}`)
    const { latencyMs } = link
    const always = { fromMs: START_MS, toMs: Number.POSITIVE_INFINITY }
    if (!falling.has(ends)) return { ends, latencyMs, alive: [always] }
    // Half a millisecond off, so that nothing breaks at the very moment when something arrives.
    const cutMs = timeline.nowMs + random.below(talkMs) + 0.5
    const noticeMs = [cutMs + random.below(NOTICE_MS), cutMs + random.below(NOTICE_MS)] as const
    const backMs = Math.max(...noticeMs) + 1 + random.below(REDIAL_MS)
    timeline.at(cutMs, () => network.cut(link))
    timeline.at(noticeMs[0], () => network.notice(link, a))
    timeline.at(noticeMs[1], () => network.notice(link, b))
    timeline.at(backMs, () => network.restore(link))
    const alive = [
      { fromMs: START_MS, toMs: cutMs },
      { fromMs: backMs, toMs: Number.POSITIVE_INFINITY },
    ]
    return { ends, latencyMs, alive }
  })
}

function planMessage(
  network: SimulatedNetwork,
  { author, atMs, bytes }: { readonly author: number; readonly atMs: number; readonly bytes: number },
): void {
  const text = 'x'.repeat(bytes)
  network.timeline.at(atMs, () => {
    network.step(nodeAt(network, author), { kind: 'say', lobby: LOBBY, speaker: SPEAKER, text, ref: '' })
  })
}

function nodeAt(network: SimulatedNetwork, index: number): SimulatedNode {
  const node = network.nodes[index]
  if (!node) throw new Error(`no node ${index}`)
  return node
}
