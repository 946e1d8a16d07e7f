/** Inbound XML to elements, strict and bounded: RFC 6120 §4, §11, RFC 7395 §3.3. Bad input is a value, never an exception. */
import type { SaxesTagNS } from 'saxes'
import { fail, ok, type Result } from '../util/result.ts'
import {
  abort,
  catching,
  elementOf,
  newTokenizer,
  type ParseFailure,
  type ParserLimits,
  refuse,
  spaceEnd,
  type Tokenizer,
  TreeBuilder,
  utf8Length,
} from './tree-builder.ts'
import type { Element } from './xml.ts'

export type { ParseFailure, ParserLimits } from './tree-builder.ts'

/** 256 KiB, 64 levels, 64 attributes. */
export const PARSER_LIMITS: ParserLimits = { maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 }

/** What a stream brings, in order. Nothing comes after `failed` or `closed`. */
export type StreamEvent =
  /** The stream header, without children. */
  | { readonly kind: 'opened'; readonly header: Element }
  | { readonly kind: 'stanza'; readonly stanza: Element }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly failure: ParseFailure }

type Namespaces = Readonly<Record<string, string>>

/** A tokenizer for what is inside a stream, with the trees that it makes. */
interface StanzaReader {
  readonly tokenizer: Tokenizer
  readonly namespaces: Namespaces
  /** Who reads with it at present. */
  user: { tree(tree: Element): void; unmatched(name: string): void } | undefined
}

/**
 * Readers shared by many streams: one that waits for its next stanza needs none. Keeps as many as were ever in use at
 * the same time for one set of namespaces, and 16 at most.
 */
export class ReaderPool {
  readonly #limits: ParserLimits
  #idle: StanzaReader[] = []

  constructor(limits: ParserLimits = PARSER_LIMITS) {
    this.#limits = limits
  }

  /** A reader for the inside of a stream whose header declares these namespaces. */
  take(namespaces: Namespaces): StanzaReader {
    const at = this.#idle.findLastIndex((idle) => isSame(idle.namespaces, namespaces))
    return this.#idle.splice(at, at === -1 ? 0 : 1)[0] ?? this.#newReader(namespaces)
  }

  /** Takes back a reader that is between stanzas. */
  giveBack(reader: StanzaReader): void {
    reader.user = undefined
    this.#idle.push(reader)
    if (this.#idle.length > 16) this.#idle.shift()
  }

  #newReader(namespaces: Namespaces): StanzaReader {
    const tokenizer = newTokenizer(namespaces)
    const reader: StanzaReader = { tokenizer, namespaces, user: undefined }
    new TreeBuilder(tokenizer, this.#limits, (tree) => reader.user?.tree(tree))
    tokenizer.on('error', ({ message }) => {
      const unmatched = /^unmatched closing tag: (.*)\.$/s.exec(message)?.[1]
      if (unmatched !== undefined) reader.user?.unmatched(unmatched)
      refuse(message)
    })
    return reader
  }
}

/** Thrown out of a tokenizer that has read what was wanted; the rest of its text is for somebody else. */
class Enough {}

/** Reads one document as long as the connection: a header, then stanzas. Text must come whole, character by character. */
export class StreamParser {
  readonly #limits: ParserLimits
  readonly #pool: ReaderPool
  #headerTokenizer: Tokenizer | undefined = newTokenizer()
  #headerName = ''
  #namespaces: Namespaces = {}
  /** Only while a stanza is incomplete. */
  #reader: StanzaReader | undefined
  #events: StreamEvent[] = []
  #isOver = false
  #chunk = ''
  /** The reader's position at the start of the chunk. */
  #chunkFrom = 0
  /** Index in the chunk at which the current stanza begins or goes on. */
  #stanzaFrom = 0
  /** Bytes of the current stanza that came with earlier chunks; 0 between stanzas. */
  #earlierBytes = 0

  /** `pool`: shared by all streams of a server. */
  constructor(limits: ParserLimits = PARSER_LIMITS, pool = new ReaderPool(limits)) {
    this.#limits = limits
    this.#pool = pool
  }

  /** Takes the next text of the stream and returns what it completed. White space between stanzas is nothing. */
  write(text: string): StreamEvent[] {
    if (this.#isOver) return []
    const failure = catching(() => {
      const rest = this.#headerTokenizer ? this.#readHeader(this.#headerTokenizer, text) : text
      if (!this.#isOver) this.#readStanzas(rest)
    })
    if (failure) {
      this.#isOver = true
      this.#events.push({ kind: 'failed', failure })
    }
    this.#chunk = ''
    if (this.#isOver) this.#reader = undefined
    const events = this.#events
    this.#events = []
    return events
  }

  /** What comes after the header; empty as long as it is not complete. */
  #readHeader(tokenizer: Tokenizer, text: string): string {
    const chunk = this.#earlierBytes === 0 ? text.slice(spaceEnd(text, 0)) : text
    if (chunk === '') return ''
    const from = tokenizer.position
    let tag: SaxesTagNS | undefined
    tokenizer.on('opentag', (opened) => {
      tag = opened
      throw new Enough()
    })
    untilEnough(tokenizer, chunk)
    if (!tag) tokenizer.write('') // lets go of the chunk, and counts positions from its end
    const to = tag ? tokenizer.position - from : chunk.length
    this.#earlierBytes = this.#countBytes(chunk, 0, to)
    if (!tag) return ''
    this.#opened(tag)
    return chunk.slice(to)
  }

  #opened(tag: SaxesTagNS): void {
    this.#headerTokenizer = undefined
    this.#earlierBytes = 0
    this.#headerName = tag.name
    this.#namespaces = { ...tag.ns }
    this.#events.push({ kind: 'opened', header: elementOf(tag, this.#limits.maxAttributes) })
    if (tag.isSelfClosing) this.#closed()
  }

  #readStanzas(text: string): void {
    this.#chunk = this.#earlierBytes === 0 ? text.slice(spaceEnd(text, 0)) : text
    if (this.#chunk === '') return
    const reader = this.#reader ?? this.#pool.take(this.#namespaces)
    this.#reader = reader
    this.#namespaces = reader.namespaces // the same object for all streams that declare the same
    reader.user = this
    this.#chunkFrom = reader.tokenizer.position
    this.#stanzaFrom = 0
    untilEnough(reader.tokenizer, this.#chunk)
    if (this.#isOver) return
    reader.tokenizer.write('') // as above
    const isResting =
      this.#earlierBytes === 0 && spaceEnd(this.#chunk, this.#stanzaFrom) === this.#chunk.length
    if (isResting) {
      this.#pool.giveBack(reader)
      this.#reader = undefined
    } else this.#earlierBytes = this.#countBytes(this.#chunk, this.#stanzaFrom, this.#chunk.length)
  }

  /** A stanza is complete. Called by the reader. */
  tree(stanza: Element): void {
    const to = (this.#reader?.tokenizer.position ?? 0) - this.#chunkFrom
    this.#countBytes(this.#chunk, this.#stanzaFrom, to)
    this.#stanzaFrom = to
    this.#earlierBytes = 0
    this.#events.push({ kind: 'stanza', stanza })
  }

  /** An end tag without a start: the end of the stream when it has the header's name. Called by the reader. */
  unmatched(name: string): void {
    if (name !== this.#headerName) return
    this.#closed()
    throw new Enough()
  }

  #closed(): void {
    this.#isOver = true
    this.#events.push({ kind: 'closed' })
  }

  /** Bytes of the current stanza up to an index of `text`; fails when they are too many. */
  #countBytes(text: string, from: number, to: number): number {
    const bytes = this.#earlierBytes + utf8Length(text, from, to)
    if (bytes > this.#limits.maxStanzaBytes) tooLarge(this.#limits.maxStanzaBytes)
    return bytes
  }
}

/** Reads documents that stand alone, one a call: WebSocket frames and stored XML. */
export class DocumentParser {
  readonly #limits: ParserLimits
  #tokenizer: Tokenizer | undefined
  #tree: Element | undefined

  constructor(limits: ParserLimits = PARSER_LIMITS) {
    this.#limits = limits
  }

  /** The document's element, or why it was refused. */
  parse(text: string): Result<Element, ParseFailure> {
    const failure = catching(() => {
      const { maxStanzaBytes } = this.#limits
      if (utf8Length(text, 0, text.length) > maxStanzaBytes) tooLarge(maxStanzaBytes)
      this.#tokenizer ??= this.#newTokenizer()
      this.#tokenizer.write(text).close()
    })
    const tree = this.#tree
    this.#tree = undefined
    if (!failure && tree) return ok(tree)
    this.#tokenizer = undefined
    return fail(failure ?? { condition: 'not-well-formed', detail: 'no element' })
  }

  #newTokenizer(): Tokenizer {
    const tokenizer = newTokenizer()
    new TreeBuilder(tokenizer, this.#limits, (tree) => {
      this.#tree = tree
    })
    return tokenizer
  }
}

const tooLarge = (maxBytes: number): never =>
  abort('policy-violation', `a stanza of more than ${maxBytes} bytes`)

function untilEnough(tokenizer: Tokenizer, text: string): void {
  try {
    tokenizer.write(text)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
}

function isSame(one: Namespaces, other: Namespaces): boolean {
  if (one === other) return true
  const prefixes = Object.keys(one)
  return (
    prefixes.length === Object.keys(other).length && prefixes.every((prefix) => one[prefix] === other[prefix])
  )
}
