/** Addresses of friend nodes on the MUC service: `friend.ID`, beside those of the rooms. */
import type { FriendId } from '../util/ids.ts'

/** Localpart of a friend's address. No room has one like it: ids of lobbies are shorter. */
export const friendLocalpart = (friend: FriendId): string => `friend.${friend}`

/** The friend that a localpart names, known or not; undefined for any other localpart. */
export const parseFriendLocalpart = (localpart: string): FriendId | undefined =>
  /^friend\.([0-9a-f]{32})$/.exec(localpart)?.[1] as FriendId | undefined
