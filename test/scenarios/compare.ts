// Plays all scenarios against Foyer and the rooms of other servers, and writes docs/muc-scenarios.md.
import { writeFileSync } from 'node:fs'
import { playAll, readScenarios } from './run/library.ts'
import { noteProblems, type Outcomes, renderPage } from './run/table.ts'
import { openTarget } from './run/targets.ts'

/** What other servers do not do in this time they do not do; lobbies take longer. */
const DEADLINE_MS = 3000
const LOBBY_DEADLINE_MS = 30_000
const PAGE = new URL('../../docs/muc-scenarios.md', import.meta.url).pathname

const scenarios = readScenarios()
const outcomes = new Map<string, Outcomes>()
for (const name of ['embedded', 'prosody', 'ejabberd'] as const) {
  const target = await openTarget(name)
  outcomes.set(name, await playAll(scenarios, target, name === 'embedded' ? LOBBY_DEADLINE_MS : DEADLINE_MS))
  await target.close()
}
writeFileSync(PAGE, renderPage(scenarios, outcomes))
const problems = noteProblems(scenarios, outcomes)
for (const problem of problems) console.error(problem)
console.log(`${scenarios.length} scenarios, ${problems.length} notes to mend, written to ${PAGE}`)
process.exitCode = problems.length > 0 ? 1 : 0
