// What rooms keep of an account goes with it: whoever takes the name is somebody else.
import { describe, expect, test } from 'vitest'
import { withoutAccount } from '../../src/muc/account-removed.ts'
import { affiliationOf } from '../../src/muc/affiliation.ts'
import type { Affiliation, AffiliationRecord } from '../../src/muc/room-state.ts'
import { RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org'
const record = (affiliation: Affiliation, nick = '', reason = ''): AffiliationRecord => ({
  address: ALICE,
  affiliation,
  reason,
  nick,
})
const nobody = record('none')

describe('what is left of an account', () => {
  test.each([
    ['of a stranger nothing', undefined, false, undefined],
    ['of an admin nothing', record('admin', 'Alice'), false, { records: [], forgotten: [ALICE] }],
    ['of who kept a nick nothing', record('none', 'Alice'), false, { records: [], forgotten: [ALICE] }],
    ['of who made the room, that it is nobody', undefined, true, { records: [nobody], forgotten: [] }],
    [
      'the same when it was owner besides',
      record('owner', 'Alice'),
      true,
      { records: [nobody], forgotten: [] },
    ],
    ['once', nobody, true, undefined],
    ['of the banned the ban', record('outcast', '', 'Spam'), false, undefined],
    [
      'but not its nick',
      record('outcast', 'Alice', 'Spam'),
      false,
      { records: [record('outcast', '', 'Spam')], forgotten: [] },
    ],
  ] as const)('%s', (_claim, before, isCreator, write) => {
    expect(withoutAccount(ALICE, before, isCreator)).toEqual(write)
  })
})

const room = (): RoomHarness =>
  new RoomHarness({
    state: { settings: {}, affiliations: [record('admin', 'Alice')], tombstone: null, lobby: null },
  })

test('it is stored, and then in force', () => {
  const h = room()
  h.saving = 'hold'
  h.step({ kind: 'account-removed', account: ALICE })
  expect(affiliationOf(h.room, ALICE)).toBe('admin')
  h.finishSave('store')
  expect(affiliationOf(h.room, ALICE)).toBe('none')
  expect(h.room.reserved.size).toBe(0)
  expect(h.saved.map(({ write }) => write)).toEqual([{ records: [], forgotten: [ALICE] }])
})

test('a change that is being stored comes first, and cannot bring anything back', () => {
  const h = room()
  const boss = 'boss@example.org/desk'
  h.join(boss, 'Boss')
  h.saving = 'hold'
  h.send(
    boss,
    `<iq type="set" id="a"><query xmlns="http://jabber.org/protocol/muc#admin"><item jid="${ALICE}" affiliation="owner"/></query></iq>`,
  )
  h.step({ kind: 'account-removed', account: ALICE })
  h.finishSave('store')
  expect(affiliationOf(h.room, ALICE)).toBe('owner')
  h.finishSave('store')
  expect(affiliationOf(h.room, ALICE)).toBe('none')
})

test('what cannot be stored stays as it was', () => {
  const h = room()
  h.saving = 'hold'
  h.step({ kind: 'account-removed', account: ALICE })
  h.finishSave('fail')
  expect(affiliationOf(h.room, ALICE)).toBe('admin')
})
