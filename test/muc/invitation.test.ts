// Invitations through the room: XEP-0045 §7.8.2. Only owners invite; whom, is not the room's to judge.
import { expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import { errorOf, ROOM, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'
const invites = (...to: string[]): string =>
  `<message id="i1"><x xmlns="${NS.mucUser}">${to.map((one) => `<invite to="${one}"/>`).join('')}</x></message>`

function room(): RoomHarness {
  const h = new RoomHarness({ description: { owners: ['boss@example.org'] } })
  h.join(BOSS, 'Boss')
  h.join(ALICE, 'Alice')
  h.clear()
  return h
}

test('an owner invites, one or several at once', () => {
  const h = room()
  h.send(BOSS, invites('friend.1@lobbies', 'bob@example.org'))
  expect(h.takeLobby()).toMatchObject([
    { kind: 'local-invited', from: BOSS, address: 'friend.1@lobbies' },
    { kind: 'local-invited', from: BOSS, address: 'bob@example.org' },
  ])
  expect([h.take(BOSS), h.take(ALICE)]).toEqual([[], []])
})

test.each([
  ['an occupant that is no owner', ALICE, invites('friend.1@lobbies'), 'auth/forbidden'],
  ['somebody outside', 'eve@example.org/x', invites('friend.1@lobbies'), 'cancel/not-acceptable'],
  [
    'an owner who invites nobody',
    BOSS,
    `<message id="i1"><x xmlns="${NS.mucUser}"/></message>`,
    'modify/bad-request',
  ],
])('%s is refused', (_who, from, stanza, error) => {
  const h = room()
  h.send(from, stanza)
  expect(errorOf(h.takeOne(from))).toEqual({ error, by: ROOM, id: 'i1' })
  expect(h.takeLobby()).toEqual([])
})
