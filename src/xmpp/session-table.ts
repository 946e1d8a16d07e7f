/** All sessions, found by full address and by account. */
import type { Session } from './session.ts'

const NONE: readonly Session[] = []

/** Holds what connections add; bounded by `maxConnections`. */
export class SessionTable {
  readonly #byFull = new Map<string, Session>()
  readonly #byBare = new Map<string, Session[]>()

  get size(): number {
    return this.#byFull.size
  }

  get(full: string): Session | undefined {
    return this.#byFull.get(full)
  }

  /** All sessions of an account, oldest first. */
  ofAccount(bare: string): readonly Session[] {
    return this.#byBare.get(bare) ?? NONE
  }

  add(session: Session): void {
    const { bare } = session.jid
    this.#byFull.set(session.full, session)
    this.#byBare.set(bare, [...this.ofAccount(bare), session])
  }

  remove(session: Session): void {
    const { bare } = session.jid
    const others = this.ofAccount(bare).filter((other) => other !== session)
    this.#byFull.delete(session.full)
    if (others.length > 0) this.#byBare.set(bare, others)
    else this.#byBare.delete(bare)
  }
}
