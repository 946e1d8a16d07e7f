// All scenarios, and playing many of them on one target at a time.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, play } from './play.ts'
import { parseScenario, type Scenario } from './scenario-file.ts'
import { canPlay, SLOTS, type Target } from './targets.ts'

const FOLDER = new URL('..', import.meta.url).pathname
const ENDING = '.scenario'

/** These share a lobby, so they are played one after the other. */
const isWithResident = (scenario: Scenario): boolean => scenario.needs.includes('resident')

/** In the order of their names. */
export function readScenarios(): Scenario[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ENDING))
    .sort()
    .map((file) => parseScenario(file.slice(0, -ENDING.length), readFileSync(join(FOLDER, file), 'utf8')))
}

/** The outcome of each scenario that the target can play. `deadlineMs` is how long a wanted stanza may take. */
export async function playAll(
  scenarios: readonly Scenario[],
  target: Target,
  deadlineMs: number,
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const playable = scenarios.filter((scenario) => canPlay(target.name, scenario))
  const together = playable.filter(isWithResident)
  const waiting = playable.filter((scenario) => !isWithResident(scenario))
  const next = (slot: number): Scenario | undefined =>
    (slot === 0 ? together.shift() : undefined) ?? waiting.shift()
  const slots = Array.from({ length: SLOTS }, async (_, slot) => {
    for (let scenario = next(slot); scenario; scenario = next(slot)) {
      const stage = await target.stage(scenario.needs, slot)
      outcomes.set(scenario.name, await play(scenario, stage, deadlineMs))
    }
  })
  await Promise.all(slots)
  return outcomes
}
