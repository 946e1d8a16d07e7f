/** Who of our people is in which lobby, and how far each has come on the way to being heard there. */
import type { LobbyId, SpeakerId } from '../util/ids.ts'
import type { GxsIdentity } from './identity/gxs-identity.ts'
import type { Command } from './speakers-port.ts'

/** Speakers in lobbies, counted once per lobby. */
export const MAX_ENTRIES = 20_000

/** One speaker in one lobby. */
export interface SpeakerEntry {
  readonly enter: Command<'enter'>
  /** Its identity has yet to be asked for: nobody is there to hear of it. */
  isAsleep: boolean
  /** Gone, but what it said is still to be heard. */
  isLeaving: boolean
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

export class SpeakerTable {
  readonly #byLobby = new Map<LobbyId, Map<SpeakerId, SpeakerEntry>>()
  #size = 0

  get isFull(): boolean {
    return this.#size >= MAX_ENTRIES
  }

  /** Those that somebody is in. */
  lobbies(): Iterable<LobbyId> {
    return this.#byLobby.keys()
  }

  has(lobby: LobbyId): boolean {
    return this.#byLobby.has(lobby)
  }

  get(lobby: LobbyId, speaker: SpeakerId): SpeakerEntry | undefined {
    return this.#byLobby.get(lobby)?.get(speaker)
  }

  in(lobby: LobbyId): Iterable<SpeakerEntry> {
    return this.#byLobby.get(lobby)?.values() ?? []
  }

  *all(): Generator<SpeakerEntry> {
    for (const speakers of this.#byLobby.values()) yield* speakers.values()
  }

  /** Takes the place of what the speaker had in the lobby before. */
  set(entry: SpeakerEntry): void {
    const { lobby, speaker } = entry.enter
    const speakers = this.#byLobby.get(lobby) ?? new Map()
    if (!speakers.has(speaker)) this.#size++
    this.#byLobby.set(lobby, speakers.set(speaker, entry))
  }

  /** False: it was not there. */
  delete({ enter: { lobby, speaker } }: SpeakerEntry): boolean {
    const speakers = this.#byLobby.get(lobby)
    if (!speakers?.delete(speaker)) return false
    this.#size--
    if (speakers.size === 0) this.#byLobby.delete(lobby)
    return true
  }

  /** It was not replaced, and has not gone. */
  isCurrent(entry: SpeakerEntry): boolean {
    return this.get(entry.enter.lobby, entry.enter.speaker) === entry
  }
}
