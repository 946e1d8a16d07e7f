/** Inbound XML to elements, strict and bounded: RFC 6120 §11, RFC 7395 §3.3. Bad input is a value, never an exception. */
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

/** 256 KiB, 64 levels, 64 attributes. */
export const PARSER_LIMITS: ParserLimits = { maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 }

/** Why a stream cannot go on: the condition to close it with (RFC 6120 §4.9.3) and a detail without content of the stanza. */
export interface ParseFailure {
  readonly condition: StreamErrorCondition
  readonly detail: string
}

/** What a stream brings, in order. Nothing comes after `failed` or `closed`. */
export type StreamEvent =
  /** The stream header, without children. */
  | { readonly kind: 'opened'; readonly header: Element }
  | { readonly kind: 'stanza'; readonly stanza: Element }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly failure: ParseFailure }

/** Thrown out of the tokenizer, which would carry on after an error, and caught before it leaves this file. */
class ParseAbort extends Error {
  readonly failure: ParseFailure

  constructor(condition: StreamErrorCondition, detail: string) {
    super(detail)
    this.failure = { condition, detail }
  }
}

/** Reads one document as long as the connection: a header, then stanzas. Text must come whole, character by character. */
export class StreamParser {
  readonly #saxes: Saxes
  readonly #maxBytes: number
  #events: StreamEvent[] = []
  #isOver = false
  /** Position, in characters since the start, at which the current stanza begins. */
  #stanzaFrom = 0
  /** Bytes of the current stanza that came with earlier texts. */
  #earlierBytes = 0
  #chunkFrom = 0
  #chunk = ''
  /** Between stanzas: white space that comes now is no part of anything. */
  #isResting = true

  constructor(limits: ParserLimits = PARSER_LIMITS) {
    this.#maxBytes = limits.maxStanzaBytes
    this.#saxes = tokenizer(
      new TreeBuilder(limits, {
        header: (header) => {
          this.#events.push({ kind: 'opened', header })
          this.#endStanza()
        },
        tree: (stanza) => {
          this.#endStanza()
          this.#events.push({ kind: 'stanza', stanza })
        },
        end: () => {
          this.#isOver = true
          this.#events.push({ kind: 'closed' })
        },
      }),
    )
  }

  /** Takes the next text of the stream and returns what it completed. White space before the header is skipped. */
  write(text: string): StreamEvent[] {
    this.#chunk = this.#isResting ? text.slice(leadingSpace(text, 0)) : text
    if (this.#isOver || this.#chunk === '') return []
    this.#chunkFrom = this.#saxes.position
    const failure = catching(() => {
      this.#saxes.write(this.#chunk)
      this.#saxes.write('') // lets go of the chunk
      this.#endChunk()
    })
    if (failure && !this.#isOver) {
      this.#isOver = true
      this.#events.push({ kind: 'failed', failure })
    }
    this.#chunk = ''
    const events = this.#events
    this.#events = []
    return events
  }

  #endStanza(): void {
    this.#countBytes(this.#saxes.position)
    this.#stanzaFrom = this.#saxes.position
    this.#earlierBytes = 0
  }

  #endChunk(): void {
    const from = this.#stanzaFrom - this.#chunkFrom
    this.#isResting = from >= 0 && leadingSpace(this.#chunk, from) === this.#chunk.length
    if (this.#isResting) this.#stanzaFrom = this.#saxes.position
    else this.#earlierBytes = this.#countBytes(this.#chunkFrom + this.#chunk.length)
  }

  /** Bytes of the current stanza up to `position`; fails when they are too many. */
  #countBytes(position: number): number {
    const from = Math.max(this.#stanzaFrom - this.#chunkFrom, 0)
    const to = position - this.#chunkFrom
    const bytes = this.#earlierBytes + utf8Length(this.#chunk, from, to)
    if (bytes > this.#maxBytes) tooLarge(this.#maxBytes)
    return bytes
  }
}

/** Reads documents that stand alone, one a call: WebSocket frames and stored XML. */
export class DocumentParser {
  readonly #limits: ParserLimits
  #saxes: Saxes | undefined
  #tree: Element | undefined

  constructor(limits: ParserLimits = PARSER_LIMITS) {
    this.#limits = limits
  }

  /** The document's element, or why it was refused. */
  parse(
    text: string,
  ): { readonly ok: true; readonly value: Element } | { readonly ok: false; readonly error: ParseFailure } {
    const failure = catching(() => {
      if (utf8Length(text, 0, text.length) > this.#limits.maxStanzaBytes)
        tooLarge(this.#limits.maxStanzaBytes)
      this.#saxes ??= this.#newSaxes()
      this.#saxes.write(text).close()
    })
    const value = this.#tree
    this.#tree = undefined
    if (!failure && value) return { ok: true, value }
    this.#saxes = undefined
    return { ok: false, error: failure ?? { condition: 'not-well-formed', detail: 'no element' } }
  }

  #newSaxes(): Saxes {
    return tokenizer(
      new TreeBuilder(this.#limits, {
        tree: (tree) => {
          this.#tree = tree
        },
      }),
    )
  }
}

interface TreeSinks {
  /** With it, the outermost element is a stream header and the trees are its children. */
  readonly header?: (header: Element) => void
  readonly tree: (tree: Element) => void
  /** The outermost element of a stream ended. */
  readonly end?: () => void
}

/** Makes elements of tags. The root of each tree declares what it takes from the stream header, so it can stand alone. */
class TreeBuilder {
  readonly #limits: ParserLimits
  readonly #sinks: TreeSinks
  #isInside: boolean
  #root: Element | undefined
  #current: Element | undefined
  #depth = 0

  constructor(limits: ParserLimits, sinks: TreeSinks) {
    this.#limits = limits
    this.#sinks = sinks
    this.#isInside = sinks.header === undefined
  }

  open(tag: SaxesTagNS): void {
    const element = emptyElement(tag.name)
    let count = 0
    let hasPrefix = tag.prefix !== ''
    for (const name in tag.attributes) {
      const attribute = tag.attributes[name]
      if (attribute === undefined) continue
      if (++count > this.#limits.maxAttributes) abort('policy-violation', 'too many attributes')
      if (attribute.prefix !== '') hasPrefix = true
      setAttribute(element, name, attribute.value)
    }
    if (!this.#isInside) {
      this.#isInside = true
      this.#sinks.header?.(element)
      return
    }
    if (++this.#depth > this.#limits.maxDepth) abort('policy-violation', 'elements too deep in one another')
    if (this.#current) this.#current.append(element)
    else {
      this.#root = element
      if (tag.prefix === '' && tag.uri !== '') element.attrs.xmlns = tag.uri
    }
    this.#current = element
    if (hasPrefix) this.#declarePrefixes(element, tag)
  }

  text(text: string): void {
    const current = this.#current
    if (!current) {
      if (this.#isInside && leadingSpace(text, 0) < text.length) abort('bad-format', 'text between stanzas')
      return
    }
    const { children } = current
    const last = children.length - 1
    const before = children[last]
    if (typeof before === 'string') children[last] = before + text
    else children.push(text)
  }

  close(): void {
    const closed = this.#current
    if (!closed) {
      this.#sinks.end?.()
      return
    }
    this.#current = closed.parent ?? undefined
    if (--this.#depth === 0) this.#sinks.tree(closed)
  }

  #declarePrefixes(element: Element, tag: SaxesTagNS): void {
    this.#declare(element, tag.prefix, tag.uri)
    for (const attribute of Object.values(tag.attributes))
      this.#declare(element, attribute.prefix, attribute.uri)
  }

  #declare(element: Element, prefix: string, uri: string): void {
    if (prefix === '' || prefix === 'xml' || prefix === 'xmlns' || element.findNS(prefix) !== undefined)
      return
    if (this.#root) setAttribute(this.#root, `xmlns:${prefix}`, uri)
  }
}

type Saxes = SaxesParser<{ xmlns: true; position: false }>

function tokenizer(builder: TreeBuilder): Saxes {
  // The declared version is ignored: XML 1.1 would allow control characters (RFC 6120 §11.4 knows 1.0 only).
  const saxes: Saxes = new SaxesParser({
    xmlns: true,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  })
  saxes.on('error', (error) => abort(conditionOf(error.message), error.message.replace(/[:{].*$/s, '')))
  saxes.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
      abort('unsupported-encoding', 'an encoding other than UTF-8 is declared')
  })
  saxes.on('doctype', () => abort('restricted-xml', 'a document type declaration'))
  saxes.on('comment', () => abort('restricted-xml', 'a comment'))
  saxes.on('processinginstruction', () => abort('restricted-xml', 'a processing instruction'))
  saxes.on('opentag', (tag) => builder.open(tag))
  saxes.on('text', (text) => builder.text(text))
  saxes.on('cdata', (text) => builder.text(text))
  saxes.on('closetag', () => builder.close())
  return saxes
}

// RFC 6120 §11.1 forbids entity references other than the predefined ones; saxes tells its findings by text only.
function conditionOf(message: string): StreamErrorCondition {
  if (message.startsWith('unbound namespace prefix')) return 'bad-namespace-prefix'
  if (message.startsWith('undefined entity') || message.startsWith('inappropriately located doctype'))
    return 'restricted-xml'
  return 'not-well-formed'
}

function abort(condition: StreamErrorCondition, detail: string): never {
  throw new ParseAbort(condition, detail)
}

const tooLarge = (maxBytes: number): never =>
  abort('policy-violation', `a stanza of more than ${maxBytes} bytes`)

function catching(parse: () => void): ParseFailure | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    if (error instanceof ParseAbort) return error.failure
    throw error
  }
}

/** Index of the first character at or after `from` that is not XML white space. */
function leadingSpace(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
  }
  return at
}

function utf8Length(text: string, from: number, to: number): number {
  let bytes = to - from
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    // A surrogate pair is two units and four bytes.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1
  }
  return bytes
}
