/** Nicks of foreign participants in one room: legal, unique, and the same after a restart. */
import type { ParticipantId } from '../util/ids.ts'
import { inUnicode32 } from './unicode-3-2.ts'

/** Characters of a foreign nick that are shown at most, before any addition. */
const MAX_NICK_CHARS = 64
/** Holders that are remembered in one room; the one that has been away longest is forgotten. */
const MAX_HOLDERS = 10_000

/** A change to be kept: who holds this nick without addition from now on; null for nobody. */
export interface NickClaim {
  readonly nick: string
  readonly participant: ParticipantId | null
}

/** The nick to show, and what to remember of it. */
export interface NickAnswer {
  readonly nick: string
  readonly claims: readonly NickClaim[]
}

// Control, format, private-use and unassigned characters, variation selectors and the like: what RFC 3920's
// resourceprep forbids or drops, so that strict and lenient software see one and the same nick.
const NOT_IN_NICKS =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Variation_Selector}\u1806\uFFFC\uFFFD]|\u034F/gu

/** `nick` as an XMPP resource: characters that cannot be are left out; empty when nothing remains. */
export function legalNick(nick: string): string {
  const cleaned = nick
    .normalize('NFKC')
    .replace(/[\t\n\r]/g, ' ')
    .replace(NOT_IN_NICKS, '')
    .normalize('NFKC')
    .replace(/\p{Zs}+/gu, ' ')
    .trim()
  return [...cleaned].slice(0, MAX_NICK_CHARS).join('').trim()
}

/** The nick itself, then with ever more of the identity's id, then numbered. */
function* candidates(base: string, id: ParticipantId): Generator<string> {
  yield base
  for (let digits = 4; digits < id.length; digits *= 2) yield `${base} (${id.slice(0, digits)})`
  yield `${base} (${id})`
  for (let n = 2; ; n++) yield `${base} (${id}) ${n}`
}

/**
 * Who has which nick in one room. The first to have a nick holds it, present or not; others get ` (xxxx)` of
 * their identity's id. Nicks of present XMPP users are respected.
 */
export class NickTable {
  /** Holders of nicks without addition, longest unseen first. */
  readonly #holders = new Map<string, ParticipantId>()
  readonly #held = new Map<ParticipantId, string>()
  readonly #shown = new Map<ParticipantId, string>()
  readonly #present = new Map<string, ParticipantId>()
  readonly #local = new Set<string>()
  readonly #legal: (nick: string) => string

  /**
   * `holders`: what earlier claims led to, oldest first. `forAllServers`: nicks have only characters that every XMPP
   * server takes in an address; the embedded one takes more.
   */
  constructor(
    holders: Iterable<{ readonly nick: string; readonly participant: ParticipantId }> = [],
    forAllServers = false,
  ) {
    this.#legal = forAllServers ? (nick) => legalNick(inUnicode32(legalNick(nick))) : legalNick
    for (const { nick, participant } of holders) this.#hold(nick, participant)
  }

  /** Holders of nicks without addition, as the constructor takes them. */
  get holders(): { readonly nick: string; readonly participant: ParticipantId }[] {
    return [...this.#holders].map(([nick, participant]) => ({ nick, participant }))
  }

  isPresent(id: ParticipantId): boolean {
    return this.#shown.has(id)
  }

  /** The nick that a present participant has in the room. */
  shown(id: ParticipantId): string | undefined {
    return this.#shown.get(id)
  }

  /** A participant is there, or calls itself differently now. */
  enter(id: ParticipantId, wanted: string): NickAnswer {
    const answer = this.nickFor(id, wanted)
    this.leave(id)
    this.#shown.set(id, answer.nick)
    this.#present.set(answer.nick, id)
    return answer
  }

  /** The nick of a participant who need not be there: what it is shown with, or would be. */
  nickFor(id: ParticipantId, wanted: string): NickAnswer {
    const base = this.#legal(wanted) || id.slice(0, 8)
    for (const nick of candidates(base, id)) {
      if (!this.#isFreeFor(id, nick)) continue
      return { nick, claims: nick === base ? this.#claim(nick, id) : [] }
    }
    throw new Error('candidates end never')
  }

  leave(id: ParticipantId): void {
    const nick = this.#shown.get(id)
    if (nick === undefined) return
    this.#shown.delete(id)
    this.#present.delete(nick)
  }

  localEntered(nick: string): void {
    this.#local.add(nick)
  }

  localLeft(nick: string): void {
    this.#local.delete(nick)
  }

  #isFreeFor(id: ParticipantId, nick: string): boolean {
    return (
      !this.#local.has(nick) &&
      (this.#present.get(nick) ?? id) === id &&
      (this.#holders.get(nick) ?? id) === id
    )
  }

  /** One nick each: who takes another lets go of the one before. */
  #claim(nick: string, id: ParticipantId): NickClaim[] {
    const before = this.#held.get(id)
    const isNews = before !== nick
    const claims: NickClaim[] = []
    if (isNews && before !== undefined) claims.push(this.#release(before))
    this.#hold(nick, id)
    if (isNews) claims.push({ nick, participant: id })
    const oldest = this.#holders.size > MAX_HOLDERS ? this.#longestAway() : undefined
    if (oldest !== undefined) claims.push(this.#release(oldest))
    return claims
  }

  #hold(nick: string, id: ParticipantId): void {
    this.#holders.delete(nick)
    this.#holders.set(nick, id)
    this.#held.set(id, nick)
  }

  #release(nick: string): NickClaim {
    const id = this.#holders.get(nick)
    this.#holders.delete(nick)
    if (id !== undefined) this.#held.delete(id)
    return { nick, participant: null }
  }

  #longestAway(): string | undefined {
    for (const [nick, id] of this.#holders) if (!this.#shown.has(id)) return nick
    return undefined
  }
}
