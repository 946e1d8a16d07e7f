// Invitations through the room and what comes back: XEP-0045 §7.8.2. Whom the gateway can reach is not the room's to judge.
import { describe, expect, test } from 'vitest'
import type { RoomSettings } from '../../src/muc/room-state.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf, ROOM, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'
const EVE = 'eve@example.org/x'
const invites = (...to: string[]): string =>
  `<message id="i1"><x xmlns="${NS.mucUser}">${to.map((one) => `<invite to="${one}"><reason>tea</reason></invite>`).join('')}</x></message>`

function room(settings: RoomSettings = {}): RoomHarness {
  const affiliations = [
    { address: 'alice@example.org', affiliation: 'member', reason: '', nick: '' } as const,
  ]
  const h = new RoomHarness({ state: { settings: {}, affiliations, tombstone: null, lobby: null } })
  h.join(BOSS, 'Boss')
  h.join(ALICE, 'Alice')
  h.room.settings = settings
  h.step({ kind: 'described', description: h.room.description })
  h.clear()
  return h
}
const invited = (h: RoomHarness): string[] =>
  h.takeLobby().flatMap((effect) => (effect.kind === 'local-invited' ? [effect.address] : []))

test('an occupant invites, one or several at once', () => {
  const h = room()
  h.send(ALICE, invites('friend.1@lobbies.example', 'bob@example.org'))
  const effects = h.takeLobby()
  expect(effects).toMatchObject([
    { kind: 'local-invited', from: ALICE, isOwner: false, address: 'friend.1@lobbies.example' },
    { kind: 'local-invited', from: ALICE, isOwner: false, address: 'bob@example.org' },
  ])
  expect([h.take(BOSS), h.take(ALICE), h.saved]).toEqual([[], [], []])
})

test('an invitation says who invites by account, why, how a talk goes on, and the password', () => {
  const h = room({ password: 'mint' })
  const invite = '<invite to="bob@example.org"><reason>tea</reason><continue thread="t1"/></invite>'
  h.send(BOSS, `<message id="i1"><x xmlns="${NS.mucUser}">${invite}</x></message>`)
  const [effect] = h.takeLobby() as unknown as [{ invitation: Element }]
  const { invitation } = effect
  expect(invitation.attrs).toMatchObject({ from: ROOM, to: 'bob@example.org' })
  const x = invitation.getChild('x', NS.mucUser)
  expect(x?.getChild('invite')?.attrs.from).toBe('boss@example.org')
  expect(x?.getChild('invite')?.getChildText('reason')).toBe('tea')
  expect(x?.getChild('invite')?.getChild('continue')?.attrs.thread).toBe('t1')
  expect(x?.getChildText('password')).toBe('mint')
  expect(invitation.getChild('x', NS.conference)?.attrs).toMatchObject({ jid: ROOM, password: 'mint' })
})

test.each([
  ['somebody outside', EVE, {}, invites('bob@example.org'), 'cancel/not-acceptable'],
  [
    'an occupant where only admins invite',
    ALICE,
    { canOccupantsInvite: false },
    invites('bob@example.org'),
    'auth/forbidden',
  ],
  [
    'a member of a members-only room',
    ALICE,
    { isMembersOnly: true },
    invites('bob@example.org'),
    'auth/forbidden',
  ],
  ['who invites itself', ALICE, {}, invites('alice@example.org'), 'modify/bad-request'],
  ['who invites no address', ALICE, {}, invites('a@@b'), 'modify/jid-malformed'],
  [
    'who invites too many',
    BOSS,
    {},
    invites(...Array.from({ length: 51 }, (_, n) => `u${n}@x.example`)),
    'modify/policy-violation',
  ],
  [
    'who invites nobody',
    BOSS,
    {},
    `<message id="i1"><x xmlns="${NS.mucUser}"/></message>`,
    'modify/bad-request',
  ],
])('%s is refused', (_who, from, settings, stanza, error) => {
  const h = room(settings)
  h.send(from, stanza)
  expect(errorOf(h.takeOne(from))).toEqual({ error, by: ROOM, id: 'i1' })
  expect(h.takeLobby()).toEqual([])
})

describe('in a members-only room', () => {
  test('who is invited becomes a member, stored before the invitation goes out', () => {
    const h = room({ isMembersOnly: true })
    h.saving = 'hold'
    h.send(BOSS, invites('bob@example.org', 'friend.1@lobbies.example'))
    expect(invited(h)).toEqual([])
    expect(h.saved[0]?.write.records).toMatchObject([{ address: 'bob@example.org', affiliation: 'member' }])
    h.finishSave('store')
    expect(invited(h)).toEqual(['bob@example.org', 'friend.1@lobbies.example'])
    h.join('bob@example.org/x', 'Bob')
    expect(h.room.occupants.has('Bob')).toBe(true)
  })

  test('nobody is invited when the membership cannot be stored', () => {
    const h = room({ isMembersOnly: true })
    h.saving = 'fail'
    h.send(BOSS, invites('bob@example.org'))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('wait/internal-server-error')
    expect(invited(h)).toEqual([])
  })

  test('members invite when owners allow it', () => {
    const h = room({ isMembersOnly: true, canOccupantsInvite: true })
    h.send(ALICE, invites('bob@example.org'))
    expect(invited(h)).toEqual(['bob@example.org'])
  })
})

describe('declining', () => {
  const decline = (to: string) =>
    `<message id="d1"><x xmlns="${NS.mucUser}"><decline to="${to}"><reason>no time</reason></decline></x></message>`

  test('reaches who invited, in all sessions', () => {
    const h = room()
    h.join('boss@example.org/phone', 'Boss')
    h.clear()
    h.send(EVE, decline('boss@example.org'))
    h.takeOne('boss@example.org/phone')
    const told = h.takeOne(BOSS).getChild('x', NS.mucUser)?.getChild('decline')
    expect([told?.attrs.from, told?.getChildText('reason')]).toEqual(['eve@example.org', 'no time'])
    expect(h.sent.size).toBe(0)
  })

  test('an invitation of nobody who is here is refused, where addresses are shown', () => {
    const h = room({ whois: 'anyone' })
    h.send(EVE, decline('bob@example.org'))
    expect(errorOf(h.takeOne(EVE))).toEqual({ error: 'cancel/item-not-found', by: ROOM, id: 'd1' })
  })

  test('tells no stranger whether an address is in a room that hides addresses', () => {
    const h = room()
    h.send(EVE, decline('bob@example.org'))
    h.send(EVE, decline('boss@example.org'))
    expect(h.take(EVE)).toEqual([])
  })
})
