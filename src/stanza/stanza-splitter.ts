/** Cuts the text of a stream into header and stanzas without looking into them, so that one bad stanza stays one. */

/** A piece of a stream, in order. Nothing comes after `end` or `failed`. */
export type StreamPiece =
  | { readonly kind: 'header'; readonly text: string }
  /** `tag`: the start tag alone. */
  | { readonly kind: 'stanza'; readonly text: string; readonly tag: string }
  /** A stanza of too many characters; only its start tag was kept, or nothing when that was too long. */
  | { readonly kind: 'excess'; readonly tag: string }
  | { readonly kind: 'end' }
  /** What no server writes: a comment, a declaration or CDATA inside the stream, or text between stanzas. */
  | { readonly kind: 'failed'; readonly detail: string }

/** Characters of a start tag that is kept though the stanza is not. */
const MAX_TAG_CHARS = 16_384
const SPACE = /^[ \t\r\n]*$/
const TAG_CHARACTER = /[>"']/g

/** Takes what is well-formed; of what is not, it makes pieces that a parser refuses. */
export class StanzaSplitter {
  readonly #maxCharacters: number
  /** Open elements, the stream's own included. */
  #depth = 0
  #mode: 'text' | 'tag' | '"' | "'" = 'text'
  /** Of the tag that is being read: the character after `<`, and the last one that is in no quotes. */
  #firstOfTag = ''
  #lastOfTag = ''
  /** The current header or stanza so far. */
  #parts: string[] = []
  #characters = 0
  #firstTag: string | undefined
  #pieces: StreamPiece[] = []
  #isOver = false

  /** `maxCharacters`: of one stanza. */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  /** Takes the next text of the stream and returns the pieces that it completes. */
  write(text: string): StreamPiece[] {
    let from = 0
    let at = 0
    while (at < text.length && !this.#isOver) {
      if (this.#mode === 'text') {
        const open = text.indexOf('<', at)
        at = open === -1 ? text.length : open
        if (this.#depth <= 1) {
          // Between stanzas, where white space keeps the connection alive.
          if (!SPACE.test(text.slice(from, at))) this.#fail('text between stanzas')
          from = at
        }
        if (open !== -1) {
          this.#mode = 'tag'
          this.#firstOfTag = ''
          this.#lastOfTag = ''
          at = open + 1
        }
      } else if (this.#mode === 'tag') {
        TAG_CHARACTER.lastIndex = at
        const found = TAG_CHARACTER.exec(text)
        const end = found?.index ?? text.length
        if (this.#firstOfTag === '') this.#firstOfTag = text.charAt(at)
        if (end > at) this.#lastOfTag = text.charAt(end - 1)
        at = Math.min(end + 1, text.length)
        if (found?.[0] === '>') from = this.#tagEnded(text, from, at)
        else if (found) this.#mode = found[0] as '"' | "'"
      } else {
        const close = text.indexOf(this.#mode, at)
        at = close === -1 ? text.length : close + 1
        if (close !== -1) {
          this.#mode = 'tag'
          this.#lastOfTag = '"'
        }
      }
    }
    if (!this.#isOver) this.#keep(text.slice(from))
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  /** The tag ends at `to`; what is kept of the text begins at `from`. Returns from where the next begins. */
  #tagEnded(text: string, from: number, to: number): number {
    this.#mode = 'text'
    const first = this.#firstOfTag
    if (first === '?' && this.#depth === 0) {
      this.#take() // the XML declaration
      return to
    }
    if (first === '?' || first === '!') {
      this.#fail('a comment, a declaration or CDATA')
      return to
    }
    if (first === '/') this.#depth--
    else if (this.#lastOfTag !== '/') this.#depth++
    if (first === '/' && this.#depth <= 0) {
      this.#isOver = true
      this.#pieces.push({ kind: 'end' })
      return to
    }
    if (this.#depth === 1 && first !== '/' && this.#lastOfTag !== '/') {
      this.#keep(text.slice(from, to))
      this.#pieces.push({ kind: 'header', text: this.#take() })
      return to
    }
    const isFirst = this.#firstTag === undefined
    if (!isFirst && this.#depth > 1) return from
    this.#keep(text.slice(from, to))
    if (isFirst) this.#firstTag = this.#characters <= MAX_TAG_CHARS ? this.#parts.join('') : ''
    if (this.#depth === 1) this.#stanzaEnded()
    return to
  }

  #stanzaEnded(): void {
    const tag = this.#firstTag ?? ''
    const isExcess = this.#characters > this.#maxCharacters
    const text = this.#take()
    this.#pieces.push(isExcess ? { kind: 'excess', tag } : { kind: 'stanza', text, tag })
  }

  #keep(text: string): void {
    this.#characters += text.length
    if (this.#characters <= this.#maxCharacters) this.#parts.push(text)
    else this.#parts = []
  }

  #take(): string {
    const text = this.#parts.join('')
    this.#parts = []
    this.#characters = 0
    this.#firstTag = undefined
    return text
  }

  #fail(detail: string): void {
    this.#isOver = true
    this.#pieces.push({ kind: 'failed', detail })
  }
}
