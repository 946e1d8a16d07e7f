// Whole networks: every message exactly once wherever the links allow it, and the same run from the same seed.
import { expect, test } from 'vitest'
import { runSimulation } from '../../src/simulate/simulation.ts'

const PLAIN = { rules: 'foyer', splitSec: 0, isPrivate: false, hasChallenges: true } as const
const NETWORK = { ...PLAIN, peers: 200, degree: 6, participants: 60, messages: 60 }
const flawless = { unexplained: 0, shownTwice: 0 }

test.each([1, 2, 3])(
  '200 nodes, 60 participants: every message exactly once everywhere (seed %i)',
  (seed) => {
    const result = runSimulation({ ...NETWORK, churn: 0, seed })
    expect(result, `seed ${seed}`).toMatchObject({
      ...flawless,
      participants: 60,
      deliverable: 60 * 59,
      delivered: 60 * 59,
    })
    // A flood crosses each link once or twice: both ways, but for the links over which it came first.
    expect(result.copiesPerMessage, `seed ${seed}`).toBe(2 * result.lobbyLinks - 59)
  },
)

test.each([1, 2, 3])(
  'with 5 % of the links dropping and returning: nothing twice, all that could arrive arrives (seed %i)',
  (seed) => {
    const result = runSimulation({ ...NETWORK, churn: 0.05, seed })
    expect(result, `seed ${seed}`).toMatchObject({ ...flawless, delivered: result.deliverable })
    expect(result.deliverable, `seed ${seed}`).toBe(60 * 59)
  },
)

test.each([4, 5])('even when half of the links drop (seed %i)', (seed) => {
  const result = runSimulation({ ...NETWORK, peers: 100, churn: 0.5, seed })
  expect(result, `seed ${seed}`).toMatchObject({ ...flawless, delivered: result.deliverable })
})

test('equal seeds give equal runs, other seeds others', () => {
  const parameters = { ...PLAIN, peers: 40, degree: 4, participants: 15, messages: 20, churn: 0.2 }
  const run = (seed: number) => runSimulation({ ...parameters, seed })
  expect(run(7)).toEqual(run(7))
  expect(run(7).trace).not.toBe(run(8).trace)
})
