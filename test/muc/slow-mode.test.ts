// Slow mode (XEP-0500) and how much is said (XEP-0502), as a room shows and enforces them.
import { describe, expect, test } from 'vitest'
import { MAX_SLOW_MODE_SECONDS, PACE_HELD_MS, TYPING_FROM_LOBBY_MS } from '../../src/muc/limits.ts'
import type { RoomEffect } from '../../src/muc/room-port.ts'
import type { RoomSettings } from '../../src/muc/room-state.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf, participant, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'
const DESK = 'alice@example.org/desk'

function room(settings: RoomSettings = {}, paceMs = () => 0): RoomHarness {
  const h = new RoomHarness({
    state: { settings, affiliations: [], tombstone: null, lobby: null },
    policy: { paceMs },
  })
  h.join(BOSS, 'Boss')
  h.join(ALICE, 'Alice')
  h.join(DESK, 'Alice')
  h.clear()
  return h
}
/** What comes back to a speaker: its own message, or an error. */
function outcome(h: RoomHarness, from: string, body: string, inside = ''): string {
  h.say(from, body, body, inside)
  const reply = h.take(from).find((stanza) => stanza.attrs.id === body) as Element
  return reply.attrs.type === 'error' ? errorOf(reply).error : 'said'
}
function info(h: RoomHarness, name: string): string | undefined {
  h.send(ALICE, `<iq type="get" id="i"><query xmlns="${NS.discoInfo}"/></iq>`)
  const fields = h.take(ALICE).at(-1)?.getChild('query')?.getChild('x', NS.dataForms)?.getChildren('field')
  return fields?.find((field) => field.attrs.var === name)?.getChildText('value') ?? undefined
}

describe('in slow mode', () => {
  test('an account waits between two messages, whatever its clients', () => {
    const h = room({ slowModeSeconds: 20 })
    expect(info(h, 'muc#roominfo_slow_mode_duration')).toBe('20')
    expect(outcome(h, ALICE, 'one')).toBe('said')
    h.advance(19_999)
    expect(outcome(h, DESK, 'two')).toBe('wait/policy-violation')
    h.advance(1)
    expect(outcome(h, DESK, 'three')).toBe('said')
    expect(h.takeLobby().filter(({ kind }) => kind === 'local-said')).toHaveLength(2)
  })

  test('owners need not wait, nor does what has no body', () => {
    const h = room({ slowModeSeconds: 20 })
    expect([outcome(h, BOSS, 'a'), outcome(h, BOSS, 'b')]).toEqual(['said', 'said'])
    expect(outcome(h, ALICE, 'c')).toBe('said')
    h.send(ALICE, `<message type="groupchat" id="t"><composing xmlns="${NS.chatStates}"/></message>`)
    expect(h.take(ALICE).map((stanza) => stanza.attrs.type)).toEqual(['groupchat'])
  })

  test('the wait goes on after leaving and coming back', () => {
    const h = room({ slowModeSeconds: MAX_SLOW_MODE_SECONDS })
    expect(outcome(h, ALICE, 'one')).toBe('said')
    for (const session of [ALICE, DESK]) h.send(session, '<presence type="unavailable"/>')
    h.advance(1000 * (MAX_SLOW_MODE_SECONDS - 1))
    h.join(ALICE, 'Alice')
    expect(outcome(h, ALICE, 'two')).toBe('wait/policy-violation')
  })

  test('without it nobody waits', () => {
    const h = room()
    expect(info(h, 'muc#roominfo_slow_mode_duration')).toBe('0')
    expect([outcome(h, ALICE, 'a'), outcome(h, DESK, 'b')]).toEqual(['said', 'said'])
  })
})

describe('when the lobby cannot take what is said', () => {
  let paceMs = 0
  const SLOW = 'muc#roominfo_slow_mode_duration'
  const busyRoom = (settings: RoomSettings = {}): RoomHarness => {
    paceMs = 0
    return room(settings, () => paceMs)
  }
  const told = (h: RoomHarness): number =>
    h.take(BOSS).filter((stanza) => String(stanza).includes('<status code="104"/>')).length

  test('its pace is the slow mode of the room, which everybody is told', () => {
    const h = busyRoom()
    expect(outcome(h, ALICE, 'one')).toBe('said')
    expect([told(h), info(h, SLOW)]).toEqual([0, '0'])
    paceMs = 2_400
    expect(outcome(h, ALICE, 'two')).toBe('said')
    expect([told(h), info(h, SLOW)]).toEqual([1, '5'])
    h.say(DESK, 'three', 'three')
    const refused = h.take(DESK).find((stanza) => stanza.attrs.id === 'three') as Element
    expect(errorOf(refused).error).toBe('wait/policy-violation')
    expect(String(refused)).toContain('The lobby takes no more at a time: 5 s lie between')
    h.advance(5_000)
    expect(outcome(h, ALICE, 'four')).toBe('said')
    expect(told(h)).toBe(0)
  })

  test('it only grows, to a minute at most, and ends when there has been room for a while', () => {
    const h = busyRoom()
    paceMs = 4_000
    outcome(h, ALICE, 'one')
    paceMs = 1_000_000
    h.advance(10_000)
    outcome(h, ALICE, 'two')
    expect(info(h, SLOW)).toBe('60')
    paceMs = 2_000
    h.advance(10_000)
    h.step({ kind: 'wake' })
    expect([told(h), info(h, SLOW)]).toEqual([2, '60'])
    paceMs = 0
    h.advance(PACE_HELD_MS - 1)
    h.step({ kind: 'wake' })
    expect(info(h, SLOW)).toBe('60')
    h.advance(1)
    h.step({ kind: 'wake' })
    expect([told(h), info(h, SLOW)]).toEqual([1, '0'])
    expect(outcome(h, ALICE, 'three')).toBe('said')
  })

  test('a slower rule of the owners stands', () => {
    const h = busyRoom({ slowModeSeconds: 20 })
    paceMs = 4_000
    expect(outcome(h, ALICE, 'one')).toBe('said')
    expect([told(h), info(h, SLOW)]).toEqual([0, '20'])
  })

  test('it is looked at again when that is due, whoever types meanwhile', () => {
    const h = busyRoom()
    paceMs = 2_000
    const wakes = (effects: readonly RoomEffect[]): number[] =>
      effects.flatMap((effect) => (effect.kind === 'wake' ? [effect.atMs - h.nowMs] : []))
    const message = '<message type="groupchat" id="w"><body>hi</body></message>'
    expect(wakes(h.send(ALICE, message)).at(-1)).toBe(PACE_HELD_MS)
    h.step({ kind: 'remote-entered', occupant: { id: participant('p1'), nick: 'Rose' } })
    expect(wakes(h.step({ kind: 'remote-typing', id: participant('p1') })).at(-1)).toBe(TYPING_FROM_LOBBY_MS)
    h.advance(TYPING_FROM_LOBBY_MS)
    expect(wakes(h.step({ kind: 'wake' })).at(-1)).toBe(PACE_HELD_MS)
  })
})

describe('messages per hour', () => {
  const FIELD = '{urn:xmpp:muc-activity}message-activity'
  test('are told after an hour, of people here and there, without corrections and private messages', () => {
    const h = room()
    outcome(h, ALICE, 'one')
    h.step({
      kind: 'remote-said',
      occupant: { id: participant('p1'), nick: 'Rose' },
      body: 'two',
      files: [],
      sentAtMs: h.nowMs,
      networkId: 'n2',
    })
    outcome(h, ALICE, 'three', `<replace xmlns="${NS.correction}" id="one"/>`)
    h.send(ALICE, '<message to="cats@lobbies.example/Boss" type="chat"><body>x</body></message>')
    expect(info(h, FIELD)).toBeUndefined()
    h.advance(3_600_000)
    expect(info(h, FIELD)).toBe('2.00')
    h.advance(3_600_000)
    expect(info(h, FIELD)).toBe('1.00')
  })

  test.each<RoomSettings>([{ isPublic: false }, { isMembersOnly: true }, { password: 'x' }])(
    'are not told with %j',
    (settings) => {
      const h = new RoomHarness({ state: { settings, affiliations: [], tombstone: null, lobby: null } })
      h.advance(7_200_000)
      expect(info(h, FIELD)).toBeUndefined()
    },
  )
})
