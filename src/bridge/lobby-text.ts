/** RetroShare's HTML as a reader sees it: plain text with XEP-0393 styling, and the pictures in it. Source: docs/retroshare.md §6.3. */
import { decodeEntities, type HtmlToken, tokenize } from './html.ts'
import { Lines } from './lines.ts'
import { MAX_PICTURES, type Picture, readPicture } from './picture.ts'
import { changed, readDeclarations, readStyleSheet, type StyleChange, styleOfElement } from './styling.ts'
import { normalizeText } from './text.ts'

/** A lobby message as a room shows it. */
export interface LobbyText {
  /** Plain text, normalised; where a picture was there is its address or `[image]`. */
  readonly body: string
  /** Those whose address is in `body`, each once. */
  readonly pictures: readonly ShownPicture[]
}

export interface ShownPicture extends Picture {
  readonly url: string
}

/** The address that a picture will have; undefined when pictures are not shown. */
export type PictureUrl = (picture: Picture) => string | undefined

/** Elements whose content nobody reads. */
const HIDDEN = new Set(['head', 'style', 'script', 'title'])
/** Elements without content. */
const VOID = new Set(['br', 'hr', 'img', 'col', 'link', 'meta'])
/** Elements that begin and end a line. */
const BLOCKS = new Set(
  `address blockquote body caption center dd div dl dt footer h1 h2 h3 h4 h5 h6 header hr html li ol p pre table
  tbody tfoot thead tr ul`.split(/\s+/),
)
/** Links that are worth nothing to a reader. */
const USELESS_LINK = /^\s*(?:javascript|data|vbscript):/i
/** Begins the text below a RetroShare spoiler, which is written as a link and sent as a title. */
const SPOILER = /^hidden:/i

type Attributes = ReadonlyMap<string, string>

const attribute = (attributes: Attributes, name: string): string => attributes.get(name)?.trim() ?? ''

/** Emoji and shortcodes by the name of the resource that shows them: `:/emojione/1F600.png`, `:/smileys/grin.png`. */
function emoticon(source: string): string {
  const name = /^(?:qrc)?:\/(?:.*\/)?([\w-]{1,60}?)(?:\.\w{1,5})?$/i.exec(source)?.[1]
  if (name === undefined) return ''
  const points = /^(?:[0-9a-f]{4,5})(?:-[0-9a-f]{4,5}){0,9}$/i.test(name)
    ? name.split('-').map((point) => Number.parseInt(point, 16))
    : []
  const isEmoji = points.length > 0 && points.every((point) => point < 0xd800 || point > 0xdfff)
  return isEmoji ? String.fromCodePoint(...points) : `:${name}:`
}

/** An image that is no picture of its own: nothing is ever loaded. */
function imageText(attributes: Attributes): string {
  const source = attribute(attributes, 'src')
  const said = attribute(attributes, 'alt') || attribute(attributes, 'title')
  return said || emoticon(source) || (/^https?:/i.test(source) ? source : '')
}

/** Writes tokens into lines. */
class Renderer {
  readonly #lines = new Lines()
  readonly #lists: { next: number | null }[] = []
  readonly #classes = new Map<string, StyleChange>()
  /** Open elements with the style around each and the text below it, and how many there are of a name. */
  readonly #open: { readonly name: string; readonly style: number; readonly below: string }[] = []
  readonly #openCount = new Map<string, number>()
  readonly #pictures = new Map<string, ShownPicture>()
  readonly #urlOf: PictureUrl
  #pictureCount = 0
  #link: { readonly url: string; text: string } | undefined
  /** What is preformatted, as far as it is known. */
  #preformatted: string | undefined

  constructor(urlOf: PictureUrl) {
    this.#urlOf = urlOf
  }

  styleSheet(css: string): void {
    readStyleSheet(css, this.#classes)
  }

  text(text: string): void {
    if (this.#preformatted !== undefined) this.#preformatted += decodeEntities(text)
    else this.#lines.flow(text)
    if (this.#link) this.#link.text += decodeEntities(text)
  }

  open(name: string, attributes: Attributes): void {
    if (this.#preformatted !== undefined && name !== 'a') {
      this.#openPreformatted(name, attributes)
      return
    }
    if (BLOCKS.has(name)) this.#lines.breakUnlessEmpty()
    if (!VOID.has(name)) this.#enter(name, attributes)
    switch (name) {
      case 'br':
        this.#lines.break()
        break
      case 'hr':
        this.#lines.put('---')
        this.#lines.break()
        break
      case 'img':
        this.#image(attributes)
        break
      case 'a':
        this.#openLink(attributes)
        break
      case 'blockquote':
        this.#lines.marks.push('> ')
        break
      case 'pre':
        this.#preformatted = ''
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
    if (this.#preformatted !== undefined && name !== 'a' && name !== 'pre') return
    if (name === 'pre') this.#closePreformatted()
    if (BLOCKS.has(name)) this.#lines.breakUnlessEmpty()
    if (name === 'a') this.#closeLink()
    this.#leave(name)
    switch (name) {
      case 'blockquote':
        this.#lines.marks.pop()
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

  finish(): LobbyText {
    this.#closeLink()
    this.#closePreformatted()
    const body = normalizeText(this.#lines.finish())
    return { body, pictures: [...this.#pictures.values()] }
  }

  #enter(name: string, attributes: Attributes): void {
    const { style } = this.#lines
    const below = name === 'span' ? attribute(attributes, 'title') : ''
    this.#open.push({ name, style, below })
    this.#openCount.set(name, (this.#openCount.get(name) ?? 0) + 1)
    let inner = style | styleOfElement(name)
    for (const word of attribute(attributes, 'class').split(/\s+/)) {
      const change = this.#classes.get(word)
      if (change) inner = changed(inner, change)
    }
    const css = attributes.get('style')
    this.#lines.style = css === undefined ? inner : changed(inner, readDeclarations(css))
  }

  /** Ends the last open element of this name, and with it those that were opened in it. */
  #leave(name: string): void {
    if ((this.#openCount.get(name) ?? 0) === 0) return
    for (let left = this.#open.pop(); left; left = this.#open.pop()) {
      this.#openCount.set(left.name, (this.#openCount.get(left.name) ?? 1) - 1)
      this.#lines.style = left.style
      if (left.below !== '') this.#addInBrackets(left.below)
      if (left.name === name) return
    }
  }

  #addInBrackets(text: string): void {
    if (this.#preformatted !== undefined) this.#preformatted += ` (${text})`
    else {
      this.#lines.blank()
      this.#lines.put(`(${text.replace(/\s+/g, ' ')})`, 0)
    }
  }

  #image(attributes: Attributes): void {
    const source = attributes.get('src') ?? ''
    if (!/^\s*data:/i.test(source)) {
      const text = imageText(attributes)
      this.#lines.put(text)
      if (this.#link) this.#link.text += text
      return
    }
    const url = this.#show(source)
    if (url === undefined) {
      this.#lines.put('[image]')
      return
    }
    this.#lines.putAlone(url)
  }

  /** The address under which a picture will be shown. */
  #show(source: string): string | undefined {
    const picture = this.#pictureCount < MAX_PICTURES ? readPicture(source) : undefined
    const url = picture && this.#urlOf(picture)
    if (!picture || url === undefined) return undefined
    this.#pictureCount++
    this.#pictures.set(url, { ...picture, url })
    return url
  }

  #openPreformatted(name: string, attributes: Attributes): void {
    if (name === 'br') this.#preformatted += '\n'
    else if (name === 'img') this.#preformatted += imageText(attributes) || '[image]'
  }

  #closePreformatted(): void {
    const text = this.#preformatted?.replace(/^\n/, '').replace(/\n$/, '')
    this.#preformatted = undefined
    if (text !== undefined && text.trim() !== '') this.#lines.block(text.split('\n'))
  }

  #openLink(attributes: Attributes): void {
    this.#closeLink()
    const target = attribute(attributes, 'href')
    const url = SPOILER.test(target) ? target.replace(SPOILER, '') : target.replace(/\s/g, '')
    this.#link = { url, text: '' }
  }

  /** `text (url)`, or the URL alone when the text says nothing else. */
  #closeLink(): void {
    if (!this.#link) return
    const { url, text } = this.#link
    this.#link = undefined
    if (url === '' || url === text.trim() || USELESS_LINK.test(url)) return
    if (text.trim() !== '') this.#addInBrackets(url)
    else if (this.#preformatted !== undefined) this.#preformatted += url
    else this.#lines.put(url, 0)
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
 * What a reader of the lobby sees of `html`. Text without tags keeps its white space. Nothing is executed or loaded; time
 * is linear in the length of `html`.
 */
export function readLobbyText(html: string, urlOf: PictureUrl): LobbyText {
  const tokens = tokenize(html)
  if (tokens.every(({ kind }) => kind === 'text')) {
    const text = tokens.map((token) => (token.kind === 'text' ? token.text : '')).join('')
    return { body: normalizeText(decodeEntities(text)), pictures: [] }
  }
  const closes = lastCloses(tokens)
  const renderer = new Renderer(urlOf)
  let hidden: string | undefined
  for (const [i, token] of tokens.entries()) {
    if (hidden !== undefined) {
      if (token.kind === 'close' && token.name === hidden) hidden = undefined
      else if (token.kind === 'text' && hidden === 'style') renderer.styleSheet(token.text)
    } else if (token.kind === 'text') renderer.text(token.text)
    else if (token.kind === 'close') renderer.close(token.name)
    else if (HIDDEN.has(token.name) && (closes.get(token.name) ?? -1) > i) hidden = token.name
    else renderer.open(token.name, token.attributes)
  }
  return renderer.finish()
}
