// Streams cut into stanzas: the same pieces however the text comes, and nothing kept of what is too long.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StanzaSplitter, type StreamPiece } from '../../src/stanza/stanza-splitter.ts'
import { el, serialize } from '../../src/stanza/xml.ts'

const HEADER = `<stream:stream xmlns='jabber:component:accept' xmlns:stream='s' id='>"/>'>`

function split(texts: readonly string[], max = 10_000): StreamPiece[] {
  const splitter = new StanzaSplitter(max)
  return texts.flatMap((text) => splitter.write(text))
}
const textsOf = (pieces: readonly StreamPiece[]): string[] =>
  pieces.map((piece) => ('text' in piece ? piece.text : piece.kind))

/** `text` in pieces of the given lengths. */
function chunks(text: string, lengths: readonly number[]): string[] {
  const parts: string[] = []
  let from = 0
  for (const length of lengths) {
    parts.push(text.slice(from, from + length))
    from += length
  }
  return [...parts, text.slice(from)]
}

const element = fc.letrec((tie) => ({
  tree: fc
    .tuple(
      fc.constantFrom('a', 'x:b', 'message'),
      fc.dictionary(fc.constantFrom('to', 'q', 'id'), fc.string()),
      fc.array(fc.oneof({ depthSize: 'small' }, fc.string(), tie('tree')), { maxLength: 3 }),
    )
    .map(([name, attributes, children]) => el(name, attributes, ...(children as never[]))),
})).tree

test('the pieces are the stanzas, however the text comes', () => {
  fc.assert(
    fc.property(
      fc.array(element, { maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 20 })),
      fc.constantFrom('', ' ', '\n'),
      (trees, lengths, space) => {
        const stanzas = trees.map((tree) => serialize(tree))
        const text = `<?xml version='1.0'?>${HEADER}${space}${stanzas.join(space)}${space}</stream:stream>`
        const pieces = split(chunks(text, lengths))
        expect(textsOf(pieces)).toEqual([HEADER, ...stanzas, 'end'])
        for (const piece of pieces)
          if (piece.kind === 'stanza') expect(piece.text.startsWith(piece.tag)).toBe(true)
      },
    ),
  )
})

test('attributes may have quotes and brackets in them', () => {
  const stanza = `<a b='>"</a>' c="'/>"><d e='/'/></a>`
  expect(textsOf(split([HEADER, stanza]))).toEqual([HEADER, stanza])
})

test('of a stanza that is too long its start tag is left, and the next stanza is whole', () => {
  const long = `<a id='1'><b>${'x'.repeat(100)}</b></a>`
  expect(split(chunks(`${HEADER}${long}<c/>`, Array(60).fill(5)), 80)).toEqual([
    { kind: 'header', text: HEADER },
    { kind: 'excess', tag: "<a id='1'>" },
    { kind: 'stanza', text: '<c/>', tag: '<c/>' },
  ])
})

test('a start tag that is too long is not kept', () => {
  const pieces = split([HEADER, `<a b='${'x'.repeat(20_000)}'/>`], 100_000)
  expect(pieces[1]).toMatchObject({ kind: 'stanza', tag: '' })
})

test.each(['<!-- c -->', '<!DOCTYPE a>', '<?php ?>', 'text', '<a><![CDATA[x]]></a>'])(
  'a stream ends at %s',
  (text) => {
    const pieces = split([HEADER, text, '<b/>'])
    expect(pieces.at(-1)?.kind).toBe('failed')
  },
)

test('any text is survived, and nothing comes after the end', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.string(), fc.constantFrom('<', '>', '</', '/>', "'", '"', '<a', '<a>', '</a>', HEADER)),
      ),
      (texts) => {
        const pieces = split(texts, 50)
        const last = pieces.findIndex(({ kind }) => kind === 'end' || kind === 'failed')
        expect(last === -1 || last === pieces.length - 1).toBe(true)
      },
    ),
  )
})
