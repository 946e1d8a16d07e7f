// Reads one scenario file: a claim as its title, where the claim comes from, and the steps. See ../README.md.
import { DocumentParser } from '../../../src/stanza/parser.ts'
import { type Element, elements } from '../../../src/stanza/xml.ts'

/** Who may have sessions; the operator runs the gateway, the last two are at the neighbour's node. */
export const CAST = ['romeo', 'juliet', 'mercutio', 'tybalt', 'benvolio', 'operator', 'alice', 'bob'] as const

/** What a session does or is to get. `actor` is the name of a session, such as `juliet` or `juliet/phone`. */
export type Step = { readonly line: number; readonly text: string } & (
  | { readonly kind: 'send'; readonly actor: string; readonly stanzas: readonly Element[] }
  | {
      readonly kind: 'get'
      readonly actor: string
      readonly patterns: readonly Element[]
      /** Nothing else came. */
      readonly isAll: boolean
      readonly isOrdered: boolean
    }
  | { readonly kind: 'get-no'; readonly actor: string; readonly patterns: readonly Element[] }
  | { readonly kind: 'forget' }
  | {
      readonly kind: 'create' | 'configure'
      readonly actor: string
      readonly nick: string
      readonly fields: Fields
    }
  | { readonly kind: 'enter' | 'leave'; readonly actor: string; readonly nick: string }
  | { readonly kind: 'say'; readonly actor: string; readonly body: string }
  | { readonly kind: 'affiliate'; readonly actor: string; readonly who: string; readonly affiliation: string }
  | { readonly kind: 'empower'; readonly actor: string; readonly who: string; readonly role: string }
  | { readonly kind: 'cut'; readonly actor: string }
)

/** Fields of a configuration form. */
export type Fields = readonly (readonly [name: string, value: string])[]

export interface Scenario {
  /** Path below test/scenarios without its ending: `entering/order`. */
  readonly name: string
  readonly title: string
  /** Specifications that make the claim. */
  readonly sources: string
  /** Rows of the error map that it covers. */
  readonly covers: readonly string[]
  /** What the target must have beside a MUC service: `lobby`. */
  readonly needs: readonly string[]
  readonly steps: readonly Step[]
  /** Why, and how, Foyer does otherwise. */
  readonly foyer?: { readonly why: string; readonly steps: readonly Step[] }
  /** What is known about a target that fails. */
  readonly notes: Readonly<Record<string, string>>
}

const HEADER = /^(Covers|Needs|Prosody|ejabberd): (.+)$/
const INSTEAD = /^== Foyer instead: (.+)$/

/** Throws, with file and line, on what it does not understand. */
export function parseScenario(name: string, text: string): Scenario {
  const lines = text.split('\n')
  const title = /^# (.+)$/.exec(lines[0] ?? '')?.[1]
  if (!title) throw new Error(`${name}:1: the first line is "# " and the claim`)
  const sources = lines[1] ?? ''
  if (!/^(XEP-\d{4}|RFC \d{4}|Foyer)/.test(sources)) throw new Error(`${name}:2: expected the specification`)
  const header: Record<string, string[]> = {}
  let at = 2
  for (let match = HEADER.exec(lines[at] ?? ''); match; match = HEADER.exec(lines[++at] ?? ''))
    header[match[1] as string] = [...(header[match[1] as string] ?? []), match[2] as string]
  const instead = lines.findIndex((line) => INSTEAD.test(line))
  const end = instead === -1 ? lines.length : instead
  const { Covers, Needs, ...notes } = header
  return {
    name,
    title,
    sources,
    covers: Covers ?? [],
    needs: Needs ?? [],
    steps: parseSteps(name, lines, at, end),
    ...(instead !== -1 && {
      foyer: {
        why: INSTEAD.exec(lines[instead] as string)?.[1] as string,
        steps: parseSteps(name, lines, instead + 1, lines.length),
      },
    }),
    notes: Object.fromEntries(Object.entries(notes).map(([target, texts]) => [target, texts.join(' ')])),
  }
}

function parseSteps(name: string, lines: readonly string[], from: number, to: number): Step[] {
  const steps: Step[] = []
  for (let at = from; at < to; ) {
    const text = (lines[at] as string).trimEnd()
    const line = ++at
    if (text === '' || text.startsWith('//')) continue
    const block: string[] = []
    while (at < to && /^(\s|$)/.test(lines[at] as string)) block.push(lines[at++] as string)
    try {
      steps.push({ line, text, ...parseStep(text, block.join('\n')) } as Step)
    } catch (error) {
      throw new Error(`${name}:${line}: ${(error as Error).message}`)
    }
  }
  if (steps.length === 0) throw new Error(`${name}: no steps`)
  return steps
}

type Parser = (match: string[], block: string) => object

const A = '([a-z]+(?:/[a-z]+)?)'
const STEPS: readonly (readonly [RegExp, Parser])[] = [
  [new RegExp(`^${A} sends$`), ([, actor], block) => ({ kind: 'send', actor, stanzas: parseXml(block) })],
  [
    new RegExp(`^${A} gets nothing$`),
    ([, actor]) => ({ kind: 'get', actor, patterns: [], isAll: true, isOrdered: true }),
  ],
  [
    new RegExp(`^${A} gets no$`),
    ([, actor], block) => ({ kind: 'get-no', actor, patterns: parseXml(block) }),
  ],
  [
    new RegExp(`^${A} gets( only)?( in any order)?$`),
    ([, actor, only, unordered], block) => ({
      kind: 'get',
      actor,
      patterns: parseXml(block),
      isAll: only !== undefined,
      isOrdered: unordered === undefined,
    }),
  ],
  [/^everybody forgets$/, () => ({ kind: 'forget' })],
  [
    new RegExp(`^${A} creates the room(?: as (.+?))?( with)?$`),
    ([, actor = '', nick, hasFields], block) => ({
      kind: 'create',
      actor,
      nick: nick ?? nickOf(actor),
      fields: hasFields ? parseFields(block) : [],
    }),
  ],
  [
    new RegExp(`^${A} configures the room with$`),
    ([, actor = ''], block) => ({ kind: 'configure', actor, nick: '', fields: parseFields(block) }),
  ],
  [
    new RegExp(`^${A} (enter|leave)s(?: as (.+))?$`),
    ([, actor = '', kind, nick]) => ({ kind, actor, nick: nick ?? nickOf(actor) }),
  ],
  [new RegExp(`^${A} says (.+)$`), ([, actor, body]) => ({ kind: 'say', actor, body })],
  [
    new RegExp(`^${A} makes ${A} an? (owner|admin|member|outcast)$`),
    ([, actor, who, affiliation]) => ({ kind: 'affiliate', actor, who, affiliation }),
  ],
  [
    new RegExp(`^${A} makes (\\S+) a (moderator|participant|visitor)$`),
    ([, actor, who, role]) => ({ kind: 'empower', actor, who, role }),
  ],
  [new RegExp(`^${A} is cut off$`), ([, actor]) => ({ kind: 'cut', actor })],
]

function parseStep(text: string, block: string): object {
  for (const [pattern, parse] of STEPS) {
    const match = pattern.exec(text)
    if (match) return parse(match as string[], block)
  }
  throw new Error(`not a step: ${text}`)
}

const NAMED = new RegExp(`\\{(${CAST.join('|')})(/[a-z]+)?(?:\\.bare)?\\}`, 'g')

/** All sessions that the steps name, in the order in which they do. */
export function castOf(steps: readonly Step[]): Set<string> {
  const names = new Set<string>()
  for (const step of steps) {
    if ('actor' in step) names.add(step.actor)
    if (step.kind === 'affiliate') names.add(step.who)
    const block = 'stanzas' in step ? step.stanzas : 'patterns' in step ? step.patterns : []
    for (const [, name, resource = ''] of block.join('').matchAll(NAMED)) names.add(`${name}${resource}`)
  }
  return names
}

/** `juliet` and `juliet/phone` enter as `Juliet`. */
const nickOf = (actor: string): string =>
  (actor[0] as string).toUpperCase() + (actor.slice(1).split('/')[0] as string)

function parseXml(block: string): Element[] {
  const parsed = new DocumentParser().parse(`<block xmlns='jabber:client'>${block}</block>`)
  if (!parsed.ok) throw new Error(`the block is no XML: ${parsed.error.detail}`)
  const found = elements(parsed.value)
  if (found.length === 0) throw new Error('the block has no stanza')
  return found
}

function parseFields(block: string): Fields {
  return block
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^\s+(\S+) = ?(.*)$/.exec(line)
      if (!match) throw new Error(`expected "name = value": ${line}`)
      return [match[1] as string, match[2] as string] as const
    })
}
