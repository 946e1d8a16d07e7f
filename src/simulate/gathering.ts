/** How a lobby comes about: node 0 makes it, the others join from friend to friend. */
import type { LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'
import type { SimulatedNetwork, SimulatedNode } from './network.ts'
import type { Random } from './random.ts'

export const LOBBY = '00000000000000f0' as LobbyId
export const SPEAKER = 'speaker' as SpeakerId
/** Joining takes one exchange of lists a hop. */
const MAX_HOPS = 100

/** `roundMs`: until what was joined is seen by friends; `settleMs`: until all know their neighbours. */
export interface Gathering {
  readonly circle: readonly number[]
  readonly isPrivate: boolean
  readonly roundMs: number
  readonly settleMs: number
}

/** Has all of `circle` join; in a private lobby each is invited by one friend that is in. */
export function gather(network: SimulatedNetwork, gathering: Gathering, random: Random): void {
  const { circle, isPrivate, roundMs, settleMs } = gathering
  const { timeline } = network
  const first = nodeAt(network, 0)
  const spec = { name: 'Simulated', topic: '', isPrivate, isSigned: false }
  network.step(first, { kind: 'create', lobby: LOBBY, spec })
  enter(network, first)
  const inside = new Set([first])
  const outside = new Set(circle.map((index) => nodeAt(network, index)))
  outside.delete(first)
  for (let round = 0; round < MAX_HOPS && outside.size > 0; round++) {
    if (isPrivate) invite(network, inside, outside, random)
    timeline.run(timeline.nowMs + roundMs)
    for (const node of outside) {
      if (!node.rules.canJoin(LOBBY)) continue
      enter(network, node)
      inside.add(node)
      outside.delete(node)
    }
  }
  timeline.run(timeline.nowMs + settleMs)
}

function invite(
  network: SimulatedNetwork,
  inside: ReadonlySet<SimulatedNode>,
  outside: ReadonlySet<SimulatedNode>,
  random: Random,
): void {
  for (const node of outside) {
    const hosts = [...inside].filter((host) => host.links.has(node.id))
    if (hosts.length > 0) network.step(random.pick(hosts), { kind: 'invite', lobby: LOBBY, friend: node.id })
  }
}

function enter(network: SimulatedNetwork, node: SimulatedNode): void {
  network.step(node, {
    kind: 'speaker-enter',
    lobby: LOBBY,
    speaker: SPEAKER,
    nick: `n${node.index}`,
    author: node.id as string as ParticipantId,
  })
}

/** The node of a number; throws when there is none. */
export function nodeAt(network: SimulatedNetwork, index: number): SimulatedNode {
  const node = network.nodes[index]
  if (!node) throw new Error(`no node ${index}`)
  return node
}
