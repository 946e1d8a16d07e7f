// Requests to the room: XEP-0030, XEP-0045 §6.4, §6.5, §9, §10.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf, participant, ROOM, RoomHarness } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOSS = 'boss@example.org/desk'
const EVE = 'eve@example.org/x'

const room = (...args: ConstructorParameters<typeof RoomHarness>) => {
  const h = new RoomHarness(...args)
  h.join(BOSS, 'Boss')
  h.join(ALICE, 'Alice')
  h.step({ kind: 'remote-entered', occupant: { id: participant('rs'), nick: 'Rita' } })
  h.clear()
  return h
}
const ask = (h: RoomHarness, from: string, payload: string, type = 'get'): Element => {
  h.send(from, `<iq type="${type}" id="q1">${payload}</iq>`)
  const reply = h.takeOne(from)
  expect(reply.attrs).toMatchObject({ id: 'q1', from: ROOM, to: from })
  return reply
}
const outcome = (reply: Element): string => (reply.attrs.type === 'result' ? 'result' : errorOf(reply).error)

describe('disco#info of the room', () => {
  const info = `<query xmlns="${NS.discoInfo}"/>`
  const fields = (reply: Element): Record<string, string | null | undefined> =>
    Object.fromEntries(
      reply
        .getChild('query')
        ?.getChild('x', NS.dataForms)
        ?.getChildren('field')
        .map((field) => [field.attrs.var, field.getChildText('value')]) ?? [],
    )

  test('tells strangers what the room is', () => {
    const h = room({ description: { subject: 'mice' } })
    const query = ask(h, EVE, info).getChild('query', NS.discoInfo)
    expect(query?.getChildren('identity').map((identity) => identity.attrs)).toEqual([
      { category: 'conference', type: 'text', name: 'Cats' },
    ])
    const features = query?.getChildren('feature').map((feature) => feature.attrs.var)
    expect(new Set(features).size).toBe(features?.length)
    for (const feature of [
      NS.muc,
      NS.mucStableId,
      NS.mucSelfPing,
      NS.mam,
      NS.mamExtended,
      NS.sid,
      NS.occupantId,
      'muc_open',
      'muc_semianonymous',
      'muc_unmoderated',
      'muc_unsecured',
      'muc_public',
      'muc_persistent',
    ])
      expect(features).toContain(feature)
    expect(fields(ask(h, EVE, info))).toEqual({
      FORM_TYPE: NS.mucRoomInfo,
      'muc#roomconfig_roomname': 'Cats',
      'muc#roominfo_description': 'All about cats – A lobby of RetroShare.',
      'muc#roominfo_occupants': '3',
      'muc#roominfo_lang': '',
      'muc#roominfo_subject': 'mice',
      'muc#roominfo_slow_mode_duration': '0',
      'muc#roominfo_subjectmod': '0',
      'muc#roominfo_changesubject': '0',
      'muc#roomconfig_changesubject': '0',
      'muc#maxhistoryfetch': '100',
      'foyer#network': 'retroshare',
      'foyer#lobby': '00000000000000aa',
      'foyer#private': '0',
      'foyer#signed': '0',
      'foyer#muted': '0',
    })
  })

  test('tells owners that they may change the subject', () => {
    expect(fields(ask(room(), BOSS, info))['muc#roominfo_changesubject']).toBe('1')
  })

  test('says when the room is hidden', () => {
    const h = room({ description: { isPublic: false } })
    const features = ask(h, EVE, info)
      .getChild('query')
      ?.getChildren('feature')
      .map((feature) => feature.attrs.var)
    expect(features).toContain('muc_hidden')
    expect(features).not.toContain('muc_public')
  })

  test('knows no nodes', () => {
    expect(outcome(ask(room(), EVE, `<query xmlns="${NS.discoInfo}" node="n"/>`))).toBe(
      'cancel/item-not-found',
    )
  })
})

describe('disco#items of the room', () => {
  const items = (reply: Element) =>
    reply
      .getChild('query', NS.discoItems)
      ?.getChildren('item')
      .map((item) => item.attrs.jid)
  const all = `<query xmlns="${NS.discoItems}"/>`

  test('are the occupants, paged if asked for', () => {
    const h = room()
    expect(items(ask(h, EVE, all))).toEqual([`${ROOM}/Alice`, `${ROOM}/Boss`, `${ROOM}/Rita`])
    const page = ask(
      h,
      EVE,
      `<query xmlns="${NS.discoItems}"><set xmlns="${NS.rsm}"><max>1</max><after>${ROOM}/Alice</after></set></query>`,
    )
    expect(items(page)).toEqual([`${ROOM}/Boss`])
    const set = page.getChild('query')?.getChild('set', NS.rsm)
    expect([set?.getChild('first')?.attrs.index, set?.getChildText('count')]).toEqual(['1', '3'])
  })

  test('of a hidden room are for occupants', () => {
    const h = room({ description: { isPublic: false } })
    expect(items(ask(h, EVE, all))).toEqual([])
    expect(items(ask(h, ALICE, all))).toHaveLength(3)
  })

  test('know no nodes and no bad pages', () => {
    expect(outcome(ask(room(), EVE, `<query xmlns="${NS.discoItems}" node="n"/>`))).toBe(
      'cancel/item-not-found',
    )
    const bad = `<query xmlns="${NS.discoItems}"><set xmlns="${NS.rsm}"><max>-1</max></set></query>`
    expect(outcome(ask(room(), EVE, bad))).toBe('modify/bad-request')
  })
})

test.each([
  ['ping', 'get', `<ping xmlns="${NS.ping}"/>`, 'result'],
  ['what nobody knows', 'get', '<query xmlns="urn:unknown"/>', 'cancel/service-unavailable'],
  ['vCard', 'get', `<vCard xmlns="${NS.vcard}"/>`, 'cancel/service-unavailable'],
  ['registration', 'get', `<query xmlns="${NS.register}"/>`, 'result'],
  ['nothing', 'get', '', 'modify/bad-request'],
  ['two things', 'set', '<a xmlns="urn:a"/><b xmlns="urn:b"/>', 'modify/bad-request'],
  ['a type that is none', 'ask', '<a xmlns="urn:a"/>', 'modify/bad-request'],
])('a request for %s is answered', (_, type, payload, expected) => {
  expect(outcome(ask(room(), EVE, payload, type))).toBe(expected)
})

test('results are not answered', () => {
  const h = room()
  h.send(ALICE, '<iq type="result" id="r"/>')
  h.send(EVE, '<iq type="error" id="r"/>')
  expect(h.sent.size).toBe(0)
})

test('what a room says of its traffic is what it passes on', () => {
  const h = new RoomHarness()
  h.join('romeo@example.org/a', 'Romeo')
  h.join('juliet@example.org/b', 'Juliet')
  h.clear()
  const node = 'http://jabber.org/protocol/muc#traffic'
  h.send('romeo@example.org/a', `<iq type="get" id="t"><query xmlns="${NS.discoInfo}" node="${node}"/></iq>`)
  const features = h
    .takeOne('romeo@example.org/a')
    .getChild('query')
    ?.getChildren('feature')
    .map(({ attrs }) => String(attrs.var))
  expect(features?.length).toBeGreaterThan(10)
  for (const feature of features ?? []) {
    h.clear()
    h.send(
      'romeo@example.org/a',
      `<message type="groupchat" id="m"><body>x</body><some xmlns="${feature}" id="none">y</some></message>`,
    )
    expect(String(h.take('juliet@example.org/b')), feature).toContain(
      `<some xmlns="${feature}" id="none">y</some>`,
    )
  }
})
