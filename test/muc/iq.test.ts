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
      'muc#roominfo_subjectmod': '0',
      'muc#roominfo_changesubject': '0',
      'muc#roomconfig_changesubject': '0',
      'muc#maxhistoryfetch': '100',
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
    expect(outcome(ask(room(), EVE, `<query xmlns="${NS.discoInfo}" node="x-roomuser-item"/>`))).toBe(
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

describe('roles, affiliations and configuration', () => {
  const admin = (attributes: string) => `<query xmlns="${NS.mucAdmin}"><item ${attributes}/></query>`
  const owner = (inside: string) => `<query xmlns="${NS.mucOwner}">${inside}</query>`
  const submit = `<x xmlns="${NS.dataForms}" type="submit"/>`

  test.each([
    ['lists are forbidden to others', ALICE, 'get', admin('affiliation="member"'), 'auth/forbidden'],
    ['changes are forbidden to others', ALICE, 'set', admin('nick="Boss" role="none"'), 'auth/forbidden'],
    [
      'changes are not offered to owners',
      BOSS,
      'set',
      admin('nick="Alice" role="none"'),
      'cancel/feature-not-implemented',
    ],
    ['there is no such list', BOSS, 'get', admin('affiliation="king"'), 'modify/bad-request'],
    [
      'a list is of one kind',
      BOSS,
      'get',
      admin('affiliation="owner" role="moderator"'),
      'modify/bad-request',
    ],
    ['a list is named', BOSS, 'get', `<query xmlns="${NS.mucAdmin}"/>`, 'modify/bad-request'],
    ['the form is forbidden to others', ALICE, 'get', owner(''), 'auth/forbidden'],
    ['the form is not offered', BOSS, 'get', owner(''), 'cancel/feature-not-implemented'],
    ['an instant room is taken', BOSS, 'set', owner(submit), 'result'],
    ['an instant room is forbidden to others', ALICE, 'set', owner(submit), 'auth/forbidden'],
    [
      'cancelling changes nothing',
      BOSS,
      'set',
      owner(`<x xmlns="${NS.dataForms}" type="cancel"/>`),
      'result',
    ],
    [
      'FORM_TYPE alone is an instant room',
      BOSS,
      'set',
      owner(
        `<x xmlns="${NS.dataForms}" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/muc#roomconfig</value></field></x>`,
      ),
      'result',
    ],
    [
      'settings are not offered',
      BOSS,
      'set',
      owner(
        `<x xmlns="${NS.dataForms}" type="submit"><field var="muc#roomconfig_roomname"><value>x</value></field></x>`,
      ),
      'cancel/feature-not-implemented',
    ],
    ['nothing is a bad request', BOSS, 'set', owner(''), 'modify/bad-request'],
    ['destroying is not offered', BOSS, 'set', owner('<destroy/>'), 'cancel/feature-not-implemented'],
  ])('%s', (_, from, type, payload, expected) => {
    const reply = ask(room(), from, payload, type)
    expect(outcome(reply)).toBe(expected)
    if (reply.attrs.type === 'error') expect(errorOf(reply).by).toBe(ROOM)
  })

  test('lists are true', () => {
    const h = room()
    const list = (attributes: string) =>
      ask(h, BOSS, admin(attributes))
        .getChild('query')
        ?.getChildren('item')
        .map((item) => item.attrs)
    expect(list('affiliation="owner"')).toEqual([{ affiliation: 'owner', jid: 'boss@example.org' }])
    expect(list('affiliation="member"')).toEqual([])
    expect(list('role="moderator"')).toEqual([
      { role: 'moderator', affiliation: 'owner', nick: 'Boss', jid: BOSS },
    ])
    expect(list('role="participant"')).toEqual([
      { role: 'participant', affiliation: 'none', nick: 'Alice', jid: ALICE },
      { role: 'participant', affiliation: 'none', nick: 'Rita' },
    ])
  })
})

test.each([
  ['ping', 'get', `<ping xmlns="${NS.ping}"/>`, 'result'],
  ['what nobody knows', 'get', '<query xmlns="urn:unknown"/>', 'cancel/service-unavailable'],
  ['vCard', 'get', `<vCard xmlns="${NS.vcard}"/>`, 'cancel/service-unavailable'],
  ['registration', 'get', `<query xmlns="${NS.register}"/>`, 'cancel/service-unavailable'],
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
