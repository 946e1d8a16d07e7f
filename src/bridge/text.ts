/** Message text: RetroShare's HTML to plain text and back. Source: docs/retroshare.md §4.2, §6.3, §6.6. */
import { decodeEntities, type HtmlToken, tokenize } from './html.ts'

/** Elements whose content nobody reads. */
const HIDDEN = new Set(['head', 'style', 'script', 'title'])
/** Elements that begin and end a line. */
const BLOCKS = new Set(
  `address blockquote body caption center dd div dl dt footer h1 h2 h3 h4 h5 h6 header hr html li ol p pre table
  tbody tfoot thead tr ul`.split(/\s+/),
)
/** Deeper quotes and lists look like this deep: each line repeats the marks. */
const MAX_MARKS = 4
/** Links that are worth nothing to a reader. */
const USELESS_LINK = /^\s*(?:javascript|data|vbscript):/i

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]/g

/** Line ends as `\n`, blanks as U+0020, no control characters but tab, no broken UTF-16, no empty lines around. */
export function normalizeText(text: string): string {
  const clean = text
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, '')
    .replace(/\u00A0/g, ' ')
    .replace(/\p{Cs}/gu, '\uFFFD')
    .trimEnd()
  let from = 0
  while (clean[from] === '\n') from++
  return clean.slice(from)
}

/** Collects lines of plain text out of running text, as a browser would break them. */
class Lines {
  #text = ''
  #line = ''
  #hasBlank = false
  /** Bullet or number that the next text gets. */
  lead = ''
  /** Quote marks that each line gets. */
  readonly marks: string[] = []

  /** Text in which white space only separates words. */
  flow(source: string): void {
    for (const [i, word] of source.split(/[ \t\r\n\f]+/).entries()) {
      if (i > 0) this.blank()
      this.put(decodeEntities(word))
    }
  }

  /** Text in which white space is as it is meant. */
  keep(source: string): void {
    for (const [i, line] of decodeEntities(source).split('\n').entries()) {
      if (i > 0) this.break()
      this.put(line)
    }
  }

  put(text: string): void {
    if (text === '') return
    this.#line += this.lead + (this.#hasBlank ? ` ${text}` : text)
    this.lead = ''
    this.#hasBlank = false
  }

  /** Separates what comes next from what stands in the line. */
  blank(): void {
    this.#hasBlank = this.#line !== ''
  }

  break(): void {
    this.#text = `${this.finish()}\n`
    this.#line = ''
    this.#hasBlank = false
  }

  breakUnlessEmpty(): void {
    if (this.#line !== '') this.break()
  }

  get isLineEmpty(): boolean {
    return this.#line === ''
  }

  finish(): string {
    return this.#text + this.marks.slice(0, MAX_MARKS).join('') + this.#line
  }
}

/** What an image says: nothing is ever loaded. */
function imageText(attributes: ReadonlyMap<string, string>): string {
  const source = attributes.get('src') ?? ''
  if (/^\s*data:/i.test(source)) return '[image]'
  const alternative = attributes.get('alt') ?? ''
  if (alternative !== '') return alternative
  return /^https?:/i.test(source) ? source : ''
}

/** Writes tokens into lines. */
class Renderer {
  readonly #lines = new Lines()
  readonly #lists: { next: number | null }[] = []
  #link: { readonly url: string; text: string } | undefined
  #preformatted = 0

  text(text: string): void {
    if (this.#preformatted > 0) this.#lines.keep(text)
    else this.#lines.flow(text)
    if (this.#link) this.#link.text += decodeEntities(text)
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    if (BLOCKS.has(name)) this.#lines.breakUnlessEmpty()
    switch (name) {
      case 'br':
        this.#lines.break()
        break
      case 'hr':
        this.#lines.put('---')
        this.#lines.break()
        break
      case 'img':
        this.#lines.put(imageText(attributes))
        if (this.#link) this.#link.text += imageText(attributes)
        break
      case 'a':
        this.#closeLink()
        this.#link = { url: (attributes.get('href') ?? '').replace(/\s/g, ''), text: '' }
        break
      case 'blockquote':
        this.#lines.marks.push('> ')
        break
      case 'pre':
        this.#preformatted++
        break
      case 'ul':
      case 'ol':
        this.#lists.push({ next: name === 'ol' ? 1 : null })
        break
      case 'li': {
        const list = this.#lists.at(-1)
        this.#lines.lead = list && list.next !== null ? `${list.next++}. ` : '• '
        break
      }
      case 'td':
      case 'th':
        if (!this.#lines.isLineEmpty) this.#lines.put('\t')
        break
    }
  }

  close(name: string): void {
    if (BLOCKS.has(name)) this.#lines.breakUnlessEmpty()
    switch (name) {
      case 'a':
        this.#closeLink()
        break
      case 'blockquote':
        this.#lines.marks.pop()
        break
      case 'pre':
        this.#preformatted = Math.max(0, this.#preformatted - 1)
        break
      case 'ul':
      case 'ol':
        this.#lists.pop()
        break
      case 'li':
        this.#lines.lead = ''
        break
    }
  }

  finish(): string {
    this.#closeLink()
    return this.#lines.finish()
  }

  /** `text (url)`, or the URL alone when the text says nothing else. */
  #closeLink(): void {
    if (!this.#link) return
    const { url, text } = this.#link
    this.#link = undefined
    if (url === '' || url === text.trim() || USELESS_LINK.test(url)) return
    if (text.trim() === '') this.#lines.put(url)
    else {
      this.#lines.blank()
      this.#lines.put(`(${url})`)
    }
  }
}

/** Where each hidden element is closed for the last time: one that never is hides nothing. */
function lastCloses(tokens: readonly HtmlToken[]): Map<string, number> {
  const closes = new Map<string, number>()
  for (const [i, token] of tokens.entries())
    if (token.kind === 'close' && HIDDEN.has(token.name)) closes.set(token.name, i)
  return closes
}

/**
 * What a reader of the lobby sees of `html`, as plain text, normalised by `normalizeText`. Text without tags keeps its white
 * space. Nothing is executed or loaded; time and length are linear in the length of `html`.
 */
export function lobbyToText(html: string): string {
  const tokens = tokenize(html)
  if (tokens.every(({ kind }) => kind === 'text'))
    return normalizeText(
      decodeEntities(tokens.map((token) => (token.kind === 'text' ? token.text : '')).join('')),
    )
  const closes = lastCloses(tokens)
  const renderer = new Renderer()
  let hidden: string | undefined
  for (const [i, token] of tokens.entries()) {
    if (hidden !== undefined) {
      if (token.kind === 'close' && token.name === hidden) hidden = undefined
    } else if (token.kind === 'text') renderer.text(token.text)
    else if (token.kind === 'close') renderer.close(token.name)
    else if (HIDDEN.has(token.name) && (closes.get(token.name) ?? -1) > i) hidden = token.name
    else renderer.open(token.name, token.attributes)
  }
  return normalizeText(renderer.finish())
}

/**
 * Character sequences for which RetroShare overwrites a text, which breaks its signature (§4.2); the last letter is
 * written as a character reference. `<!` cannot occur, as `<` is always escaped.
 */
const POISON: readonly (readonly [RegExp, string])[] = [
  [/PD94bW/g, 'PD94b&#87;'],
  [/PHN2Zy/g, 'PHN2Z&#121;'],
]

/**
 * What to put into a lobby so that its readers see the plain `text`: the inverse of `lobbyToText`, up to
 * `normalizeText`. A percent sign before a hex digit is escaped too, as the check for poison decodes `%XX`.
 */
export function textToLobby(text: string): string {
  const html = normalizeText(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/%(?=\s*[0-9a-fA-F])/g, '&#37;')
    // White space that HTML would swallow: the first blank of a line, all but the last of several, tabs.
    .replace(/ (?=[ \t\n])|(?<=\n|^) /g, '&#160;')
    .replace(/\t/g, '&#9;')
    .replace(/\n/g, '<br/>')
  return POISON.reduce((escaped, [pattern, harmless]) => escaped.replace(pattern, harmless), html)
}

/** Whether RetroShare would overwrite `text` where nothing can be escaped, such as in a nick (§4.2). */
export function isPoisonous(text: string): boolean {
  const decoded = text.replace(/%\s*([0-9a-fA-F]{1,2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return [text, decoded].some((form) => /<!e|PD94bW|PHN2Zy/.test(form) || form.includes('<!E'))
}
