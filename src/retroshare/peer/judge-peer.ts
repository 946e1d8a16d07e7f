/** Whether the owner of a certificate is a friend. Source: docs/retroshare.md §1.6. */
import type { FriendId } from '../../util/ids.ts'
import { type PeerCertificate, readCertificate, verifyCertificate } from '../identity/certificate.ts'
import type { FriendBook } from './friend-book.ts'
import type { FriendRecord } from './friend-store.ts'

/** Why a peer is refused; see docs/errors.md. */
export type RefusalCode =
  | 'PEER_NO_CERTIFICATE'
  | 'PEER_BAD_CERTIFICATE'
  | 'PEER_IS_SELF'
  /** Another location answered than the one that was dialled. */
  | 'PEER_WRONG_LOCATION'
  | 'PEER_WRONG_ISSUER'
  | 'PEER_UNKNOWN_PROFILE'
  /** A new location of a profile of which only a short invite is known. */
  | 'PEER_KEY_UNKNOWN'
  | 'PEER_BAD_SIGNATURE'
  | 'PEER_TOO_MANY_LOCATIONS'

export type Verdict =
  | { readonly kind: 'friend'; readonly id: FriendId; readonly certificate: PeerCertificate }
  /** An accepted profile comes from a location that is not known yet; `sibling` is a known one. */
  | {
      readonly kind: 'new-location'
      readonly id: FriendId
      readonly sibling: FriendRecord
      readonly certificate: PeerCertificate
    }
  | {
      readonly kind: 'refused'
      readonly code: RefusalCode
      readonly detail: string
      /** As claimed, not proven. */
      readonly peer?: FriendId
    }

/**
 * Judges the certificate that a peer presented in a finished handshake. `expected` is the location that was dialled.
 * The issuer alone is checked of a friend whose key is still unknown; everyone else has to be signed by an accepted key.
 */
export async function judgePeer(
  der: Uint8Array | undefined,
  own: FriendId,
  book: FriendBook,
  expected?: FriendId,
): Promise<Verdict> {
  if (!der) return refused('PEER_NO_CERTIFICATE', 'no certificate was presented')
  const read = readCertificate(der)
  if (!read.ok) return refused('PEER_BAD_CERTIFICATE', `${read.error.code}: ${read.error.detail}`)
  const certificate = read.value
  const ids = [certificate.sslId, ...certificate.sslIdAlternatives]
  const no = (code: RefusalCode, detail: string): Verdict => refused(code, detail, certificate.sslId)
  if (ids.includes(own)) return no('PEER_IS_SELF', 'it is this node')
  if (expected && !ids.includes(expected)) return no('PEER_WRONG_LOCATION', `expected ${expected}`)
  const friend = ids.map((id) => book.get(id)).find((record) => record !== undefined)
  if (friend) {
    if (certificate.issuerPgpId !== friend.pgpId)
      return no(
        'PEER_WRONG_ISSUER',
        `expected ${friend.pgpId}, the certificate says ${certificate.issuerPgpId}`,
      )
    const key = book.keyOf(friend)
    if (key && !(await verifyCertificate(certificate, key)))
      return no('PEER_BAD_SIGNATURE', `not signed by ${friend.pgpId}`)
    return { kind: 'friend', id: friend.sslId, certificate }
  }
  const siblings = book.locationsOf(certificate.issuerPgpId)
  if (siblings.length === 0)
    return no('PEER_UNKNOWN_PROFILE', `${certificate.issuerPgpId} is not an accepted profile`)
  const sibling = siblings.find((record) => book.keyOf(record))
  const key = sibling && book.keyOf(sibling)
  if (!sibling || !key)
    return no('PEER_KEY_UNKNOWN', `new location of ${certificate.issuerPgpId}, whose key is not known yet`)
  if (!(await verifyCertificate(certificate, key)))
    return no('PEER_BAD_SIGNATURE', `not signed by ${certificate.issuerPgpId}`)
  return { kind: 'new-location', id: certificate.sslId, sibling, certificate }
}

const refused = (code: RefusalCode, detail: string, peer?: FriendId): Verdict => ({
  kind: 'refused',
  code,
  detail,
  ...(peer && { peer }),
})
