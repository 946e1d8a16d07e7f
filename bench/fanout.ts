/** Claim: a message copy costs at most 1.5 times what copying alone costs, archive on; latency likewise. */
import { crowdAtFloor, crowdAtFoyer, type Shape } from './support/crowd.ts'
import { type Figure, median, short } from './support/figures.ts'
import type { Load, Saturation } from './support/load.ts'
import { startFloor, startFoyer } from './support/processes.ts'

const ROUNDS = 5
const SECONDS = 3
/** Unechoed messages of each speaker: with many of them the server can put copies together, with one it cannot. */
const WINDOWS = [10, 1] as const
const MODERATE_DELIVERIES_PER_SEC = 2000
const TARGET = '<= 1.5'

/** `shape`: rooms x occupants, such as 1x500. */
export async function fanout(shapes: readonly string[]): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const text of shapes.length > 0 ? shapes : ['1x100', '1x500']) {
    const [rooms = 1, occupants = 500] = text.split('x').map(Number)
    figures.push(...(await compare(text, { rooms, occupants })))
  }
  return figures
}

async function compare(name: string, shape: Shape): Promise<Figure[]> {
  const foyer = await startFoyer({ nodeArgs: nodeArgs() })
  const floor = await startFloor()
  try {
    const ours = await crowdAtFoyer(foyer, shape)
    const { bytesPerDelivery } = await ours.saturate(1, WINDOWS[0]) // warms up, and tells how long a message is
    const theirs = await crowdAtFloor(floor, shape, Math.round(bytesPerDelivery))
    await theirs.saturate(1, WINDOWS[0])
    const figures: Figure[] = []
    for (const window of WINDOWS) {
      const pairs = await alternately(ours, theirs, (load) => load.saturate(SECONDS, window))
      figures.push(...saturated(`${name}, window ${window}`, pairs))
    }
    const pairs = await alternately(ours, theirs, (load) =>
      load.trickle(SECONDS, MODERATE_DELIVERIES_PER_SEC),
    )
    figures.push(...atRate(name, pairs))
    return [
      ...figures,
      { what: `${name}: bytes a copy; lost or doubled`, value: `${short(bytesPerDelivery)}; 0` },
    ]
  } finally {
    await Promise.all([foyer.stop(), floor.server.stop()])
  }
}

/** Arguments for the measured Node, such as a profiler's, from the environment. */
const nodeArgs = (): string[] => process.env.BENCH_NODE_ARGS?.split(' ') ?? []

interface Pair<T> {
  readonly ours: T
  readonly floor: T
}

/** The machine's pace changes: both are measured in turn. */
async function alternately<T>(
  ours: Load,
  floor: Load,
  measure: (load: Load) => Promise<T>,
): Promise<Pair<T>[]> {
  const pairs: Pair<T>[] = []
  for (let round = 0; round < ROUNDS; round++)
    pairs.push({ ours: await measure(ours), floor: await measure(floor) })
  return pairs
}

function figure<T>(
  what: string,
  pairs: readonly Pair<T>[],
  value: (measured: T) => number,
  rest: { readonly unit: string; readonly target?: string },
): Figure {
  const { unit, ...target } = rest
  const ratios = pairs.map(({ ours, floor }) => value(ours) / value(floor))
  return {
    what,
    value: `${short(median(pairs.map(({ ours }) => value(ours))))} ${unit}`,
    floor: short(median(pairs.map(({ floor }) => value(floor)))),
    ratio: `${short(median(ratios))} (${short(Math.min(...ratios))} to ${short(Math.max(...ratios))})`,
    ...target,
  }
}

const saturated = (name: string, pairs: readonly Pair<Saturation>[]): Figure[] => [
  figure(`${name}: CPU a copy`, pairs, (s) => s.cpuUsPerDelivery, { unit: 'us', target: TARGET }),
  figure(`${name}: of it main thread`, pairs, (s) => s.mainThreadUsPerDelivery, { unit: 'us' }),
  figure(`${name}: copies a second`, pairs, (s) => s.deliveriesPerSec, { unit: '/s' }),
]

const atRate = (name: string, pairs: readonly Pair<{ p50: number; p99: number }>[]): Figure[] => [
  figure(`${name}: latency p50 at rate`, pairs, (s) => s.p50, { unit: 'ms' }),
  figure(`${name}: latency p99 at rate`, pairs, (s) => s.p99, { unit: 'ms', target: TARGET }),
]
