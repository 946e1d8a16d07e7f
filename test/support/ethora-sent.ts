// Stanzas that the Ethora chat component really sent, by name, with addresses and ids put in.
import { readFileSync } from 'node:fs'

const PATH = new URL('../vectors/ethora/sent.txt', import.meta.url)

const STANZAS = new Map(
  readFileSync(PATH, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const blank = line.indexOf(' ')
      return [line.slice(0, blank), line.slice(blank + 1)] as const
    }),
)

/** The stanza of this name; each `{word}` in it must be among the values. */
export function ethoraSent(name: string, values: Readonly<Record<string, string>>): string {
  const stanza = STANZAS.get(name)
  if (stanza === undefined) throw new Error(`no such stanza: ${name}`)
  return stanza.replace(/\{(\w+)\}/g, (_, word: string) => {
    const value = values[word]
    if (value === undefined) throw new Error(`${name} needs {${word}}`)
    return value
  })
}
