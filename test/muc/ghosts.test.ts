// Sessions that cannot be reached leave the room, and sessions that never noticed a restart are in it again.
import { describe, expect, test } from 'vitest'
import { farewell, presenceIn, probe } from '../../src/muc/ghosts.ts'
import { el } from '../../src/stanza/xml.ts'
import { codes, jid, participant, ROOM, RoomHarness } from './room-harness.ts'

const ANN = 'ann@a.example/1'
const ANN2 = 'ann@a.example/2'
const BOB = 'bob@b.example/1'
const CARL = 'carl@c.example/1'

const nicks = (h: RoomHarness): string[] => [...h.room.occupants.keys()]
const known = (full: string, nick: string) => ({ jid: jid(full), nick, payload: [el('show', {}, 'away')] })

function four(): RoomHarness {
  const h = new RoomHarness()
  h.join(ANN, 'Ann')
  h.join(ANN2, 'Ann')
  h.join(BOB, 'Bob')
  h.join(CARL, 'Carl')
  h.clear()
  return h
}

describe('a session that cannot be reached', () => {
  test('is out with 333, told to itself and to the others, and the lobby hears it', () => {
    const h = four()
    h.step({ kind: 'session-unreachable', session: BOB })
    expect(nicks(h)).toEqual(['Ann', 'Carl'])
    expect(codes(h.takeOne(BOB))).toEqual([110, 333])
    expect(codes(h.takeOne(CARL))).toEqual([333])
    expect(h.takeLobby()).toEqual([{ kind: 'local-left', account: 'bob@b.example', nick: 'Bob' }])
    h.step({ kind: 'session-unreachable', session: BOB })
    expect(h.sent.has(BOB)).toBe(false)
  })
})

describe('many sessions that cannot be reached', () => {
  test('are each told for themselves alone, and who stays sees who left', () => {
    const h = four()
    h.step({ kind: 'sessions-unreachable', sessions: [ANN, ANN2, BOB, 'nobody@d.example/1'] })
    expect(nicks(h)).toEqual(['Carl'])
    for (const full of [ANN, ANN2, BOB]) expect(codes(h.takeOne(full))).toEqual([110, 333])
    const told = h.take(CARL)
    expect(told.map((stanza) => stanza.attrs.from)).toEqual([`${ROOM}/Ann`, `${ROOM}/Bob`])
    for (const stanza of told) expect(stanza.attrs.type).toBe('unavailable')
    expect(h.takeLobby().map((effect) => effect.kind)).toEqual(['local-left', 'local-left'])
  })

  test('leave an occupant in whose other session can be reached', () => {
    const h = four()
    h.step({ kind: 'sessions-unreachable', sessions: [ANN2] })
    expect(nicks(h)).toEqual(['Ann', 'Bob', 'Carl'])
    expect(h.takeLobby()).toEqual([])
  })
})

describe('sessions known from before', () => {
  test('are in again without hearing of it, with what their presence said', () => {
    const h = new RoomHarness()
    h.step({
      kind: 'sessions-restored',
      sessions: [known(ANN, 'Ann'), known(ANN2, 'Ann'), known(BOB, 'Bob')],
    })
    expect(h.sent.size).toBe(0)
    expect(nicks(h)).toEqual(['Ann', 'Bob'])
    expect(h.takeLobby().map((effect) => effect.kind)).toEqual(['local-entered', 'local-entered'])
    h.say(BOB, 'still here')
    expect(h.take(ANN2).map((stanza) => stanza.getChildText('body'))).toEqual(['still here'])
    h.clear()
    h.join(CARL, 'Carl')
    const [ann] = h.take(CARL)
    expect(ann?.attrs.from).toBe(`${ROOM}/Ann`)
    expect(ann?.getChildText('show')).toBe('away')
  })

  test('see who came from the lobby meanwhile', () => {
    const h = new RoomHarness()
    h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
    h.step({ kind: 'sessions-restored', sessions: [known(ANN, 'Ann')] })
    expect(h.takeOne(ANN).attrs.from).toBe(`${ROOM}/Rita`)
  })

  test('are told that they are out when their nick is taken by now', () => {
    const h = new RoomHarness()
    h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Ann' } })
    h.step({ kind: 'sessions-restored', sessions: [known(ANN, 'Ann')] })
    const told = h.takeOne(ANN)
    expect(told.attrs).toMatchObject({ type: 'unavailable', from: `${ROOM}/Ann` })
    expect(codes(told)).toEqual([110, 333])
    expect(h.room.sessions.size).toBe(0)
  })

  test('that are in already stay as they are', () => {
    const h = four()
    h.step({ kind: 'sessions-restored', sessions: [known(BOB, 'Robert')] })
    expect(nicks(h)).toEqual(['Ann', 'Bob', 'Carl'])
  })
})

test.each([
  ['iq', 'service-unavailable', 'unsure'],
  ['message', 'service-unavailable', 'gone'],
  ['iq', 'remote-server-not-found', 'gone'],
  ['iq', 'recipient-unavailable', 'gone'],
  ['iq', 'feature-not-implemented', 'there'],
  ['iq', 'forbidden', 'there'],
])('an %s error %s says: %s', (name, condition, expected) => {
  const error = el(
    name,
    { type: 'error' },
    el('error', { type: 'cancel' }, el(condition, { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' })),
  )
  expect(presenceIn(error)).toBe(expected)
})

test('a farewell and a probe are addressed to one session', () => {
  expect(codes(farewell(`${ROOM}/Ann`, ANN))).toEqual([110, 333])
  expect(probe(ROOM, ANN).attrs).toEqual({ type: 'groupchat', from: ROOM, to: ANN, id: 'probe' })
})
