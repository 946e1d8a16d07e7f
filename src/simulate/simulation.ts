/** One seeded run: friends, a lobby, people who talk in it, links that drop and return; and how well that went. */
import { TIMING } from '../retroshare/routing/limits.ts'
import type { Item } from '../retroshare/wire/item.ts'
import { gather, LOBBY, nodeAt, SPEAKER } from './gathering.ts'
import { randomCircle, randomGraph } from './graph.ts'
import { NOTICE_MS, planLinks, REDIAL_MS, type Weather } from './links.ts'
import { SimulatedNetwork, START_MS } from './network.ts'
import { earliestArrivals } from './oracle.ts'
import { Random } from './random.ts'
import { RETROSHARE } from './retroshare-lobby.ts'
import { RetroShareRules } from './retroshare-rules.ts'
import { foyerRules } from './rules.ts'
import { Tally, type TallyResult } from './tally.ts'

export interface SimulationParameters {
  /** By whose rules all nodes take part. */
  readonly rules: 'foyer' | 'retroshare'
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
  /** After a quarter of the talk the lobby is cut in two for so many seconds; 0 for never. */
  readonly splitSec: number
  /** The lobby spreads by invitations instead of lists. */
  readonly isPrivate: boolean
  /** Challenges arrive; if not, they get lost. */
  readonly hasChallenges: boolean
  readonly seed: number
}

export interface SimulationResult extends SimulationParameters, TallyResult {
  /** Links of the network, and those between participants. */
  readonly links: number
  readonly lobbyLinks: number
  readonly simulatedSec: number
  /** How the two halves found together again; null when they were never apart. */
  readonly repair: Repair | null
  /** Digest of everything that arrived: equal for equal parameters. */
  readonly trace: string
}

/** In milliseconds after the links were back; null for never. */
export interface Repair {
  /** The first message said afterwards was shown to everybody. */
  readonly firstMessageMs: number | null
  /** Everything said meanwhile was shown to everybody. */
  readonly allMessagesMs: number | null
  /** Pairs of a message said meanwhile and a participant to whom it was never shown. */
  readonly lost: number
  /** Everybody saw everybody. */
  readonly presenceMs: number | null
}

const MESSAGE_GAP_MS = 1_000
/** Presence heals within one period of keep-alives. */
const AFTER_MS = 130_000

/** Runs it all on a virtual clock. */
export function runSimulation(parameters: SimulationParameters): SimulationResult {
  const { peers, degree, participants, messages, seed } = parameters
  const random = new Random(seed)
  const edges = randomGraph(peers, degree, random)
  const circle = randomCircle(edges, participants, random)
  const tally = new Tally()
  const network = makeNetwork(parameters, random, tally)
  for (let i = 0; i < peers; i++) network.addNode()
  for (const [a, b] of edges) network.link(nodeAt(network, a), nodeAt(network, b), random.between(5, 150))
  gather(network, { circle, isPrivate: parameters.isPrivate, ...PACE[parameters.rules] }, random)

  const { timeline } = network
  const members = new Set(circle)
  const lobbyEdges = edges.filter(([a, b]) => members.has(a) && members.has(b))
  const beganMs = timeline.nowMs
  tally.begin(beganMs)
  const weather = weatherOf(parameters, circle, beganMs)
  const histories = planLinks(network, lobbyEdges, weather, random)
  for (let i = 0; i < messages; i++) {
    const atMs = beganMs + i * MESSAGE_GAP_MS + random.below(MESSAGE_GAP_MS)
    planMessage(network, { author: random.pick(circle), atMs, bytes: random.between(1, 400) })
  }
  const presentMs = weather.split && watchPresence(network, circle, weather.split.toMs)
  const isStormy = parameters.churn > 0 || weather.split !== null
  const endMs = beganMs + weather.talkMs + (isStormy ? NOTICE_MS + REDIAL_MS : 0) + 30_000
  timeline.run(weather.split ? Math.max(endMs, weather.split.toMs + AFTER_MS) : endMs)

  const arrivals = tally.said.map((said) => earliestArrivals(histories, said, TIMING.replayMs))
  const { split } = weather
  return {
    ...parameters,
    links: edges.length,
    lobbyLinks: lobbyEdges.length,
    ...tally.result(network.nodes, arrivals, { links: lobbyEdges.length, nowMs: timeline.nowMs }),
    simulatedSec: (timeline.nowMs - START_MS) / 1000,
    repair: split && {
      ...tally.repair(
        circle.map((index) => nodeAt(network, index)),
        split,
      ),
      presenceMs: presentMs?.() ?? null,
    },
    trace: network.trace,
  }
}

/** How fast a lobby spreads by lists: here they are pushed, RetroShare asks for them. */
const PACE = {
  foyer: { roundMs: TIMING.listMs + 1_000, settleMs: TIMING.listMs + 1_000 },
  retroshare: { roundMs: RETROSHARE.listMs + 11_000, settleMs: RETROSHARE.listMs + 11_000 },
} as const

function makeNetwork(
  { rules, hasChallenges }: SimulationParameters,
  random: Random,
  tally: Tally,
): SimulatedNetwork {
  return new SimulatedNetwork(random, tally, {
    rules: rules === 'foyer' ? foyerRules : (self) => new RetroShareRules(self),
    lost: new Set<Item['kind']>(hasChallenges ? [] : ['lobby-challenge']),
  })
}

/** The first half of those who joined is whole in itself: each of them joined through an earlier one. */
function weatherOf(
  { churn, messages, splitSec }: SimulationParameters,
  circle: readonly number[],
  beganMs: number,
): Weather {
  const talkMs = messages * MESSAGE_GAP_MS
  const fromMs = beganMs + Math.floor(talkMs / 4) + 0.5
  const half = new Set(circle.slice(0, Math.ceil(circle.length / 2)))
  return { churn, talkMs, split: splitSec > 0 ? { fromMs, toMs: fromMs + splitSec * 1_000, half } : null }
}

/** Looks every 250 ms from `fromMs` on; the answer is how long it took until everybody saw everybody. */
function watchPresence(
  network: SimulatedNetwork,
  circle: readonly number[],
  fromMs: number,
): () => number | null {
  let presentMs: number | null = null
  const look = (): void => {
    const isWhole = circle.every((index) => nodeAt(network, index).rules.others(LOBBY) >= circle.length - 1)
    if (isWhole) presentMs = network.timeline.nowMs - fromMs
    else network.timeline.at(network.timeline.nowMs + 250, look)
  }
  network.timeline.at(fromMs, look)
  return () => presentMs
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
