/** Our people in lobbies until the router can have them: their identities are made first, what they say waits. */
import type { LobbyCommand } from '../lobby/lobby.ts'
import { GatewayError } from '../util/errors.ts'
import type { LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'
import type { GxsIdentity } from './identity/gxs-identity.ts'
import type { RouterEvent } from './routing/router-port.ts'

type Command<K extends LobbyCommand['kind']> = Extract<LobbyCommand, { kind: K }>

/** What the speakers need of the rest of the node. */
export interface SpeakersPort {
  now(): number
  /** The identity of a holder, made or changed if need be; `isLinked`: owned by the profile of this node. */
  ensure(holder: SpeakerId, nick: string, isKept: boolean, isLinked: boolean): Promise<GxsIdentity>
  /** No lobby needs the identity of this holder any longer. */
  drop(holder: SpeakerId): void
  /** `signed`: only linked identities may speak; undefined when the lobby is not known (yet). */
  lobbyKind(lobby: LobbyId): 'open' | 'signed' | undefined
  dispatch(event: RouterEvent): void
  /** Runs `work` after the effects of what was dispatched. */
  after(work: () => void): void
  refuse(said: Command<'say'>, code: string, text: string): void
  /** An identity is new or changed: friends should be told. */
  onIdentity(identity: GxsIdentity): void
  onFailed(speaker: SpeakerId, error: unknown): void
}

/** Speakers in lobbies, counted once per lobby. */
export const MAX_ENTRIES = 20_000
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

interface Entry {
  readonly enter: Command<'enter'>
  /** Under which name the identity is kept. */
  holder: SpeakerId
  /** Ready, but the router has not been told of it. */
  identity: GxsIdentity | undefined
  /** The router has the speaker, perhaps still under another nick. */
  isIn: boolean
  /** Until then what is said waits, also when the router has the speaker. */
  speaksAtMs: number
  readonly waiting: (Command<'say'> | Command<'typing'>)[]
}

/**
 * Who holds the identity of a speaker: itself, and in signed lobbies a second one. Linking the first would tell everybody
 * to which profile it belongs that spoke in open lobbies, and friends would take it for unlinked until they fetched it anew.
 */
const holderOf = (speaker: SpeakerId, isLinked: boolean): SpeakerId =>
  isLinked ? (`linked ${speaker}` as SpeakerId) : speaker

/** One per node. */
export class Speakers {
  readonly #port: SpeakersPort
  /** By lobby, then speaker. */
  readonly #entries = new Map<LobbyId, Map<SpeakerId, Entry>>()
  readonly #identities = new Map<ParticipantId, GxsIdentity>()
  /** By holder. */
  readonly #identityOf = new Map<SpeakerId, ParticipantId>()
  /** Lobbies that need the identity of a holder, or are about to. */
  readonly #lobbiesOf = new Map<SpeakerId, Set<LobbyId>>()
  readonly #toMake: Entry[] = []
  #making = 0
  #size = 0
  #isStopped = false

  constructor(port: SpeakersPort) {
    this.#port = port
  }

  /** Speakers in lobbies whose identity is not ready, or whose lobby is not known yet. */
  get waiting(): number {
    let count = 0
    for (const speakers of this.#entries.values())
      for (const entry of speakers.values()) if (!entry.isIn) count++
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
    for (const speaker of [...(this.#entries.get(lobby)?.keys() ?? [])]) this.#exit(lobby, speaker)
  }

  /** The lobby is known now. */
  lobbyShown(lobby: LobbyId): void {
    for (const entry of this.#entries.get(lobby)?.values() ?? []) {
      this.#admit(entry)
      this.#letSpeak(entry)
    }
  }

  /** To be called about once a second. */
  tick(): void {
    for (const lobby of this.#entries.keys()) this.lobbyShown(lobby)
  }

  /** No further identities are made. */
  stop(): void {
    this.#isStopped = true
    this.#toMake.length = 0
  }

  #enter(enter: Command<'enter'>): void {
    const { lobby, speaker, nick, isKept } = enter
    const before = this.#entries.get(lobby)?.get(speaker)
    if (before && before.enter.nick === nick && before.enter.isKept === isKept) return
    if (!before && this.#size >= MAX_ENTRIES) {
      const text = `at most ${MAX_ENTRIES} speakers can take part`
      this.#port.onFailed(speaker, new GatewayError('LOBBY_SPEAKERS_FULL', text))
      return
    }
    if (!before) this.#size++
    const holder = before?.holder ?? holderOf(speaker, this.#port.lobbyKind(lobby) === 'signed')
    const waiting = before?.waiting ?? []
    const { isIn, speaksAtMs } = before ?? { isIn: false, speaksAtMs: 0 }
    const entry: Entry = { enter, holder, identity: undefined, isIn, speaksAtMs, waiting }
    const speakers = this.#entries.get(lobby) ?? new Map()
    this.#entries.set(lobby, speakers.set(speaker, entry))
    this.#hold(entry)
    this.#toMake.push(entry)
    this.#make()
  }

  #exit(lobby: LobbyId, speaker: SpeakerId): void {
    const entry = this.#entries.get(lobby)?.get(speaker)
    if (!entry) return
    this.#remove(entry)
    for (const command of entry.waiting)
      if (command.kind === 'say')
        this.#port.refuse(command, 'LOBBY_SPEAKER_LEFT', 'The speaker left before it could speak.')
    if (entry.isIn) this.#port.dispatch({ kind: 'speaker-exit', lobby, speaker })
    this.#release(entry.holder)
  }

  #speak(command: Command<'say' | 'typing'>): void {
    const entry = this.#entries.get(command.lobby)?.get(command.speaker)
    if (!entry || this.#maySpeak(entry)) {
      this.#port.dispatch(command)
      return
    }
    if (entry.waiting.length < MAX_WAITING_COMMANDS) entry.waiting.push(command)
    else if (command.kind === 'say')
      this.#port.refuse(command, 'LOBBY_BUSY', 'Too many messages wait to be sent; try again later.')
  }

  #make(): void {
    while (this.#making < MAX_MAKING) {
      const entry = this.#toMake.shift()
      if (!entry) return
      if (this.#isCurrent(entry)) void this.#makeIdentity(entry)
    }
  }

  async #makeIdentity(entry: Entry): Promise<void> {
    const { holder } = entry
    const { speaker, nick, isKept } = entry.enter
    this.#making++
    try {
      const identity = await this.#port.ensure(holder, nick, isKept, holder !== speaker)
      if (this.#isStopped) return
      this.#identities.set(identity.id, identity)
      this.#identityOf.set(holder, identity.id)
      this.#port.onIdentity(identity)
      if (this.#isCurrent(entry)) {
        entry.identity = identity
        this.#admit(entry)
      } else this.#release(holder)
    } catch (error) {
      if (!this.#isStopped) this.#fail(entry, error)
    } finally {
      this.#making--
      this.#make()
    }
  }

  #fail(entry: Entry, error: unknown): void {
    const { speaker, lobby } = entry.enter
    this.#port.onFailed(speaker, error)
    if (!this.#isCurrent(entry) || entry.isIn) return
    for (const command of entry.waiting.splice(0))
      if (command.kind === 'say')
        this.#port.refuse(command, 'LOBBY_NO_IDENTITY', 'No identity could be made to speak with.')
    this.#exit(lobby, speaker)
  }

  /** Lets the speaker in once its identity is there, the lobby is known, and friends had time for both. */
  #admit(entry: Entry): void {
    const { identity } = entry
    const { lobby, speaker, nick } = entry.enter
    const kind = identity && this.#port.lobbyKind(lobby)
    if (!identity || !kind) return
    if (kind === 'signed') {
      if (!identity.isLinked) {
        this.#link(entry)
        return
      }
      if (this.#port.now() < identity.publishedAtSec * 1000 + ANNOUNCE_MS) return
    }
    entry.identity = undefined
    entry.isIn = true
    // Before the dispatch, which may join the lobby and so bring us here again.
    if (kind === 'signed') entry.speaksAtMs = this.#port.now() + WARM_UP_MS
    this.#port.dispatch({ kind: 'speaker-enter', lobby, speaker, nick, author: identity.id })
    this.#letSpeak(entry)
  }

  #letSpeak(entry: Entry): void {
    if (!this.#maySpeak(entry)) return
    for (const command of entry.waiting.splice(0)) this.#port.dispatch(command)
  }

  #maySpeak(entry: Entry): boolean {
    return entry.isIn && this.#port.now() >= entry.speaksAtMs
  }

  /** The lobby turned out to be for linked identities only when the identity was made already. */
  #link(entry: Entry): void {
    const { holder } = entry
    this.#unhold(entry)
    this.#release(holder)
    entry.identity = undefined
    entry.holder = holderOf(entry.enter.speaker, true)
    this.#hold(entry)
    this.#toMake.push(entry)
    this.#make()
  }

  #remove(entry: Entry): void {
    const { lobby, speaker } = entry.enter
    const speakers = this.#entries.get(lobby)
    if (!speakers?.delete(speaker)) return
    this.#size--
    if (speakers.size === 0) this.#entries.delete(lobby)
    this.#unhold(entry)
  }

  #hold({ holder, enter: { lobby } }: Entry): void {
    this.#lobbiesOf.set(holder, (this.#lobbiesOf.get(holder) ?? new Set()).add(lobby))
  }

  #unhold({ holder, enter: { lobby } }: Entry): void {
    const lobbies = this.#lobbiesOf.get(holder)
    lobbies?.delete(lobby)
    if (lobbies?.size === 0) this.#lobbiesOf.delete(holder)
  }

  /** A holder without lobbies gives its identity back, after its last word has been signed. */
  #release(holder: SpeakerId): void {
    this.#port.after(() => {
      const id = this.#identityOf.get(holder)
      if (!id || this.#lobbiesOf.has(holder)) return
      this.#identityOf.delete(holder)
      this.#identities.delete(id)
      this.#port.drop(holder)
    })
  }

  #isCurrent(entry: Entry): boolean {
    return this.#entries.get(entry.enter.lobby)?.get(entry.enter.speaker) === entry
  }
}
