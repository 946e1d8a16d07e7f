/** Someone who lives in the demo's lobbies: greets, answers, and says something now and then. */
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import type { LobbyId, ParticipantId, SpeakerId } from '../util/ids.ts'

const TYPING_MS = 1200
const TALK_EVERY_MS = 60_000

export class Resident {
  readonly name: string
  readonly #speaker: SpeakerId
  readonly #lines: readonly string[]
  readonly #homes = new Map<LobbyId, LobbyNetwork>()
  readonly #wanted = new Map<LobbyId, LobbyNetwork>()
  readonly #isIn = new Set<LobbyId>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Other residents are not answered, or they would never stop. */
  readonly #friends = new Set<ParticipantId>()
  #said = 0

  constructor(name: string, lines: readonly string[]) {
    this.name = name
    this.#speaker = name as SpeakerId
    this.#lines = lines
  }

  /** Makes a lobby on this node, or finds the one that an earlier demo made, and lives there. */
  host(node: LobbyNetwork, lobby: { name: string; topic: string; isPrivate: boolean }): LobbyId {
    const old = node.snapshot().lobbies.find((known) => known.isOwn && known.name === lobby.name)
    const { id } = old ?? node.create({ ...lobby, isSigned: false })
    this.#enter(node, id)
    return id
  }

  /** Lives in a lobby as soon as the node sees it. */
  visit(node: LobbyNetwork, lobby: LobbyId): void {
    if (node.lobby(lobby)) this.#enter(node, lobby)
    else this.#wanted.set(lobby, node)
  }

  /** Whether this resident takes part in the lobby, heard by others. */
  isIn(lobby: LobbyId): boolean {
    return this.#isIn.has(lobby)
  }

  onUpdate(update: LobbyUpdate): void {
    switch (update.kind) {
      case 'lobby': {
        const node = this.#wanted.get(update.lobby.id)
        this.#wanted.delete(update.lobby.id)
        if (node) this.#enter(node, update.lobby.id)
        break
      }
      case 'speaking-as':
        this.#isIn.add(update.lobby)
        break
      case 'entered':
        if (RESIDENTS.has(update.participant.nick)) this.#friends.add(update.participant.id)
        else this.#say(update.lobby, `Hello ${update.participant.nick}!`)
        break
      case 'said':
        if (!this.#friends.has(update.participant) && !RESIDENTS.has(update.nick))
          this.#say(
            update.lobby,
            `${update.nick}: I read you. ${this.#lines[this.#said++ % this.#lines.length]}`,
          )
        break
      default:
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #enter(node: LobbyNetwork, lobby: LobbyId): void {
    this.#homes.set(lobby, node)
    node.send({ kind: 'enter', lobby, speaker: this.#speaker, nick: this.name, isKept: true })
    const talk = setInterval(() => {
      this.#say(lobby, this.#lines[this.#said++ % this.#lines.length] ?? '')
    }, TALK_EVERY_MS)
    this.#timers.add(talk)
  }

  /** Types for a moment, then says it. */
  #say(lobby: LobbyId, text: string): void {
    const node = this.#homes.get(lobby)
    if (!node) return
    node.send({ kind: 'typing', lobby, speaker: this.#speaker })
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      node.send({ kind: 'say', lobby, speaker: this.#speaker, text, ref: '' })
    }, TYPING_MS)
    this.#timers.add(timer)
  }
}

const RESIDENTS: ReadonlySet<string> = new Set(['Alice', 'Bob'])
