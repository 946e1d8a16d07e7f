/** What the room model needs of an archive; implementations are in archive/. Source: XEP-0313. */
import type { ArchiveId } from '../util/ids.ts'

/** One archived groupchat message, as every occupant saw it. */
export interface ArchiveEntry {
  readonly id: ArchiveId
  /** Localpart of the room. */
  readonly room: string
  readonly atMs: number
  /** XEP-0421 id of the author; empty for the room itself. */
  readonly occupantId: string
  readonly nick: string
  /**
   * `subject`: a message with a subject and no body. `retraction`: it took others back. `retracted`: what is left of a
   * message that was taken back. `gap`: the room tells that it did not hear the lobby for a while.
   */
  readonly kind: 'message' | 'subject' | 'retraction' | 'retracted' | 'gap'
  /** Body text for search and export; null when there is none. */
  readonly body: string | null
  /** The reflected `<message/>` without `to`: MAM and history return it unchanged. */
  readonly xml: string
  /** The network's message id for what came from a lobby, unique per room: stops a second copy. Null for local ones. */
  readonly networkId: string | null
  /** The message that this one corrects, the first of all that correct each other; absent when it corrects none. */
  readonly corrects?: ArchiveId
  /** `xml` of the last message that corrects this one; told in answer to a folded query only. */
  readonly latest?: string
}

/** What an entry to be stored does to an earlier one besides. */
export interface ArchiveWrite extends ArchiveEntry {
  /** Become `retracted`, without a body and with this `xml`, in the same commit; those not in the room do not matter. */
  readonly retracts?: readonly Tombstone[]
}

/** What is left of an entry. */
export interface Tombstone {
  readonly id: ArchiveId
  readonly xml: string
}

export interface ArchiveQuery {
  readonly room: string
  /** First and last millisecond, by the time in an entry's id: when it was archived. */
  readonly startMs?: number
  readonly endMs?: number
  /** Only entries of this occupant-id. */
  readonly occupantId?: string
  /** Only entries under this nick, whoever had it. Not together with `occupantId` or `withCount`. */
  readonly nick?: string
  /**
   * Only entries whose body has all of these words, in any order and case, accents left aside. Words are what white
   * space separates; one of several parts, as `don't`, has them in sequence. Those without a letter or digit do not
   * count, and no word at all matches nothing.
   */
  readonly text?: string
  /** Exclusive bounds (RSM after / before, and before-id / after-id of `#extended`). */
  readonly afterId?: ArchiveId
  readonly beforeId?: ArchiveId
  /** Exactly these entries; a missing one makes the page fail with `item-not-found`. */
  readonly ids?: readonly ArchiveId[]
  /**
   * Only this entry, the one that it corrects, and all that correct the same; not found when it is not in the room.
   * Not together with `ids`.
   */
  readonly revisionsOf?: ArchiveId
  /** The newest entries in the bounds rather than the oldest; the page is in order of time either way. */
  readonly fromEnd: boolean
  /** Entries at most; 0 only counts. */
  readonly max: number
  /**
   * Only messages, tombstones and gaps that correct nothing, each with the `latest` that corrects it: what a reader sees
   * who knows no corrections. Together with nothing but `afterId` and `beforeId`.
   */
  readonly isFolded?: boolean
  /** Whether `total` and `firstIndex` are wanted (they cost a count). Not together with `text`, `revisionsOf` or `isFolded`. */
  readonly withCount: boolean
}

export interface ArchivePage {
  /** Oldest first. */
  readonly entries: readonly ArchiveEntry[]
  /** Nothing lies beyond this page in its direction, within the query's own bounds. */
  readonly isComplete: boolean
  /** Entries that match the query without afterId / beforeId; null unless asked for. */
  readonly total: number | null
  /** Index of the first entry in that set; null unless asked for or when the page is empty. */
  readonly firstIndex: number | null
}

/**
 * `not-found`: afterId, beforeId, revisionsOf or one of ids does not exist in the room. `busy`: too many searches wait.
 * `failed`: the archive is out of order.
 */
export type ArchiveAnswer =
  | { readonly kind: 'page'; readonly page: ArchivePage }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed' }

/** First and last entry of a room's archive, for XEP-0313 metadata; null when it is empty. */
export interface ArchiveMetadata {
  readonly first: { readonly id: ArchiveId; readonly atMs: number }
  readonly last: { readonly id: ArchiveId; readonly atMs: number }
}
