// docs/limits.md and the bounds of the sources: the same names, the same values, none missing on either side.
import { expect, test } from 'vitest'
import { code, documents, rowsOf } from './support/documents.ts'

/** Constants that bound something, by name. */
const IS_LIMIT = /^(MAX|DEFAULT)_|_(MS|PAGE|BATCH)$|^BATCH/
/** Objects of which every number is a bound. */
const IS_LIMITS_OBJECT = /(LIMITS|TIMINGS?|SIZE|BOUND)$/
/** Networks in one process and residents of the demo are no part of a gateway. */
const IS_ELSEWHERE = /^(simulate\/|cli\/demo)/
const NUMBER = String.raw`[\d_]+(?: \* [\d_]+)*|0x[\da-f_]+`
const numberIn = (expression: string): number =>
  expression.split(' * ').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1)

/** `file name` → value of every constant, member of a limits object and default of an option that is a number. */
function numbersOf(isWanted: (kind: 'constant' | 'member' | 'option', name: string) => boolean) {
  const found = new Map<string, number>()
  for (const [path, text] of code) {
    const put = (kind: 'constant' | 'member' | 'option', name = '', expression = ''): void => {
      if (isWanted(kind, name) && !IS_ELSEWHERE.test(path)) found.set(`${path} ${name}`, numberIn(expression))
    }
    for (const [, name, expression] of text.matchAll(
      new RegExp(String.raw`^(?:export )?const ([A-Z][A-Z\d_]*) = (${NUMBER})$`, 'gm'),
    ))
      put('constant', name, expression)
    for (const [, object = '', body = ''] of text.matchAll(
      /^(?:export )?const ([A-Z][A-Z\d_]*)(?:: \w+)? = \{([^}]*)\}/gm,
    ))
      if (IS_LIMITS_OBJECT.test(object))
        for (const [, name, expression] of body.matchAll(new RegExp(`(\\w+): (${NUMBER})(?=[,\\s])`, 'g')))
          put('member', name, expression)
    for (const [, name, expression] of text.matchAll(
      new RegExp(`options\\.(max\\w+) \\?\\? (${NUMBER})`, 'g'),
    ))
      put('option', name, expression)
  }
  return found
}

const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 * 1024,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
}

/** `1,024 bytes`, `64 KiB`, `5 min` as the number that the source has. */
function valueInWords(text: string): number {
  const [, number = '', unit = ''] = /^([\d,]+)(?: (\S+))?/.exec(text) ?? []
  return Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1)
}

const listed = new Map(
  rowsOf(documents.get('docs/limits.md') ?? '').map(([, value = '', , name = '', file = '']) => [
    `${file} ${name.replaceAll('`', '')}`,
    valueInWords(value),
  ]),
)

test('every bound of the sources is listed', () => {
  const bounds = numbersOf((kind, name) => kind !== 'constant' || IS_LIMIT.test(name))
  expect(bounds.size).toBeGreaterThan(100)
  expect([...bounds.keys()].filter((key) => !listed.has(key))).toEqual([])
})

test('every bound that is listed is in the file named, with the value given', () => {
  const numbers = numbersOf(() => true)
  expect(listed.size).toBeGreaterThan(100)
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries([...listed.keys()].map((key) => [key, numbers.get(key)])),
  )
})
