// docs/errors.md and the codes of the sources: each in both, stanza and stream errors included.
import { expect, test } from 'vitest'
import { code, documents, quoted, sectionsOf } from './support/documents.ts'

const errors = sectionsOf(documents.get('docs/errors.md') ?? '')

/** First cells of the tables below a heading, without backticks. */
const listedIn = (...headings: string[]): string[] =>
  headings.flatMap((heading) => {
    const section = errors.get(heading)
    if (section === undefined) throw new Error(`there is no heading ${heading}`)
    return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)
  })

/** First groups of all matches in the sources whose path begins with one of `folders`. */
const found = (folders: readonly string[], ...patterns: RegExp[]): string[] => {
  const names = new Set<string>()
  for (const [path, text] of code)
    if (folders.some((folder) => path.startsWith(folder)))
      for (const pattern of patterns)
        for (const match of text.matchAll(pattern)) names.add(match.slice(1).filter(Boolean).join('/'))
  return [...names].sort()
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort()

/** Strings in capitals that are no codes of ours. */
const OTHER_CAPITALS = /^(FOYER_|TLS_)|^FORM_TYPE$/

test('every code in capitals is listed, and every one listed can occur', () => {
  const used = found([''], /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g, /(?:GatewayError\(\s*|code: )'([A-Z_]+)'/g)
  const listed = listedIn(
    'Starting',
    'Running',
    'Commands',
    'Peers refused',
    'Ends of links',
    'Items dropped',
    'Router notes',
    'Messages not sent',
  )
  expect(used.length).toBeGreaterThan(80)
  expect(sorted(listed)).toEqual(used.filter((name) => !OTHER_CAPITALS.test(name)))
})

test('every code of decoding is listed, and every one listed can occur', () => {
  const used = found(
    ['retroshare/', 'util/'],
    /(?:new DecodeError|\.fail|\bfailed|#fault)\(\s*'([a-z]+(?:-[a-z0-9]+)*)'/g,
    /\bcode: '([a-z]+(?:-[a-z0-9]+)*)'/g,
  )
  expect(used.length).toBeGreaterThan(30)
  expect(sorted(listedIn('Decoding'))).toEqual(used)
})

test('every stanza error that is answered is listed, and every one listed can occur', () => {
  const used = found(
    [''],
    /'(auth|cancel|continue|modify|wait)',\s*'([a-z-]+)'/g,
    /type: '(auth|cancel|continue|modify|wait)',\s*condition: '([a-z-]+)'/g,
  )
  expect(used).toContain('cancel/conflict')
  expect(sorted(listedIn('Stanza errors'))).toEqual(used)
})

test('messages not sent are answered with errors that are listed', () => {
  const answered = quoted(errors.get('Messages not sent') ?? '').filter((name) => name.includes('/'))
  expect(answered.length).toBeGreaterThan(5)
  expect(answered.filter((name) => !listedIn('Stanza errors').includes(name))).toEqual([])
})

test('every stream error that is sent is listed, and every one listed can occur', () => {
  const union = code
    .get('stanza/stream-error.ts')
    ?.split('export type StreamErrorCondition')[1]
    ?.split('\n\n')[0]
  const conditions = new Set([...(union ?? '').matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name))
  const used = found(
    ['xmpp/', 'stanza/'],
    /(?:\bfail|\babort)\(\s*'([a-z-]+)'/g,
    /\bcondition: '([a-z-]+)',\s*(?:text|detail):/g,
    /(?:return|\bcondition =) '([a-z-]+)'/g,
  ).filter((name) => conditions.has(name))
  expect(conditions.size).toBeGreaterThan(10)
  expect(sorted(listedIn('Stream errors'))).toEqual(used)
})

test('every failure of a login is listed, and every one listed can occur', () => {
  const used = found(
    ['xmpp/sasl.ts', 'xmpp/scram.ts', 'xmpp/login.ts'],
    /\b(?:fail|failed|failure|failureElement)\(\s*'([a-z-]+)'/g,
  )
  expect(sorted(listedIn('Login failures'))).toEqual(used)
})
