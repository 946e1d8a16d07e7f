/**
 * Reads the stream of a host server: what one of its users makes of a stanza costs that stanza, never the link. Hosts
 * pass on elements of any depth, and some of them prefixes that nobody declared.
 */
import { PARSER_LIMITS, type ReaderPool, type StreamEvent, StreamParser } from '../../stanza/parser.ts'
import { StanzaSplitter } from '../../stanza/stanza-splitter.ts'
import type { Element } from '../../stanza/xml.ts'

export interface PatientParserOptions {
  readonly readers: ReaderPool
  /** Of one stanza. */
  readonly maxCharacters: number
  /** A stanza that cannot be read, or is too long to be; its start tag alone. */
  onUnreadable(stanza: Element, isTooLong: boolean): void
}

/** Takes the place of a `StreamParser`. */
export class PatientParser {
  readonly #options: PatientParserOptions
  readonly #splitter: StanzaSplitter
  #parser: StreamParser
  #header = ''

  constructor(options: PatientParserOptions) {
    this.#options = options
    this.#splitter = new StanzaSplitter(options.maxCharacters)
    this.#parser = this.#newParser()
  }

  /** As `StreamParser.write`. */
  write(text: string): StreamEvent[] {
    return this.#splitter.write(text).flatMap((piece): StreamEvent[] => {
      switch (piece.kind) {
        case 'header':
          this.#header = piece.text
          return this.#parser.write(piece.text)
        case 'stanza':
          return this.#read(piece.text) ?? this.#refuse(piece.tag, false)
        case 'excess':
          return this.#refuse(piece.tag, true)
        case 'end':
          return [{ kind: 'closed' }]
        case 'failed':
          return [{ kind: 'failed', failure: { condition: 'not-well-formed', detail: piece.detail } }]
        default:
          return piece satisfies never
      }
    })
  }

  /** Undefined when this is no stanza that can be read. */
  #read(text: string): StreamEvent[] | undefined {
    const events = this.#parser.write(text)
    if (events.length === 1 && events[0]?.kind === 'stanza') return events
    this.#parser = this.#newParser()
    this.#parser.write(this.#header)
    return undefined
  }

  #refuse(tag: string, isTooLong: boolean): StreamEvent[] {
    const [event] = this.#read(tag.replace(/\/?>$/, '/>')) ?? []
    if (event?.kind === 'stanza') this.#options.onUnreadable(event.stanza, isTooLong)
    return []
  }

  #newParser(): StreamParser {
    return new StreamParser(
      { ...PARSER_LIMITS, maxStanzaBytes: 3 * this.#options.maxCharacters },
      this.#options.readers,
    )
  }
}
