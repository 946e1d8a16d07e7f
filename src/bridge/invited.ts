/** Whom an invitation through a room is for: a friend node, which is invited to the lobby, or an XMPP user. XEP-0045 §7.8.2. */
import type { FriendInfo } from '../lobby/lobby.ts'
import { parseJid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import type { FriendId } from '../util/ids.ts'
import { fail, ok, type Result } from '../util/result.ts'
import { parseFriendLocalpart } from './friend-address.ts'
import { FRIEND_OFFLINE, NO_SUCH_FRIEND } from './friend-chat.ts'

/** Who is invited. */
export type Invited = { readonly kind: 'friend'; readonly id: FriendId } | { readonly kind: 'user' }

/** Where to look somebody up. */
export interface Reach {
  friend(id: FriendId): FriendInfo | undefined
  /** A message to this account (bare JID) would be delivered, or kept by its own server. */
  isReachable(account: string): boolean
}

/** Only owners speak to friends in the node's name. `domain`: of the rooms, where no users are. */
export function whoIsInvited(
  address: string,
  domain: string,
  isOwner: boolean,
  reach: Reach,
): Result<Invited, StanzaError> {
  const jid = parseJid(address)
  if (jid && jid.domain !== domain)
    return reach.isReachable(jid.bare) ? ok({ kind: 'user' }) : fail(absent(jid.bare))
  const id = jid && parseFriendLocalpart(jid.local)
  if (id === undefined)
    return fail({ type: 'cancel', condition: 'item-not-found', text: `${address} is nobody's address.` })
  if (!isOwner)
    return fail({
      type: 'auth',
      condition: 'forbidden',
      text: 'Only owners of the room invite friends of this node to its lobby.',
    })
  const friend = reach.friend(id)
  if (friend?.isOnline) return ok({ kind: 'friend', id })
  return fail(friend ? FRIEND_OFFLINE : NO_SUCH_FRIEND)
}

const absent = (account: string): StanzaError => ({
  type: 'wait',
  condition: 'recipient-unavailable',
  text: `${account} is not there now, and this server keeps no messages.`,
})
