// What operators do to occupants without being in the room: everybody sees it, and that it was an operator.
import { expect, test } from 'vitest'
import { occupantsOf } from '../../src/muc/occupant-view.ts'
import { codes, item, participant, ROOM, RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org/a'
const BOB = 'bob@example.org/b'
const RITA = participant('rita')

function room(): RoomHarness {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  h.step({ kind: 'remote-entered', occupant: { id: RITA, nick: 'Rita' } })
  h.clear()
  return h
}
const reasonIn = (h: RoomHarness, to: string): string | null | undefined =>
  h.takeOne(to).getChild('x', 'http://jabber.org/protocol/muc#user')?.getChild('item')?.getChildText('reason')
const says = (h: RoomHarness, networkId: string): void => {
  const occupant = { id: RITA, nick: 'Rita' }
  h.step({ kind: 'remote-said', occupant, body: 'hello', files: [], sentAtMs: h.nowMs, networkId })
}

test('a kick puts an XMPP user out with 307, tells the lobby, and names nobody', () => {
  const h = room()
  h.step({ kind: 'operator-kicked', nick: 'Bob', reason: 'Enough' })
  const own = h.takeOne(BOB)
  expect([own.attrs.type, codes(own)]).toEqual(['unavailable', [110, 307]])
  const seen = h.takeOne(ALICE)
  expect([seen.attrs.from, codes(seen), item(seen)?.role]).toEqual([`${ROOM}/Bob`, [307], 'none'])
  expect(h.takeLobby()).toEqual([{ kind: 'local-left', account: 'bob@example.org', nick: 'Bob' }])
  h.join(BOB, 'Bob')
  expect(h.room.sessions.has(BOB)).toBe(true)
})

test('without a reason it is said that it was an operator', () => {
  const h = room()
  h.step({ kind: 'operator-kicked', nick: 'Bob', reason: '' })
  expect(reasonIn(h, ALICE)).toBe('By an operator of this gateway.')
  h.step({ kind: 'operator-muted', id: RITA, reason: 'Spam' })
  expect(reasonIn(h, ALICE)).toBe('Spam')
})

test('nobody is kicked who is not here by XMPP', () => {
  const h = room()
  for (const nick of ['Rita', 'Nobody'])
    expect(h.step({ kind: 'operator-kicked', nick, reason: '' })).toEqual([])
  expect(h.room.occupants.size).toBe(3)
})

test('who is muted is neither shown nor heard, until it is unmuted or leaves the lobby', () => {
  const h = room()
  h.step({ kind: 'operator-muted', id: RITA, reason: '' })
  h.clear()
  says(h, 'n1')
  expect(h.take(ALICE)).toEqual([])
  expect(occupantsOf(h.room).find(({ nick }) => nick === 'Rita')?.isMuted).toBe(true)
  h.step({ kind: 'operator-unmuted', id: RITA })
  expect(h.takeOne(ALICE).attrs.from).toBe(`${ROOM}/Rita`)
  says(h, 'n2')
  expect(h.takeOne(ALICE).getChildText('body')).toBe('hello')
  expect(h.step({ kind: 'operator-unmuted', id: RITA })).toEqual([])
})

test('an operator does not lift what the owners of a room have banned', () => {
  const h = room()
  h.join('boss@example.org/x', 'Boss')
  h.send(
    'boss@example.org/x',
    '<iq type="set" id="ban"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Rita" affiliation="outcast"/></query></iq>',
  )
  h.clear()
  expect(h.step({ kind: 'operator-unmuted', id: RITA })).toEqual([])
  expect(occupantsOf(h.room).find(({ nick }) => nick === 'Rita')?.isMuted).toBe(true)
})
