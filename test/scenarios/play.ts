// Plays scenarios by hand: npx tsx test/scenarios/play.ts TARGET [part of a name...]; shows what failed, and why.
import { playAll, readScenarios } from './run/library.ts'
import { openTarget, TARGETS, type TargetName } from './run/targets.ts'

const [name, ...parts] = process.argv.slice(2)
if (!TARGETS.includes(name as TargetName)) {
  console.error(`usage: play.ts ${TARGETS.join('|')} [part of a name...]`)
  process.exit(2)
}
const wanted = readScenarios().filter(
  (scenario) => parts.length === 0 || parts.some((part) => scenario.name.includes(part)),
)
const target = await openTarget(name as TargetName)
const startedAtMs = performance.now()
const outcomes = await playAll(wanted, target, 20_000)
const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
await target.close()
let failed = 0
for (const scenario of wanted) {
  const outcome = outcomes.get(scenario.name)
  if (!outcome || outcome.ok) continue
  failed++
  console.log(`FAILED ${scenario.name}: ${scenario.title}\n${outcome.why}\n`)
}
console.log(`${name}: ${outcomes.size} played in ${seconds} s, ${failed} failed`)
