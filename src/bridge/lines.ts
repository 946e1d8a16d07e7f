/** Lines of plain text out of running text, as a browser would break them, with XEP-0393 directives for styles. */
import { decodeEntities } from './html.ts'
import { type Run, styledLine } from './styling.ts'
import { cleanText } from './text.ts'

/** Deeper quotes and lists look like this deep: each line repeats the marks. */
const MAX_MARKS = 4

/** Collects text; nothing is known of the elements that it came from. */
export class Lines {
  #text = ''
  #line: Run[] = []
  /** A blank comes before what is put next; its style. */
  #blank: number | undefined
  /** The line has something that stands alone in it. */
  #isFull = false
  /** Bullet or number that the next text gets. */
  lead = ''
  /** Quote marks that each line gets. */
  readonly marks: string[] = []
  /** Style of the text that comes. */
  style = 0

  /** Text in which white space only separates words. Addresses get no style: a directive would become part of them. */
  flow(source: string): void {
    for (const [i, word] of source.split(/[ \t\r\n\f]+/).entries()) {
      if (i > 0) this.blank()
      this.put(decodeEntities(word), word.includes('://') ? 0 : this.style)
    }
  }

  /** Adds to the line as it is. */
  put(source: string, style = this.style): void {
    const text = cleanText(source)
    if (text === '') return
    if (this.#isFull) this.break()
    if (this.lead !== '') this.#line.push({ text: this.lead, style: 0 })
    if (this.#blank !== undefined) this.#line.push({ text: ' ', style: this.#blank })
    this.#line.push({ text, style })
    this.lead = ''
    this.#blank = undefined
  }

  /** Puts something into a line of its own. */
  putAlone(text: string): void {
    this.breakUnlessEmpty()
    this.put(text, 0)
    this.#isFull = true
  }

  /** Separates what comes next from what stands in the line. */
  blank(): void {
    if (!this.isLineEmpty) this.#blank = (this.#blank ?? this.style) & this.style
  }

  break(): void {
    this.#text = `${this.finish()}\n`
    this.#line = []
    this.#blank = undefined
    this.#isFull = false
  }

  breakUnlessEmpty(): void {
    if (!this.isLineEmpty) this.break()
  }

  /** Lines in which white space is as it is meant, fenced unless a line of them, or a bullet, would end or hide the fence. */
  block(lines: readonly string[]): void {
    const fence = this.lead === '' && lines.every((line) => line.trim() !== '```') ? ['```'] : []
    for (const line of [...fence, ...lines, ...fence]) {
      if (line !== '') this.#line.push({ text: this.lead + line, style: 0 })
      this.lead = ''
      this.break()
    }
  }

  get isLineEmpty(): boolean {
    return this.#line.length === 0
  }

  finish(): string {
    return this.#text + this.marks.slice(0, MAX_MARKS).join('') + styledLine(this.#line)
  }
}
