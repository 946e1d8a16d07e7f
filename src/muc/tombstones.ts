/** What is left of messages that are taken back: XEP-0424 §4. The room forgets their words. */
import type { Element } from '../stanza/xml.ts'
import type { ArchiveId } from '../util/ids.ts'
import type { ArchiveEntry, Tombstone } from './archive-port.ts'
import { tombstoneOf } from './archived-stanza.ts'
import { forget } from './recent.ts'
import type { Room } from './room.ts'

/** Tombstones for the messages that are not taken back yet, each with marks that say that it is. */
export function tombstones(
  room: Room,
  revisions: readonly ArchiveEntry[],
  marks: () => readonly Element[],
): Tombstone[] {
  const standing = revisions.filter((entry) => entry.kind === 'message')
  for (const entry of standing) forget(room.recent, entry.id)
  return standing.map((entry) => tombstoneOf(entry, room.bare, marks()))
}

/** The message itself: what corrects it came later. Undefined when nothing is taken back. */
export const firstOf = (taken: readonly Tombstone[]): ArchiveId | undefined =>
  taken.map(({ id }) => id).sort()[0]
