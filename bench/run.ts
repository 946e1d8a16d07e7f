/** `npm run bench [-- NAME ARGUMENT...]`: measures one claim or all of them and prints a table for results.md. */
import { loadavg } from 'node:os'
import { fanout } from './fanout.ts'
import { join } from './join.ts'
import { memory } from './memory.ts'
import { postgres } from './postgres.ts'
import { reflect } from './reflect.ts'
import { routing } from './routing.ts'
import { type Figure, table } from './support/figures.ts'

const CLAIMS: Readonly<Record<string, (args: readonly string[]) => Promise<Figure[]>>> = {
  reflect,
  fanout,
  join,
  memory,
  routing,
  postgres,
}

const [name, ...args] = process.argv.slice(2)
const claims = name === undefined ? Object.entries(CLAIMS) : [[name, CLAIMS[name]] as const]
for (const [claim, measure] of claims) {
  if (!measure) {
    console.error(`usage: npm run bench [-- ${Object.keys(CLAIMS).join(' | ')} [ARGUMENT...]]`)
    process.exit(2)
  }
  const figures = await measure(args)
  const load = loadavg().map((value) => value.toFixed(1))
  console.log(`\n${claim} (${new Date().toISOString()}, load ${load.join(' ')})\n\n${table(figures)}`)
}
process.exit(0)
