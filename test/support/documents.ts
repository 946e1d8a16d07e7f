// The documents and sources as the tests of the documentation read them.
import { readdirSync, readFileSync } from 'node:fs'

const below = (folder: string, extension: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name}`)
    .sort()

/** Markdown of this repository by path. */
export const documents: ReadonlyMap<string, string> = new Map(
  [...readdirSync('.').filter((name) => name.endsWith('.md')), ...below('docs', '.md')].map((path) => [
    path,
    readFileSync(path, 'utf8'),
  ]),
)

/** Sources by path within `src`. */
export const sources: ReadonlyMap<string, string> = new Map(
  below('src', '.ts').map((path) => [path.slice('src/'.length), readFileSync(path, 'utf8')]),
)

/** Sources without comments. */
export const code: ReadonlyMap<string, string> = new Map(
  [...sources].map(([path, text]) => [
    path,
    text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1'),
  ]),
)

/** Text below each heading of level 2. */
export function sectionsOf(document: string): ReadonlyMap<string, string> {
  const parts = document.split(/^## (.+)$/m)
  return new Map(parts.flatMap((part, i) => (i % 2 === 1 ? [[part, parts[i + 1] ?? '']] : [])))
}

/** Cells of each row of all tables, heads and rules left out. */
export function rowsOf(text: string): string[][] {
  const lines = text.split('\n')
  return lines.flatMap((line, i) =>
    /^\|.*\|$/.test(line) && !/^\|[-|]+\|$/.test(line) && !/^\|[-|]+\|$/.test(lines[i + 1] ?? '')
      ? [
          line
            .slice(1, -1)
            .split('|')
            .map((cell) => cell.trim()),
        ]
      : [],
  )
}

/** What stands between backticks in a text, all of it. */
export const quoted = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map((m) => m[1] ?? '')
