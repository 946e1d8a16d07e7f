/** The message archive as the gateway uses it, whatever database is behind it. Source: XEP-0313. */
import type {
  ArchiveAnswer,
  ArchiveEntry,
  ArchiveMetadata,
  ArchiveQuery,
  ArchiveWrite,
} from '../muc/archive-port.ts'
import type { ArchiveId } from '../util/ids.ts'

/** `duplicate`: the room already had this networkId, and keeps what it had. */
export type AppendOutcome = 'stored' | 'duplicate'

/**
 * Messages of all rooms. Ids grow within a room, and the time in an id is the time that `startMs`, `endMs` and
 * pruning go by. A rejection is a `GatewayError` ARCHIVE_FAILED: nothing of that call took effect.
 */
export interface Archive {
  /**
   * Stores all entries or none, durably: when this resolves they outlive a crash. One call is one commit, so give
   * it all that waits. Outcomes are in the order of the entries. Ids must be greater than the room's last. What a
   * write retracts is gone from disk too, its words from the search index after `tidy`; what a duplicate retracts stays.
   */
  append(entries: readonly ArchiveWrite[]): Promise<readonly AppendOutcome[]>
  /** Never answers `failed` or `busy`, but rejects. */
  query(query: ArchiveQuery): Promise<ArchiveAnswer>
  metadata(room: string): Promise<ArchiveMetadata | null>
  /** The greatest id of all rooms, which new ids must exceed; null when nothing is stored. */
  lastId(): Promise<ArchiveId | null>
  /** Removes at most `batch` of the oldest entries that are older than `beforeMs`; how many it removed. */
  prune(beforeMs: number, batch: number): Promise<number>
  /**
   * Does one step of what can wait: words of what was retracted leave the search index. True while there is more; to
   * be called now and then until it is false.
   */
  tidy(): Promise<boolean>
  /** Every entry of a room, oldest first. What is appended or pruned meanwhile may or may not be seen. */
  export(room: string): AsyncIterable<ArchiveEntry>
  stats(): Promise<ArchiveStats>
}

export interface ArchiveStats {
  /** Entries of all rooms. */
  readonly messages: number
  /** Size of the database on disk. */
  readonly bytes: number
}
