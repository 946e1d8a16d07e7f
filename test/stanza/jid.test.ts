// Addresses, escaping, and the splicing of prepared stanzas.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeLocal, parseJid, unescapeLocal } from '../../src/stanza/jid.ts'
import { DocumentParser } from '../../src/stanza/parser.ts'
import {
  addressed,
  cleanText,
  detached,
  el,
  escapeAttribute,
  prepare,
  serialize,
} from '../../src/stanza/xml.ts'

describe('addresses', () => {
  test.each([
    ['Alice@LOCALHOST/Res', 'alice@localhost/Res'],
    ['localhost', 'localhost'],
    ['localhost.', 'localhost'],
    ['a@b/c@d/e', 'a@b/c@d/e'],
    ['a@[::1]', 'a@[::1]'],
    ['lobby.0123@lobbies.localhost/Nick with blanks 😀', 'lobby.0123@lobbies.localhost/Nick with blanks 😀'],
  ])('%s is %s', (text, full) => {
    expect(parseJid(text)?.full).toBe(full)
  })

  test.each([
    '',
    '@',
    'a@',
    '@b',
    'a@b/',
    'a b@c',
    "a'@b",
    'a@b c',
    'a@-b',
    'a@b/\u0001',
    `${'x'.repeat(1024)}@b`,
    `${'é'.repeat(512)}@b`,
  ])('%j is none', (text) => {
    expect(parseJid(text)).toBeUndefined()
  })

  test('a parsed address is parsed to itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const jid = parseJid(text)
        if (jid) expect(parseJid(jid.full)).toEqual(jid)
      }),
    )
  })

  test('escaping survives unescaping', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(unescapeLocal(escapeLocal(text))).toBe(text)
        expect(escapeLocal(text)).not.toMatch(/[ "&'/:<>@]/)
      }),
    )
  })
})

describe('serialisation', () => {
  const message = el(
    'message',
    { to: 'old@x', xmlns: 'jabber:client', id: "a'&<" },
    el('body', {}, 'x]]>\r&'),
  )

  test('a prepared stanza is the stanza with another address', () => {
    const text = addressed(prepare(message), escapeAttribute("o'x@y/<&>"), 'jabber:client')
    const parsed = new DocumentParser().parse(text)
    expect(parsed.ok && parsed.value.attrs).toEqual({ to: "o'x@y/<&>", xmlns: 'jabber:client', id: "a'&<" })
    expect(parsed.ok && parsed.value.getChildText('body')).toBe('x]]>\r&')
    expect(addressed(prepare(message), 'n')).toMatch(/^<message to="n" id=/)
    expect(serialize(message)).toContain('to="old@x"')
  })

  test('characters that XML forbids are left out, others are not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const element = el('a', { b: text }, text)
        expect(new DocumentParser().parse(serialize(element)).ok).toBe(true)
        expect(cleanText(cleanText(text))).toBe(cleanText(text))
      }),
    )
    expect(cleanText('a\u0000b\ud800c\t😀\ufffe')).toBe('abc\t😀')
  })

  test('a detached text is the same text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => detached(text) === text))
  })
})
