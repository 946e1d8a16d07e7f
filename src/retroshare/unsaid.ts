/** What our people say in a lobby while no friend is there to hear it: kept unsigned, for who comes. Source: docs/routing.md §4. */
import type { LobbyCommand } from '../lobby/lobby.ts'
import type { SpeakerId } from '../util/ids.ts'
import { BOUND, TIMING } from './routing/limits.ts'

/** A message, and when it was said, ms since 1970. */
export interface UnsaidMessage {
  readonly command: Extract<LobbyCommand, { kind: 'say' }>
  readonly atMs: number
}

/** Of one lobby, in order; as much and as long as is sent again to friends that come back. */
export class Unsaid {
  readonly #messages: UnsaidMessage[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** One more would push out the oldest. */
  get isFull(): boolean {
    return this.#messages.length >= BOUND.recentMessages || this.#bytes >= BOUND.recentBytes
  }

  get first(): UnsaidMessage | undefined {
    return this.#messages[0]
  }

  add(message: UnsaidMessage): void {
    this.#messages.push(message)
    this.#bytes += bytesOf(message)
    this.prune(message.atMs)
  }

  shift(): void {
    const first = this.#messages.shift()
    if (first) this.#bytes -= bytesOf(first)
  }

  /** Takes out what one speaker said, oldest first. */
  take(speaker: SpeakerId): UnsaidMessage[] {
    const taken = this.#messages.filter(({ command }) => command.speaker === speaker)
    const rest = this.#messages.filter(({ command }) => command.speaker !== speaker)
    this.#messages.splice(0, this.#messages.length, ...rest)
    for (const message of taken) this.#bytes -= bytesOf(message)
    return taken
  }

  has(speaker: SpeakerId): boolean {
    return this.#messages.some(({ command }) => command.speaker === speaker)
  }

  /** Drops what is too old or too much. */
  prune(nowMs: number): void {
    for (let first = this.first; first; first = this.first) {
      const isTooMuch = this.#messages.length > BOUND.recentMessages || this.#bytes > BOUND.recentBytes
      if (!isTooMuch && nowMs - first.atMs <= TIMING.replayMs) return
      this.shift()
    }
  }
}

/** About: characters of the basic plane have up to three bytes. */
const bytesOf = ({ command }: UnsaidMessage): number => command.text.length * 3
