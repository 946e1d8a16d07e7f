// The command `foyer simulate`: its report, its JSON, its exit codes.
import { expect, test } from 'vitest'
import { UsageError } from '../../src/cli/common.ts'
import { simulateCommand } from '../../src/cli/simulate.ts'

async function run(...argv: string[]) {
  const lines: string[] = []
  const io = {
    out: (line: string) => void lines.push(line),
    err: () => undefined,
    readStdin: () => Promise.resolve(''),
    env: {},
  }
  return { code: await simulateCommand(argv, io), lines }
}
const SMALL = ['--peers', '20', '--degree', '4', '--participants', '8', '--messages', '5', '--seed', '3']

test('the report says how many of the possible deliveries came about', async () => {
  const { code, lines } = await run(...SMALL)
  expect(code).toBe(0)
  expect(lines.find((line) => line.startsWith('delivered'))).toMatch(/ 35 of 35 \(100\.00 %\)$/)
  expect(lines.find((line) => line.startsWith('seed'))).toMatch(/ 3$/)
})

test('with --json one document and nothing else is printed, equal for equal seeds', async () => {
  const { lines } = await run(...SMALL, '--churn', '0.5', '--json')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ peers: 20, participants: 8, churn: 0.5, shownTwice: 0 })
  expect((await run(...SMALL, '--churn', '0.5', '--json')).lines).toEqual(lines)
})

test('the same network runs by the rules of RetroShare, private, without challenges, and split', async () => {
  const options = [
    '--rules',
    'retroshare',
    '--private',
    '--no-challenges',
    '--split',
    '20',
    '--messages',
    '40',
  ]
  const { code, lines } = await run(...SMALL, ...options)
  expect(code).toBe(1)
  expect(lines.find((line) => line.startsWith('rules'))).toMatch(/ retroshare, private lobby, no challenges$/)
  expect(lines.find((line) => line.startsWith('of that, lost'))).not.toMatch(/ 0$/)
  expect(lines.find((line) => line.startsWith('what was said meanwhile'))).toMatch(/ never$/)
})

test.each([
  [['--peers', '1']],
  [['--peers', 'many']],
  [['--peers', '10', '--participants', '11']],
  [['--churn', '1.5']],
  [['--churn', '-0.1']],
  [['--seed', '1e3']],
  [['--rules', 'mine']],
  [['--split', '-1']],
  [['--what']],
  [['extra']],
])('wrong usage is refused with a reason: %j', async (argv) => {
  await expect((async () => run(...argv))()).rejects.toBeInstanceOf(UsageError)
})
