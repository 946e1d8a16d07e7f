// The library itself: how much it covers, and that the page which compares rooms has all of it.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EXPECTED_FAILURES } from './expected-failures.ts'
import { readScenarios } from './run/library.ts'
import { claimCell } from './run/table.ts'

const scenarios = readScenarios()

/** Situations in which something is refused; each must have a scenario. */
const ERROR_MAP = [
  'Unknown lobby id / not visible from this node',
  'Localpart does not decode',
  'Lobby known, node not connected to any friend',
  'Lobby creation disabled',
  'Gateway allow-list says no',
  'Lobby needs a PGP-linked identity and the user has none',
  'Nick taken by another bare JID or RS identity',
  'Kick/ban/role on a RetroShare occupant',
  'Owner form / lists by non-owner',
  'Subject change',
  'Destroy by non-owner',
  'Voice request',
  'Message > limit',
  'Too fast',
  'Not an occupant',
  'PM to RS user not reachable',
  'Any unhandled IQ',
] as const

test('there are at least 150 scenarios, each with a claim of its own', () => {
  const titles = scenarios.map(({ title }) => title)
  expect(new Set(titles).size).toBe(titles.length)
  expect(titles.length).toBeGreaterThanOrEqual(150)
})

test('every row of the error map has a scenario, and scenarios name no other rows', () => {
  const covered = scenarios.flatMap(({ covers }) => covers)
  expect([...new Set(covered)].sort()).toEqual([...ERROR_MAP].sort())
})

test('expected failures are scenarios', () => {
  const names = new Set(scenarios.map(({ name }) => name))
  expect(Object.keys(EXPECTED_FAILURES).filter((name) => !names.has(name))).toEqual([])
})

test('the page that compares rooms has a row for every scenario, and no other rows', () => {
  const page = readFileSync(new URL('../../docs/muc-scenarios.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| ['))
  const claims = rows.map((row) => row.slice(2).split(' | ')[0])
  expect(claims).toEqual(scenarios.map((scenario) => claimCell(scenario).replace(/\.$/, '')))
})
