// Being in a room and leaving it: XEP-0045 §7.6, §7.7, §7.14, ghosts, shutdown.
import { describe, expect, test } from 'vitest'
import { occupantsOf } from '../../src/muc/occupant-view.ts'
import { NS } from '../../src/stanza/ns.ts'
import { codes, errorOf, item, participant, ROOM, RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const ALICE2 = 'alice@example.org/desk'
const BOB = 'bob@example.org/desk'
const BOSS = 'boss@example.org/desk'

const both = () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  h.clear()
  return h
}
const unavailable = (nick: string, inside = '') =>
  `<presence type="unavailable" id="bye" to="${ROOM}/${nick}">${inside}</presence>`
const nicks = (h: RoomHarness) => occupantsOf(h.room).map((occupant) => occupant.nick)

test('availability is passed on to everybody, and back with 110', () => {
  const h = both()
  h.send(
    ALICE,
    `<presence id="p1" to="${ROOM}/Alice"><show>xa</show><status>gone fishing</status></presence>`,
  )
  expect(h.takeOne(BOB).getChildText('status')).toBe('gone fishing')
  const self = h.takeOne(ALICE)
  expect([codes(self), self.attrs.id, self.getChildText('show')]).toEqual([[110], 'p1', 'xa'])
})

describe('a nick change', () => {
  test.each([
    ['without <x/>', ''],
    ['with <x/>, as mcabber sends it', `<x xmlns="${NS.muc}"/>`],
  ])('%s is 303 and a new presence, with 110 for oneself', (_, x) => {
    const h = both()
    h.send(ALICE, `<presence id="n1" to="${ROOM}/Alicia">${x}</presence>`)
    const seen = h.take(BOB)
    expect(seen.map((s) => [s.attrs.from, s.attrs.type, codes(s)])).toEqual([
      [`${ROOM}/Alice`, 'unavailable', [303]],
      [`${ROOM}/Alicia`, undefined, []],
    ])
    expect(item(seen[0] as never)).toEqual({ affiliation: 'none', role: 'participant', nick: 'Alicia' })
    expect(h.take(ALICE).map((s) => [s.attrs.from, codes(s)])).toEqual([
      [`${ROOM}/Alice`, [303, 110]],
      [`${ROOM}/Alicia`, [110]],
    ])
    expect(h.takeLobby()).toEqual([
      { kind: 'local-renamed', account: 'alice@example.org', oldNick: 'Alice', nick: 'Alicia' },
    ])
    expect(nicks(h)).toEqual(['Bob', 'Alicia'])
  })

  test('keeps the occupant-id', () => {
    const h = both()
    h.send(ALICE, `<presence to="${ROOM}/Alicia"/>`)
    const ids = h.take(BOB).map((s) => s.getChild('occupant-id')?.attrs.id)
    expect(new Set(ids).size).toBe(1)
  })

  test('moves all sessions of the occupant', () => {
    const h = both()
    h.join(ALICE2, 'Alice')
    h.clear()
    h.send(ALICE, `<presence to="${ROOM}/Alicia"/>`)
    expect(h.take(ALICE2).map((s) => codes(s))).toEqual([[303, 110], [110]])
    expect(h.take(BOB)).toHaveLength(2)
    expect(occupantsOf(h.room).find((occupant) => occupant.nick === 'Alicia')?.sessions).toBe(2)
  })

  test('to the nick of the same account joins the two occupants', () => {
    const h = both()
    h.join(ALICE2, 'Al')
    h.clear()
    h.send(ALICE2, `<presence to="${ROOM}/Alice"><show>dnd</show></presence>`)
    expect(h.take(BOB).map((s) => [s.attrs.from, codes(s), s.getChildText('show')])).toEqual([
      [`${ROOM}/Al`, [303], null],
      [`${ROOM}/Alice`, [], 'dnd'],
    ])
    expect(h.takeLobby()).toEqual([{ kind: 'local-left', account: 'alice@example.org', nick: 'Al' }])
    expect(nicks(h)).toEqual(['Alice', 'Bob'])
    h.say(BOB, 'hi')
    expect(h.take(ALICE2).filter((s) => s.name === 'message')).toHaveLength(1)
  })

  test('to a nick that is taken is a conflict and changes nothing', () => {
    const h = both()
    h.send(ALICE, `<presence id="n1" to="${ROOM}/Bob"/>`)
    const refusal = h.takeOne(ALICE)
    expect(errorOf(refusal)).toEqual({ error: 'cancel/conflict', by: ROOM, id: 'n1' })
    expect(refusal.getChild('x', NS.muc), 'as if the join was refused').toBeUndefined()
    expect(h.take(BOB)).toEqual([])
    expect(nicks(h)).toEqual(['Alice', 'Bob'])
  })

  test('to a nick that is taken carries the element of a join when it was asked for with it', () => {
    const h = both()
    h.send(ALICE, `<presence id="n1" to="${ROOM}/Bob"><x xmlns="${NS.muc}"/></presence>`)
    expect(h.takeOne(ALICE).getChild('x', NS.muc)).toBeDefined()
  })
})

describe('leaving', () => {
  test('is told to oneself with 110 and to others, with the farewell', () => {
    const h = both()
    h.send(ALICE, unavailable('Alice', '<status>bye</status>'))
    const self = h.takeOne(ALICE)
    expect([self.attrs.type, codes(self), item(self)?.role, self.attrs.id]).toEqual([
      'unavailable',
      [110],
      'none',
      'bye',
    ])
    const seen = h.takeOne(BOB)
    expect([seen.attrs.type, codes(seen), seen.getChildText('status')]).toEqual(['unavailable', [], 'bye'])
    expect(h.takeLobby()).toEqual([{ kind: 'local-left', account: 'alice@example.org', nick: 'Alice' }])
  })

  test('of one of two sessions is seen by nobody else', () => {
    const h = both()
    h.join(ALICE2, 'Alice')
    h.clear()
    h.send(ALICE, unavailable('Alice'))
    expect(codes(h.takeOne(ALICE))).toEqual([110])
    expect([h.take(BOB), h.take(ALICE2), h.takeLobby()]).toEqual([[], [], []])
  })

  test('of the session that spoke leaves the word to the other', () => {
    const h = both()
    h.join(ALICE2, 'Alice', '<show>dnd</show>')
    h.clear()
    h.send(ALICE2, unavailable('Alice'))
    expect(h.takeOne(BOB).getChild('show')).toBeUndefined()
    expect(codes(h.takeOne(ALICE))).toEqual([110])
  })

  test('by a lost stream is a plain leave', () => {
    const h = both()
    h.step({ kind: 'session-ended', session: ALICE })
    expect(h.take(ALICE)).toEqual([])
    expect(codes(h.takeOne(BOB))).toEqual([])
    h.step({ kind: 'session-ended', session: ALICE })
    expect(h.take(BOB)).toEqual([])
  })

  test('of somebody outside is ignored, as are probes and subscriptions', () => {
    const h = both()
    h.send('eve@example.org/x', unavailable('Alice'))
    for (const type of ['probe', 'subscribe', 'unsubscribed'])
      h.send('eve@example.org/x', `<presence type="${type}" to="${ROOM}/Alice"/>`)
    expect(h.sent.size).toBe(0)
  })
})

describe('a ghost', () => {
  const bounce = (condition: string, name = 'message') =>
    `<${name} type="error" id="e" to="${ROOM}/Bob"><error type="cancel"><${condition} xmlns="${NS.stanzaErrors}"/></error></${name}>`

  test.each([
    'gone',
    'internal-server-error',
    'item-not-found',
    'jid-malformed',
    'recipient-unavailable',
    'redirect',
    'remote-server-not-found',
    'remote-server-timeout',
    'service-unavailable',
  ])('is whose messages come back with %s: out with 333', (condition) => {
    const h = both()
    h.send(ALICE, bounce(condition))
    expect(codes(h.takeOne(ALICE))).toEqual([110, 333])
    expect(codes(h.takeOne(BOB))).toEqual([333])
    expect(nicks(h)).toEqual(['Bob'])
  })

  test('is whose messages come back with an error that gives no reason', () => {
    const h = both()
    h.send(ALICE, `<message type="error" to="${ROOM}/Bob"/>`)
    expect(nicks(h)).toEqual(['Bob'])
  })

  test('is found though the error begins with its text', () => {
    const h = both()
    const text = `<text xmlns="${NS.stanzaErrors}">no</text>`
    h.send(ALICE, bounce('gone').replace('<gone', `${text}<gone`))
    expect(nicks(h)).toEqual(['Bob'])
  })

  test('is found by presence and requests too', () => {
    for (const name of ['presence', 'iq']) {
      const h = both()
      h.send(ALICE, bounce('remote-server-timeout', name))
      expect(nicks(h)).toEqual(['Bob'])
    }
  })

  test('is not who merely refuses something', () => {
    const h = both()
    for (const condition of ['not-acceptable', 'feature-not-implemented', 'policy-violation'])
      h.send(ALICE, bounce(condition))
    h.send(ALICE, bounce('service-unavailable', 'iq'))
    h.send(ALICE, `<iq type="error" id="e" to="${ROOM}/Bob"/>`)
    expect(nicks(h)).toEqual(['Alice', 'Bob'])
    expect(h.sent.size).toBe(0)
  })

  test('leaves the other sessions of its nick in', () => {
    const h = both()
    h.join(ALICE2, 'Alice')
    h.clear()
    h.send(ALICE, bounce('gone'))
    expect(nicks(h)).toEqual(['Alice', 'Bob'])
    expect(h.take(BOB)).toEqual([])
  })
})

test('a shutdown is told to every session with 110 and 332', () => {
  const h = both()
  h.join(ALICE2, 'Alice')
  h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
  h.clear()
  h.step({ kind: 'shutdown' })
  for (const session of [ALICE, ALICE2, BOB]) {
    const last = h.takeOne(session)
    expect([last.attrs.type, codes(last)]).toEqual(['unavailable', [110, 332]])
  }
  expect(h.takeLobby().map((effect) => effect.kind)).toEqual(['local-left', 'local-left'])
  expect(nicks(h)).toEqual(['Rita'])
})

describe('a description', () => {
  test('that changes is told with 104', () => {
    const h = both()
    h.step({ kind: 'described', description: { ...h.room.description, name: 'Dogs' } })
    const note = h.takeOne(BOB)
    expect([note.name, note.attrs.from, codes(note)]).toEqual(['message', ROOM, [104]])
    h.clear()
    h.step({ kind: 'described', description: { ...h.room.description } })
    expect(h.sent.size).toBe(0)
  })

  test('that names another owner is shown in presence', () => {
    const h = both()
    h.join(BOSS, 'Boss')
    h.clear()
    h.step({ kind: 'described', description: { ...h.room.description, owners: ['alice@example.org'] } })
    const [alice, boss] = h.take(BOB)
    expect([item(alice as never), item(boss as never)]).toEqual([
      { affiliation: 'owner', role: 'moderator' },
      { affiliation: 'none', role: 'participant' },
    ])
    const roster = h.take(ALICE).map((s) => [s.attrs.from, item(s)?.jid])
    expect(roster).toContainEqual([`${ROOM}/Bob`, BOB])
    expect(roster).toContainEqual([`${ROOM}/Boss`, BOSS])
  })
})

test('the map of occupants tells sides, sessions and identities', () => {
  const h = both()
  h.join(ALICE2, 'Alice')
  h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
  expect(
    occupantsOf(h.room).map(({ side, nick, sessions, participant: id }) => ({ side, nick, sessions, id })),
  ).toEqual([
    { side: 'local', nick: 'Alice', sessions: 2, id: null },
    { side: 'local', nick: 'Bob', sessions: 1, id: null },
    { side: 'remote', nick: 'Rita', sessions: 0, id: participant('rs') },
  ])
})
