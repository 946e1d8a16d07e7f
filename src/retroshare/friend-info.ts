/** A friend as the gateway shows it. */
import type { FriendInfo } from '../lobby/lobby.ts'
import type { FriendInfo as LinkedFriend } from './peer/friends.ts'
import { addressText } from './self.ts'

/** `downSinceMs` counts while the friend is down. */
export function friendInfo(
  friend: LinkedFriend,
  known: { readonly version: string | null; readonly downSinceMs: number },
): FriendInfo {
  const { sslId: id, name, location, link, addresses } = friend
  const [address] = addresses
  return {
    id,
    name: location === '' || location === name ? name : `${name} (${location})`,
    isOnline: link !== undefined,
    sinceMs: link?.sinceMs ?? known.downSinceMs,
    address: address ? addressText(address) : link ? addressText(link.remote) : null,
    rttMs: friend.rttMs ?? null,
    version: known.version,
  }
}
