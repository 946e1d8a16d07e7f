/** Commands that wait for their users: XEP-0050 §3.1. A session is bound to a full JID and a node, and lives for a while. */
import type { Answers } from './ad-hoc-command.ts'

/** How long a command waits for its user. */
const SESSION_MS = 600_000
/** Commands that wait, those of operators and those of everybody each; the oldest of its kind goes when there would be more. */
const MAX_SESSIONS = 1_000
/** Those of one session of a user. */
const MAX_SESSIONS_OF_ONE = 8

/** `form`: to be filled in. `warning`: filled in, and to be confirmed. */
export interface CommandSession {
  readonly id: string
  /** Full JID. */
  readonly owner: string
  readonly node: string
  /** Nobody else may run it: others cannot push it out. */
  readonly isOperators: boolean
  readonly step: 'form' | 'warning'
  readonly answers: Answers
  readonly sinceMs: number
}

export class CommandSessions {
  readonly #sessions = new Map<string, CommandSession>()

  get size(): number {
    return this.#sessions.size
  }

  /** Keeps a command where it is now. */
  put(session: CommandSession): void {
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
    this.#trim(
      [...this.#sessions.values()].filter(({ owner }) => owner === session.owner),
      MAX_SESSIONS_OF_ONE,
    )
    this.#trim(
      [...this.#sessions.values()].filter(({ isOperators }) => isOperators === session.isOperators),
      MAX_SESSIONS,
    )
  }

  /** Takes a command up again: it waits no longer. `expired` once, when it waited for too long. */
  take(id: string, owner: string, node: string, nowMs: number): CommandSession | 'expired' | undefined {
    const session = this.#sessions.get(id)
    if (!session || session.owner !== owner || session.node !== node) return undefined
    this.#sessions.delete(id)
    return session.sinceMs + SESSION_MS > nowMs ? session : 'expired'
  }

  /** Nobody can go on with what this full JID began. */
  end(owner: string): void {
    for (const session of this.#sessions.values())
      if (session.owner === owner) this.#sessions.delete(session.id)
  }

  /** Oldest first. */
  #trim(sessions: Iterable<CommandSession>, max: number): void {
    const all = [...sessions]
    for (const { id } of all.slice(0, Math.max(0, all.length - max))) this.#sessions.delete(id)
  }
}
