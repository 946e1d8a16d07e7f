// What a pattern of a scenario takes, and above all what it does not.
import { expect, test } from 'vitest'
import { DocumentParser } from '../../src/stanza/parser.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { matchElement } from './run/pattern.ts'
import { parseScenario } from './run/scenario-file.ts'

function element(text: string): Element {
  const parsed = new DocumentParser().parse(text)
  if (!parsed.ok) throw new Error(parsed.error.detail)
  return parsed.value
}
const bindings = { room: 'r@s', known: 'k' }
const match = (pattern: string, actual: string) => matchElement(element(pattern), element(actual), bindings)
const STANZA = "<a xmlns='n' id='1' to='r@s'><b x='1'/><b x='2'/><c>text</c></a>"

test.each([
  ["<a xmlns='n'/>"],
  ["<a xmlns='n' id='{any}' to='{room}' from='{absent}'/>"],
  ["<a xmlns='n' id='/^\\d$/'/>"],
  ["<a xmlns='n'><b x='2'/><b x='1'/></a>"],
  ["<a xmlns='n'><c>text</c><absent><d/><b x='3'/></absent></a>"],
])('%s takes what has all that it names', (pattern) => {
  expect(match(pattern, STANZA).ok).toBe(true)
})

test.each([
  ["<a xmlns='other'/>", '<a> is not <a>'],
  ["<a xmlns='n' id='{absent}'/>", 'id of <a> is there'],
  ["<a xmlns='n' type='{any}'/>", 'type of <a> is missing'],
  ["<a xmlns='n' id='{known}'/>", 'id of <a> is "1", not "k"'],
  ["<a xmlns='n' id='/x/'/>", 'id of <a> is "1", not /x/'],
  ["<a xmlns='n'><b x='1'/><b x='1'/></a>", 'x of <b> is "2", not "1"'],
  ["<a xmlns='n'><b/><b/><b/></a>", '<a> has no <b/>'],
  ["<a xmlns='n'><c>other</c></a>", 'text of <c> is "text", not "other"'],
  ["<a xmlns='n'><c>{empty}</c></a>", 'text of <c> is "text", not /^$/'],
  ["<a xmlns='n'><absent><b x='2'/></absent></a>", '<a> has <b x="2"/>'],
])('%s does not take what lacks something, and says what', (pattern, why) => {
  expect(match(pattern, STANZA)).toEqual({ ok: false, why })
})

test('a name takes a value once, and means that value from then on', () => {
  expect(match("<a xmlns='n' id='{new}'/>", STANZA)).toMatchObject({ ok: true, bindings: { new: '1' } })
  expect(match("<a xmlns='n'><b x='{new}'/><b x='{new}'/></a>", STANZA).ok).toBe(false)
})

test.each([
  ['no title', 'XEP-0045 §1\n', /first line/],
  ['no source', '# A claim\nromeo enters\n', /specification/],
  ['an unknown step', '# A claim\nXEP-0045 §1\n\nromeo dances\n', /f:4: not a step: romeo dances/],
  ['broken XML', '# A claim\nXEP-0045 §1\n\nromeo sends\n  <presence>\n', /f:4: the block is no XML/],
  ['no steps', '# A claim\nXEP-0045 §1\n', /no steps/],
])('a file with %s is refused with its line', (_, text, why) => {
  expect(() => parseScenario('f', text)).toThrow(why)
})
