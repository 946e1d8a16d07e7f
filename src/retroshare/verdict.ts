/** Judges signatures of items by the identities that are known here. Source: docs/retroshare.md §6.3, §7.6. */
import type { ParticipantId } from '../util/ids.ts'
import type { KnownIdentity } from './identity/gxs-identity.ts'
import { verifyItemSignature } from './identity/gxs-identity.ts'
import type { Verdict } from './routing/router-port.ts'
import { signedBytes } from './wire/codec.ts'
import type { BouncedItem } from './wire/item.ts'

/** Signatures judged so far. */
export interface VerdictCounts {
  good: number
  bad: number
  unknown: number
}

/** One RSA verification, some 50 microseconds, unless the author is unknown. */
export function judge(
  item: BouncedItem,
  known: (id: ParticipantId) => KnownIdentity | undefined,
  counts: VerdictCounts,
): Verdict {
  const author = known(item.author)
  if (!author) {
    counts.unknown++
    return { signature: 'unknown-key', isLinked: false }
  }
  const isGood = verifyItemSignature(author.publicKey, signedBytes(item), item.signature)
  counts[isGood ? 'good' : 'bad']++
  return { signature: isGood ? 'good' : 'bad', isLinked: author.isLinked }
}
