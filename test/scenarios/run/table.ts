// The page that compares Foyer's rooms with those of other servers: one row for each scenario.
import type { Outcome } from './play.ts'
import type { Scenario } from './scenario-file.ts'

/** Outcomes by the name of the scenario; a target has none for what it cannot play. */
export type Outcomes = ReadonlyMap<string, Outcome>

/** What the columns show: the target, and the name under which scenarios have notes about it. */
const PEERS = [
  ['prosody', 'Prosody'],
  ['ejabberd', 'ejabberd'],
] as const

/** What is wrong with the notes: a peer that fails without one, or does as claimed in spite of one. */
export function noteProblems(
  scenarios: readonly Scenario[],
  outcomes: ReadonlyMap<string, Outcomes>,
): string[] {
  return PEERS.flatMap(([target, heading]) =>
    scenarios.flatMap(({ name, notes }) => {
      const outcome = outcomes.get(target)?.get(name)
      if (!outcome || outcome.ok === (notes[heading] === undefined)) return []
      return [
        outcome.ok ? `${name}: ${heading} does as claimed` : `${name}: no note says why ${heading} fails`,
      ]
    }),
  )
}

const HEAD = `# Rooms compared

Every scenario of \`test/scenarios\`, played by \`npx tsx test/scenarios/compare.ts\` against Foyer and against the rooms of
Debian's Prosody 0.12.3 and ejabberd 23.01 as they come, with anybody allowed to make rooms. What is claimed is what the
specifications say. *yes*: as claimed. *–*: needs a lobby. Foyer is the same with its embedded server and as a component
of either server. How rooms and lobbies belong together is in [muc-mapping.md](muc-mapping.md).
`

/** The whole page. */
export function renderPage(scenarios: readonly Scenario[], outcomes: ReadonlyMap<string, Outcomes>): string {
  const folders = [...new Set(scenarios.map((scenario) => folderOf(scenario)))]
  const parts = folders.map((folder) => {
    const rows = scenarios
      .filter((scenario) => folderOf(scenario) === folder)
      .map((scenario) => renderRow(scenario, outcomes))
    return `## ${folder}\n\n| claim | by | Foyer | Prosody | ejabberd |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `${HEAD}\n${summary(scenarios, outcomes)}\n${parts.join('\n')}`
}

/** The cell of the first column: what the page is searched for. */
export const claimCell = ({ name, title }: Scenario): string =>
  `[${escapeCell(title)}](../test/scenarios/${name}.scenario)`

const folderOf = ({ name }: Scenario): string => name.split('/')[0] as string
const escapeCell = (text: string): string => text.replaceAll('|', '\\|')

function renderRow(scenario: Scenario, outcomes: ReadonlyMap<string, Outcomes>): string {
  const foyer = outcomes.get('embedded')?.get(scenario.name)?.ok
    ? scenario.foyer
      ? `no: ${scenario.foyer.why}`
      : 'yes'
    : 'not yet'
  const peers = PEERS.map(([target, heading]) => {
    const outcome = outcomes.get(target)?.get(scenario.name)
    if (!outcome) return '–'
    return outcome.ok ? 'yes' : `no: ${scenario.notes[heading] ?? 'unknown why'}`
  })
  return `| ${[claimCell(scenario), scenario.sources, foyer, ...peers].map(tidy).join(' | ')} |`
}

const tidy = (cell: string): string => cell.replace(/\.$/, '')

function summary(scenarios: readonly Scenario[], outcomes: ReadonlyMap<string, Outcomes>): string {
  const asClaimed = (target: string, isDifferent: (scenario: Scenario) => boolean): string => {
    const played = scenarios.filter(({ name }) => outcomes.get(target)?.has(name))
    const good = played.filter((s) => outcomes.get(target)?.get(s.name)?.ok && !isDifferent(s))
    return `${good.length} of ${played.length}`
  }
  const foyer = asClaimed('embedded', (scenario) => scenario.foyer !== undefined)
  const [prosody, ejabberd] = PEERS.map(([target]) => asClaimed(target, () => false))
  return `As claimed: Foyer ${foyer}, Prosody ${prosody}, ejabberd ${ejabberd}.\n`
}
