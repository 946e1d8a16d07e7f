/** Foreign identities in memory, bounded in number and bytes; the least recently used goes first. */
import type { ParticipantId } from '../../util/ids.ts'
import type { KnownIdentity, RecordBytes } from './gxs-identity.ts'

/** A foreign identity and its record. */
export interface ForeignIdentity extends KnownIdentity, RecordBytes {}

export class RecordCache {
  readonly #maxRecords: number
  readonly #maxBytes: number
  readonly #records = new Map<ParticipantId, ForeignIdentity>()
  #bytes = 0

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords
    this.#maxBytes = maxBytes
  }

  /** Least recently used first. */
  ids(): ParticipantId[] {
    return [...this.#records.keys()]
  }

  /** The identity becomes the most recently used one. */
  get(id: ParticipantId): ForeignIdentity | undefined {
    const found = this.#records.get(id)
    if (found) {
      this.#records.delete(id)
      this.#records.set(id, found)
    }
    return found
  }

  /** Adds or replaces; returns the ids that had to go for it, which may be its own. */
  set(identity: ForeignIdentity): ParticipantId[] {
    this.#remove(identity.id)
    this.#records.set(identity.id, identity)
    this.#bytes += sizeOf(identity)
    const gone: ParticipantId[] = []
    for (const id of this.#records.keys()) {
      if (this.#records.size <= this.#maxRecords && this.#bytes <= this.#maxBytes) break
      this.#remove(id)
      gone.push(id)
    }
    return gone
  }

  #remove(id: ParticipantId): void {
    const record = this.#records.get(id)
    if (!record) return
    this.#records.delete(id)
    this.#bytes -= sizeOf(record)
  }
}

const sizeOf = (record: RecordBytes): number => record.data.length + record.meta.length
