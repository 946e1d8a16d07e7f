// The service where no room is: XEP-0045 §6, XEP-0030, 0059, 0092, 0199, 0202; absent rooms.
import fc from 'fast-check'
import { parse } from 'ltx'
import { describe, expect, test } from 'vitest'
import {
  answerAbsentRoom,
  answerMalformedAddress,
  answerService,
  isJoinRequest,
  refuseJoin,
  type ServiceView,
} from '../../src/muc/service.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf, jid, ROOM, START_MS } from './room-harness.ts'

const DOMAIN = 'lobbies.example'
const EVE = 'eve@example.org/x'
const env = { nowMs: START_MS, randomBytes: (count: number) => new Uint8Array(count) }
const roomsNamed = (...names: string[]) =>
  names.map((localpart) => ({
    localpart,
    name: `The ${localpart}`,
    occupants: 1,
    description: '',
    isOpen: true,
    showsAddresses: false,
    isListed: !localpart.startsWith('hidden'),
    isJoined: false,
    thumbnail: '',
    background: '',
    isMember: () => false,
  }))
const view = (rooms = roomsNamed('b', 'hidden', 'a', 'c')): ServiceView => ({
  version: '1.2.3',
  networks: ['retroshare'],
  retentionMs: 86_400_000,
  statusUrls: [],
  rooms,
})

const element = (xml: string, to: string): Element => {
  const stanza = parse(xml) as unknown as Element
  stanza.attrs.from = EVE
  stanza.attrs.to = to
  return stanza
}
const ask = (payload: string, type = 'get', rooms?: ReturnType<typeof roomsNamed>): Element => {
  const replies = answerService(
    element(`<iq type="${type}" id="q">${payload}</iq>`, DOMAIN),
    jid(EVE),
    view(rooms),
    env,
  )
  expect(replies).toHaveLength(1)
  const reply = replies[0] as Element
  expect(reply.attrs).toMatchObject({ id: 'q', from: DOMAIN, to: EVE })
  return reply
}
const outcome = (reply: Element): string => (reply.attrs.type === 'result' ? 'result' : errorOf(reply).error)

describe('the service', () => {
  test('is a conference of text and nothing else, so that clients make rooms in it, and says what it knows', () => {
    const query = ask(`<query xmlns="${NS.discoInfo}"/>`).getChild('query', NS.discoInfo)
    expect(query?.getChildren('identity').map(({ attrs }) => `${attrs.category}/${attrs.type}`)).toEqual([
      'conference/text',
    ])
    expect(query?.getChildren('feature').map((feature) => feature.attrs.var)).toEqual([
      NS.discoInfo,
      NS.discoItems,
      NS.rsm,
      NS.muc,
      NS.mucStableId,
      NS.ping,
      NS.version,
      NS.time,
      NS.search,
      NS.activity,
      NS.commands,
    ])
  })

  test('lists public rooms by name in the order of their addresses', () => {
    const query = ask(`<query xmlns="${NS.discoItems}"/>`).getChild('query', NS.discoItems)
    expect(query?.getChildElements().map((child) => child.attrs)).toEqual(
      ['a', 'b', 'c'].map((name) => ({
        jid: `${name}@${DOMAIN}`,
        name: `The ${name}`,
        users_cnt: '1',
        room_background: 'none',
        room_thumbnail: 'none',
      })),
    )
  })

  test('lists 500 rooms at most and then says how many there are', () => {
    const names = Array.from({ length: 700 }, (_, i) => `r${String(i).padStart(4, '0')}`)
    const query = ask(`<query xmlns="${NS.discoItems}"/>`, 'get', roomsNamed(...names)).getChild('query')
    expect(query?.getChildren('item')).toHaveLength(500)
    expect(query?.getChild('set', NS.rsm)?.getChildText('count')).toBe('700')
  })

  test('pages stay in place while rooms come and go', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-g]{1,3}$/), { maxLength: 25 }),
        fc.uniqueArray(fc.stringMatching(/^[a-g]{1,3}$/), { maxLength: 10 }),
        fc.integer({ min: 1, max: 6 }),
        (stay, comeAndGo, max) => {
          const seen: string[] = []
          let after = ''
          for (let round = 0; round < 100; round++) {
            const names = round % 2 ? stay : [...new Set([...stay, ...comeAndGo])]
            const query = ask(
              `<query xmlns="${NS.discoItems}"><set xmlns="${NS.rsm}"><max>${max}</max>${after}</set></query>`,
              'get',
              roomsNamed(...names),
            ).getChild('query')
            const page =
              query?.getChildren('item').map((item) => String(item.attrs.jid).split('@')[0] ?? '') ?? []
            if (page.length === 0) break
            seen.push(...page)
            after = `<after>${query?.getChild('set')?.getChildText('last')}</after>`
          }
          expect(seen).toEqual([...new Set(seen)].sort())
          expect(stay.every((name) => seen.includes(name))).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  test.each([
    ['<max>2</max><before/>', ['b', 'c']],
    [`<max>1</max><before>b@${DOMAIN}</before>`, ['a']],
    ['<max>1</max><index>1</index>', ['b']],
    ['<max>0</max>', []],
    [`<after>a@${DOMAIN}</after><before>c@${DOMAIN}</before>`, ['b']],
  ])('pages %s', (set, expected) => {
    const query = ask(`<query xmlns="${NS.discoItems}"><set xmlns="${NS.rsm}">${set}</set></query>`).getChild(
      'query',
    )
    expect(query?.getChildren('item').map((item) => String(item.attrs.jid).split('@')[0])).toEqual(expected)
    expect(query?.getChild('set')?.getChildText('count')).toBe('3')
  })

  test('tells its version and the time', () => {
    const version = ask(`<query xmlns="${NS.version}"/>`).getChild('query', NS.version)
    expect([version?.getChildText('name'), version?.getChildText('version')]).toEqual(['Foyer', '1.2.3'])
    const time = ask(`<time xmlns="${NS.time}"/>`).getChild('time', NS.time)
    expect([time?.getChildText('tzo'), time?.getChildText('utc')]).toEqual([
      '+00:00',
      '2026-11-21T12:00:00.000Z',
    ])
  })

  test.each([
    ['ping', 'get', `<ping xmlns="${NS.ping}"/>`, 'result'],
    ['vCard', 'get', `<vCard xmlns="${NS.vcard}"/>`, 'cancel/service-unavailable'],
    ['registration', 'set', `<query xmlns="${NS.register}"/>`, 'cancel/service-unavailable'],
    ['a node of items', 'get', `<query xmlns="${NS.discoItems}" node="n"/>`, 'cancel/item-not-found'],
    ['a node of info', 'get', `<query xmlns="${NS.discoInfo}" node="n"/>`, 'cancel/item-not-found'],
    [
      'a bad page',
      'get',
      `<query xmlns="${NS.discoItems}"><set xmlns="${NS.rsm}"><index>x</index></set></query>`,
      'modify/bad-request',
    ],
    ['nothing', 'get', '', 'modify/bad-request'],
    ['no type', 'do', '<a xmlns="urn:a"/>', 'modify/bad-request'],
  ])('answers a request for %s', (_, type, payload, expected) => {
    expect(outcome(ask(payload, type))).toBe(expected)
  })

  test('takes no messages, no subscriptions and ignores the rest', () => {
    const answer = (xml: string) => answerService(element(xml, DOMAIN), jid(EVE), view(), env)
    expect(errorOf(answer('<message id="m"><body>hi</body></message>')[0] as Element)).toEqual({
      error: 'cancel/service-unavailable',
      by: DOMAIN,
      id: 'm',
    })
    expect(answer('<presence type="subscribe" id="s"/>')[0]?.attrs).toEqual({
      type: 'unsubscribed',
      id: 's',
      from: DOMAIN,
      to: EVE,
    })
    for (const xml of [
      '<presence/>',
      '<presence type="probe"/>',
      '<message type="error"/>',
      '<iq type="result" id="r"/>',
    ])
      expect(answer(xml)).toEqual([])
  })
})

describe('an absent room', () => {
  const NICK = `${ROOM}/Alice`
  test.each([
    ['a request', '<iq type="get" id="i"><query xmlns="urn:x"/></iq>', ROOM, 'cancel/item-not-found'],
    ['a self-ping', `<iq type="get" id="i"><ping xmlns="${NS.ping}"/></iq>`, NICK, 'cancel/not-acceptable'],
    [
      'a message',
      '<message type="groupchat" id="i"><body>hi</body></message>',
      ROOM,
      'cancel/item-not-found',
    ],
    ['a presence', '<presence id="i"/>', NICK, 'cancel/item-not-found'],
  ])('refuses %s', (_, xml, to, expected) => {
    const reply = answerAbsentRoom(element(xml, to))[0] as Element
    expect(errorOf(reply)).toEqual({ error: expected, by: ROOM, id: 'i' })
    expect(reply.attrs).toMatchObject({ from: to, to: EVE })
  })

  test('says nothing to goodbyes, results and errors', () => {
    for (const xml of [
      '<presence type="unavailable"/>',
      '<presence type="error"/>',
      '<message type="error"/>',
      '<iq type="error"/>',
      '<iq type="result"/>',
    ]) {
      expect(answerAbsentRoom(element(xml, NICK))).toEqual([])
      expect(answerMalformedAddress(element(xml, NICK))).toEqual([])
    }
  })

  test('knows a join, and refuses it as clients understand', () => {
    const join = element(`<presence id="j"><x xmlns="${NS.muc}"/></presence>`, NICK)
    expect([isJoinRequest(join), isJoinRequest(element('<presence/>', NICK))]).toEqual([true, false])
    const reply = refuseJoin(join, {
      type: 'cancel',
      condition: 'not-allowed',
      text: 'Nobody makes rooms here.',
    })
    expect(errorOf(reply)).toEqual({ error: 'cancel/not-allowed', by: ROOM, id: 'j' })
    expect(reply.getChild('x', NS.muc)).toBeDefined()
  })

  test('may have an address that cannot be', () => {
    const reply = answerMalformedAddress(element('<iq type="set" id="i"><a xmlns="urn:a"/></iq>', 'a b@x'))[0]
    expect(errorOf(reply as Element).error).toBe('modify/jid-malformed')
  })
})
