// Private messages and requests between occupants: XEP-0045 §7.5 and §6.6, XEP-0410.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import { errorOf, participant, ROOM, RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/desk'
const BOB2 = 'bob@example.org/phone'
const EVE = 'eve@example.org/x'

const room = () => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  h.join(BOB2, 'Bob')
  h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
  h.clear()
  return h
}
const pm = (to: string, inside = '<body>psst</body>', type = 'chat') =>
  `<message type="${type}" id="pm" to="${ROOM}/${to}">${inside}</message>`

describe('a private message', () => {
  test('goes to all sessions of its occupant, marked, and nowhere else', () => {
    const h = room()
    h.send(
      ALICE,
      pm('Bob', `<body>psst</body><x xmlns="${NS.mucUser}"><status code="307"/></x><thing xmlns="urn:x"/>`),
    )
    for (const to of [BOB, BOB2]) {
      const copy = h.takeOne(to)
      expect(copy.attrs).toMatchObject({ from: `${ROOM}/Alice`, type: 'chat', id: 'pm' })
      expect(copy.getChildElements().map((child) => child.name)).toEqual([
        'body',
        'thing',
        'x',
        'occupant-id',
      ])
      expect(copy.getChild('x', NS.mucUser)?.children).toEqual([])
    }
    expect([h.take(ALICE), h.takeLobby(), h.archive.entries]).toEqual([[], [], []])
  })

  test('may be a chat state or a receipt', () => {
    const h = room()
    h.send(ALICE, pm('Bob', `<composing xmlns="${NS.chatStates}"/>`))
    h.send(ALICE, pm('Bob', '<received xmlns="urn:xmpp:receipts" id="1"/>'))
    expect(h.take(BOB)).toHaveLength(2)
  })

  test.each([
    [
      'of type groupchat is a bad request',
      ALICE,
      pm('Bob', '<body>x</body>', 'groupchat'),
      'modify/bad-request',
    ],
    ['to nobody is not found', ALICE, pm('Nobody'), 'cancel/item-not-found'],
    ['of a stranger is not acceptable', EVE, pm('Bob'), 'cancel/not-acceptable'],
    ['to somebody of the lobby is not offered', ALICE, pm('Rita'), 'cancel/feature-not-implemented'],
  ])('%s', (_, from, xml, error) => {
    const h = room()
    h.send(from, xml)
    const reply = h.takeOne(from)
    expect(errorOf(reply)).toEqual({ error, by: ROOM, id: 'pm' })
    expect(reply.attrs.to).toBe(from)
    expect(h.sent.size).toBe(0)
  })

  test('to a nick that cannot be is malformed', () => {
    const h = room()
    h.send(ALICE, `<message type="chat" id="pm" to="${ROOM}/"><body>x</body></message>`)
    expect(errorOf(h.takeOne(ALICE)).error).toBe('modify/jid-malformed')
  })

  test('not yet written to somebody of the lobby is no error', () => {
    const h = room()
    h.send(ALICE, pm('Rita', `<composing xmlns="${NS.chatStates}"/>`))
    expect(h.sent.size).toBe(0)
  })
})

describe('a request to an occupant', () => {
  const get = (nick: string, payload: string) => `<iq type="get" id="q" to="${ROOM}/${nick}">${payload}</iq>`
  const ping = `<ping xmlns="${NS.ping}"/>`
  const info = `<query xmlns="${NS.discoInfo}"/>`

  test.each([
    ['self-ping of an occupant succeeds', ALICE, get('Alice', ping), 'result'],
    ['self-ping from outside', EVE, get('Alice', ping), 'cancel/not-acceptable'],
    [
      'self-ping of another resource than the one inside',
      'alice@example.org/x',
      get('Alice', ping),
      'cancel/not-acceptable',
    ],
    ['ping to nobody', ALICE, get('Nobody', ping), 'cancel/item-not-found'],
    ['ping to somebody of the lobby is answered here', ALICE, get('Rita', ping), 'result'],
    ['disco from outside', EVE, get('Bob', info), 'modify/bad-request'],
    ['disco to somebody of the lobby is answered here', ALICE, get('Rita', info), 'result'],
    ['items of somebody of the lobby', ALICE, get('Rita', `<query xmlns="${NS.discoItems}"/>`), 'result'],
    [
      'version of somebody of the lobby',
      ALICE,
      get('Rita', `<query xmlns="${NS.version}"/>`),
      'cancel/service-unavailable',
    ],
    [
      'vCard of somebody of the lobby',
      ALICE,
      get('Rita', `<vCard xmlns="${NS.vcard}"/>`),
      'cancel/item-not-found',
    ],
    [
      'anything to another XMPP user',
      ALICE,
      get('Bob', `<vCard xmlns="${NS.vcard}"/>`),
      'cancel/service-unavailable',
    ],
  ])('%s', (_, from, xml, expected) => {
    const h = room()
    h.send(from, xml)
    const reply = h.takeOne(from)
    expect(reply.attrs).toMatchObject({ id: 'q', to: from })
    expect(reply.attrs.type === 'result' ? 'result' : errorOf(reply).error).toBe(expected)
    expect(h.sent.size).toBe(0)
  })
})
