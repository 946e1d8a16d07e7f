// Small networks under any schedule of broken links, restarts of links and items that overtake each other.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LobbyUpdate } from '../../src/lobby/lobby.ts'
import { TIMING } from '../../src/retroshare/routing/limits.ts'
import { randomGraph } from '../../src/simulate/graph.ts'
import { SimulatedNetwork, type SimulatedNode, START_MS } from '../../src/simulate/network.ts'
import { earliestArrivals, type LinkHistory } from '../../src/simulate/oracle.ts'
import { Random } from '../../src/simulate/random.ts'
import type { LobbyId, ParticipantId, SpeakerId } from '../../src/util/ids.ts'

const LOBBY = '00000000000000f0' as LobbyId
const SPEAKER = 'speaker' as SpeakerId
/** So long may twelve messages at once wait for their way over one link. */
const PACED_MS = 25_000
/** Items 12 s apart are never less than the 10 s apart by which friends count. */
const JITTER_MS = 2_000
const idOf = (node: SimulatedNode) => node.id as string as ParticipantId

/** A lobby in which all of `nodes` nodes take part and know their neighbours; `shown` fills as they hear. */
function gathered(nodes: number, degree: number, seed: number, jitterMs = 0) {
  const random = new Random(seed)
  const updates: [number, LobbyUpdate][] = []
  const onUpdate = (node: SimulatedNode, update: LobbyUpdate) => updates.push([node.index, update])
  const network = new SimulatedNetwork(random, { onUpdate }, { jitterMs })
  for (let i = 0; i < nodes; i++) network.addNode()
  const edges = randomGraph(nodes, degree, random)
  const links = edges.map(([a, b]) => network.link(at(network, a), at(network, b), random.between(1, 100)))
  const friends = (node: SimulatedNode) => [...node.links.keys()]
  // Restored with their neighbours, so that no exchange of lists is needed.
  for (const node of network.nodes) {
    const saved = {
      id: LOBBY,
      name: 'n',
      topic: '',
      flags: 4,
      isOwn: false,
      friends: friends(node),
      formerFriends: [],
    }
    network.step(node, { kind: 'restore', lobbies: [saved] })
    enter(network, node)
  }
  network.timeline.run(START_MS + 5_000)
  return { network, edges, links, updates, random }
}

const enter = (network: SimulatedNetwork, node: SimulatedNode) =>
  network.step(node, { kind: 'speaker-enter', lobby: LOBBY, speaker: SPEAKER, nick: 'n', author: idOf(node) })

const say = (network: SimulatedNetwork, node: SimulatedNode, text: string) =>
  network.step(node, { kind: 'say', lobby: LOBBY, speaker: SPEAKER, text, ref: text })

function at(network: SimulatedNetwork, index: number): SimulatedNode {
  const node = network.nodes[index % network.nodes.length]
  if (!node) throw new Error(`no node ${index}`)
  return node
}

const shownAt = (updates: readonly [number, LobbyUpdate][]): string[] =>
  updates.flatMap(([node, update]) => (update.kind === 'said' ? [`${node} ${update.text}`] : []))

/** When a link is cut, how long until each end notices, and how long until it returns (undefined: never). */
const outage = fc.record({
  link: fc.nat(100),
  cutMs: fc.nat(200_000),
  noticeMs: fc.tuple(fc.nat(130_000), fc.nat(130_000)),
  backMs: fc.option(fc.nat(400_000), { nil: undefined, freq: 4 }),
})
const network = fc.record({
  nodes: fc.integer({ min: 2, max: 9 }),
  degree: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
})
const saying = fc.record({ node: fc.nat(8), atMs: fc.nat(250_000) })

test('under any outages all that the links allow, even when each takes its time, is shown exactly once', () => {
  fc.assert(
    fc.property(
      network,
      fc.uniqueArray(outage, { maxLength: 8, selector: ({ link }) => link % 8 }),
      fc.array(saying, { minLength: 1, maxLength: 12 }),
      ({ nodes, degree, seed }, outages, sayings) => {
        const { network, edges, links, updates } = gathered(nodes, degree, seed)
        const { timeline } = network
        const startMs = timeline.nowMs
        const histories = edges.map((ends, i): LinkHistory => {
          const link = links[i]
          const down = outages.find((one) => (one.link % 8) % edges.length === i)
          if (!link) throw new Error('no link')
          const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY }
          if (!down) return { ends, latencyMs: link.latencyMs, alive: [always] }
          const cutMs = startMs + down.cutMs + 0.5
          timeline.at(cutMs, () => network.cut(link))
          timeline.at(cutMs + down.noticeMs[0], () => network.notice(link, link.a))
          timeline.at(cutMs + down.noticeMs[1], () => network.notice(link, link.b))
          const alive = [{ fromMs: 0, toMs: cutMs }]
          if (down.backMs !== undefined) {
            const backMs = cutMs + Math.max(...down.noticeMs) + 1 + down.backMs
            timeline.at(backMs, () => network.restore(link))
            alive.push({ fromMs: backMs, toMs: Number.POSITIVE_INFINITY })
          }
          return { ends, latencyMs: link.latencyMs, alive }
        })
        const possible = new Set<string>()
        const wanted: string[] = []
        const slow = histories.map((one) => ({ ...one, latencyMs: one.latencyMs + PACED_MS }))
        for (const [i, { node: index, atMs }] of sayings.entries()) {
          const author = at(network, index)
          timeline.at(startMs + atMs, () => say(network, author, `m${i}`))
          const said = { node: author.index, atMs: startMs + atMs }
          for (const node of earliestArrivals(histories, said, TIMING.replayMs).keys())
            if (node !== author.index) possible.add(`${node} m${i}`)
          for (const node of earliestArrivals(slow, said, TIMING.replayMs).keys())
            if (node !== author.index) wanted.push(`${node} m${i}`)
        }
        timeline.run(startMs + 1_100_000)
        const shown = shownAt(updates)
        expect(new Set(shown).size, `seed ${seed}`).toBe(shown.length)
        expect(
          shown.filter((one) => !possible.has(one)),
          `seed ${seed}`,
        ).toEqual([])
        expect(
          wanted.filter((one) => !shown.includes(one)),
          `seed ${seed}`,
        ).toEqual([])
      },
    ),
    { numRuns: 150 },
  )
})

test('however items overtake each other, everything is shown exactly once, and all are seen to be there', () => {
  fc.assert(
    fc.property(network, fc.array(saying, { maxLength: 10 }), ({ nodes, degree, seed }, sayings) => {
      const { network, updates } = gathered(nodes, degree, seed, JITTER_MS)
      const { timeline } = network
      const startMs = timeline.nowMs
      for (const [i, { node, atMs }] of sayings.entries())
        timeline.at(startMs + atMs, () => say(network, at(network, node), `m${i}`))
      timeline.run(startMs + 700_000)
      expect(shownAt(updates).length, `seed ${seed}`).toBe(sayings.length * (nodes - 1))
      expect(new Set(shownAt(updates)).size, `seed ${seed}`).toBe(sayings.length * (nodes - 1))
      for (const node of network.nodes) expect(node.rules.others(LOBBY), `seed ${seed}`).toBe(nodes - 1)
    }),
    { numRuns: 40 },
  )
})

test('nobody who has left is seen any longer, however the farewell and what came before overtake each other', () => {
  fc.assert(
    fc.property(network, fc.array(saying, { maxLength: 10 }), ({ nodes, degree, seed }, sayings) => {
      const { network } = gathered(nodes, degree, seed, JITTER_MS)
      const { timeline } = network
      const startMs = timeline.nowMs
      for (const [i, { node, atMs }] of sayings.entries())
        timeline.at(startMs + (atMs % 10_000), () => say(network, at(network, node), `m${i}`))
      timeline.run(startMs + 11_000)
      for (const node of network.nodes)
        network.step(node, { kind: 'speaker-exit', lobby: LOBBY, speaker: SPEAKER })
      timeline.run(timeline.nowMs + Math.min(nodes * 15_000, 160_000))
      for (const node of network.nodes) expect(node.rules.others(LOBBY), `seed ${seed}`).toBe(0)
    }),
    { numRuns: 40 },
  )
})

test('two halves that were split find together: all are seen again, and the first message passes at once', () => {
  const { network, links, updates } = gathered(2, 1, 1)
  const [link] = links
  if (!link) throw new Error('no link')
  const { timeline } = network
  network.cut(link)
  timeline.run(timeline.nowMs + 130_000)
  network.notice(link, link.a)
  network.notice(link, link.b)
  timeline.run(timeline.nowMs + 400_000)
  expect(network.nodes.map((node) => node.rules.others(LOBBY))).toEqual([0, 0])
  network.restore(link)
  say(network, at(network, 0), 'again')
  timeline.run(timeline.nowMs + 1_000)
  expect(shownAt(updates)).toEqual(['1 again'])
  expect(network.nodes.map((node) => node.rules.others(LOBBY))).toEqual([1, 1])
})
