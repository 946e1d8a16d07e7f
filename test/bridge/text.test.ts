// Lobby text: what RetroShare writes becomes readable, what XMPP users write arrives, and nothing poisonous goes out.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLobbyText } from '../../src/bridge/lobby-text.ts'
import { isPoisonous, normalizeText, textToLobby } from '../../src/bridge/text.ts'

const lobbyToText = (html: string): string => readLobbyText(html, () => undefined).body

describe('readLobbyText', () => {
  test.each([
    // What RetroShare's editor writes: a style sheet in the body and spans with classes.
    [
      '<body><style type="text/css" RSOptimized="v2">.S1{color:#ff0000;}</style><span><span class="S1">Hello <b>there</b></span></span></body>',
      'Hello *there*',
    ],
    // What Qt writes: head, paragraphs, an empty one, line ends between the tags.
    [
      '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0//EN" "http://www.w3.org/TR/REC-html40/strict.dtd">\n<html><head><meta name="qrichtext" content="1" /><style type="text/css">\np, li { white-space: pre-wrap; }\n</style></head><body style="font-size:9pt;">\n<p style="margin-top:0px;">one</p>\n<p style="-qt-paragraph-type:empty;"><br /></p>\n<p>two</p></body></html>',
      'one\n\ntwo',
    ],
    ['a<br/>b<br>c<BR />d', 'a\nb\nc\nd'],
    ['a<br/><br/>b<br/>', 'a\n\nb'],
    ['<p>a</p><p>b</p>', 'a\nb'],
    ['<div>a<p>b</p></div>c', 'a\nb\nc'],
    ['<span>two  words\n here</span>', 'two words here'],
    ['<span>two&nbsp;&nbsp;words</span>', 'two  words'],
    ['x<ul><li>one</li><li><p>two</p></li></ul>y', 'x\n• one\n• two\ny'],
    ['<ol><li>one</li><li>two<ul><li>deep</li></ul></li><li></li></ol>', '1. one\n2. two\n• deep'],
    ['<blockquote>a<br/>b<blockquote>c</blockquote></blockquote>d', '> a\n> b\n> > c\nd'],
    ['<pre>a  b\n  c</pre>d', '```\na  b\n  c\n```\nd'],
    ['a<hr/>b', 'a\n---\nb'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>', 'a\tb\nc'],
    ['<a href="http://x.org/?a=1&amp;b=2">http://x.org/?a=1&amp;b=2</a>', 'http://x.org/?a=1&b=2'],
    ['see <a href="http://x.org">this <b>page</b></a>, now', 'see this *page* (http://x.org), now'],
    ["<a href='retroshare://file?name=a'></a>", 'retroshare://file?name=a'],
    ['<a href="javascript:alert(1)">click</a>', 'click'],
    ['<a name="x">here</a>', 'here'],
    ['<a href="http://a.org">a<a href="http://b.org">b', 'a (http://a.org)b (http://b.org)'],
    ['<a href="http://a.org"><img src=":/i/x.png" alt=":)"/></a>', ':) (http://a.org)'],
    ['hi <img src=":/emojione/1f600" alt=":D" /> you', 'hi :D you'],
    ['hi <img src=":/smileys/grin.png"/> you', 'hi :grin: you'],
    ['<img src=":/emojione/1F468-200D-1F469.png"/><img src="qrc:/emojione/1f600"/>', '👨‍👩😀'],
    ['<img src=":/emojione/D800.png"/><img src=":/a/ b.png"/>', ':D800:'],
    ['<img alt="cat" src="data:image/png;base64,iVBORw0KGgo="/>', '[image]'],
    ['<img src="https://x.org/c.png">', 'https://x.org/c.png'],
    ['<b>a</b><script>alert("<b>")</script>b', 'ab'],
    ['a<!-- b --><i>c</i>', 'ac'],
    ['<span>/me waves</span>', '/me waves'],
    // A spoiler, as it is sent and as it is written.
    ['so <span title="the butler">*SPOILER*</span>!', 'so *SPOILER* (the butler)!'],
    ['so <a href="hidden:the butler">*SPOILER*</a>!', 'so *SPOILER* (the butler)!'],
    // A quote as RetroShare's menu makes it, and the answer.
    ['<body><span>&gt;&nbsp;one<br/>&gt;&nbsp;two<br/>three</span></body>', '> one\n> two\nthree'],
    [
      '<a href="retroshare://file?name=cat.png&amp;size=9&amp;hash=ab">cat.png (9 B)</a>',
      'cat.png (9 B) (retroshare://file?name=cat.png&size=9&hash=ab)',
    ],
    ['&lt;b&gt; &amp;amp; &#65;&#x1F600;&eacute;&hellip;&apos;', "<b> &amp; A😀é…'"],
    ['&#0;&#xD800;&#1114112;&#99999999999;', '\uFFFD\uFFFD\uFFFD&#99999999999;'],
  ])('%s', (html, text) => {
    expect(lobbyToText(html)).toBe(text)
  })

  test.each([
    'a < b && c > d',
    'if (a<b) return x<y>z',
    'i <3 you & me',
    'a <- b, <http://x.org>, <nick> hi',
    '&unknown; &; &#; &#x; AT&T',
    'two  blanks\n  and lines\n\tand tabs',
    '<a b c>, <b attr>, < b>, <b',
    'use the <body tag',
    '<!-- never closed',
    'ends with <',
  ])('plain text stays as it is: %s', (text) => {
    expect(lobbyToText(text)).toBe(text)
  })

  test('a hidden element that is never closed hides nothing', () => {
    expect(lobbyToText('write <style> before <b>it</b>')).toBe('write before *it*')
    expect(lobbyToText('<head>a<body>b</body>')).toBe('a\nb')
  })

  test('a quote in many quotes repeats few marks', () => {
    expect(lobbyToText(`${'<blockquote>'.repeat(1_000)}a<br>b`)).toBe('> > > > a\n> > > > b')
  })

  test('control characters and broken UTF-16 do not get through', () => {
    expect(lobbyToText('a\u0000b\u0007c\u001B[0md\u0085e&#7;f\uFFFEg\uD800')).toBe('abc[0mdefg\uFFFD')
  })

  test('any text gives text that XML can carry, at most nine times as long', () => {
    const piece = fc.constantFrom(
      ...['<', '>', '</', '/>', '<!--', '-->', '"', "'", '=', '&', ';', '#', ' ', '\n', 'a', 'b ', 'br/>'],
      ...['<li>', '<ul>', '<ol>', '<blockquote>', '</blockquote>', '<br>', '<a href="', '<img src=', '<pre>'],
      ...['<td>', '<p>', '</p>', '<style>', '</style>', '&lt;', '&nbsp;', '&#x41;', '\u0000', '\uD83D', '😀'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const html = pieces.join('')
        const text = lobbyToText(html)
        expect(text).toBe(normalizeText(text))
        expect(text.length).toBeLessThanOrEqual(9 * html.length + 8)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '<',
    '<a ',
    '<a href="',
    '<a href=\'x" ',
    '<a b=c ',
    '<!--',
    '<!doctype ',
    '</',
    '&',
    '&#',
    '<style>',
    '<blockquote><li>',
    '<blockquote><br>',
    '<a href="x">',
    ' ',
    '<a          ',
    '% ',
    '\n',
  ])('very much of “%s” costs no more than its length', (part) => {
    const startMs = performance.now()
    lobbyToText(part.repeat(200_000 / part.length))
    textToLobby(part.repeat(200_000 / part.length))
    // Linear work takes some 50 ms, quadratic work minutes.
    expect(performance.now() - startMs).toBeLessThan(3_000)
  })
})

describe('textToLobby', () => {
  test.each([
    ['a < b & c > "d"', 'a &lt; b &amp; c &gt; "d"'],
    ['one\r\ntwo\rthree', 'one<br/>two<br/>three'],
    ['  a   b \nc', '&#160; a&#160;&#160; b&#160;<br/>c'],
    ['a\tb', 'a&#9;b'],
    ['PD94bWw PHN2Zyz', 'PD94b&#87;w PHN2Z&#121;z'],
    ['%3C%21E 100% sure', '&#37;3C&#37;21E 100% sure'],
    ['PD94b% 57', 'PD94b&#37; 57'],
    ['a\u0000\u0007\u009Fb\uD83D', 'ab\uFFFD'],
    ['/me waves', '/me waves'],
    ['<!ENTITY x>', '&lt;!ENTITY x&gt;'],
  ])('%j', (text, lobby) => {
    expect(textToLobby(text)).toBe(lobby)
  })

  const typed = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(
          ...[
            'PD94bW',
            'PHN2Zy',
            'PD94b',
            'W',
            '<!E',
            '<!',
            '<',
            '!',
            '%3C',
            '%3c!e',
            '%',
            '25',
            '3C',
            '%50D94bW',
          ],
          ...[
            '&',
            'lt;',
            '&#37;',
            '<br/>',
            '<b>',
            '</p>',
            '\n',
            ' ',
            '  ',
            '\t',
            '\r\n',
            '\u00A0',
            '/me ',
            '\uD800',
          ],
          ...['PD94b%57', 'PHN2Z%79', '% 57', '<style>', '<pre>'],
        ),
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(''))

  test('readers of the lobby see what was typed', () => {
    fc.assert(
      fc.property(typed, (text) => {
        expect(lobbyToText(textToLobby(text))).toBe(normalizeText(text))
      }),
      { numRuns: 5_000 },
    )
  })

  test('nothing poisonous goes out, be it hidden by %XX read strictly or leniently; all is valid UTF-8', () => {
    const poison = ['<!', 'PD94bW', 'PHN2Zy']
    const character = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))
    fc.assert(
      fc.property(typed, (text) => {
        const lobby = textToLobby(text)
        const forms = [
          lobby,
          lobby.replace(/%([0-9a-fA-F]{2})/g, character),
          lobby.replace(/%\s*([0-9a-fA-F]{1,2})/g, character),
        ]
        for (const form of forms) for (const part of poison) expect(form).not.toContain(part)
        expect(new TextDecoder().decode(new TextEncoder().encode(lobby))).toBe(lobby)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
        expect(lobby).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
      }),
      { numRuns: 5_000 },
    )
  })
})

test('a nick is poisonous when RetroShare would overwrite it', () => {
  expect(['<!e', 'x<!E', 'PD94bW', '%50D94bW', 'aPHN2Zy', 'PHN2Z% 79'].every(isPoisonous)).toBe(true)
  expect(['Ann', '100%', '50%ab', '<!', 'PD94b', '<3'].some(isPoisonous)).toBe(false)
})
