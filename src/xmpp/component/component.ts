/** Our domain on a host server: a link that is dialled again whenever it is lost, and stanzas both ways. XEP-0114. */
import type { Logger } from 'pino'
import { type Jid, parseJid } from '../../stanza/jid.ts'
import { PARSER_LIMITS, ReaderPool } from '../../stanza/parser.ts'
import { errorReply, type StanzaError } from '../../stanza/stanza-error.ts'
import {
  addressed,
  type Element,
  el,
  escapeAttribute,
  type PreparedStanza,
  prepare,
} from '../../stanza/xml.ts'
import { backoffMs } from '../../util/backoff.ts'
import { Turns } from '../turns.ts'
import { HeldStanzas } from './held-stanzas.ts'
import { COMPONENT_LIMITS, COMPONENT_TIMINGS, type ComponentLimits, type ComponentTimings } from './limits.ts'
import { type ComponentAddress, ComponentLink, type LinkEnd } from './link.ts'

export interface ComponentOptions {
  readonly address: ComponentAddress
  readonly log: Logger
  /** 0 … 1. */
  readonly random: () => number
  readonly limits?: Partial<ComponentLimits>
  readonly timings?: Partial<ComponentTimings>
  /** A stanza for our domain; `from` and `to` are normalised, in the stanza too, unless `to` is malformed. */
  readonly onStanza: (from: Jid, stanza: Element) => void
  /** The link is up, for the first time or again. What was held is on its way, before all that is sent now. */
  readonly onUp: () => void
  /**
   * The link was down for so long that what was held is thrown away: whoever is behind the host has missed something.
   * Once until the link is up again; what is sent from now on is held anew.
   */
  readonly onMissed: () => void
}

/** Made once, started once. Sending never fails: what cannot be sent now is held, or `onMissed` says so. */
export interface Component {
  start(): void
  /** Sends what was written, then ends the stream. */
  stop(): Promise<void>
  /** Full or bare address. An answer that is too large for the host becomes an error. */
  send(to: string, stanza: Element): void
  /** One serialisation to many. */
  fanout(stanza: PreparedStanza, to: readonly string[]): void
  readonly isUp: boolean
  /** Why the link is not up, in words; undefined while it is. */
  readonly problem: string | undefined
  readonly counters: ComponentCounters
  /** What is held, or was written and the system has not taken yet, about. */
  waitingBytes(): number
}

/** Running totals. */
export interface ComponentCounters {
  /** Links that came up. */
  readonly links: number
  /** Stanzas that were not sent as they were too large. */
  readonly tooLarge: number
  /** Stanzas thrown away because the host was away for too long. */
  readonly missed: number
  /** Stanzas from the host without a valid sender. */
  readonly unaddressed: number
  /** Stanzas from the host that are too large, too deep, or use undeclared prefixes. */
  readonly unreadable: number
}

const TOO_LARGE: StanzaError = {
  type: 'modify',
  condition: 'policy-violation',
  text: 'The answer is larger than the host server takes; ask for less.',
}

const UNREADABLE: StanzaError = {
  type: 'modify',
  condition: 'bad-request',
  text: 'This has too many elements inside one another, or is no XML that can be passed on.',
}
const tooLong = (characters: number): StanzaError => ({
  type: 'modify',
  condition: 'policy-violation',
  text: `This is too large: at most ${characters} characters, as XML.`,
})
const STANZAS: ReadonlySet<string> = new Set(['message', 'presence', 'iq'])

export function createComponent(options: ComponentOptions): Component {
  const { address, log, random } = options
  const limits = { ...COMPONENT_LIMITS, ...options.limits }
  const timings = { ...COMPONENT_TIMINGS, ...options.timings }
  const turns = new Turns()
  const readers = new ReaderPool({ ...PARSER_LIMITS, maxStanzaBytes: 3 * limits.maxStanzaCharacters })
  const held = new HeldStanzas(limits.maxHeldCharacters)
  const counters = { links: 0, tooLarge: 0, missed: 0, unaddressed: 0, unreadable: 0 }
  let link: ComponentLink | undefined
  let isUp = false
  let isStopped = false
  let hasMissed = false
  let failures = 0
  let lastCode: LinkEnd['code'] | undefined
  let problem: string | undefined = 'not linked yet'
  let redial: NodeJS.Timeout | undefined
  let giveUp: NodeJS.Timeout | undefined

  function dial(): void {
    link = new ComponentLink({ address, limits, timings, turns, readers }, { up, stanza, unreadable, down })
  }

  function up(): void {
    clearTimeout(giveUp)
    giveUp = undefined
    isUp = true
    failures = 0
    lastCode = undefined
    problem = undefined
    hasMissed = false
    counters.links++
    log.info({ host: address.host, port: address.port, domain: address.domain }, 'component linked')
    for (const text of held.take()) link?.write(text)
    options.onUp()
  }

  function down({ code, detail }: LinkEnd): void {
    link = undefined
    giveUp ??= setTimeout(miss, timings.holdMs)
    isUp = false
    failures++
    problem = detail
    // The same once more is no news.
    log[code === lastCode ? 'debug' : 'warn']({ code, detail }, 'component not linked')
    lastCode = code
    if (isStopped) return
    const maxMs = code === 'XMPP_COMPONENT_REFUSED' ? timings.refusedRedialMs : timings.maxRedialMs
    const firstMs = code === 'XMPP_COMPONENT_REFUSED' ? timings.refusedRedialMs : timings.firstRedialMs
    redial = setTimeout(dial, backoffMs(failures, random(), { firstMs, maxMs }))
  }

  function miss(): void {
    counters.missed += held.take().length
    if (hasMissed) return
    hasMissed = true
    // In its own turn: whoever sends now is in the middle of something.
    setImmediate(options.onMissed)
  }

  function stanza(incoming: Element): void {
    const from = parseJid(String(incoming.attrs.from ?? ''))
    if (!from || incoming.attrs.to === undefined) {
      counters.unaddressed++
      return
    }
    const to = parseJid(String(incoming.attrs.to))
    incoming.attrs.from = from.full
    if (to) incoming.attrs.to = to.full
    options.onStanza(from, incoming)
  }

  /** RFC 6120 §8.3: what asks for an answer gets one. */
  function unreadable({ name, attrs }: Element, isTooLong: boolean): void {
    counters.unreadable++
    const from = parseJid(String(attrs.from ?? ''))
    const isAnswer = attrs.type === 'error' || attrs.type === 'result' || attrs.type === 'unavailable'
    if (!from || isAnswer || !STANZAS.has(name)) return
    const error = isTooLong ? tooLong(limits.maxStanzaCharacters) : UNREADABLE
    send(from.full, errorReply(el(name, { id: attrs.id, from: from.full, to: attrs.to }), error))
  }

  function write(text: string): void {
    if (isUp) link?.write(text)
    else if (!held.add(text)) {
      counters.missed++
      miss()
    }
  }

  const fits = ({ rest }: PreparedStanza): boolean =>
    // A UTF-16 unit takes three bytes at most: short ones need not be counted.
    3 * rest.length <= limits.maxSentStanzaBytes || Buffer.byteLength(rest) <= limits.maxSentStanzaBytes

  function send(to: string, outgoing: Element): void {
    if (!isOurs(outgoing.attrs.from, address.domain)) outgoing.attrs.from = address.domain
    const prepared = prepare(outgoing)
    if (fits(prepared)) {
      write(addressed(prepared, escapeAttribute(to)))
      return
    }
    counters.tooLarge++
    if (outgoing.name !== 'iq' || outgoing.attrs.type !== 'result') return
    const { from, id } = outgoing.attrs
    const error = errorReply(el('iq', { from: to, to: from, id }), TOO_LARGE)
    write(addressed(prepare(error), escapeAttribute(to)))
  }

  return {
    start: dial,

    stop: async () => {
      isStopped = true
      clearTimeout(redial)
      clearTimeout(giveUp)
      await link?.close()
      isUp = false
      problem = 'stopped'
    },

    send,

    fanout: (prepared, to) => {
      if (fits(prepared)) for (const full of to) write(addressed(prepared, escapeAttribute(full)))
      else counters.tooLarge += to.length
    },

    get isUp() {
      return isUp
    },

    get problem() {
      return problem
    },

    counters,

    waitingBytes: () => held.characters + (link?.waitingBytes ?? 0),
  }
}

/** A host ends the link of a component that speaks for others. */
function isOurs(from: unknown, domain: string): boolean {
  const address = String(from ?? '')
  const slash = address.indexOf('/')
  const bare = slash === -1 ? address : address.slice(0, slash)
  return bare.slice(bare.indexOf('@') + 1) === domain
}
