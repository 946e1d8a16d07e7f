// Styles of lobby text: what RetroShare marks is marked for XMPP clients, and only where they see the same.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLobbyText } from '../../src/bridge/lobby-text.ts'
import { BOLD, CODE, ITALIC, type Run, STRIKE, styledLine } from '../../src/bridge/styling.ts'

const text = (html: string): string => readLobbyText(html, () => undefined).body

describe('HTML', () => {
  test.each([
    ['<b>bold</b> <strong>too</strong>', '*bold* *too*'],
    ['<i>slanted</i>, <em>too</em>', '_slanted_, _too_'],
    ['<s>a</s> <strike>b</strike> <del>c</del>', '~a~ ~b~ ~c~'],
    ['run <code>npm  test</code> <tt>now</tt>', 'run `npm test` `now`'],
    ['<b>two <i>in</i> one</b>', '*two _in_ one*'],
    ['<b><i>both</i></b>', '*_both_*'],
    ['<i><b>both</b></i>', '*_both_*'],
    ['<b> blanks </b>around', '*blanks* around'],
    ['<b>one<br/>two</b>', '*one*\n*two*'],
    ['<b>one</b><b> two</b>', '*one two*'],
    ['<blockquote><b>said</b></blockquote>no', '> *said*\nno'],
    ['<ul><li><b>one</b></li></ul>', '• *one*'],
    ['<p><b>a</b></p><p>b</p>', '*a*\nb'],
    ['<b>stop</b>. <b>go</b>!', '*stop*. *go*!'],
    ['<b>unclosed', '*unclosed*'],
    ['<b>a</p>b</b></i>c', '*a*\nbc'],
  ])('%s', (html, shown) => {
    expect(text(html)).toBe(shown)
  })

  test.each([
    // As RetroShare sends it: one rule for each property, with the classes that have it.
    [
      '<body><style type="text/css" RSOptimized="v2">.S0,.S2{font-size:12pt;}.S1,.S2{font-weight:600;}.S2{font-style:italic;}</style><span><span class="S0">a</span> <span class="S1">b</span> <span class="S2">c</span></span></body>',
      'a *b* *_c_*',
    ],
    ['<span style=" font-weight:600; color:#ff0000;">a</span>', '*a*'],
    ['<span style="FONT-WEIGHT: Bold">a</span> <span style="font-weight:400">b</span>', '*a* b'],
    ['<b>a <span style="font-weight:400">b</span> c</b>', '*a* b *c*'],
    ['<span style="text-decoration: underline line-through">a</span>', '~a~'],
    ['<span style="text-decoration: underline">a</span>', 'a'],
    [
      '<style>.x{font-weight:bold} .y b{font-weight:bold}</style><i class="x y">a</i><p class="y">b',
      '*_a_*\nb',
    ],
    ['<style>.x{font-weight:bold}</style><style>.x{font-weight:normal}</style><b class="x">a</b>', 'a'],
  ])('%s', (html, shown) => {
    expect(text(html)).toBe(shown)
  })

  test.each([
    ['<b>mid</b>word and wo<b>rd</b>', 'midword and word'],
    ['2 * 3 <b>bold</b>', '2 * 3 bold'],
    ['<b>a*b</b> <i>c</i>', 'a*b _c_'],
    ['snake_case <i>x</i> <b>y</b>', 'snake_case x *y*'],
    ['*mine* <i>yours</i>', '*mine* yours'],
    ['<code>x = *y</code> <tt>z</tt>', 'x = *y z'],
    ['<b>a</b><i>b</i>', 'ab'],
    ['<b>漢</b>字', '漢字'],
    [
      '<b>https://x.org/a</b> <a href="https://y.org"><b>https://y.org</b></a>',
      'https://x.org/a https://y.org',
    ],
    ['<b></b><i> </i>x', 'x'],
    ['<b>\u0000</b>&#7;<i>\u009F</i>x', 'x'],
  ])('is left plain where a mark would be seen elsewhere or not at all: %s', (html, shown) => {
    expect(text(html)).toBe(shown)
  })

  test.each([
    ['<pre>\n  a *b*\n</pre>', '```\n  a *b*\n```'],
    ['x<pre>a<br/><b>b</b></pre>y', 'x\n```\na\nb\n```\ny'],
    ['<blockquote><pre>a\nb</pre></blockquote>', '> ```\n> a\n> b\n> ```'],
    ['<pre>a\n```\nb</pre>', 'a\n```\nb'],
    ['<li><pre>a</pre></li>', '• a'],
    ['<pre> </pre>a', 'a'],
    ['<pre>see <a href="http://x.org">it</a>', '```\nsee it (http://x.org)\n```'],
  ])('preformatted: %j', (html, shown) => {
    expect(text(html)).toBe(shown)
  })
})

const MARKS: Readonly<Record<string, number>> = { '*': BOLD, _: ITALIC, '~': STRIKE, '`': CODE }

/** Reads one line as XEP-0393 says (spans only): its text without directives, and the style of each character. */
function readStyled(line: string, around = 0): { text: string; styles: number[] } {
  const read = { text: '', styles: [] as number[] }
  for (let at = 0; at < line.length; at++) {
    const mark = line[at] ?? ''
    const isFree = at === 0 || /\s/.test(line[at - 1] ?? '')
    const bit = MARKS[mark]
    if (bit !== undefined && isFree && /\S/.test(line[at + 1] ?? ' ') && (around & CODE) === 0) {
      const end = closing(line, at, mark)
      if (end > at + 1) {
        const inner = readStyled(line.slice(at + 1, end), around | bit)
        read.text += inner.text
        read.styles.push(...inner.styles)
        at = end
        continue
      }
    }
    read.text += mark
    read.styles.push(around)
  }
  return read
}

function closing(line: string, from: number, mark: string): number {
  for (let at = from + 1; at < line.length; at++)
    if (line[at] === mark && /\S/.test(line[at - 1] ?? ' ')) return at
  return -1
}

test('readers of a styled line see its text, and no style that it does not have', () => {
  const word = fc.constantFrom(
    'a',
    'bc',
    ' ',
    '  d',
    'e ',
    '.',
    '!',
    '*',
    '_',
    '~',
    '`',
    'f_g',
    '* h',
    'é',
    '漢',
    '😀',
  )
  const run = fc.record({ text: word, style: fc.integer({ min: 0, max: 15 }) })
  let styled = 0
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), (runs: Run[]) => {
      const plain = runs.map((each) => each.text).join('')
      const own = readStyled(plain)
      const line = styledLine(runs)
      const seen = readStyled(line)
      // What looks styled by itself stays as it is.
      if (own.text !== plain) return void expect(line).toBe(plain)
      expect(seen.text).toBe(plain)
      const meant = runs.flatMap((each) => each.text.split('').map(() => each.style))
      // White space within what is marked has no look of its own.
      for (const [i, style] of seen.styles.entries())
        if (/\S/.test(plain[i] ?? '')) expect(style & ~(meant[i] ?? 0)).toBe(0)
      if (line !== plain) styled++
    }),
    { numRuns: 5_000 },
  )
  expect(styled).toBeGreaterThan(200)
})

test('words with blanks around them keep every style', () => {
  const run = fc.record({ text: fc.constantFrom('ab', 'c', 'déf'), style: fc.integer({ min: 0, max: 7 }) })
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 6 }), (runs: Run[]) => {
      const spaced = runs.flatMap((each) => [each, { text: ' ', style: 0 }])
      const seen = readStyled(styledLine(spaced).trim())
      expect(seen.styles.filter((_, i) => seen.text[i] !== ' ')).toEqual(
        runs.flatMap((each) => each.text.split('').map(() => each.style)),
      )
    }),
  )
})

test.each([
  '<b>a</b> ',
  '<b><i>a ',
  '<b>a ',
  '</i><b>',
  '<span class="a b c">',
  '<span style="a:b;c:d">',
  '<pre>',
  '<pre>\n',
])('very much of “%s” costs no more than its length', (part) => {
  const startMs = performance.now()
  text(part.repeat(200_000 / part.length))
  text(`<style>${'.a{font-weight:600}'.repeat(5_000)}</style>${part.repeat(100_000 / part.length)}`)
  expect(performance.now() - startMs).toBeLessThan(3_000)
})
