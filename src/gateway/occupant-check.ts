/** Whether sessions behind the host server are still there: asked after a link came up, and now and then (XEP-0199). */
import { presenceIn } from '../muc/ghosts.ts'
import type { Jid } from '../stanza/jid.ts'
import { NS } from '../stanza/ns.ts'
import { type Element, el } from '../stanza/xml.ts'

/** In ms. */
export interface CheckTimings {
  /** How often it is looked for sessions to ask. */
  readonly roundMs: number
  /** A session that said nothing for so long is asked. */
  readonly idleMs: number
  /** A session that gives no answer is asked in each round, and out after so long: clients on bad networks come back. */
  readonly silentMs: number
  /** Pause between two batches of questions. */
  readonly batchPauseMs: number
}

/** The documented defaults. */
export const CHECK_TIMINGS: CheckTimings = {
  roundMs: 60_000,
  idleMs: 600_000,
  silentMs: 720_000,
  batchPauseMs: 50,
}

/** Questions that are sent together. */
const MAX_BATCH = 500
const PREFIX = 'there-'

export interface OccupantCheckOptions {
  /** The service, which asks. */
  readonly domain: string
  readonly timings?: Partial<CheckTimings>
  /** Full JIDs of those that are to be there. */
  sessions(): Iterable<string>
  send(to: string, stanza: Element): void
  nowMs(): number
  /** Nobody is there any more. */
  onGone(full: string): void
  /** The answer may be that of a client that does not know the question. */
  onUnsure(full: string): void
  /** A round begins. */
  onRound(): void
}

interface Known {
  heardAtMs: number
  /** Of the question that has no answer. */
  question: string | undefined
  /** Since when there is one. */
  askedAtMs: number
}

export class OccupantCheck {
  readonly #options: OccupantCheckOptions
  readonly #timings: CheckTimings
  #known = new Map<string, Known>()
  #lastQuestion = 0
  #toAsk: string[] = []
  #asking: NodeJS.Timeout | undefined
  #round: NodeJS.Timeout | undefined

  constructor(options: OccupantCheckOptions) {
    this.#options = options
    this.#timings = { ...CHECK_TIMINGS, ...options.timings }
  }

  start(): void {
    this.#round = setInterval(() => this.#look(), this.#timings.roundMs)
  }

  stop(): void {
    clearInterval(this.#round)
    clearTimeout(this.#asking)
  }

  /** Asks everybody now. */
  askAll(): void {
    this.#ask([...this.#options.sessions()])
  }

  /** Something came from this session, so it is there. */
  heard(full: string): void {
    const known = this.#known.get(full)
    if (!known) return
    known.heardAtMs = this.#options.nowMs()
    known.question = undefined
  }

  /** False when the stanza is no answer to a question. */
  takes(from: Jid, stanza: Element): boolean {
    const { type, to, id } = stanza.attrs
    if (stanza.name !== 'iq' || (type !== 'result' && type !== 'error')) return false
    if (to !== this.#options.domain || !String(id).startsWith(PREFIX)) return false
    // An answer that was overtaken says nothing: who is here now may have come after the question.
    if (this.#known.get(from.full)?.question !== id) return true
    this.heard(from.full)
    const presence = type === 'result' ? 'there' : presenceIn(stanza)
    if (presence === 'gone') this.#options.onGone(from.full)
    else if (presence === 'unsure') this.#options.onUnsure(from.full)
    return true
  }

  #look(): void {
    this.#options.onRound()
    const { idleMs, silentMs } = this.#timings
    const nowMs = this.#options.nowMs()
    const known = new Map<string, Known>()
    const due: string[] = []
    for (const full of [...this.#options.sessions()]) {
      const session = this.#known.get(full) ?? { heardAtMs: nowMs, question: undefined, askedAtMs: 0 }
      if (session.question !== undefined && nowMs - session.askedAtMs >= silentMs) {
        this.#options.onGone(full)
        continue
      }
      known.set(full, session)
      if (session.question !== undefined || nowMs - session.heardAtMs >= idleMs) due.push(full)
    }
    this.#known = known
    this.#ask(due)
  }

  #ask(sessions: readonly string[]): void {
    this.#toAsk = [...sessions]
    clearTimeout(this.#asking)
    this.#askBatch()
  }

  #askBatch(): void {
    const nowMs = this.#options.nowMs()
    for (const full of this.#toAsk.splice(0, MAX_BATCH)) {
      const known = this.#known.get(full)
      const question = `${PREFIX}${++this.#lastQuestion}`
      const askedAtMs = known?.question === undefined ? nowMs : known.askedAtMs
      this.#known.set(full, { heardAtMs: known?.heardAtMs ?? nowMs, question, askedAtMs })
      this.#options.send(
        full,
        el(
          'iq',
          { type: 'get', id: question, from: this.#options.domain, to: full },
          el('ping', { xmlns: NS.ping }),
        ),
      )
    }
    if (this.#toAsk.length > 0) this.#asking = setTimeout(() => this.#askBatch(), this.#timings.batchPauseMs)
  }
}
