// The parts of a simulation: randomness, the virtual clock, graphs, and the oracle of what can be delivered.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomCircle, randomGraph } from '../../src/simulate/graph.ts'
import { earliestArrivals, type LinkHistory } from '../../src/simulate/oracle.ts'
import { Random } from '../../src/simulate/random.ts'
import { Timeline } from '../../src/simulate/timeline.ts'

test('equal seeds give equal numbers, which spread evenly', () => {
  const [a, b] = [new Random(1), new Random(1)]
  expect(Array.from({ length: 50 }, () => a.u32())).toEqual(Array.from({ length: 50 }, () => b.u32()))
  const buckets = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) buckets[a.below(10)] = (buckets[a.below(10)] ?? 0) + 1
  expect(new Set(Array.from({ length: 100 }, () => a.between(3, 5)))).toEqual(new Set([3, 4, 5]))
  expect(() => a.pick([])).toThrow()
})

test('what is planned runs in order of time, and in order of planning at one time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (times) => {
      const timeline = new Timeline(0)
      const ran: [number, number][] = []
      times.forEach((atMs, i) => {
        timeline.at(atMs, () => ran.push([timeline.nowMs, i]))
      })
      timeline.run(100)
      const wanted = times.map((atMs, i): [number, number] => [atMs, i])
      expect(ran).toEqual(wanted.sort((a, b) => a[0] - b[0] || a[1] - b[1]))
      expect(timeline.nowMs).toBe(100)
    }),
  )
})

test('what is planned meanwhile runs, too, but nothing beyond the end', () => {
  const timeline = new Timeline(0)
  const ran: number[] = []
  const again = () => {
    ran.push(timeline.nowMs)
    timeline.at(timeline.nowMs + 10, again)
  }
  timeline.at(5, again)
  timeline.run(30)
  expect(ran).toEqual([5, 15, 25])
})

test('a random graph is connected and has the degree asked for; a circle in it is connected', () => {
  const random = new Random(3)
  const edges = randomGraph(100, 6, random)
  expect(edges).toHaveLength(300)
  const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY }
  const links = edges.map((ends): LinkHistory => ({ ends, latencyMs: 1, alive: [always] }))
  expect(earliestArrivals(links, { node: 0, atMs: 0 }, 0).size).toBe(100)
  const circle = randomCircle(edges, 30, random)
  const inside = links.filter(({ ends }) => ends.every((end) => circle.includes(end)))
  expect(earliestArrivals(inside, { node: 0, atMs: 0 }, 0).size).toBe(30)
})

test('the oracle: over a living link, after its return, and not after the time for repetition', () => {
  const link = (ends: [number, number], ...alive: [number, number][]): LinkHistory => ({
    ends,
    latencyMs: 10,
    alive: alive.map(([fromMs, toMs]) => ({ fromMs, toMs })),
  })
  const links = [
    link([0, 1], [0, 1_000]),
    // Breaks while the message is under way, and returns.
    link([1, 2], [0, 115], [500, 1_000]),
    // Returns too late.
    link([2, 3], [0, 50], [900, 1_000]),
    link([4, 0], [0, 50]),
  ]
  expect([...earliestArrivals(links, { node: 0, atMs: 100 }, 600)]).toEqual([
    [0, 100],
    [1, 110],
    [2, 510],
  ])
})
