/** Our people in lobbies until the router can have them: identities are made once somebody is there, what they say waits. */
import { GatewayError } from '../util/errors.ts'
import type { LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'
import { HeldIdentities, holderOf } from './held-identities.ts'
import type { GxsIdentity } from './identity/gxs-identity.ts'
import { MAX_ENTRIES, type SpeakerEntry, SpeakerTable } from './speaker-table.ts'
import type { Command, SpeakersPort } from './speakers-port.ts'
import { Unsaid } from './unsaid.ts'
import { WorkLine } from './work-line.ts'

/** Commands of one speaker in one lobby that wait for its identity. */
export const MAX_WAITING_COMMANDS = 32
/** Identities made at a time; further ones wait for their turn. */
const MAX_MAKING = 32
/**
 * In a signed lobby an unknown author is dropped, so friends get this long to fetch a new identity: RetroShare was seen
 * to have it after 6 s.
 */
export const ANNOUNCE_MS = 8000
/**
 * RetroShare drops the first item of an author whose record it has on disk but not in memory in a signed lobby, and all
 * that come until it is read: what is said waits so long after the speaker was announced.
 */
export const WARM_UP_MS = 4000

const BUSY = ['LOBBY_BUSY', 'Too many messages wait to be sent; try again later.'] as const

/** One per node. */
export class Speakers {
  readonly #port: SpeakersPort
  readonly #entries = new SpeakerTable()
  readonly #identities: HeldIdentities
  /** Lobbies where somebody waits for a friend. */
  readonly #quiet = new Map<LobbyId, Unsaid>()
  readonly #toMake = new WorkLine<SpeakerEntry>(MAX_MAKING, (entry) => this.#makeIdentity(entry))
  #isStopped = false

  constructor(port: SpeakersPort) {
    this.#port = port
    this.#identities = new HeldIdentities(port)
  }

  /** Speakers in lobbies whose identity is being made, or whose lobby is not known yet. */
  get waiting(): number {
    let count = 0
    for (const entry of this.#entries.all()) if (!entry.isIn && !entry.isAsleep) count++
    return count
  }

  /** The identity under which one of our speakers speaks. */
  identity(author: ParticipantId): GxsIdentity | undefined {
    return this.#identities.get(author)
  }

  take(command: Command<'enter' | 'exit' | 'say' | 'typing'>): void {
    switch (command.kind) {
      case 'enter':
        this.#enter(command)
        return
      case 'exit':
        this.#exit(command.lobby, command.speaker)
        return
      case 'say':
      case 'typing':
        this.#speak(command)
        return
    }
  }

  /** The lobby is left: all its speakers go. To be called before the router is told. */
  leaveLobby(lobby: LobbyId): void {
    for (const { enter } of [...this.#entries.in(lobby)]) this.#end(lobby, enter.speaker)
    this.#quiet.delete(lobby)
  }

  /** To be called when a friend may have come to the lobby, or to any: who waited for one is woken. */
  listen(lobby?: LobbyId): void {
    const lobbies = lobby === undefined ? [...this.#quiet.keys()] : this.#quiet.has(lobby) ? [lobby] : []
    for (const quiet of lobbies) if (this.#port.isHeard(quiet)) this.#wake(quiet)
  }

  /** The lobby is known now, or has changed. */
  lobbyShown(lobby: LobbyId): void {
    if (this.#quiet.has(lobby)) this.#tellExpected(lobby)
    this.listen(lobby)
    this.#look(lobby)
  }

  /** Nobody from here speaks in this lobby: it demands what is not to be done. */
  isClosed(lobby: LobbyId): boolean {
    return this.#port.linking(lobby) === 'never' && this.#port.lobbyKind(lobby) === 'signed'
  }

  #isToLink(lobby: LobbyId): boolean {
    const linking = this.#port.linking(lobby)
    return linking === 'linked' || (linking === 'anonymous' && this.#port.lobbyKind(lobby) === 'signed')
  }

  #look(lobby: LobbyId): void {
    // It was not known to be closed when they entered.
    if (this.isClosed(lobby)) this.leaveLobby(lobby)
    for (const entry of this.#entries.in(lobby)) {
      this.#admit(entry)
      this.#letSpeak(entry)
    }
    this.#sayUnsaid(lobby)
  }

  /** To be called about once a second. */
  tick(): void {
    for (const lobby of this.#entries.lobbies()) this.#look(lobby)
    for (const [lobby, unsaid] of this.#quiet) {
      unsaid.prune(this.#port.now())
      this.#endLeaving(lobby, unsaid)
    }
    this.listen()
  }

  /** No further identities are made. */
  stop(): void {
    this.#isStopped = true
    this.#toMake.clear()
  }

  #enter(enter: Command<'enter'>): void {
    const { lobby, speaker, nick, isKept } = enter
    if (this.isClosed(lobby)) return
    const before = this.#entries.get(lobby, speaker)
    if (before?.isLeaving) {
      before.isLeaving = false
      this.#tellExpected(lobby)
    }
    if (before && before.enter.nick === nick && before.enter.isKept === isKept) return
    if (!before && this.#entries.isFull) {
      const text = `at most ${MAX_ENTRIES} speakers can take part`
      this.#port.onFailed(speaker, new GatewayError('LOBBY_SPEAKERS_FULL', text))
      return
    }
    const holder = before?.holder ?? holderOf(speaker, this.#isToLink(lobby))
    const waiting = before?.waiting ?? []
    const { isIn, speaksAtMs } = before ?? { isIn: false, speaksAtMs: 0 }
    const isAsleep = !this.#port.isHeard(lobby)
    const fresh = { isAsleep, isLeaving: false, identity: undefined }
    const entry: SpeakerEntry = { ...fresh, enter, holder, isIn, speaksAtMs, waiting }
    this.#entries.set(entry)
    this.#identities.hold(entry.holder, entry.enter.lobby)
    if (isAsleep) {
      this.#unsaidIn(lobby)
      this.#tellExpected(lobby)
      return
    }
    this.#toMake.add([entry])
  }

  #unsaidIn(lobby: LobbyId): Unsaid {
    const unsaid = this.#quiet.get(lobby) ?? new Unsaid()
    this.#quiet.set(lobby, unsaid)
    return unsaid
  }

  #takeUnsaid(lobby: LobbyId, speaker: SpeakerId): Command<'say'>[] {
    const taken = this.#quiet.get(lobby)?.take(speaker) ?? []
    return taken.map(({ command }) => command)
  }

  /** Somebody is there: identities are made, and what was said is said. */
  #wake(lobby: LobbyId): void {
    const asleep = [...this.#entries.in(lobby)].filter((entry) => entry.isAsleep)
    for (const entry of asleep) entry.isAsleep = false
    this.#toMake.add(asleep)
    this.#sayUnsaid(lobby)
  }

  /** In the order in which it was said: each message waits for those before it. */
  #sayUnsaid(lobby: LobbyId): void {
    const unsaid = this.#quiet.get(lobby)
    if (!unsaid || !this.#port.isHeard(lobby)) return
    unsaid.prune(this.#port.now())
    for (let first = unsaid.first; first; first = unsaid.first) {
      const entry = this.#entries.get(lobby, first.command.speaker)
      if (!entry || !this.#maySpeak(entry)) break
      unsaid.shift()
      this.#port.dispatch({ ...first.command, saidAtMs: first.atMs })
    }
    this.#endLeaving(lobby, unsaid)
    if (unsaid.isEmpty) this.#quiet.delete(lobby)
  }

  #endLeaving(lobby: LobbyId, unsaid: Unsaid): void {
    for (const { isLeaving, enter } of this.#entries.in(lobby))
      if (isLeaving && !unsaid.has(enter.speaker)) this.#end(lobby, enter.speaker)
  }

  /** Who takes part without an identity counts as well. */
  #tellExpected(lobby: LobbyId): void {
    let count = 0
    for (const entry of this.#entries.in(lobby)) if (!entry.isIn && !entry.isLeaving) count++
    this.#port.dispatch({ kind: 'expect', lobby, count })
  }

  /** Who has said something that nobody heard yet stays until it is heard or too old. */
  #exit(lobby: LobbyId, speaker: SpeakerId): void {
    const entry = this.#entries.get(lobby, speaker)
    if (!entry || !this.#quiet.get(lobby)?.has(speaker)) {
      this.#end(lobby, speaker)
      return
    }
    entry.isLeaving = true
    this.#tellExpected(lobby)
  }

  #end(lobby: LobbyId, speaker: SpeakerId): void {
    const entry = this.#entries.get(lobby, speaker)
    if (!entry) return
    const unsaid = this.#takeUnsaid(lobby, speaker)
    this.#remove(entry)
    for (const command of [...unsaid, ...entry.waiting])
      if (command.kind === 'say')
        this.#port.refuse(command, 'LOBBY_SPEAKER_LEFT', 'The speaker left before it could speak.')
    if (!entry.isIn) this.#tellExpected(lobby)
    if (entry.isIn) this.#port.dispatch({ kind: 'speaker-exit', lobby, speaker })
    this.#identities.release(entry.holder)
  }

  #speak(command: Command<'say' | 'typing'>): void {
    const { lobby } = command
    const entry = this.#entries.get(lobby, command.speaker)
    const unsaid = this.#quiet.get(lobby)
    const isHeard = this.#port.isHeard(lobby)
    if (entry && (!isHeard || unsaid?.isEmpty === false)) {
      // Behind what was said before; typing says nothing later on.
      if (command.kind === 'typing') return
      if (isHeard && unsaid?.isFull) this.#port.refuse(command, ...BUSY)
      else this.#unsaidIn(lobby).add({ command, atMs: this.#port.now() })
      return
    }
    if (!entry || this.#maySpeak(entry)) {
      this.#port.dispatch(command)
      return
    }
    if (entry.waiting.length < MAX_WAITING_COMMANDS) entry.waiting.push(command)
    else if (command.kind === 'say') this.#port.refuse(command, ...BUSY)
  }

  async #makeIdentity(entry: SpeakerEntry): Promise<void> {
    if (!this.#entries.isCurrent(entry)) return
    const { holder } = entry
    const { speaker, nick, isKept } = entry.enter
    try {
      const identity = await this.#port.ensure(holder, nick, isKept, holder !== speaker)
      if (this.#isStopped) return
      this.#identities.add(holder, identity)
      this.#port.onIdentity(identity)
      if (this.#entries.isCurrent(entry)) {
        entry.identity = identity
        this.#admit(entry)
      } else this.#identities.release(holder)
    } catch (error) {
      if (!this.#isStopped) this.#fail(entry, error)
    }
  }

  #fail(entry: SpeakerEntry, error: unknown): void {
    const { speaker, lobby } = entry.enter
    this.#port.onFailed(speaker, error)
    if (!this.#entries.isCurrent(entry) || entry.isIn) return
    const unsaid = this.#takeUnsaid(lobby, speaker)
    for (const command of [...unsaid, ...entry.waiting.splice(0)])
      if (command.kind === 'say')
        this.#port.refuse(command, 'LOBBY_NO_IDENTITY', 'No identity could be made to speak with.')
    this.#end(lobby, speaker)
  }

  /** Lets the speaker in once its identity is there, the lobby is known, and friends had time for both. */
  #admit(entry: SpeakerEntry): void {
    const { identity } = entry
    const { lobby, speaker, nick } = entry.enter
    const kind = identity && this.#port.lobbyKind(lobby)
    if (!identity || !kind) return
    if (this.#isToLink(lobby) && !identity.isLinked) {
      this.#link(entry)
      return
    }
    if (kind === 'signed' && this.#port.now() < identity.publishedAtSec * 1000 + ANNOUNCE_MS) return
    entry.identity = undefined
    const isExpected = !entry.isIn
    entry.isIn = true
    if (isExpected) this.#tellExpected(lobby)
    // Before the dispatch, which may join the lobby and so bring us here again.
    if (kind === 'signed') entry.speaksAtMs = this.#port.now() + WARM_UP_MS
    this.#port.dispatch({ kind: 'speaker-enter', lobby, speaker, nick, author: identity.id })
    this.#letSpeak(entry)
    this.#sayUnsaid(lobby)
  }

  #letSpeak(entry: SpeakerEntry): void {
    if (!this.#maySpeak(entry)) return
    for (const command of entry.waiting.splice(0)) this.#port.dispatch(command)
  }

  #maySpeak(entry: SpeakerEntry): boolean {
    return entry.isIn && this.#port.now() >= entry.speaksAtMs
  }

  /** The lobby turned out to be for linked identities only when the identity was made already. */
  #link(entry: SpeakerEntry): void {
    const { holder } = entry
    this.#identities.unhold(entry.holder, entry.enter.lobby)
    this.#identities.release(holder)
    entry.identity = undefined
    entry.holder = holderOf(entry.enter.speaker, true)
    this.#identities.hold(entry.holder, entry.enter.lobby)
    this.#toMake.add([entry])
  }

  #remove(entry: SpeakerEntry): void {
    const { lobby } = entry.enter
    if (!this.#entries.delete(entry)) return
    if (!this.#entries.has(lobby)) this.#quiet.delete(lobby)
    this.#identities.unhold(entry.holder, lobby)
  }
}
