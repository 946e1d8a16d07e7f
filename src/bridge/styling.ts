/** Bold, italic, struck and code, from HTML and CSS to XEP-0393 message styling where that loses nothing. */

/** Bits of a style. */
export const BOLD = 1
export const ITALIC = 2
export const STRIKE = 4
export const CODE = 8

/** What an element does to the style around it: first `clear`, then `set`. */
export interface StyleChange {
  readonly set: number
  readonly clear: number
}

/** Text in one style. */
export interface Run {
  readonly text: string
  readonly style: number
}

const NO_CHANGE: StyleChange = { set: 0, clear: 0 }
const OF_ELEMENT: ReadonlyMap<string, number> = new Map([
  ['b', BOLD],
  ['strong', BOLD],
  ['i', ITALIC],
  ['em', ITALIC],
  ['cite', ITALIC],
  ['s', STRIKE],
  ['strike', STRIKE],
  ['del', STRIKE],
  ['code', CODE],
  ['tt', CODE],
  ['kbd', CODE],
  ['samp', CODE],
])

/** Style bits of an element by its name alone. */
export const styleOfElement = (name: string): number => OF_ELEMENT.get(name) ?? 0

export const changed = (style: number, { set, clear }: StyleChange): number => (style & ~clear) | set

/** What declarations such as `font-weight:600; color:#000` do. */
export function readDeclarations(css: string): StyleChange {
  let { set, clear } = NO_CHANGE
  const put = (bit: number, isOn: boolean): void => {
    set = isOn ? set | bit : set & ~bit
    clear = isOn ? clear : clear | bit
  }
  for (const declaration of css.split(';')) {
    const [property = '', value = ''] = declaration.toLowerCase().split(':', 2)
    switch (property.trim()) {
      case 'font-weight':
        put(BOLD, /^\s*(?:bold|bolder|[6-9]00)\b/.test(value))
        break
      case 'font-style':
        put(ITALIC, /^\s*(?:italic|oblique)\b/.test(value))
        break
      case 'text-decoration':
        put(STRIKE, /\bline-through\b/.test(value))
        break
    }
  }
  return { set, clear }
}

/** Adds the rules of a style sheet to `classes`; only those for classes, as RetroShare writes them: `.S0,.S1{…}`. */
export function readStyleSheet(css: string, classes: Map<string, StyleChange>): void {
  for (const rule of css.split('}')) {
    const [selectors = '', declarations] = rule.split('{', 2)
    const change = declarations === undefined ? NO_CHANGE : readDeclarations(declarations)
    if (change.set === 0 && change.clear === 0) continue
    for (const selector of selectors.split(',')) {
      const name = /^\s*\.([\w-]+)\s*$/.exec(selector)?.[1]
      if (name === undefined) continue
      const before = classes.get(name) ?? NO_CHANGE
      classes.set(name, {
        set: changed(before.set, change),
        clear: before.clear | change.clear,
      })
    }
  }
}

/** The directives, those that may hold others first. */
const DIRECTIVES = [
  [BOLD, '*'],
  [ITALIC, '_'],
  [STRIKE, '~'],
  [CODE, '`'],
] as const

interface Span {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  readonly bit: number
  readonly directive: string
}

/** A character of the text that a reader would take for the beginning of a span. */
const OPENS = /(?:^|[\s*_~`])[*_~`](?!\s|$)/u
/** What may follow a span, so that readers stricter than XEP-0393 see its end too. */
const ENDS = /^(?:$|\s|(?![*_~`])[\p{P}\p{S}])/u

/**
 * The line that `runs` are, with directives of XEP-0393 around what is styled. A span that a reader would see elsewhere
 * or not at all stays plain, and in a line whose own text looks styled nothing is added.
 */
export function styledLine(runs: readonly Run[]): string {
  const text = runs.map((run) => run.text).join('')
  if (runs.every((run) => run.style === 0) || OPENS.test(text)) return text
  const spans = DIRECTIVES.flatMap(([bit, directive]) =>
    text.includes(directive) ? [] : spansOf(runs, bit, directive),
  )
  // Where one begins and ends with another, the order of DIRECTIVES stays.
  spans.sort((a, b) => a.from - b.from || b.to - a.to)
  return withDirectives(text, nested(text, spans))
}

/** The longest stretches that have a style, without white space around them. */
function spansOf(runs: readonly Run[], bit: number, directive: string): Span[] {
  const spans: Span[] = []
  let at = 0
  let text = ''
  const end = (): void => {
    const bare = text.trim()
    if (bare !== '') {
      const from = at - text.trimStart().length
      spans.push({ from, to: from + bare.length, bit, directive })
    }
    text = ''
  }
  for (const run of runs) {
    if ((run.style & bit) === 0) end()
    else text += run.text
    at += run.text.length
  }
  end()
  return spans
}

/** Those that can be told: each within another or beside it, none within code, begun and ended where it is seen. */
function nested(text: string, spans: readonly Span[]): Span[] {
  const told: Span[] = []
  const around: Span[] = []
  for (const span of spans) {
    while ((around.at(-1)?.to ?? text.length) <= span.from) around.pop()
    const outer = around.at(-1)
    if (outer && (outer.to < span.to || outer.bit === CODE)) continue
    const isBegun = span.from === 0 || outer?.from === span.from || /\s/u.test(text[span.from - 1] ?? '')
    const isEnded = outer?.to === span.to || ENDS.test(text.slice(span.to, span.to + 2))
    if (!isBegun || !isEnded) continue
    around.push(span)
    told.push(span)
  }
  return told
}

function withDirectives(text: string, spans: readonly Span[]): string {
  const around: Span[] = []
  let line = ''
  let at = 0
  const copyTo = (place: number): void => {
    line += text.slice(at, place)
    at = place
  }
  const endBefore = (place: number): void => {
    for (let last = around.at(-1); last && last.to <= place; last = around.at(-1)) {
      copyTo(last.to)
      line += last.directive
      around.pop()
    }
  }
  for (const span of spans) {
    endBefore(span.from)
    copyTo(span.from)
    line += span.directive
    around.push(span)
  }
  endBefore(text.length)
  return line + text.slice(at)
}
