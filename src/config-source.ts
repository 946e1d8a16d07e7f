/** Where configuration comes from: one YAML 1.2 file and `FOYER_` variables, merged, with the origin of every key. */
import { readFileSync } from 'node:fs'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { GatewayError } from './util/errors.ts'
import { nearest as closest } from './util/nearest.ts'
import { refusalOf } from './util/refusal.ts'

/** Names of a configuration key from the outside in: `['xmpp', 'domain']`. */
export type KeyPath = readonly string[]

/** Something wrong, said by key; `text` never holds the value of a secret. */
export interface Problem {
  readonly path: KeyPath
  readonly text: string
}

/** What file and environment say together, before it is judged. Scalars are text or null. */
export interface RawConfig {
  readonly tree: unknown
  readonly problems: readonly Problem[]
  /** Where `path`, or the nearest key around it, was set: `FILE:LINE:COLUMN`, or the variable that sets or would set it. */
  origin(path: KeyPath): string
}

export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'FOYER_'
/** Variables that are not keys: they say where the configuration is. */
const NOT_KEYS = new Set(['FOYER_CONFIG'])

/** The variable that sets a key. */
export const variableOf = (path: KeyPath): string => PREFIX + path.join('__').toUpperCase()

/** `CONFIG_INVALID` with one line for each problem: origin, key path, what is wrong. */
export function configError(raw: Pick<RawConfig, 'origin'>, problems: readonly Problem[]): GatewayError {
  const lines = problems.map(({ path, text }) => {
    const [origin, key] = [raw.origin(path), path.join('.')]
    return [origin, ...(key === '' || key === origin ? [] : [key]), text].join(': ')
  })
  return new GatewayError('CONFIG_INVALID', lines.join('\n'))
}

/** There is no such key; names the one that may be meant: a like name in this place, or this name in another. */
export function unknownKey(path: KeyPath, keys: readonly KeyPath[]): Problem {
  const [place, name] = [path.slice(0, -1).join('.'), path.at(-1) ?? '']
  const beside = keys.filter((key) => key.slice(0, -1).join('.') === place)
  const like = closest(
    name,
    beside.map((key) => key.at(-1) ?? ''),
  )
  const elsewhere = keys.filter((key) => key.at(-1) === name)
  const meant = like === undefined ? elsewhere[elsewhere.length - 1] : [...path.slice(0, -1), like]
  const isClear = like !== undefined || elsewhere.length === 1
  return { path, text: `no key of this name${meant && isClear ? `: is ${meant.join('.')} meant?` : ''}` }
}

/** A plain number or boolean is the text that was written: ids in hex and secrets of digits stay as they are. */
function scalarsAsText(node: Node): void {
  visit(node, {
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'number' || typeof scalar.value === 'boolean')
        scalar.value = scalar.source ?? String(scalar.value)
    },
  })
}

/** The key of a map entry, or the item of a list, that is nearest to `path`. */
function nearest(root: Node | null, path: KeyPath): Node | null {
  let found = root
  let node: unknown = root
  for (const name of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === name)
      if (!pair) break
      found = pair.key as Node
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(name)]
      if (!node) break
      found = node as Node
    } else break
  }
  return found
}

function readFile(file: string): RawConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const text = `${file}: ${refusalOf(cause)}; --config or FOYER_CONFIG names it`
    throw new GatewayError('CONFIG_UNREADABLE', text, { cause })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [broken] = document.errors
  if (broken)
    return {
      tree: undefined,
      problems: [{ path: [], text: broken.message }],
      origin: () => at(broken.pos[0]),
    }
  const root = document.contents
  if (root) scalarsAsText(root)
  return {
    tree: root ? document.toJS() : undefined,
    problems: [],
    origin: (path) => at(nearest(root, path)?.range?.[0] ?? 0),
  }
}

/** A variable's value: `null`, a YAML list or map if it begins like one, else its text. */
function variableValue(text: string): unknown {
  if (text === 'null') return null
  if (!/^\s*[[{]/.test(text)) return text
  const document = parseDocument(text)
  if (document.errors.length > 0 || !document.contents) return text
  scalarsAsText(document.contents)
  return document.toJS()
}

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy of `tree` with `path` set; whatever stands in the way is replaced by a map. */
function withKey(tree: unknown, path: KeyPath, value: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  const base = isTree(tree) ? tree : {}
  return { ...base, [name]: withKey(base[name], rest, value) }
}

/**
 * Reads the file, if there is one, and lays the variables over it; `keys` are the known key paths. A variable
 * `…_FILE` names a file that holds the value. Throws `CONFIG_UNREADABLE` when `file` cannot be read.
 */
export function readSources(file: string | undefined, env: Environment, keys: readonly KeyPath[]): RawConfig {
  const base = file === undefined ? undefined : readFile(file)
  const problems = [...(base?.problems ?? [])]
  const variables = new Map<string, string>()
  let tree = base?.tree
  const byVariable = new Map(keys.map((path) => [variableOf(path), path]))
  for (const variable of Object.keys(env)
    .filter((name) => name.startsWith(PREFIX))
    .sort()) {
    const text = env[variable]
    if (text === undefined || NOT_KEYS.has(variable)) continue
    const direct = byVariable.get(variable)
    const path = direct ?? byVariable.get(variable.replace(/_FILE$/, ''))
    if (!path) {
      variables.set(variable, variable)
      const meant = closest(variable, byVariable.keys())
      problems.push({ path: [variable], text: `no key of this name${meant ? `: is ${meant} meant?` : ''}` })
      continue
    }
    if (variables.has(path.join('.')))
      problems.push({ path, text: `set twice: ${variableOf(path)} and ${variable}` })
    variables.set(path.join('.'), variable)
    if (direct) tree = withKey(tree, path, variableValue(text))
    else
      try {
        tree = withKey(tree, path, readFileSync(text, 'utf8').trimEnd())
      } catch (error) {
        problems.push({ path, text: `cannot read ${text}: ${refusalOf(error)}` })
      }
  }
  return {
    tree,
    problems,
    origin(path) {
      for (let length = path.length; length > 0; length--) {
        const variable = variables.get(path.slice(0, length).join('.'))
        if (variable !== undefined) return variable
      }
      return base?.origin(path) ?? (path.length === 0 ? 'defaults' : variableOf(path))
    },
  }
}
