/** Foreign identities in memory, bounded in number and bytes; the least recently used goes first. */
import type { ParticipantId } from '../../util/ids.ts'
import type { KnownIdentity, RecordBytes } from './gxs-identity.ts'

/** A foreign identity and its record. */
export interface ForeignIdentity extends KnownIdentity, RecordBytes {}

interface Entry {
  readonly identity: ForeignIdentity
  /** Number of the last use: growing, unique. */
  usedAt: number
}

/**
 * Reading is constant and cheap, as each item of a lobby does it; making room looks at all entries, as only records
 * that were verified before do it. (Moving an entry to the end of a `Map` at each use is no way: engines leave a mark
 * in its chain each time, and one talkative author makes the look-ups slow.)
 */
export class RecordCache {
  readonly #maxRecords: number
  readonly #maxBytes: number
  readonly #entries = new Map<ParticipantId, Entry>()
  #bytes = 0
  #uses = 0

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords
    this.#maxBytes = maxBytes
  }

  /** In no particular order. */
  ids(): ParticipantId[] {
    return [...this.#entries.keys()]
  }

  /** The identity becomes the most recently used one. */
  get(id: ParticipantId): ForeignIdentity | undefined {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    entry.usedAt = ++this.#uses
    return entry.identity
  }

  /** Adds or replaces; returns the ids that had to go for it, which may be its own. */
  set(identity: ForeignIdentity): ParticipantId[] {
    this.#remove(identity.id)
    this.#entries.set(identity.id, { identity, usedAt: ++this.#uses })
    this.#bytes += sizeOf(identity)
    const gone: ParticipantId[] = []
    while (this.#entries.size > this.#maxRecords || this.#bytes > this.#maxBytes) {
      const id = this.#leastRecentlyUsed()
      this.#remove(id)
      gone.push(id)
    }
    return gone
  }

  #leastRecentlyUsed(): ParticipantId {
    const entries = [...this.#entries.values()]
    return entries.reduce((oldest, entry) => (entry.usedAt < oldest.usedAt ? entry : oldest)).identity.id
  }

  #remove(id: ParticipantId): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    this.#bytes -= sizeOf(entry.identity)
  }
}

const sizeOf = (record: RecordBytes): number => record.data.length + record.meta.length
