/** Stanzas of one JID, shown to an operator who asks: kept in memory only, and only while somebody goes on asking. */
import type { Logger } from 'pino'
import { type Jid, parseJid } from '../stanza/jid.ts'
import { GatewayError } from '../util/errors.ts'

/** One stanza as XML; `at` in ms since 1970, `in` from the user. */
export interface TracedStanza {
  readonly at: number
  readonly direction: 'in' | 'out'
  readonly xml: string
}

/** What has come since the last question. */
export interface TracePage {
  readonly stanzas: readonly TracedStanza[]
  /** Stanzas that came faster than they were asked for, and are lost. */
  readonly missed: number
}

/** What is to be traced: an account, or one of its sessions. */
export interface TraceRequest {
  readonly jid: string
  /** With all that people wrote; without, each text is an ellipsis, and so are most values of attributes. */
  readonly hasTexts: boolean
  /** Tells those apart who trace the same; each has all stanzas. */
  readonly watcher: string
}

interface Trace {
  readonly jid: Jid
  readonly hasTexts: boolean
  stanzas: TracedStanza[]
  missed: number
  /** Somebody waits for the next stanza. */
  wake: (() => void) | undefined
  expiry: NodeJS.Timeout | undefined
}

const MAX_TRACES = 8
/** Stanzas that wait to be asked for. */
const MAX_TRACED = 1_000
/** A question without news is answered after this. */
const ASK_MS = 20_000
/** Nobody asked for so long: the trace ends. */
const TRACE_IDLE_MS = 30_000

export class Traces {
  readonly #log: Logger
  readonly #nowMs: () => number
  readonly #traces = new Map<string, Trace>()

  constructor(log: Logger, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
  }

  /** Whether anything is traced at all. */
  get isOn(): boolean {
    return this.#traces.size > 0
  }

  /** A stanza passes between the gateway and a user (full or bare JID); `xml` is called only if it is traced. */
  note(direction: TracedStanza['direction'], user: string, xml: () => string): void {
    for (const trace of this.#traces.values()) {
      if (!matches(trace.jid, user)) continue
      const text = trace.hasTexts ? xml() : withoutTexts(xml())
      if (trace.stanzas.length >= MAX_TRACED) trace.missed += 1
      else trace.stanzas.push({ at: this.#nowMs(), direction, xml: text })
      trace.wake?.()
    }
  }

  /** Begins the trace, or goes on with it. Resolves when there is news, or after a while without. */
  async next(request: TraceRequest): Promise<TracePage> {
    const trace = this.#traceOf(request)
    clearTimeout(trace.expiry)
    // Whoever asks anew has given up the question before.
    trace.wake?.()
    if (trace.stanzas.length === 0) await news(trace)
    clearTimeout(trace.expiry)
    // All may have been ended meanwhile.
    if (this.#traces.get(keyOf(request)) === trace)
      trace.expiry = setTimeout(() => this.#end(request), TRACE_IDLE_MS)
    const { stanzas, missed } = trace
    trace.stanzas = []
    trace.missed = 0
    return { stanzas, missed }
  }

  /** Ends all. */
  stop(): void {
    for (const { expiry, wake } of this.#traces.values()) {
      clearTimeout(expiry)
      wake?.()
    }
    this.#traces.clear()
  }

  #traceOf(request: TraceRequest): Trace {
    const known = this.#traces.get(keyOf(request))
    if (known) return known
    const jid = parseJid(request.jid)
    if (!jid) throw new GatewayError('BAD_NAME', `${request.jid} is no JID, such as ann@localhost`)
    if (this.#traces.size >= MAX_TRACES)
      throw new GatewayError('TRACES_FULL', `${MAX_TRACES} traces run already: end one`)
    const { hasTexts } = request
    const trace: Trace = { jid, hasTexts, stanzas: [], missed: 0, wake: undefined, expiry: undefined }
    this.#traces.set(keyOf(request), trace)
    this.#log.info({ jid: jid.full, texts: hasTexts }, 'stanza trace begins')
    return trace
  }

  #end(request: TraceRequest): void {
    this.#traces.delete(keyOf(request))
    this.#log.info({ jid: request.jid }, 'stanza trace ends')
  }
}

const keyOf = ({ jid, hasTexts, watcher }: TraceRequest): string => `${jid} ${hasTexts} ${watcher}`

const matches = (wanted: Jid, user: string): boolean =>
  user === wanted.full || (wanted.resource === '' && user.startsWith(`${wanted.full}/`))

/** Attributes that say who, what and when; all others may hold what people wrote, or passwords. */
const SHOWN_ATTRIBUTES =
  /^(?:from|to|id|type|xmlns|by|jid|node|stamp|code|affiliation|role|var|action|status)$/

/** An ellipsis for all text between tags, and for the values of attributes that are not among those shown. */
const withoutTexts = (xml: string): string =>
  xml
    .replace(/>[^<]+</g, '>…<')
    .replace(/ ([^\s="<>/]+)="[^"]*"/g, (whole, name: string) =>
      SHOWN_ATTRIBUTES.test(name) ? whole : ` ${name}="…"`,
    )

function news(trace: Trace): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      trace.wake = undefined
      resolve()
    }
    const timer = setTimeout(done, ASK_MS)
    trace.wake = done
  })
}
