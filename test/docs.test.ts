// The documents lead where they say, quote commands that exist, and name files that are there.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { USAGE } from '../src/cli/usage.ts'
import { CONFIG_KEYS } from '../src/config-keys.ts'
import { variableOf } from '../src/config-source.ts'
import { documents, quoted, sources } from './support/documents.ts'

const withoutCode = (text: string): string =>
  text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, 'x')

/** Anchors of a document, as GitHub makes them of its headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  const headings = text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)
  for (const [, heading = ''] of headings) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replace(/ /g, '-')
    for (let n = 0; ; n++) {
      const unique = n === 0 ? anchor : `${anchor}-${n}`
      if (anchors.has(unique)) continue
      anchors.add(unique)
      break
    }
  }
  return anchors
}

test('every link within the repository leads to a file, and to a heading that is in it', () => {
  const bad: string[] = []
  for (const [path, text] of documents)
    for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const to = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(to)) bad.push(`${path}: ${target}: no such file`)
      else if (anchor !== undefined && !anchorsOf(documents.get(to) ?? '').has(anchor))
        bad.push(`${path}: ${target}: no such heading`)
    }
  expect(bad).toEqual([])
})

test('documents that the sources name are there', () => {
  const named = [...sources].flatMap(([path, text]) =>
    [...text.matchAll(/\bdocs\/[a-z-]+\.md/g)].map(([document]) => ({ path, document })),
  )
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter(({ document }) => !documents.has(document))).toEqual([])
})

test('sections of docs/retroshare.md that the sources name are there', () => {
  const sections = new Set(
    [...(documents.get('docs/retroshare.md') ?? '').matchAll(/^#+ (\d+(?:\.\d+)?)\.? /gm)].map(([, n]) => n),
  )
  const bad: string[] = []
  for (const [path, text] of sources)
    for (const [reference] of text.matchAll(/docs\/retroshare\.md (?:(?:, | to | and )?§\d+(?:\.\d+)?)+/g))
      for (const [, section] of reference.matchAll(/§(\d+(?:\.\d+)?)/g))
        if (!sections.has(section)) bad.push(`${path}: §${section}`)
  expect(bad).toEqual([])
})

test('files that the documents name are there', () => {
  const bad: string[] = []
  for (const [path, text] of documents)
    for (const name of quoted(text))
      if (/^(src|test|docs|config|web|bench|\.ci)\/[\w./-]*$/.test(name) && !existsSync(name))
        bad.push(`${path}: ${name}`)
  expect(bad).toEqual([])
})

/** One way to say a command: words in order, capitals for what is to be filled in, and options. */
interface Form {
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, { readonly hasValue: boolean }>
}

const GLOBAL = new Map([
  ['--data', { hasValue: true }],
  ['--config', { hasValue: true }],
])

function formOf(text: string): Form {
  const options = new Map(GLOBAL)
  const rest = text.replace(/\[(--[a-z-]+)( [^\]]+)?\]/g, (_, name: string, value?: string) => {
    options.set(name, { hasValue: value !== undefined })
    return ''
  })
  return { words: rest.split(/\s+/).filter(Boolean), options }
}

/** Command → its forms, read from the usage text of the command line. */
function usage(): ReadonlyMap<string, readonly Form[]> {
  const text = USAGE
  const lines = text.replace(/\n {3,}(?=[|[])/g, ' ').split('\n')
  return new Map(
    lines.flatMap((line) => {
      const [, name, forms = ''] = /^ {2}foyer ([a-z]+) *(.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, forms.split(' | ').map(formOf)]]
    }),
  )
}

const isCapital = (word: string): boolean => /^[A-Z|-]+$/.test(word)

function fits(words: readonly string[], form: Form): boolean {
  const given: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const option = word.startsWith('--') ? form.options.get(word) : undefined
    if (word.startsWith('--') && !option) return false
    if (option?.hasValue && words[++i] === undefined) return false
    if (!option) given.push(word)
  }
  return (
    given.length === form.words.length &&
    form.words.every((expected, i) => isCapital(expected) || expected === given[i])
  )
}

test('every command line that a document quotes is one that the usage text allows', () => {
  const forms = usage()
  expect([...forms.keys()]).toContain('lobby')
  const bad: string[] = []
  let count = 0
  for (const [path, text] of documents) {
    const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
      block.split('\n'),
    )
    const lines = [...blocks, ...quoted(text), ...quoted(text).map((line) => line.replace(/^.* node /, ''))]
    for (const line of new Set(lines)) {
      const [, command] =
        /^(?:\$ )?(?:sudo (?:-\w+ \w+ )?)?(?:[A-Z_]+=\S* )*(?:npx |node )?(?:foyer|(?:\S*\/)?dist\/main\.js) ([^#&|>…]+)/.exec(
          line,
        ) ?? []
      if (command === undefined) continue
      count += 1
      const [name = '', ...words] = command.trim().split(/\s+/)
      if (name === 'help' && words.length === 0) continue
      if (words.join(' ') === '--help' && (name === 'COMMAND' || forms.has(name))) continue
      if (!forms.get(name)?.some((form) => fits(words, form))) bad.push(`${path}: ${line}`)
    }
  }
  expect(bad).toEqual([])
  expect(count).toBeGreaterThan(20)
})

test('every npm script that a document or a container file names is there', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const texts = [...documents.values(), readFileSync('Dockerfile', 'utf8'), readFileSync('.ci/run', 'utf8')]
  const named = texts.flatMap((text) => [...text.matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name))
  expect(named.filter((name) => !(name in scripts))).toEqual([])
  expect(named).toContain('demo')
})

test('docs/operating.md names every metric', () => {
  const text = [...sources].flatMap(([path, text]) => (path.startsWith('ops/') ? [text] : [])).join()
  const gauges = /const GAUGES = \{([^}]*)\}/.exec(text)?.[1] ?? ''
  const names = [
    ...[...gauges.matchAll(/^ +([a-z_]+):/gm)].map(([, name]) => `foyer_${name}`),
    ...[...text.matchAll(/name: '(foyer_[a-z_]+)'/g)].map(([, name]) => name),
  ]
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !documents.get('docs/operating.md')?.includes(`\`${name}\``))).toEqual([])
})

test('every key of the configuration that is named, alone, as a variable or in YAML, is one', () => {
  const keys = new Set(CONFIG_KEYS.map(({ path }) => path.join('.')))
  const variables = new Set([...CONFIG_KEYS.map(({ path }) => variableOf(path)), 'FOYER_CONFIG'])
  const roots = [...new Set(CONFIG_KEYS.map(({ path }) => path[0]))].join('|')
  const files = ['Dockerfile', 'docker-compose.yml', 'config/systemd/foyer.service']
  const texts = [...documents, ...files.map((path) => [path, readFileSync(path, 'utf8')] as const)]
  const bad: string[] = []
  let count = 0
  for (const [path, text] of texts) {
    const named = quoted(text).flatMap(
      (name) => new RegExp(`^(?:${roots})(?:\\.\\w+)+(?=:|$)`).exec(name)?.[0] ?? [],
    )
    for (const key of named) if (!keys.has(key)) bad.push(`${path}: ${key}`)
    // The one that shows what a misspelt variable is told.
    const used = [...text.matchAll(/\bFOYER_\w+/g)]
      .map(([name]) => name)
      .filter((name) => name !== 'FOYER_HTTP__TOKN')
    for (const name of used) if (!variables.has(name.replace(/_FILE$/, ''))) bad.push(`${path}: ${name}`)
    for (const [, yaml = ''] of text.matchAll(/^```yaml\n([\s\S]*?)^```/gm))
      if (new RegExp(`^(?:${roots}):`).test(yaml))
        for (const key of keysOf(parse(yaml))) if (!keys.has(key)) bad.push(`${path}: ${key} in YAML`)
    count += named.length + used.length
  }
  expect(bad).toEqual([])
  expect(count).toBeGreaterThan(100)
})

/** Paths of all maps and values in a tree. */
const keysOf = (tree: unknown, above: readonly string[] = []): string[] =>
  typeof tree !== 'object' || tree === null || Array.isArray(tree)
    ? []
    : Object.entries(tree).flatMap(([name, value]) => [
        [...above, name].join('.'),
        ...keysOf(value, [...above, name]),
      ])
