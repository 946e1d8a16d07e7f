/** Tags to elements within limits, and the tokenizer set to refuse what XMPP forbids: RFC 6120 §11. Used by parser.ts only. */
import { SaxesParser, type SaxesTagNS } from 'saxes'
import type { StreamErrorCondition } from './stream-error.ts'
import { type Element, emptyElement, setAttribute } from './xml.ts'

/** What one stanza may be at most. */
export interface ParserLimits {
  /** Bytes of UTF-8 from the end of the stanza before to its own end. */
  readonly maxStanzaBytes: number
  /** Elements inside one another, the stanza itself included. */
  readonly maxDepth: number
  /** Attributes of one element, namespace declarations included. */
  readonly maxAttributes: number
}

/** Why a stream cannot go on: the condition to close it with (RFC 6120 §4.9.3) and a detail without content of the stanza. */
export interface ParseFailure {
  readonly condition: StreamErrorCondition
  readonly detail: string
}

export type Tokenizer = SaxesParser<{ xmlns: true; position: false }>

/** Thrown out of the tokenizer, which would carry on after an error; `catching` makes a value of it. */
class ParseAbort extends Error {
  readonly failure: ParseFailure

  constructor(condition: StreamErrorCondition, detail: string) {
    super(detail)
    this.failure = { condition, detail }
  }
}

export function abort(condition: StreamErrorCondition, detail: string): never {
  throw new ParseAbort(condition, detail)
}

/** Runs a tokenizer; the failure it was aborted with, if any. Other exceptions are bugs and go on. */
export function catching(parse: () => void): ParseFailure | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    if (error instanceof ParseAbort) return error.failure
    throw error
  }
}

/** A tokenizer without handlers for tags and text. `namespaces` makes it read the inside of an element that declares them. */
export function newTokenizer(namespaces?: Readonly<Record<string, string>>): Tokenizer {
  // The declared version is ignored: XML 1.1 would allow control characters (RFC 6120 §11.4 knows 1.0 only).
  const tokenizer: Tokenizer = new SaxesParser({
    xmlns: true,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
    ...(namespaces && { fragment: true, additionalNamespaces: namespaces }),
  })
  tokenizer.on('error', ({ message }) => refuse(message))
  tokenizer.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
      abort('unsupported-encoding', 'an encoding other than UTF-8 is declared')
  })
  tokenizer.on('doctype', () => abort('restricted-xml', 'a document type declaration'))
  tokenizer.on('comment', () => abort('restricted-xml', 'a comment'))
  tokenizer.on('processinginstruction', () => abort('restricted-xml', 'a processing instruction'))
  return tokenizer
}

/** Aborts with what the tokenizer found; it tells its findings by text only. */
export function refuse(message: string): never {
  let condition: StreamErrorCondition = 'not-well-formed'
  if (message.startsWith('unbound namespace prefix')) condition = 'bad-namespace-prefix'
  // RFC 6120 §11.1 forbids entity references other than the predefined ones.
  if (message.startsWith('undefined entity') || message.startsWith('inappropriately located doctype'))
    condition = 'restricted-xml'
  abort(condition, message.replace(/[:{].*$/s, ''))
}

/** The element that a tag opens, without children. */
export function elementOf(tag: SaxesTagNS, maxAttributes: number): Element {
  const element = emptyElement(tag.name)
  let count = 0
  for (const name in tag.attributes) {
    if (++count > maxAttributes) abort('policy-violation', 'too many attributes')
    setAttribute(element, name, tag.attributes[name]?.value ?? '')
  }
  return element
}

/** Makes trees of the tags of a tokenizer. The root of each declares what it takes from outside, so it can stand alone. */
export class TreeBuilder {
  readonly #limits: Pick<ParserLimits, 'maxDepth' | 'maxAttributes'>
  readonly #done: (tree: Element) => void
  #root: Element | undefined
  #current: Element | undefined
  #depth = 0

  /** `done` is called with each complete tree. */
  constructor(
    tokenizer: Tokenizer,
    limits: Pick<ParserLimits, 'maxDepth' | 'maxAttributes'>,
    done: (tree: Element) => void,
  ) {
    this.#limits = limits
    this.#done = done
    tokenizer.on('opentag', (tag) => this.#open(tag))
    tokenizer.on('text', (text) => this.#text(text))
    tokenizer.on('cdata', (text) => this.#text(text))
    tokenizer.on('closetag', () => this.#close())
  }

  #open(tag: SaxesTagNS): void {
    const element = elementOf(tag, this.#limits.maxAttributes)
    // Looking up namespaces takes time quadratic in depth.
    if (++this.#depth > this.#limits.maxDepth) abort('policy-violation', 'elements too deep in one another')
    if (this.#current) this.#current.append(element)
    else {
      this.#root = element
      if (tag.prefix === '' && tag.uri !== '') element.attrs.xmlns = tag.uri
    }
    this.#current = element
    this.#declare(tag.prefix, tag.uri)
    for (const name in tag.attributes) {
      const attribute = tag.attributes[name]
      if (attribute && attribute.prefix !== '') this.#declare(attribute.prefix, attribute.uri)
    }
  }

  #text(text: string): void {
    const current = this.#current
    if (!current) {
      if (spaceEnd(text, 0) < text.length) abort('bad-format', 'text between stanzas')
      return
    }
    const { children } = current
    const last = children.length - 1
    const before = children[last]
    if (typeof before === 'string') children[last] = before + text
    else children.push(text)
  }

  #close(): void {
    const closed = this.#current
    if (!closed) return
    this.#current = closed.parent ?? undefined
    if (--this.#depth > 0) return
    this.#root = undefined
    this.#done(closed)
  }

  #declare(prefix: string, uri: string): void {
    if (prefix === '' || prefix === 'xml' || prefix === 'xmlns') return
    if (this.#root && this.#current?.findNS(prefix) === undefined)
      setAttribute(this.#root, `xmlns:${prefix}`, uri)
  }
}

/** Index of the first character at or after `from` that is not XML white space. */
export function spaceEnd(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
  }
  return at
}

/** Bytes of UTF-8 that `text` takes between two indices. */
export function utf8Length(text: string, from: number, to: number): number {
  let bytes = to - from
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    // A surrogate pair is two units and four bytes.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1
  }
  return bytes
}
