// Registered nicks and requests for voice: XEP-0045 §7.10, §7.12, §7.13, §8.6.
import { describe, expect, test } from 'vitest'
import type { RoomSettings } from '../../src/muc/room-state.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf, item, participant, ROOM, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/x'

function room(settings: RoomSettings = {}, policy = {}): RoomHarness {
  const h = new RoomHarness({ state: { settings, affiliations: [], tombstone: null, lobby: null }, policy })
  h.join(BOSS, 'Boss')
  h.join(ALICE, 'Alice')
  h.clear()
  return h
}
const ask = (h: RoomHarness, from: string, type: string, inside: string): Element => {
  h.send(from, `<iq type="${type}" id="r1"><query xmlns="${NS.register}">${inside}</query></iq>`)
  return h.takeOne(from)
}
const outcome = (reply: Element): string => (reply.attrs.type === 'result' ? 'result' : errorOf(reply).error)
const form = (nick: string, formType: string = NS.mucRegister): string =>
  `<x xmlns="${NS.dataForms}" type="submit"><field var="FORM_TYPE"><value>${formType}</value></field><field var="muc#register_roomnick"><value>${nick}</value></field></x>`

describe('a registered nick', () => {
  test('is offered to its owner and refused to others, joining or renaming', () => {
    const h = room()
    expect(ask(h, ALICE, 'get', '').getChild('query')?.getChild('registered')).toBeUndefined()
    expect(outcome(ask(h, ALICE, 'set', form('Ali')))).toBe('result')
    expect(h.saved.at(-1)?.write.records).toEqual([
      { address: 'alice@example.org', affiliation: 'none', reason: '', nick: 'Ali' },
    ])
    const query = ask(h, ALICE, 'get', '').getChild('query')
    expect([query?.getChild('registered') !== undefined, query?.getChildText('username')]).toEqual([
      true,
      'Ali',
    ])
    h.send(ALICE, `<iq type="get" id="x"><query xmlns="${NS.discoInfo}" node="x-roomuser-item"/></iq>`)
    expect(h.takeOne(ALICE).getChild('query')?.getChild('identity')?.attrs).toEqual({
      category: 'conference',
      type: 'text',
      name: 'Ali',
    })
    h.join(BOB, 'Ali')
    expect(errorOf(h.takeOne(BOB)).error).toBe('cancel/conflict')
    h.send(BOSS, `<presence to="${ROOM}/Ali" id="n"/>`)
    expect(errorOf(h.takeOne(BOSS)).error).toBe('cancel/conflict')
    h.join('alice@example.org/desk', 'Ali')
    expect(h.room.occupants.has('Ali')).toBe(true)
  })

  test('is free again when it is given back', () => {
    const h = room()
    ask(h, ALICE, 'set', form('Ali'))
    expect(outcome(ask(h, ALICE, 'set', '<remove/>'))).toBe('result')
    expect(h.saved.at(-1)?.write).toEqual({ records: [], forgotten: ['alice@example.org'] })
    h.join(BOB, 'Ali')
    expect(h.room.occupants.has('Ali')).toBe(true)
  })

  test('is not shown for somebody in the lobby', () => {
    const h = room()
    ask(h, ALICE, 'set', form('Ali'))
    h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Ali' } })
    expect(h.takeOne(BOSS).attrs.from).toMatch(/\/Ali \([0-9a-f]{4}\)$/)
  })

  test('can be given by who makes a member, and goes with the membership', () => {
    const h = room()
    const set = (item: string) =>
      h.send(BOSS, `<iq type="set" id="s"><query xmlns="${NS.mucAdmin}">${item}</query></iq>`)
    set('<item jid="bob@example.org" nick="Bobby" affiliation="member"/>')
    h.clear()
    expect(outcome(ask(h, ALICE, 'set', form('Bobby')))).toBe('cancel/conflict')
    set('<item jid="bob@example.org" affiliation="none"/>')
    h.clear()
    expect(outcome(ask(h, ALICE, 'set', form('Bobby')))).toBe('result')
  })

  test.each([
    ['somebody has it', BOB, form('Alice'), 'cancel/conflict'],
    ['the form is of another type', BOB, form('Bob', 'urn:x'), 'modify/bad-request'],
    ['there is none', BOB, '', 'modify/bad-request'],
    ['it is empty', BOB, form(''), 'modify/bad-request'],
    ['the old way is used', BOB, '<username>Bob</username>', 'result'],
    ['nothing is to be removed', BOB, '<remove/>', 'result'],
  ])('when %s: %s', (_case, from, inside, expected) => {
    expect(outcome(ask(room(), from, 'set', inside))).toBe(expected)
  })

  test('is not for guests, nor for who may not enter', () => {
    const no = { type: 'cancel', condition: 'not-allowed', text: 'guests' }
    expect(outcome(ask(room({}, { refusesRegistration: () => no }), ALICE, 'set', form('Ali')))).toBe(
      'cancel/not-allowed',
    )
    expect(outcome(ask(room({ isMembersOnly: true }), BOB, 'get', ''))).toBe('auth/registration-required')
  })
})

describe('a request for voice', () => {
  const request = `<message id="v1"><x xmlns="${NS.dataForms}" type="submit"><field var="FORM_TYPE"><value>${NS.mucRequest}</value></field><field var="muc#role"><value>participant</value></field></x></message>`
  const approval = (nick: string, allow: string) =>
    `<message id="v2"><x xmlns="${NS.dataForms}" type="submit"><field var="FORM_TYPE"><value>${NS.mucRequest}</value></field><field var="muc#role"><value>participant</value></field><field var="muc#roomnick"><value>${nick}</value></field><field var="muc#request_allow"><value>${allow}</value></field></x></message>`

  test('comes to moderators as a form, and their yes gives voice', () => {
    const h = room({ isModerated: true })
    h.send(ALICE, request)
    const x = h.takeOne(BOSS).getChild('x', NS.dataForms)
    const value = (name: string) => x?.getChildByAttr('var', name)?.getChildText('value')
    expect([value('FORM_TYPE'), value('muc#roomnick'), value('muc#jid'), value('muc#request_allow')]).toEqual(
      [NS.mucRequest, 'Alice', ALICE, '0'],
    )
    expect(h.take(ALICE)).toEqual([])
    h.send(BOSS, approval('Alice', 'true'))
    expect(item(h.takeOne(ALICE))?.role).toBe('participant')
  })

  test('is not granted by a no, nor by who is no moderator', () => {
    const h = room({ isModerated: true })
    h.send(BOSS, approval('Alice', '0'))
    expect(h.sent.size).toBe(0)
    h.send(ALICE, approval('Alice', '1'))
    expect(errorOf(h.takeOne(ALICE)).error).toBe('auth/forbidden')
    h.send(BOSS, approval('Nobody', '1'))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('cancel/item-not-found')
  })

  test('is refused where none are taken, and needless where everybody has voice', () => {
    const closed = room({ isModerated: true, hasVoiceRequests: false })
    closed.send(ALICE, request)
    expect(errorOf(closed.takeOne(ALICE)).error).toBe('auth/forbidden')
    const open = room()
    open.send(ALICE, request)
    expect(open.sent.size).toBe(0)
  })
})
