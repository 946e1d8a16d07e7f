/** `foyer simulate`: a seeded network of lobby routers on a virtual clock, and how well it delivers. */
import {
  type Repair,
  runSimulation,
  type SimulationParameters,
  type SimulationResult,
} from '../simulate/simulation.ts'
import { type Command, options, table, UsageError } from './common.ts'

const OPTIONS = {
  peers: { type: 'string', default: '200' },
  degree: { type: 'string', default: '6' },
  participants: { type: 'string', default: '60' },
  messages: { type: 'string', default: '100' },
  churn: { type: 'string', default: '0.05' },
  rules: { type: 'string', default: 'foyer' },
  private: { type: 'boolean', default: false },
  'no-challenges': { type: 'boolean', default: false },
  split: { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
} as const

/** Exit code 1 when something was shown twice, or not delivered though the links allowed it. */
export const simulateCommand: Command = (argv, io) => {
  const { values } = options(argv, OPTIONS, { min: 0, max: 0, names: '' })
  const peers = wholeNumber('peers', values.peers, 2, 100_000)
  const parameters: SimulationParameters = {
    peers,
    degree: wholeNumber('degree', values.degree, 1, peers - 1),
    participants: wholeNumber('participants', values.participants, 2, peers),
    messages: wholeNumber('messages', values.messages, 1, 100_000),
    churn: share('churn', values.churn),
    rules: oneOf('rules', values.rules, ['foyer', 'retroshare']),
    isPrivate: values.private,
    hasChallenges: !values['no-challenges'],
    splitSec: wholeNumber('split', values.split, 0, 100_000),
    seed: wholeNumber('seed', values.seed, 0, 0xffff_ffff),
  }
  const result = runSimulation(parameters)
  if (values.json) io.out(JSON.stringify(result))
  else for (const line of report(result)) io.out(line)
  const isFlawless = result.delivered === result.deliverable && result.shownTwice + result.unexplained === 0
  return Promise.resolve(isFlawless ? 0 : 1)
}

function report(result: SimulationResult): string[] {
  const ratio = result.deliverable === 0 ? 1 : result.delivered / result.deliverable
  return table(
    ['what', 'value'],
    [
      ['seed', `${result.seed}`],
      [
        'rules',
        `${result.rules}${result.isPrivate ? ', private lobby' : ''}${result.hasChallenges ? '' : ', no challenges'}`,
      ],
      ['nodes, links', `${result.peers}, ${result.links}`],
      ['participants, links between them', `${result.participants}, ${result.lobbyLinks}`],
      ['links that dropped and returned', `${(result.churn * 100).toFixed(1)} %`],
      ['messages', `${result.messages}`],
      [
        'delivered of what the links allowed',
        `${result.delivered} of ${result.deliverable} (${(ratio * 100).toFixed(2)} %)`,
      ],
      ['shown twice', `${result.shownTwice}`],
      ['shown without a known path', `${result.unexplained}`],
      ['copies per message', result.copiesPerMessage.toFixed(1)],
      ['duplicates per message and link', result.duplicatesPerMessageAndLink.toFixed(2)],
      ['hops, mean and most', `${result.meanHops.toFixed(1)}, ${result.maxHops}`],
      [
        'latency, median and longest',
        `${Math.round(result.medianLatencyMs)} ms, ${Math.round(result.maxLatencyMs)} ms`,
      ],
      ['bytes per message, all links', `${Math.round(result.bytesPerMessage)}`],
      ['presence and lists, all links', `${Math.round(result.otherBytesPerSec)} bytes/s`],
      ['items refused by a flood rule', `${result.refused}`],
      ...repairReport(result.repair),
      ['simulated time', `${result.simulatedSec} s`],
      ['trace', result.trace],
    ],
  )
}

function repairReport(repair: Repair | null): [string, string][] {
  if (!repair) return []
  const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`)
  return [
    ['after a split: the first message is with all in', seconds(repair.firstMessageMs)],
    ['what was said meanwhile is with all after', seconds(repair.allMessagesMs)],
    ['of that, lost', `${repair.lost}`],
    ['everybody sees everybody after', seconds(repair.presenceMs)],
  ]
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text)
  if (!found) throw new UsageError(`--${name}: one of ${allowed.join(', ')} was expected, not “${text}”`)
  return found
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`--${name}: a whole number from ${least} to ${most} was expected, not “${text}”`)
  return value
}

function share(name: string, text: string): number {
  const value = Number(text)
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || value > 1)
    throw new UsageError(`--${name}: a share from 0 to 1 was expected, not “${text}”`)
  return value
}
