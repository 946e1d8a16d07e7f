// Entering a room: XEP-0045 §7.1 and §7.2, and what clients were seen to need.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { codes, errorOf, item, participant, ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const ALICE2 = 'alice@example.org/desk'
const BOB = 'bob@example.org/desk'
const BOSS = 'boss@example.org/desk'

describe('the order of a join', () => {
  test('is others, self with 110, history, subject', () => {
    const h = new RoomHarness({ description: { subject: 'purring' } })
    h.join(BOB, 'Bob')
    h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
    h.say(BOB, 'hello')
    h.join(ALICE, 'Alice', '', '')
    const got = h.take(ALICE)
    expect(got.map((s) => `${s.name} ${s.attrs.from}`)).toEqual([
      `presence ${ROOM}/Bob`,
      `presence ${ROOM}/Rita`,
      `presence ${ROOM}/Alice`,
      `message ${ROOM}/Bob`,
      `message ${ROOM}`,
    ])
    expect(codes(got[1] as never)).toEqual([])
    expect(codes(got[2] as never)).toEqual([110, 170])
    expect(got[2]?.attrs.id).toBe('join')
    expect(got[4]?.getChildText('subject')).toBe('purring')
  })

  test('has the own address in it, as Converse finds itself by it, and that of nobody else', () => {
    const h = new RoomHarness()
    h.join(BOSS, 'Boss')
    h.join(BOB, 'Bob')
    h.join(ALICE, 'Alice')
    const presences = h.take(ALICE).filter(({ name }) => name === 'presence')
    expect(presences.map((presence) => item(presence)?.jid)).toEqual([undefined, undefined, ALICE])
  })

  test('ends with an empty subject when there is none', () => {
    const h = new RoomHarness()
    h.join(ALICE, 'Alice')
    const last = h.take(ALICE).at(-1)
    expect(last?.getChild('subject')?.getText()).toBe('')
    expect(last?.getChild('body')).toBeUndefined()
    expect(last?.attrs.type).toBe('groupchat')
  })

  test('holds while the archive is slow: live messages come after history and subject', () => {
    const h = new RoomHarness()
    h.join(BOB, 'Bob')
    h.say(BOB, 'before')
    h.archive.mode = 'hold'
    h.join(ALICE, 'Alice', '', '')
    h.say(BOB, 'after', 'm2')
    h.release()
    const messages = h.take(ALICE).filter((s) => s.name === 'message')
    expect(messages.map((s) => s.getChildText('body') ?? 'subject')).toEqual(['before', 'subject', 'after'])
    expect(messages[0]?.getChild('delay', NS.delay)).toBeDefined()
    expect(messages[2]?.getChild('delay', NS.delay)).toBeUndefined()
  })
})

test('others see a new occupant once, with occupant-id, role and affiliation', () => {
  const h = new RoomHarness()
  h.join(BOB, 'Bob')
  h.clear()
  h.join(ALICE, 'Alice', '<show>away</show><status>tea</status>')
  const seen = h.takeOne(BOB)
  expect(seen.attrs).toMatchObject({ from: `${ROOM}/Alice`, to: BOB })
  expect(item(seen)).toEqual({ affiliation: 'none', role: 'participant' })
  expect(seen.getChildText('show')).toBe('away')
  expect(seen.getChild('occupant-id', NS.occupantId)?.attrs.id).toMatch(/^[0-9a-f]{32}$/)
})

test('real addresses are shown to owners alone', () => {
  const h = new RoomHarness()
  h.join(BOSS, 'Boss')
  h.join(BOB, 'Bob')
  h.clear()
  h.join(ALICE, 'Alice')
  expect(item(h.takeOne(BOSS))?.jid).toBe(ALICE)
  expect(item(h.takeOne(BOB))?.jid).toBeUndefined()
  const [boss, bob] = h.take(ALICE)
  expect(item(boss as never)).toEqual({ affiliation: 'owner', role: 'moderator' })
  expect(item(bob as never)?.jid).toBeUndefined()
  h.join('boss@example.org/phone', 'Chief')
  const roster = h.take('boss@example.org/phone').filter((s) => s.name === 'presence')
  expect(roster.map((s) => item(s)?.jid)).toEqual([BOSS, BOB, ALICE, 'boss@example.org/phone'])
})

test('the first one into a new room is told that it was made, and nobody after', () => {
  const h = new RoomHarness({ isNew: true })
  h.join(BOSS, 'Boss')
  h.say(BOSS, 'mine')
  h.join(ALICE, 'Alice')
  expect(codes(h.take(BOSS)[0] as never)).toEqual([110, 170, 201])
  expect(codes(h.take(ALICE)[1] as never)).toEqual([110, 170])
})

test('a nick that the service changes is told with 210', () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Cafe\u0301')
  const self = h.take(ALICE)[0]
  expect(self?.attrs.from).toBe(`${ROOM}/Caf\u00e9`)
  expect(codes(self as never)).toEqual([110, 170, 210])
})

describe('a second session of an account under its nick', () => {
  test('is no second occupant and both hear everything', () => {
    const h = new RoomHarness()
    h.join(BOB, 'Bob')
    h.join(ALICE, 'Alice')
    h.clear()
    h.join(ALICE2, 'Alice')
    expect(h.take(BOB)).toEqual([])
    expect(h.takeLobby()).toEqual([])
    expect(h.take(ALICE)).toEqual([])
    expect(h.take(ALICE2).map((s) => s.attrs.from)).toEqual([`${ROOM}/Bob`, `${ROOM}/Alice`, ROOM])
    h.say(BOB, 'hi')
    expect(h.takeOne(ALICE).getChildText('body')).toBe('hi')
    expect(h.takeOne(ALICE2).getChildText('body')).toBe('hi')
  })

  test('speaks for the occupant when its presence differs', () => {
    const h = new RoomHarness()
    h.join(BOB, 'Bob')
    h.join(ALICE, 'Alice')
    h.clear()
    h.join(ALICE2, 'Alice', '<show>dnd</show>')
    expect(h.takeOne(BOB).getChildText('show')).toBe('dnd')
    expect(codes(h.takeOne(ALICE))).toEqual([110])
  })
})

describe('joins that are refused', () => {
  const refused = (h: RoomHarness, from: string) => {
    const stanza = h.takeOne(from)
    expect(stanza.name).toBe('presence')
    expect(stanza.getChild('x', NS.muc)).toBeDefined()
    expect(h.room.sessions.has(from)).toBe(false)
    return { ...errorOf(stanza), from: stanza.attrs.from }
  }

  test('a nick of another account is a conflict', () => {
    const h = new RoomHarness()
    h.join(BOB, 'Bob')
    h.join(ALICE, 'Bob')
    expect(refused(h, ALICE)).toEqual({ error: 'cancel/conflict', by: ROOM, id: 'join', from: `${ROOM}/Bob` })
  })

  test('a nick of a participant of the lobby is a conflict', () => {
    const h = new RoomHarness()
    h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
    h.join(ALICE, 'Rita')
    expect(refused(h, ALICE).error).toBe('cancel/conflict')
  })

  test('a nick that the network cannot carry is refused with its reason', () => {
    const error = { type: 'modify', condition: 'not-acceptable', text: 'too long' } as const
    const h = new RoomHarness({ policy: { refusesNick: (nick) => (nick === 'long' ? error : undefined) } })
    h.join(ALICE, 'long')
    expect(refused(h, ALICE)).toMatchObject({ error: 'modify/not-acceptable', by: ROOM })
  })

  test('a nick that is too long for the network is cut, which its user is told', () => {
    const h = new RoomHarness({ policy: { fittingNick: (nick) => nick.slice(0, 4) } })
    for (let i = 0; i < 2; i++) {
      h.join(ALICE, 'Alexandra')
      const own = h.take(ALICE)[0] as Element
      expect([own.attrs.from, codes(own)]).toEqual([`${ROOM}/Alex`, [110, 170, 210]])
    }
    expect(h.takeLobby()).toMatchObject([{ kind: 'local-entered', nick: 'Alex' }])
    h.send(ALICE, `<presence to="${ROOM}/Alicia"/>`)
    expect(codes(h.take(ALICE).at(-1) as Element)).toEqual([110, 210])
    expect([...h.room.occupants.keys()]).toEqual(['Alic'])
    h.join(ALICE, 'Alexandra')
    h.join(BOB, 'Alexander')
    expect(refused(h, BOB).error).toBe('cancel/conflict')
  })

  test('an invisible nick is not acceptable, none at all is malformed', () => {
    const h = new RoomHarness()
    h.join(ALICE, ' \u200b ')
    expect(refused(h, ALICE).error).toBe('modify/not-acceptable')
    h.send(ALICE, `<presence id="join"><x xmlns="${NS.muc}"/></presence>`)
    expect(refused(h, ALICE)).toMatchObject({ error: 'modify/jid-malformed', from: ROOM })
  })

  test('presence without <x/> of somebody outside is no join: it is told that it is not in the room', () => {
    const h = new RoomHarness()
    h.send(ALICE, `<presence id="p" to="${ROOM}/Alice"><show>away</show></presence>`)
    const [reply] = h.take(ALICE)
    expect(reply?.attrs).toMatchObject({ type: 'unavailable', from: `${ROOM}/Alice`, id: 'p' })
    expect(String(reply)).toMatch(/110.*307.*333/)
  })

  test('only a full JID can join', () => {
    const h = new RoomHarness()
    h.join('alice@example.org', 'Alice')
    expect(refused(h, 'alice@example.org').error).toBe('modify/bad-request')
  })
})

test('a join of an occupant gives everything again and tells others only what is new', () => {
  const h = new RoomHarness()
  h.join(BOB, 'Bob')
  h.say(BOB, 'hello')
  h.join(ALICE, 'Alice', '<show>away</show>')
  h.clear()
  h.join(ALICE, 'Alice', '<show>away</show>', '')
  expect(h.take(ALICE).map((s) => `${s.name} ${s.attrs.from}`)).toEqual([
    `presence ${ROOM}/Bob`,
    `presence ${ROOM}/Alice`,
    `message ${ROOM}/Bob`,
    `message ${ROOM}`,
  ])
  expect(h.take(BOB)).toEqual([])
  expect(h.takeLobby()).toEqual([])
  h.join(ALICE, 'Alice')
  expect(h.takeOne(BOB).getChild('show')).toBeUndefined()
})

describe('classic history', () => {
  const withMessages = (count: number) => {
    const h = new RoomHarness()
    h.join(BOB, 'Bob')
    for (let i = 1; i <= count; i++) {
      h.advance(60_000)
      h.say(BOB, `message ${i}`)
    }
    h.clear()
    return h
  }
  const bodies = (h: RoomHarness, history: string) => {
    h.join(ALICE, 'Alice', '', history)
    return h
      .take(ALICE)
      .map((s) => s.getChildText('body'))
      .filter((body) => body !== null)
  }

  test('is the newest 20 when no limit is named, each stamped by the room', () => {
    const h = withMessages(25)
    h.join(ALICE, 'Alice', '', '')
    const delayed = h.take(ALICE).filter((s) => s.getChild('body'))
    expect(delayed).toHaveLength(20)
    expect(delayed[0]?.getChildText('body')).toBe('message 6')
    expect(delayed[0]?.getChild('delay', NS.delay)?.attrs).toMatchObject({
      from: ROOM,
      stamp: new Date(START_MS + 6 * 60_000).toISOString(),
    })
    expect(delayed[0]?.getChild('stanza-id', NS.sid)?.attrs.by).toBe(ROOM)
    expect(delayed[0]?.getChild('occupant-id', NS.occupantId)).toBeDefined()
    expect(delayed[0]?.attrs.id).toBe('m1')
  })

  test.each([
    ['maxstanzas', '<history maxstanzas="2"/>', ['message 2', 'message 3']],
    ['seconds', '<history seconds="90"/>', ['message 2', 'message 3']],
    [
      'since',
      `<history since="${new Date(START_MS + 3 * 60_000).toISOString().replace('.000Z', 'Z')}"/>`,
      ['message 3'],
    ],
    ['the stricter of two', '<history maxstanzas="1" seconds="90"/>', ['message 3']],
    ['none for maxstanzas 0', '<history maxstanzas="0"/>', []],
    ['none for maxchars 0', '<history maxchars="0"/>', []],
    ['none for seconds 0', '<history seconds="0"/>', []],
    [
      'all for limits that are no numbers',
      '<history maxstanzas="x" since="then"/>',
      ['message 1', 'message 2', 'message 3'],
    ],
  ])('honours %s', (_, history, expected) => {
    expect(bodies(withMessages(3), history)).toEqual(expected)
  })

  test('honours maxchars with complete stanzas only', () => {
    const h = withMessages(3)
    h.join(ALICE, 'Alice', '', '')
    const size =
      h
        .take(ALICE)
        .find((s) => s.getChild('body'))
        ?.toString().length ?? 0
    h.send(ALICE, `<presence type="unavailable" to="${ROOM}/Alice"/>`)
    h.clear()
    expect(bodies(h, `<history maxchars="${2 * size}"/>`)).toEqual(['message 2', 'message 3'])
    expect(h.archive.entries).toHaveLength(3)
  })

  test('is never more than 100 messages', () => {
    expect(bodies(withMessages(120), '<history maxstanzas="2000"/>')).toHaveLength(100)
  })

  test('leaves subjects out, and a failed archive only costs the history', () => {
    const h = new RoomHarness()
    h.join(BOSS, 'Boss')
    h.send(BOSS, '<message type="groupchat" id="s"><subject>mice</subject></message>')
    expect(bodies(h, '')).toEqual([])
    h.archive.mode = 'fail'
    h.join(BOB, 'Bob', '', '')
    expect(h.take(BOB).at(-1)?.getChildText('subject')).toBe('mice')
  })
})

test('each side of the lobby is told of the first session of a nick', () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(ALICE2, 'Al')
  expect(h.takeLobby()).toEqual([
    { kind: 'local-entered', account: 'alice@example.org', nick: 'Alice' },
    { kind: 'local-entered', account: 'alice@example.org', nick: 'Al' },
  ])
})

test('what only a room may say is cut from presence, and prefixes stay declared', () => {
  const h = new RoomHarness()
  h.join(BOB, 'Bob')
  h.clear()
  h.send(
    ALICE,
    `<presence to="${ROOM}/Alice" xmlns:p="urn:pre"><p:own/><q:lost/><x xmlns="${NS.muc}"><history maxchars="0"/></x>` +
      `<x xmlns="${NS.mucUser}"><status code="307"/></x><occupant-id xmlns="${NS.occupantId}" id="fake"/>` +
      `<show></show><status/><c xmlns="${NS.caps}" ver="1"/><big>${'x'.repeat(5000)}</big></presence>`,
  )
  const seen = h.takeOne(BOB)
  expect(codes(seen)).toEqual([])
  expect(seen.getChildElements().map((child) => child.name)).toEqual(['p:own', 'c', 'x', 'occupant-id'])
  expect(seen.getChild('own')?.getNS()).toBe('urn:pre')
  expect(seen.getChild('occupant-id')?.attrs.id).not.toBe('fake')
})

test('a join into a room of a thousand prepares each presence once', () => {
  const h = new RoomHarness()
  for (let i = 0; i < 1000; i++)
    h.step({ kind: 'remote-entered', occupant: { id: participant(`p${i}`), nick: `Peer ${i}` } })
  const bursts = ['a', 'b'].map((resource) =>
    h.join(`alice@example.org/${resource}`, resource).find((effect) => effect.kind === 'burst'),
  )
  const [first, second] = bursts.map((burst) => (burst?.kind === 'burst' ? burst.stanzas : []))
  expect(first).toHaveLength(1001)
  for (let i = 0; i < 1000; i++) expect(second?.[i]).toBe(first?.[i])
})
