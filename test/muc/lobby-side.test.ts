// Participants of the lobby as occupants.
import { describe, expect, test } from 'vitest'
import { occupantsOf } from '../../src/muc/occupant-view.ts'
import { NS } from '../../src/stanza/ns.ts'
import { codes, item, participant, ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOSS = 'boss@example.org/desk'
const RITA = participant('rita')
const SAM = participant('sam')

const room = () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOSS, 'Boss')
  h.clear()
  return h
}
const enter = (h: RoomHarness, id: typeof RITA, nick: string) =>
  h.step({ kind: 'remote-entered', occupant: { id, nick } })
const said = (h: RoomHarness, id: typeof RITA, nick: string, body: string, networkId = 'n1') =>
  h.step({ kind: 'remote-said', occupant: { id, nick }, body, files: [], sentAtMs: START_MS, networkId })

test('who enters is an occupant for all, and moderators see its identity as address', () => {
  const h = room()
  enter(h, RITA, 'Rita')
  for (const [to, jid] of [
    [ALICE, undefined],
    [BOSS, `identity.${RITA}@lobbies.example`],
  ] as const) {
    const seen = h.takeOne(to)
    expect([seen.attrs.from, item(seen), codes(seen)]).toEqual([
      `${ROOM}/Rita`,
      { affiliation: 'none', role: 'participant', ...(jid && { jid }) },
      [],
    ])
    expect(seen.getChild('occupant-id', NS.occupantId)?.attrs.id).toMatch(/^[0-9a-f]{32}$/)
  }
  enter(h, RITA, 'Rita')
  expect(h.sent.size).toBe(0)
})

test('who leaves is gone without status codes, and once', () => {
  const h = room()
  enter(h, RITA, 'Rita')
  h.clear()
  h.step({ kind: 'remote-left', id: RITA })
  const seen = h.takeOne(ALICE)
  expect([seen.attrs.type, codes(seen), item(seen)?.role]).toEqual(['unavailable', [], 'none'])
  h.clear()
  h.step({ kind: 'remote-left', id: RITA })
  expect(h.sent.size).toBe(0)
})

test('a message with files says where they are for clients of any age', () => {
  const h = room()
  const url = 'https://chat.test/files/ab/image.png'
  const file = { url, name: 'image.png', mediaType: 'image/png', size: 5, width: 3, height: 4 }
  h.step({
    kind: 'remote-said',
    occupant: { id: RITA, nick: 'Rita' },
    body: `😀 look\n${url}`,
    files: [{ ...file, sha256: new Uint8Array(32) }],
    sentAtMs: START_MS,
    networkId: 'n1',
  })
  const seen = h.takeOne(ALICE)
  expect(seen.getChildText('body')).toBe(`😀 look\n${url}`)
  expect(seen.getChild('x', 'jabber:x:oob')?.getChildText('url')).toBe(url)
  const sharing = seen.getChild('file-sharing', 'urn:xmpp:sfs:0')
  const about = sharing?.getChild('file', 'urn:xmpp:file:metadata:0')
  expect(about?.getChildElements().map((child) => [child.getName(), child.getText()])).toEqual([
    ['media-type', 'image/png'],
    ['name', 'image.png'],
    ['size', '5'],
    ['width', '3'],
    ['height', '4'],
    ['hash', `${'A'.repeat(43)}=`],
  ])
  expect(sharing?.getChild('sources')?.getChild('url-data')?.attrs.target).toBe(url)
  // Counted in code points.
  const fallback = seen.getChild('fallback', 'urn:xmpp:fallback:0')
  expect([fallback?.attrs.for, fallback?.getChild('body')?.attrs]).toEqual([
    'urn:xmpp:sfs:0',
    { start: '7', end: String(7 + url.length) },
  ])
})

test('another name is a nick change that keeps the occupant-id', () => {
  const h = room()
  enter(h, RITA, 'Rita')
  const before = h.takeOne(ALICE).getChild('occupant-id')?.attrs.id
  h.step({ kind: 'remote-renamed', id: RITA, nick: 'Rita B' })
  const [old, now] = h.take(ALICE)
  expect([codes(old as never), item(old as never)?.nick, old?.attrs.from]).toEqual([
    [303],
    'Rita B',
    `${ROOM}/Rita`,
  ])
  expect([now?.attrs.from, now?.getChild('occupant-id')?.attrs.id]).toEqual([`${ROOM}/Rita B`, before])
  h.clear()
  h.step({ kind: 'remote-renamed', id: RITA, nick: 'Rita B' })
  h.step({ kind: 'remote-renamed', id: SAM, nick: 'Sam' })
  expect(h.sent.size).toBe(0)
})

test('a name that is taken or impossible gets part of the identity, never hides somebody', () => {
  const h = room()
  enter(h, RITA, 'Alice')
  enter(h, SAM, 'tab\there')
  expect(occupantsOf(h.room).map((occupant) => occupant.nick)).toEqual([
    'Alice',
    'Boss',
    `Alice (${RITA.slice(0, 4)})`,
    SAM,
  ])
  h.join('carl@example.org/x', `Sam`)
  const names = Array.from({ length: 8 }, (_, i) => `Sam (${SAM.slice(0, 4 * (i + 1))})`)
  for (const [i, name] of [...names, `${SAM}*`].entries()) h.join(`carl@example.org/${i}`, name)
  h.step({ kind: 'remote-renamed', id: SAM, nick: 'Sam' })
  expect(h.room.participants.get(SAM)?.nick).toBe(SAM)
  h.step({ kind: 'remote-left', id: SAM })
  h.join('carl@example.org/id', SAM)
  enter(h, SAM, 'Sam')
  expect(h.room.participants.get(SAM)?.nick).toBe(`${SAM}**`)
})

describe('what somebody says', () => {
  test('is archived first, with the id of the network, and reflected with ids', () => {
    const h = room()
    enter(h, RITA, 'Rita')
    h.clear()
    h.archive.mode = 'hold'
    said(h, RITA, 'Rita', 'hello & goodbye', 'net-7')
    expect(h.sent.size).toBe(0)
    h.release()
    const seen = h.takeOne(ALICE)
    const entry = h.archive.entries[0]
    expect([seen.attrs.from, seen.attrs.id, seen.getChildText('body')]).toEqual([
      `${ROOM}/Rita`,
      'net-7',
      'hello & goodbye',
    ])
    expect(seen.getChild('stanza-id', NS.sid)?.attrs).toMatchObject({ by: ROOM, id: entry?.id })
    expect(seen.getChild('occupant-id')?.attrs.id).toBe(entry?.occupantId)
    expect(entry).toMatchObject({
      networkId: 'net-7',
      nick: 'Rita',
      kind: 'message',
      body: 'hello & goodbye',
    })
    expect(h.takeLobby()).toEqual([])
  })

  test('twice is shown once, and nothing when it cannot be stored', () => {
    const h = room()
    said(h, RITA, 'Rita', 'hello')
    said(h, RITA, 'Rita', 'hello')
    expect(h.take(ALICE)).toHaveLength(1)
    h.archive.mode = 'fail'
    said(h, RITA, 'Rita', 'lost', 'n2')
    expect(h.take(ALICE)).toEqual([])
  })

  test('counts for an author who is not in the room', () => {
    const h = room()
    said(h, SAM, 'Sam', 'hello')
    const first = h.takeOne(ALICE)
    expect(first.attrs.from).toBe(`${ROOM}/Sam`)
    enter(h, SAM, 'Sam')
    expect(h.take(ALICE)[0]?.getChild('occupant-id')?.attrs.id).toBe(first.getChild('occupant-id')?.attrs.id)
  })

  test('without text is nothing', () => {
    const h = room()
    said(h, RITA, 'Rita', '')
    expect([h.sent.size, h.archive.entries.length]).toEqual([0, 0])
  })
})

describe('typing', () => {
  const states = (h: RoomHarness) =>
    h.take(ALICE).map((s) => `${s.attrs.from} ${s.getChildElements()[0]?.name}`)

  test('is shown once and taken back after six seconds of silence', () => {
    const h = room()
    enter(h, RITA, 'Rita')
    h.clear()
    h.step({ kind: 'remote-typing', id: RITA })
    h.advance(4000)
    h.step({ kind: 'remote-typing', id: RITA })
    h.advance(5900)
    expect(states(h)).toEqual([`${ROOM}/Rita composing`])
    h.advance(200)
    expect(states(h)).toEqual([`${ROOM}/Rita active`])
    h.advance(60_000)
    expect([h.sent.get(ALICE), h.wakeAtMs]).toEqual([undefined, undefined])
    expect(h.archive.entries).toEqual([])
  })

  test('of several is timed for each', () => {
    const h = room()
    enter(h, RITA, 'Rita')
    enter(h, SAM, 'Sam')
    h.step({ kind: 'remote-typing', id: RITA })
    h.advance(2000)
    h.step({ kind: 'remote-typing', id: SAM })
    h.clear()
    h.advance(4000)
    expect(states(h)).toEqual([`${ROOM}/Rita active`])
    h.advance(2000)
    expect(states(h)).toEqual([`${ROOM}/Sam active`])
  })

  test('ends with what is said', () => {
    const h = room()
    enter(h, RITA, 'Rita')
    h.step({ kind: 'remote-typing', id: RITA })
    h.clear()
    said(h, RITA, 'Rita', 'done')
    expect(h.takeOne(ALICE).getChild('active', NS.chatStates)).toBeDefined()
    h.advance(60_000)
    expect(h.take(ALICE)).toEqual([])
  })

  test('starts anew for somebody who left and came back', () => {
    const h = room()
    enter(h, RITA, 'Rita')
    h.step({ kind: 'remote-typing', id: RITA })
    h.step({ kind: 'remote-left', id: RITA })
    enter(h, RITA, 'Rita')
    h.clear()
    h.step({ kind: 'remote-typing', id: RITA })
    expect(states(h)).toEqual([`${ROOM}/Rita composing`])
  })

  test('of somebody who left, or was never there, is nothing', () => {
    const h = room()
    enter(h, RITA, 'Rita')
    h.step({ kind: 'remote-typing', id: RITA })
    h.step({ kind: 'remote-left', id: RITA })
    h.clear()
    h.advance(60_000)
    h.step({ kind: 'remote-typing', id: SAM })
    expect(h.sent.size).toBe(0)
  })
})
