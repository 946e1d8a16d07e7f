// Addresses of friends beside those of rooms.
import { expect, test } from 'vitest'
import { friendLocalpart, parseFriendLocalpart } from '../../src/bridge/friend-address.ts'
import { roomLocalpart } from '../../src/bridge/room-address.ts'
import { normalizeLocal } from '../../src/stanza/jid.ts'
import type { FriendId, LobbyId } from '../../src/util/ids.ts'

const ID = 'ab'.repeat(16) as FriendId

test('an address of a friend is a normal localpart and leads back', () => {
  expect(normalizeLocal(friendLocalpart(ID))).toBe(friendLocalpart(ID))
  expect(parseFriendLocalpart(friendLocalpart(ID))).toBe(ID)
})

test.each([
  ['the room of a lobby named Friend', roomLocalpart({ name: 'Friend', id: 'ab'.repeat(8) as LobbyId })],
  ['a room that a user made', 'friend'],
  ['something longer', `friend.${ID}0`],
  ['something before it', `my-friend.${ID}`],
])('%s is no address of a friend', (_what, localpart) => {
  expect(parseFriendLocalpart(localpart)).toBeUndefined()
})
