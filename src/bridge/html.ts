/** Cuts lobby text into tags and text in linear time, as lenient as chat needs: what is no HTML stays text. */

/** A run of text, or one tag of an HTML element; names are lower case, values decoded. */
export type HtmlToken =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open'; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'close'; readonly name: string }

/** Elements that chat programs write. `<this>` is none of them, so it is text. */
const ELEMENTS = new Set(
  `a abbr address b big blockquote body br caption center cite code col colgroup dd del dfn div dl dt em font
  footer h1 h2 h3 h4 h5 h6 head header hr html i img ins kbd li link mark meta ol p pre q s samp script small span
  strike strong style sub sup table tbody td tfoot th thead title tr tt u ul var`.split(/\s+/),
)

// Every quantifier is followed by what it cannot match itself, so that a failing match costs its own length.
const TAG =
  /<(?:\/([a-zA-Z][a-zA-Z0-9]*)\s*|([a-zA-Z][a-zA-Z0-9]*)((?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+))*)\s*\/?)>/y
const DECLARATION = /<!doctype [^<>]*>/iy
const ATTRIBUTE = /\s+([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+))/g

/** Names of U+00A0 to U+00FF in HTML 4, in order. */
const LATIN_1 =
  `nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2
  sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml
  Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml
  times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave
  eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute
  ucirc uuml yacute thorn yuml`.split(/\s+/)
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...LATIN_1.map((name, i) => [name, String.fromCharCode(0xa0 + i)] as const),
  ...Object.entries({
    lt: '<',
    gt: '>',
    amp: '&',
    quot: '"',
    apos: "'",
    ndash: '–',
    mdash: '—',
    lsquo: '‘',
    rsquo: '’',
    sbquo: '‚',
    ldquo: '“',
    rdquo: '”',
    bdquo: '„',
    lsaquo: '‹',
    rsaquo: '›',
    bull: '•',
    hellip: '…',
    euro: '€',
    trade: '™',
    larr: '←',
    uarr: '↑',
    rarr: '→',
    darr: '↓',
    hearts: '♥',
  }),
])

function characterOf(code: number): string {
  const isScalar = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return isScalar ? String.fromCodePoint(code) : '\uFFFD'
}

/** `text` with its character references replaced; an ampersand that begins none stays. */
export const decodeEntities = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-fA-F]{1,8})|#(\d{1,9})|([a-zA-Z][a-zA-Z0-9]{1,7}));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return characterOf(Number.parseInt(hex, 16))
      if (decimal !== undefined) return characterOf(Number(decimal))
      return ENTITIES.get(name ?? '') ?? whole
    },
  )

const attributesOf = (text: string): Map<string, string> =>
  new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decodeEntities(double ?? single ?? bare ?? ''),
    ]),
  )

/** The tokens of `html`. Texts are as written, references included; comments and declarations are left out. */
export function tokenize(html: string): HtmlToken[] {
  const tokens: HtmlToken[] = []
  let textFrom = 0
  const push = (token: HtmlToken | undefined, from: number, to: number): void => {
    if (from > textFrom) tokens.push({ kind: 'text', text: html.slice(textFrom, from) })
    if (token) tokens.push(token)
    textFrom = to
  }
  const lastCommentEnd = html.lastIndexOf('-->')
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', Math.max(at + 1, textFrom))) {
    TAG.lastIndex = at
    const match = TAG.exec(html)
    const name = (match?.[1] ?? match?.[2])?.toLowerCase() ?? ''
    if (match && ELEMENTS.has(name)) {
      const token: HtmlToken =
        match[1] === undefined
          ? { kind: 'open', name, attributes: attributesOf(match[3] ?? '') }
          : { kind: 'close', name }
      push(token, at, TAG.lastIndex)
    } else if (html.startsWith('<!--', at) && at < lastCommentEnd) {
      push(undefined, at, html.indexOf('-->', at) + 3)
    } else {
      DECLARATION.lastIndex = at
      if (DECLARATION.test(html)) push(undefined, at, DECLARATION.lastIndex)
    }
  }
  push(undefined, html.length, html.length)
  return tokens
}
