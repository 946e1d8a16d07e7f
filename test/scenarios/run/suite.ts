// The tests of one target: every scenario is one test, and those that are expected to fail must still do so.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXPECTED_FAILURES } from '../expected-failures.ts'
import { playAll, readScenarios } from './library.ts'
import type { Outcome } from './play.ts'
import { canPlay, openTarget, type Target, type TargetName } from './targets.ts'

/** A stanza that is wanted may be late on a busy machine; one that is not expected need not be waited for. */
const DEADLINE_MS = 30_000
const SHORT_DEADLINE_MS = 1_000

/** Defines the tests; all scenarios are played before the first of them looks at its outcome. */
export function describeTarget(name: TargetName): void {
  describe(name, () => {
    const scenarios = readScenarios().filter((scenario) => canPlay(name, scenario))
    const isToPass = (scenario: { readonly name: string }): boolean =>
      !Object.hasOwn(EXPECTED_FAILURES, scenario.name)
    let target: Target | undefined
    let outcomes = new Map<string, Outcome>()

    beforeAll(async () => {
      target = await openTarget(name)
      outcomes = new Map([
        ...(await playAll(scenarios.filter(isToPass), target, DEADLINE_MS)),
        ...(await playAll(
          scenarios.filter((scenario) => !isToPass(scenario)),
          target,
          SHORT_DEADLINE_MS,
        )),
      ])
    }, 180_000)
    afterAll(() => target?.close())

    for (const scenario of scenarios)
      test(`${scenario.name}: ${scenario.title}`, () => {
        const outcome = outcomes.get(scenario.name)
        if (isToPass(scenario))
          expect(outcome?.ok ? 'as claimed' : (outcome?.why ?? 'not played')).toBe('as claimed')
        else expect(outcome?.ok, `remove ${scenario.name} from expected-failures.ts: it passes`).toBe(false)
      })
  })
}
