// The inbound parser: what it accepts, what it refuses and with which condition, and that it never throws.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import {
  DocumentParser,
  PARSER_LIMITS,
  ReaderPool,
  type StreamEvent,
  StreamParser,
} from '../../src/stanza/parser.ts'
import { type Element, emptyElement, serialize, setAttribute, standalone } from '../../src/stanza/xml.ts'

const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${NS.streams}' to='localhost' version='1.0'>`

const stanzas = (events: readonly StreamEvent[]): Element[] =>
  events.flatMap((event) => (event.kind === 'stanza' ? [event.stanza] : []))
const kinds = (events: readonly StreamEvent[]): string[] =>
  events.map((event) => (event.kind === 'failed' ? event.failure.condition : event.kind))
const failureOf = (text: string): string | undefined => {
  const parser = new StreamParser()
  parser.write(HEADER)
  return kinds(parser.write(text)).at(-1)
}

test('a stream is a header, stanzas and an end, however it is cut', () => {
  const text = `${HEADER}<message to='a@b'><body>x &amp; y 😀</body></message>\n<presence/></stream:stream>`
  for (let size = 1; size < 40; size += 3) {
    const parser = new StreamParser()
    const events: StreamEvent[] = []
    const characters = [...text]
    for (let at = 0; at < characters.length; at += size)
      events.push(...parser.write(characters.slice(at, at + size).join('')))
    expect(kinds(events)).toEqual(['opened', 'stanza', 'stanza', 'closed'])
    expect(stanzas(events)[0]?.getChildText('body')).toBe('x & y 😀')
  }
})

test('a stanza carries the namespaces that it has from the stream header', () => {
  const parser = new StreamParser()
  parser.write(HEADER.replace('to=', "xmlns:p='urn:p' to="))
  const [message, error] = stanzas(
    parser.write("<message><body/><p:x p:y='1'/></message><stream:error><a p:b='1'/></stream:error>"),
  )
  expect(message?.is('message', 'jabber:client')).toBe(true)
  expect(message?.getChild('body', 'jabber:client')).toBeDefined()
  expect(message?.getChild('x', 'urn:p')).toBeDefined()
  expect(message && serialize(message)).toBe(
    '<message xmlns="jabber:client" xmlns:p="urn:p"><body/><p:x p:y="1"/></message>',
  )
  expect(error?.is('error', NS.streams)).toBe(true)
  expect(error?.attrs['xmlns:p']).toBe('urn:p')
})

test('white space before the header, between stanzas and after the end is nothing', () => {
  const parser = new StreamParser()
  expect(parser.write(' \n')).toEqual([])
  expect(kinds(parser.write(`\n${HEADER}`))).toEqual(['opened'])
  for (let i = 0; i < 1000; i++) expect(parser.write(' '.repeat(1000))).toEqual([])
  expect(kinds(parser.write('\n<presence/>\r'))).toEqual(['stanza'])
  expect(kinds(parser.write('\n</stream:stream>\n'))).toEqual(['closed'])
  expect(parser.write('\n<presence/>')).toEqual([])
})

test('white space after a stanza in the same segment does not add up to a stanza that is too large', () => {
  const parser = new StreamParser({ ...PARSER_LIMITS, maxStanzaBytes: 1000 })
  parser.write(HEADER)
  for (let i = 0; i < 50; i++) {
    expect(kinds(parser.write('<presence/>\n'))).toEqual(['stanza'])
    for (let j = 0; j < 50; j++) expect(parser.write('\n'.repeat(100))).toEqual([])
  }
})

describe('input that RFC 6120 forbids', () => {
  test.each([
    ['a control character', '<a>\u0001</a>', 'not-well-formed'],
    ['NUL', '<a>\u0000</a>', 'not-well-formed'],
    ['U+FFFF', '<a>\uffff</a>', 'not-well-formed'],
    ['a lone surrogate', '<a>\udc00</a>', 'not-well-formed'],
    ['an undeclared prefix', '<foo:a/>', 'bad-namespace-prefix'],
    ['an undeclared prefix of an attribute', "<a foo:b='1'/>", 'bad-namespace-prefix'],
    ['an attribute twice', "<a b='1' b='2'/>", 'not-well-formed'],
    [
      'an attribute twice under two prefixes',
      "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>",
      'not-well-formed',
    ],
    ['an attribute without quotes', '<a b=c/>', 'not-well-formed'],
    ['an attribute without value', '<a b/>', 'not-well-formed'],
    ['a comment', '<a><!-- x --></a>', 'restricted-xml'],
    ['a processing instruction', '<?php x ?>', 'restricted-xml'],
    ['a late XML declaration', "<?xml version='1.0'?>", 'not-well-formed'],
    ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
    ['an entity of one’s own', '<a>&foo;</a>', 'restricted-xml'],
    ['an entity named like a property', '<a>&constructor;</a>', 'restricted-xml'],
    ['a reference to NUL', '<a>&#0;</a>', 'not-well-formed'],
    ['a reference out of range', '<a>&#x110000;</a>', 'not-well-formed'],
    ['a bare ampersand', '<a>x & y;</a>', 'not-well-formed'],
    ['a digit as a name', '<1a/>', 'not-well-formed'],
    [']]> in text', '<a>]]></a>', 'not-well-formed'],
    ['< in an attribute', "<a b='<'/>", 'not-well-formed'],
    ['crossed tags', '<a></b></a>', 'not-well-formed'],
    ['an end without a start', '</b>', 'not-well-formed'],
    ['a binding of xmlns', "<a xmlns:xmlns='u'/>", 'not-well-formed'],
    ['text between stanzas', 'x<a/>', 'bad-format'],
    ['CDATA between stanzas', '<![CDATA[x]]><a/>', 'bad-format'],
    ['depth', '<a>'.repeat(65), 'policy-violation'],
    ['attributes', `<a ${Array.from({ length: 65 }, (_, i) => `a${i}=''`).join(' ')}/>`, 'policy-violation'],
    ['size', `<a>${'x'.repeat(PARSER_LIMITS.maxStanzaBytes)}</a>`, 'policy-violation'],
    ['size without an end', `<a b='${'x'.repeat(PARSER_LIMITS.maxStanzaBytes)}`, 'policy-violation'],
  ])('%s', (_what, text, condition) => {
    expect(failureOf(text)).toBe(condition)
  })

  test('an encoding other than UTF-8 that is declared', () => {
    const parser = new StreamParser()
    expect(kinds(parser.write("<?xml version='1.0' encoding='ISO-8859-1'?><a>"))).toEqual([
      'unsupported-encoding',
    ])
  })

  test('XML 1.1 does not open the door to control characters', () => {
    const parser = new StreamParser()
    parser.write(HEADER.replace("'1.0'", "'1.1'"))
    expect(kinds(parser.write('<a>&#1;</a>'))).toEqual(['not-well-formed'])
  })
})

test('what came before a failure is delivered, what comes after is not', () => {
  const parser = new StreamParser()
  parser.write(HEADER)
  expect(kinds(parser.write('<a/><b/><!-- --><c/>'))).toEqual(['stanza', 'stanza', 'restricted-xml'])
  expect(parser.write('<d/>')).toEqual([])
})

test('streams that share readers do not see each other’s text, wherever they wait', () => {
  const pool = new ReaderPool()
  const streams = [0, 1, 2].map(() => new StreamParser(PARSER_LIMITS, pool))
  for (const [i, stream] of streams.entries())
    stream.write(i === 2 ? HEADER.replace('jabber:client', 'urn:other') : HEADER)
  const pieces = ['<a', ' b="1">', '  ', '\n', '<c>x', ' ', '</c>', ' \r', '</a> ', ' ']
  for (let shift = 0; shift < pieces.length; shift++) {
    const texts = streams.map(() => '')
    for (let step = 0; step < pieces.length + shift; step++)
      for (const [i, stream] of streams.entries()) {
        const piece = pieces[step - (i === 0 ? 0 : shift)]
        for (const stanza of piece === undefined ? [] : stanzas(stream.write(piece)))
          texts[i] += serialize(stanza)
      }
    const text = (ns: string): string => `<a b="1" xmlns="${ns}">  \n<c>x </c> \n</a>`
    expect(texts).toEqual([text('jabber:client'), text('jabber:client'), text('urn:other')])
  }
})

test('the size of a stanza is counted in bytes and over segments', () => {
  const limits = { ...PARSER_LIMITS, maxStanzaBytes: 200 }
  const body = '€'.repeat(60) // 180 bytes
  const fits = new StreamParser(limits)
  fits.write(HEADER)
  expect(kinds(fits.write(`<a>${body}</a><a>${body}</a>`))).toEqual(['stanza', 'stanza'])
  const cut = new StreamParser(limits)
  cut.write(HEADER)
  expect(kinds(cut.write(`<a>${'€'.repeat(40)}`))).toEqual([])
  expect(kinds(cut.write(`${'€'.repeat(30)}</a>`))).toEqual(['policy-violation'])
})

test('text in pieces is one child; CDATA is text', () => {
  const parser = new StreamParser()
  parser.write(HEADER)
  const [a] = stanzas(parser.write('<a>x<![CDATA[<y>]]>&lt;z</a>'))
  expect(a?.children).toEqual(['x<y><z'])
})

test('an attribute named __proto__ is an attribute', () => {
  const parsed = new DocumentParser().parse("<a __proto__='x' constructor='y'/>")
  expect(parsed.ok && serialize(parsed.value)).toBe('<a __proto__="x" constructor="y"/>')
  expect(({} as Record<string, unknown>).x).toBeUndefined()
})

test('an element taken out of its stanza declares what it used', () => {
  const parsed = new DocumentParser().parse("<iq xmlns='jabber:client' xmlns:p='urn:p'><p:a><b/></p:a></iq>")
  const child = parsed.ok ? parsed.value.getChildElements()[0] : undefined
  expect(child && serialize(standalone(child))).toBe('<p:a xmlns="jabber:client" xmlns:p="urn:p"><b/></p:a>')
})

test('a document parser goes on after a bad document', () => {
  const parser = new DocumentParser()
  expect(parser.parse('<a><b></a>').ok).toBe(false)
  expect(parser.parse('').ok).toBe(false)
  expect(parser.parse('<a/><b/>').ok).toBe(false)
  expect(parser.parse('<a>').ok).toBe(false)
  expect(parser.parse('<a/>').ok).toBe(true)
})

const xmlText = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((text) => text.replace(/[^\t\n\r -\ud7ff\ue000-\ufffd]/gu, '😀'))
const name = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,5}$/)
const namespace = fc.constantFrom('urn:a', 'urn:b', 'jabber:client')
interface Tree {
  readonly name: string
  readonly attributes: readonly (readonly [string, string])[]
  readonly children: readonly (Tree | string)[]
}
const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc
    .record({
      prefix: fc.option(fc.constantFrom('p', 'q')),
      name,
      ns: fc.option(namespace),
      attributes: fc.uniqueArray(fc.tuple(fc.oneof(name, fc.constant('__proto__')), xmlText), {
        selector: ([key]) => key,
        maxLength: 3,
      }),
      children: fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, xmlText, tie('tree')), {
        maxLength: 3,
      }),
    })
    .map(({ prefix, name: local, ns, attributes, children }) => ({
      name: prefix === null ? local : `${prefix}:${local}`,
      attributes: [
        ...(prefix === null ? [] : [[`xmlns:${prefix}`, ns ?? 'urn:p'] as const]),
        ...(prefix === null && ns !== null ? [['xmlns', ns] as const] : []),
        ...attributes.filter(([key]) => !key.startsWith('xml')),
      ],
      children,
    })),
})).tree

function build(from: Tree): Element {
  const element = emptyElement(from.name)
  for (const [key, value] of from.attributes) setAttribute(element, key, value)
  for (const child of from.children) element.append(typeof child === 'string' ? child : build(child))
  return element
}

test('any element survives serialising and parsing', () => {
  const parser = new DocumentParser()
  fc.assert(
    fc.property(tree, (from) => {
      const text = serialize(build(from))
      const parsed = parser.parse(text)
      expect(parsed.ok ? serialize(parsed.value) : parsed.error).toBe(text)
    }),
    { numRuns: 500 },
  )
})

test('any text is a list of events, never an exception, and the same list however it is cut', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('<', '>', '/', '&', ';', '<a>', '</a>', "='", '<!', '<![CDATA[', ']]>', '<?', '?>', ' '),
    fc.constantFrom('&lt;', '&#x', '<message/>', '</stream:stream>', 'xmlns:', '<!DOCTYPE', '\r', '\n'),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), fc.nat(9), (pieces, hasHeader, size) => {
      const text = (hasHeader ? HEADER : '') + pieces.join('')
      const whole = kinds(new StreamParser().write(text))
      const cut = new StreamParser()
      const events: StreamEvent[] = []
      for (let at = 0; at < text.length; at += size + 1)
        events.push(...cut.write(text.slice(at, at + size + 1)))
      expect(kinds(events)).toEqual(whole)
    }),
    { numRuns: 2000 },
  )
})
