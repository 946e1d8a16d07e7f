// The reference of the configuration, from its schema: tables of docs/configuration.md and config/foyer.example.yaml.
import { CONFIG_KEYS, type ConfigKey } from '../src/config-keys.ts'
import { variableOf } from '../src/config-source.ts'

const BEGIN = '<!-- From the schema, by `npm run docs`: begin -->'
const END = '<!-- end -->'

const nameOf = ({ path }: ConfigKey): string => path.join('.')
const isSection = ({ expected }: ConfigKey): boolean => expected === undefined
const isIn = (section: ConfigKey | undefined, { path }: ConfigKey): boolean =>
  path.slice(0, -1).join('.') === (section ? nameOf(section) : '')

/** What a key takes, in words. */
const takes = ({ expected = '', isNullable }: ConfigKey): string =>
  `${expected}${isNullable ? ', or null' : ''}`

const LIVE = 'Can change while the gateway runs (SIGHUP).'

/** A default as YAML has it on one line: text is written without quotes. */
const inYaml = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function row(key: ConfigKey): string {
  const standard = key.isRequired
    ? 'none: required'
    : key.default === undefined
      ? ''
      : `\`${inYaml(key.default)}\``
  const cells = [
    `\`${nameOf(key)}\`<br>\`${variableOf(key.path)}\``,
    takes(key),
    standard,
    `${key.description}${key.isLive ? ` ${LIVE}` : ''}`,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const tableOf = (section: ConfigKey | undefined): string[] => [
  '| key and variable | takes | default | meaning |',
  '|---|---|---|---|',
  ...CONFIG_KEYS.filter((key) => isIn(section, key) && !isSection(key)).map(row),
]

/** All keys in Markdown: a table for those at the top, and one for each section. */
function tables(): string {
  const sections = CONFIG_KEYS.filter(isSection).flatMap((section) => [
    '',
    `### ${nameOf(section)}`,
    '',
    `${section.description}${section.default === null ? ' By default `null`.' : ''}`,
    ...(CONFIG_KEYS.some((key) => isIn(section, key) && !isSection(key)) ? ['', ...tableOf(section)] : []),
  ])
  return [BEGIN, '', ...tableOf(undefined), ...sections, '', END].join('\n')
}

/** The page with its tables as the schema has them now. Throws when it has no place for them. */
export function withTables(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`expected ${BEGIN} … ${END}`)
  return page.slice(0, begin) + tables() + page.slice(end + END.length)
}

const WIDTH = 118
const HEAD = `Every key of Foyer's configuration with its default. \`foyer check --config FILE\` says what is wrong with a file.

Each key can also be set by a variable, which wins over the file: FOYER_ and the path in capitals, joined by two underscores (xmpp.server.listen: FOYER_XMPP__SERVER__LISTEN). The same name with _FILE at the end names a file that holds the value: the way for secrets. Keys that are not listed here are errors. At an address to listen on, port 0 lets the system choose one, which the log's \`ready\` line tells.

Made from the schema by \`npm run docs\`.`

/** Text as comment lines that are not too wide. */
function comment(text: string, indent: string): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] ?? ''
    if (last !== '' && indent.length + 2 + last.length + 1 + word.length > WIDTH) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line) => `${indent}# ${line}`.trimEnd())
}

/** Links of the page as somebody finds them who reads a file. */
const plain = (description: string): string =>
  description.replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, text: string, target: string) =>
    text === target ? `docs/${target}` : `${text} (docs/${target})`,
  )

function yamlOf(key: ConfigKey, indent: string): string[] {
  const name = key.path.at(-1)
  const about = comment(
    [
      plain(key.description),
      ...(isSection(key) ? [] : [`Value: ${takes(key)}.`]),
      ...(key.isLive ? [LIVE] : []),
    ].join(' '),
    indent,
  )
  const below = CONFIG_KEYS.filter((child) => isIn(key, child)).flatMap((child) =>
    yamlOf(child, `${indent}  `),
  )
  if (!isSection(key))
    return [...about, `${indent}${name}: ${key.default === undefined ? '…' : inYaml(key.default)}`]
  if (key.default !== null) return [...about, `${indent}${name}:`, ...below]
  const shown = [`${name}:`, ...below.map((line) => line.slice(indent.length))]
  return [...about, `${indent}${name}: null`, ...shown.map((line) => `${indent}# ${line}`)]
}

/** A file that says all defaults, with what each key is for. */
export function exampleFile(): string {
  const sections = CONFIG_KEYS.filter((key) => isIn(undefined, key)).map((key) => yamlOf(key, '').join('\n'))
  const head = HEAD.split('\n').flatMap((line) => comment(line, ''))
  return `${[head.join('\n'), ...sections].join('\n\n')}\n`
}
