// What the server and the accounts answer: what clients wait for at login, and exactly one answer to everything.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let alice: RawTcp
let guest: RawTcp
beforeAll(async () => {
  running = await startXmppServer({ now: () => 1_700_000_000_000 })
})
afterAll(() => running.close())
beforeEach(async () => {
  alice?.socket.destroy()
  guest?.socket.destroy()
  alice = await RawTcp.connect(running.port)
  guest = await RawTcp.connect(running.port)
  await alice.login('alice', 'wonder')
  await guest.login()
})

let lastId = 0
const ask = async (client: RawTcp, type: string, payload: string, to?: string): Promise<Element> => {
  const id = `q${++lastId}`
  const answer = await client.ask(
    `<iq type='${type}' id='${id}'${to === undefined ? '' : ` to='${to}'`}>${payload}</iq>`,
  )
  expect(answer.attrs).toMatchObject({ id, to: client.full })
  expect(answer.attrs.from).toBe(to)
  return answer
}
const conditionOf = (answer: Element): string | undefined =>
  answer.getChild('error')?.getChildElements()[0]?.name
const payloadOf = (answer: Element): string => {
  expect(answer.attrs.type).toBe('result')
  return answer.getChildElements().map(serialize).join('')
}
const query = (namespace: string, inner = ''): string => `<query xmlns='${namespace}'>${inner}</query>`
const DISCO = 'http://jabber.org/protocol/disco'

describe('at the account', () => {
  test('the roster of a new account is empty, with and without a version', async () => {
    for (const to of [undefined, 'alice@localhost']) {
      expect(payloadOf(await ask(alice, 'get', query('jabber:iq:roster'), to))).toBe(
        '<query xmlns="jabber:iq:roster"/>',
      )
      expect(payloadOf(await ask(alice, 'get', "<query xmlns='jabber:iq:roster' ver=''/>", to))).toBe(
        '<query xmlns="jabber:iq:roster"/>',
      )
    }
  })

  test('its identity says whether it is registered', async () => {
    const info = payloadOf(await ask(alice, 'get', query(`${DISCO}#info`), 'alice@localhost'))
    expect(info).toContain('<identity category="account" type="registered"/>')
    expect(info).toContain('<identity category="pubsub" type="pep"/>')
    expect(info).toContain('urn:xmpp:bookmarks:1#compat')
    expect(payloadOf(await ask(guest, 'get', query(`${DISCO}#info`)))).toContain('type="anonymous"')
    expect(payloadOf(await ask(alice, 'get', query(`${DISCO}#items`)))).toBe(
      `<query xmlns="${DISCO}#items"/>`,
    )
    const node = `<query xmlns='${DISCO}#info' node='x'/>`
    expect(conditionOf(await ask(alice, 'get', node))).toBe('item-not-found')
  })

  test('private XML is kept per account and namespace, over sessions', async () => {
    const bookmarks = '<storage xmlns="storage:bookmarks"><conference jid="a@lobbies.localhost"/></storage>'
    const get = query('jabber:iq:private', "<storage xmlns='storage:bookmarks'/>")
    expect(payloadOf(await ask(alice, 'get', get))).toBe(
      '<query xmlns="jabber:iq:private"><storage xmlns="storage:bookmarks"/></query>',
    )
    expect(payloadOf(await ask(alice, 'set', query('jabber:iq:private', bookmarks)))).toBe('')
    const again = await RawTcp.connect(running.port)
    await again.login('alice', 'wonder', 'other')
    expect(payloadOf(await ask(again, 'get', get))).toBe(
      `<query xmlns="jabber:iq:private">${bookmarks}</query>`,
    )
    expect(payloadOf(await ask(guest, 'get', get))).not.toContain('conference')
    const delimiter = query('jabber:iq:private', "<roster xmlns='roster:delimiter'/>")
    expect(payloadOf(await ask(alice, 'get', delimiter))).toContain('<roster xmlns="roster:delimiter"/>')
    again.socket.destroy()
  })

  test('prefixes that were declared outside survive storing', async () => {
    const element = "<p:a xmlns:q='urn:q'><p:b q:c='1'/></p:a>"
    alice.send(
      `<iq type='set' id='x' xmlns:p='urn:p'><query xmlns='jabber:iq:private'>${element}</query></iq>`,
    )
    expect((await alice.element()).attrs.type).toBe('result')
    const stored = payloadOf(await ask(alice, 'get', query('jabber:iq:private', "<a xmlns='urn:p'/>")))
    expect(stored).toContain('<p:b q:c="1"/>')
    expect(stored).toContain('xmlns:p="urn:p"')
  })

  test('a guest has private XML too, within bounds', async () => {
    const store = (name: string, size: number): Promise<Element> =>
      ask(guest, 'set', query('jabber:iq:private', `<${name} xmlns='urn:x'>${'x'.repeat(size)}</${name}>`))
    for (let i = 0; i < 4; i++) expect(payloadOf(await store(`a${i}`, 60_000))).toBe('')
    expect(conditionOf(await store('a4', 60_000))).toBe('resource-constraint')
    expect(payloadOf(await store('a3', 60_000))).toBe('')
    expect(conditionOf(await store('b', 70_000))).toBe('not-acceptable')
  })

  test('an account may store only so many elements', async () => {
    const many = Array.from({ length: 65 }, (_, i) => `<x${i} xmlns='urn:many'/>`).join('')
    expect(conditionOf(await ask(alice, 'set', query('jabber:iq:private', many)))).toBe('resource-constraint')
  })

  test('private XML is asked for one by one', async () => {
    for (const inner of ['', "<a xmlns='urn:a'/><b xmlns='urn:b'/>"])
      expect(conditionOf(await ask(alice, 'get', query('jabber:iq:private', inner)))).toBe('bad-request')
    expect(conditionOf(await ask(alice, 'set', query('jabber:iq:private')))).toBe('bad-request')
  })

  test('the vCard is empty, then what was set; others cannot see it', async () => {
    const get = "<vCard xmlns='vcard-temp'/>"
    const full = '<vCard xmlns="vcard-temp"><FN>A</FN></vCard>'
    for (const client of [alice, guest]) {
      expect(payloadOf(await ask(client, 'get', get))).toBe('<vCard xmlns="vcard-temp"/>')
      expect(payloadOf(await ask(client, 'set', full))).toBe('')
      expect(payloadOf(await ask(client, 'get', get, client.full.split('/')[0]))).toBe(full)
    }
    expect(conditionOf(await ask(guest, 'get', get, 'alice@localhost'))).toBe('item-not-found')
  })

  test('nobody is blocked; pings are answered', async () => {
    expect(payloadOf(await ask(alice, 'get', "<blocklist xmlns='urn:xmpp:blocking'/>"))).toBe(
      '<blocklist xmlns="urn:xmpp:blocking"/>',
    )
    for (const to of [undefined, 'alice@localhost', 'localhost'])
      expect(payloadOf(await ask(alice, 'get', "<ping xmlns='urn:xmpp:ping'/>", to))).toBe('')
  })

  test('a broken store is told as a passing error', async () => {
    running.accounts.broken = new Error('disk')
    const answer = await ask(alice, 'get', "<vCard xmlns='vcard-temp'/>")
    running.accounts.broken = undefined
    expect(answer.getChild('error')?.attrs.type).toBe('wait')
    expect(conditionOf(answer)).toBe('internal-server-error')
  })

  test.each([
    ['get', "<enable xmlns='urn:xmpp:carbons:2'/>"],
    ['set', "<query xmlns='urn:xmpp:mam:2'/>"],
    ['get', "<block xmlns='urn:xmpp:blocking'/>"],
    ['get', "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"],
    ['get', '<x/>'],
  ])('%s of %s is not served, and says so', async (type, payload) => {
    expect(conditionOf(await ask(alice, type, payload))).toBe('service-unavailable')
    expect(conditionOf(await ask(alice, type, payload, 'alice@localhost'))).toBe('service-unavailable')
  })
})

describe('at the server', () => {
  test('it says what it is and lists its services', async () => {
    const info = payloadOf(await ask(guest, 'get', query(`${DISCO}#info`), 'localhost'))
    expect(info).toContain('<identity category="server" type="im" name="Foyer"/>')
    for (const feature of ['urn:xmpp:ping', `${DISCO}#info`, `${DISCO}#items`])
      expect(info).toContain(`<feature var="${feature}"/>`)
    expect(payloadOf(await ask(guest, 'get', query(`${DISCO}#items`), 'localhost'))).toBe(
      `<query xmlns="${DISCO}#items"><item jid="lobbies.localhost" name="Lobbies"/></query>`,
    )
    expect(conditionOf(await ask(guest, 'set', query(`${DISCO}#info`), 'localhost'))).toBe('not-allowed')
  })

  test('it answers hundreds of questions at once, with white space and own addresses, as Gajim and Converse ask', async () => {
    const senders = ['', " from='alice@localhost'", ` from='${alice.full}'`]
    const ids = Array.from({ length: 300 }, (_, i) => `b${i}`)
    const burst = ids.map(
      (id, i) =>
        `<iq type='get' id='${id}'${senders[i % 3]} to='localhost'>\n <query xmlns='${DISCO}#info'>\n </query>\n</iq>`,
    )
    alice.send(burst.join(' '))
    for (const id of ids) expect((await alice.element()).attrs).toMatchObject({ type: 'result', id })
  })

  test('it tells version and time', async () => {
    expect(payloadOf(await ask(guest, 'get', query('jabber:iq:version'), 'localhost'))).toBe(
      '<query xmlns="jabber:iq:version"><name>Foyer</name><version>1.2.3</version></query>',
    )
    expect(payloadOf(await ask(guest, 'get', "<time xmlns='urn:xmpp:time'/>", 'localhost'))).toBe(
      '<time xmlns="urn:xmpp:time"><tzo>+00:00</tzo><utc>2023-11-14T22:13:20.000Z</utc></time>',
    )
  })

  test('the roster is not there', async () => {
    expect(conditionOf(await ask(alice, 'get', query('jabber:iq:roster'), 'localhost'))).toBe(
      'service-unavailable',
    )
  })
})

describe('IQs that are none', () => {
  test.each([
    ["<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ["<iq type='fetch' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ["<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ["<iq type='get' id='1'/>"],
    ["<iq type='get' id='1'><a/><ping xmlns='urn:xmpp:ping'/></iq>"],
  ])('%s is a bad request', async (text) => {
    expect(conditionOf(await alice.ask(text))).toBe('bad-request')
  })

  test('an address that is none is malformed', async () => {
    for (const to of ['@', 'a@', 'a b@localhost', 'localhost/'])
      expect(conditionOf(await ask(alice, 'get', "<ping xmlns='urn:xmpp:ping'/>", to))).toBe('jid-malformed')
  })

  test('an empty address is none', async () => {
    const answer = await alice.ask("<iq type='get' id='1' to=''><ping xmlns='urn:xmpp:ping'/></iq>")
    expect(answer.attrs).toMatchObject({ type: 'result', id: '1', to: alice.full })
  })
})

test('every request to the server or the own account is answered exactly once, answers never', async () => {
  const name = fc.constantFrom(
    'query',
    'ping',
    'vCard',
    'time',
    'blocklist',
    'block',
    'unblock',
    'session',
    'pubsub',
    'enable',
    'x',
  )
  const namespace = fc.constantFrom(
    'jabber:iq:roster',
    'jabber:iq:private',
    'jabber:iq:version',
    'vcard-temp',
    'urn:xmpp:ping',
    'urn:xmpp:time',
    'urn:xmpp:blocking',
    'urn:xmpp:carbons:2',
    'jabber:iq:register',
    'http://jabber.org/protocol/pubsub',
    'http://jabber.org/protocol/pubsub#owner',
    `${DISCO}#info`,
    `${DISCO}#items`,
    'urn:ietf:params:xml:ns:xmpp-session',
    'urn:x',
    '',
  )
  const inner = fc.constantFrom(
    '',
    'text',
    '<a/>',
    "<a xmlns='urn:a'/>",
    "<a xmlns='urn:a'/><b/>",
    '<a><b/></a>',
    "<items node='n'/>",
    "<publish node='n'><item id='a'><x xmlns='urn:x'/></item></publish>",
    "<retract node='n'><item id='a'/></retract>",
    "<create node='n'/>",
    "<configure node='n'><x xmlns='jabber:x:data' type='submit'/></configure>",
    "<delete node='n'/>",
    "<purge node='n'/>",
    '<subscribe/>',
    "<item jid='bob@localhost'/>",
    "<storage xmlns='storage:bookmarks'><conference jid='r@lobbies.localhost'/></storage>",
    '<username>alice</username><password>wonder</password>',
  )
  /** Names and namespaces that belong together come as often as all others. */
  const known = fc.constantFrom(
    ['pubsub', 'http://jabber.org/protocol/pubsub'],
    ['pubsub', 'http://jabber.org/protocol/pubsub#owner'],
    ['block', 'urn:xmpp:blocking'],
    ['unblock', 'urn:xmpp:blocking'],
    ['query', 'jabber:iq:private'],
    ['query', 'jabber:iq:register'],
  )
  const payload = fc
    .tuple(fc.oneof(fc.tuple(name, namespace), known), inner, fc.boolean())
    .map(([[n, ns], text, hasNode]) => `<${n} xmlns='${ns}'${hasNode ? " node='n'" : ''}>${text}</${n}>`)
  const iq = fc.record({
    type: fc.constantFrom('get', 'set', 'result', 'error'),
    to: fc.constantFrom(undefined, 'localhost', 'LOCALHOST', 'localhost/x', 'own', 'nobody@localhost', '@'),
    from: fc.constantFrom(undefined, 'bob@localhost/x', 'localhost'),
    payloads: fc.array(payload, { maxLength: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(iq, { minLength: 1, maxLength: 30 }), async (iqs) => {
      const expected: string[] = []
      let text = ''
      for (const { type, to, from, payloads } of iqs) {
        const id = `p${++lastId}`
        if (type === 'get' || type === 'set') expected.push(id)
        const address = to === 'own' ? 'alice@localhost' : to
        text += `<iq id='${id}' type='${type}'${address === undefined ? '' : ` to='${address}'`}${
          from === undefined ? '' : ` from='${from}'`
        }>${payloads.join('')}</iq>`
      }
      alice.send(text)
      // Changes of the list of the blocked are told by requests.
      const isAnswer = ({ attrs }: Element): boolean => attrs.type !== 'set'
      const answers = (await alice.settled()).filter(isAnswer)
      // Answers that took the way through the store may come behind the last one.
      while (answers.length < expected.length) answers.push(...[await alice.element()].filter(isAnswer))
      expect((await alice.settled()).filter(isAnswer)).toEqual([])
      expect(answers.map((answer) => answer.attrs.id).sort()).toEqual(expected.sort())
      for (const answer of answers) expect(['result', 'error']).toContain(answer.attrs.type)
    }),
    { numRuns: 60 },
  )
})
