/** Archive ids: 16 decimal digits, microseconds since 1970, growing even when the clock steps back. */
import type { ArchiveId } from '../util/ids.ts'

const DIGITS = 16

/** A generator whose first id lies beyond `last`, the newest id ever given. */
export function archiveIds(last: ArchiveId | null, nowMs: () => number): () => ArchiveId {
  let newest = last === null ? 0n : BigInt(last)
  return () => {
    const now = BigInt(Math.floor(nowMs() * 1000))
    newest = now > newest ? now : newest + 1n
    return newest.toString().padStart(DIGITS, '0') as ArchiveId
  }
}
