// Personal eventing: what clients publish is kept, bounded, told to whoever asks for it, and hidden from others.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
beforeAll(async () => {
  running = await startXmppServer()
})
afterAll(() => running.close())

const clients: RawTcp[] = []
async function login(name?: string, password?: string, resource?: string): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  clients.push(client)
  await client.login(name, password, resource)
  return client
}
beforeEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy()
  for (const list of ['pep', ...NODES.map((node) => `pep ${node}`)])
    await running.accounts.clearList('alice', list)
  await running.accounts.putPrivateXml('alice', '{storage:bookmarks}storage', '<storage/>')
})

const BOOKMARKS = 'urn:xmpp:bookmarks:1'
const NODES = [BOOKMARKS, 'urn:n', 'urn:open']
const PUBSUB = 'http://jabber.org/protocol/pubsub'

let lastId = 0
async function ask(client: RawTcp, type: string, payload: string, to?: string): Promise<Element> {
  const id = `q${++lastId}`
  client.send(`<iq type='${type}' id='${id}'${to === undefined ? '' : ` to='${to}'`}>${payload}</iq>`)
  for (;;) {
    const answer = await client.element()
    if (answer.attrs.id === id) return answer
  }
}
const pubsub = (inner: string, part = ''): string => `<pubsub xmlns='${PUBSUB}${part}'>${inner}</pubsub>`
const form = (fields: Readonly<Record<string, string>>): string =>
  `<x xmlns='jabber:x:data' type='submit'>${Object.entries(fields)
    .map(([name, value]) => `<field var='pubsub#${name}'><value>${value}</value></field>`)
    .join('')}</x>`
const publish = (client: RawTcp, node: string, items: string, options?: Readonly<Record<string, string>>) =>
  ask(
    client,
    'set',
    pubsub(
      `<publish node='${node}'>${items}</publish>${options ? `<publish-options>${form(options)}</publish-options>` : ''}`,
    ),
  )
const items = (client: RawTcp, node: string, inner = '', to?: string, attrs = '') =>
  ask(client, 'get', pubsub(`<items node='${node}' ${attrs}>${inner}</items>`), to)
const idsIn = (answer: Element): string[] => {
  expect(answer.attrs.type).toBe('result')
  return (answer.getChild('pubsub')?.getChild('items')?.getChildren('item') ?? []).map(
    ({ attrs }) => attrs.id,
  )
}
const conditionsOf = (answer: Element): string[] =>
  (answer.getChild('error')?.getChildElements() ?? [])
    .map(({ name }) => name)
    .filter((name) => name !== 'text')
const conference = (name: string): string =>
  `<conference xmlns='${BOOKMARKS}' name='${name}' autojoin='true'><nick>me</nick></conference>`
const privateBookmarks = async (client: RawTcp): Promise<string> =>
  serialize(
    (
      await ask(
        client,
        'get',
        "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
      )
    )
      .getChildElements()[0]
      ?.getChildElements()[0] as Element,
  )
const storeBookmarks = (client: RawTcp, inner: string) =>
  ask(
    client,
    'set',
    `<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>${inner}</storage></query>`,
  )

describe('nodes', () => {
  test('are made by publishing, keep what was published, and are there at the next login', async () => {
    const alice = await login('alice', 'wonder')
    const answer = await publish(alice, 'urn:n', "<item id='a'><x xmlns='urn:x' y='&lt;'>1</x></item>")
    expect(serialize(answer)).toContain('<publish node="urn:n"><item id="a"/></publish>')
    const again = await login('alice', 'wonder', 'other')
    expect(serialize(await items(again, 'urn:n'))).toContain(
      '<items node="urn:n"><item id="a"><x xmlns="urn:x" y="&lt;">1</x></item></items>',
    )
  })

  test('keep as many items as they are configured to, the last ones', async () => {
    const alice = await login('alice', 'wonder')
    const item = (id: string): string => `<item id='${id}'><x xmlns='urn:x'/></item>`
    for (const id of ['a', 'b', 'c', 'a'])
      expect((await publish(alice, 'urn:n', item(id), { max_items: '2' })).attrs.type).toBe('result')
    expect(idsIn(await items(alice, 'urn:n'))).toEqual(['c', 'a'])
    expect(idsIn(await items(alice, 'urn:n', '', undefined, "max_items='1'"))).toEqual(['a'])
    expect(idsIn(await items(alice, 'urn:n', "<item id='c'/>"))).toEqual(['c'])
    expect(conditionsOf(await items(alice, 'urn:n', "<item id='b'/>"))).toEqual(['item-not-found'])
    await ask(
      alice,
      'set',
      pubsub(`<configure node='urn:n'>${form({ max_items: '1' })}</configure>`, '#owner'),
    )
    expect(idsIn(await items(alice, 'urn:n'))).toEqual(['a'])
  })

  test('that are not as a publisher demands refuse, and say by which field', async () => {
    const alice = await login('alice', 'wonder')
    const item = "<item id='a'><x xmlns='urn:x'/></item>"
    await publish(alice, 'urn:n', item)
    const refused = await publish(alice, 'urn:n', item, { access_model: 'whitelist' })
    expect(conditionsOf(refused)).toEqual(['conflict', 'precondition-not-met'])
    expect(refused.getChild('error')?.getChildText('text')).toContain('pubsub#access_model')
    expect(
      (await publish(alice, 'urn:n', item, { access_model: 'presence', max_items: '1' })).attrs.type,
    ).toBe('result')
    expect(conditionsOf(await publish(alice, 'urn:n', item, { access_model: 'authorize' }))).toEqual([
      'not-acceptable',
    ])
  })

  test('can be made, shown, configured, emptied and deleted', async () => {
    const alice = await login('alice', 'wonder')
    const create = pubsub(
      `<create node='urn:n'/><configure>${form({ title: 'T', max_items: 'max' })}</configure>`,
    )
    expect((await ask(alice, 'set', create)).attrs.type).toBe('result')
    expect(conditionsOf(await ask(alice, 'set', create))).toEqual(['conflict'])
    const shown = await ask(alice, 'get', pubsub("<configure node='urn:n'/>", '#owner'))
    expect(serialize(shown)).toContain('<value>T</value>')
    expect(serialize(shown)).toContain('<value>1000</value>')
    const info = `<query xmlns='http://jabber.org/protocol/disco#info' node='urn:n'/>`
    expect(serialize(await ask(alice, 'get', info))).toContain('<identity category="pubsub" type="leaf"/>')
    const list = "<query xmlns='http://jabber.org/protocol/disco#items'/>"
    expect(serialize(await ask(alice, 'get', list))).toContain('<item jid="alice@localhost" node="urn:n"/>')
    await publish(alice, 'urn:n', "<item id='a'><x xmlns='urn:x'/></item>")
    expect((await ask(alice, 'set', pubsub("<purge node='urn:n'/>", '#owner'))).attrs.type).toBe('result')
    expect(idsIn(await items(alice, 'urn:n'))).toEqual([])
    expect((await ask(alice, 'set', pubsub("<delete node='urn:n'/>", '#owner'))).attrs.type).toBe('result')
    expect(conditionsOf(await items(alice, 'urn:n'))).toEqual(['item-not-found'])
    expect(conditionsOf(await ask(alice, 'set', pubsub("<delete node='urn:n'/>", '#owner')))).toEqual([
      'item-not-found',
    ])
  })

  test('take back an item once', async () => {
    const alice = await login('alice', 'wonder')
    await publish(alice, 'urn:n', "<item id='a'><x xmlns='urn:x'/></item>")
    const retract = pubsub("<retract node='urn:n'><item id='a'/></retract>")
    expect((await ask(alice, 'set', retract)).attrs.type).toBe('result')
    expect(conditionsOf(await ask(alice, 'set', retract))).toEqual(['item-not-found'])
  })

  test('give an id to what has none', async () => {
    const alice = await login('alice', 'wonder')
    const answer = await publish(alice, 'urn:n', "<item><x xmlns='urn:x'/></item>")
    const id = answer.getChild('pubsub')?.getChild('publish')?.getChild('item')?.attrs.id
    expect(id).toMatch(/^[\w-]{16}$/)
    expect(idsIn(await items(alice, 'urn:n'))).toEqual([id])
  })

  test.each([
    ['no node', "<publish><item id='a'><x xmlns='u'/></item></publish>", ['bad-request', 'nodeid-required']],
    ['no item', "<publish node='urn:n'/>", ['bad-request', 'item-required']],
    ['no payload', "<publish node='urn:n'><item id='a'/></publish>", ['bad-request', 'payload-required']],
    [
      'two payloads',
      "<publish node='urn:n'><item id='a'><x xmlns='u'/><y xmlns='u'/></item></publish>",
      ['bad-request', 'invalid-payload'],
    ],
    ['a subscription', "<subscribe node='urn:n' jid='a@b'/>", ['feature-not-implemented', 'unsupported']],
    [
      'a huge id',
      `<publish node='urn:n'><item id='${'x'.repeat(513)}'><x xmlns='u'/></item></publish>`,
      ['not-acceptable'],
    ],
    ['nothing', '', ['bad-request']],
  ])('refuse %s', async (_what, inner, conditions) => {
    const alice = await login('alice', 'wonder')
    expect(conditionsOf(await ask(alice, 'set', pubsub(inner)))).toEqual(conditions)
  })

  test('answer with the last items when all are too much at once', async () => {
    const alice = await login('alice', 'wonder')
    for (let n = 0; n < 6; n++)
      await publish(alice, 'urn:n', `<item id='${n}'><x xmlns='urn:x'>${'x'.repeat(60_000)}</x></item>`, {
        max_items: 'max',
      })
    expect(idsIn(await items(alice, 'urn:n'))).toEqual(['3', '4', '5'])
    expect(idsIn(await items(alice, 'urn:n', "<item id='0'/>"))).toEqual(['0'])
  })

  test('of an account are bounded in number and size', async () => {
    const guest = await login()
    for (let n = 0; n < 200; n++)
      expect((await ask(guest, 'set', pubsub(`<create node='n${n}'/>`))).attrs.type).toBe('result')
    expect(conditionsOf(await ask(guest, 'set', pubsub("<create node='more'/>")))).toEqual([
      'resource-constraint',
    ])
    const big = `<item id='a'><x xmlns='urn:x'>${'x'.repeat(150_000)}</x></item>`
    expect((await publish(guest, 'n0', big)).attrs.type).toBe('result')
    expect(conditionsOf(await publish(guest, 'n1', big))).toEqual(['resource-constraint'])
    expect((await publish(guest, 'n0', big)).attrs.type).toBe('result')
  })
})

describe('others', () => {
  test('read open nodes only, and cannot tell the others from nodes and accounts that are not there', async () => {
    const alice = await login('alice', 'wonder')
    const bob = await login('bob', 'builder')
    const item = "<item id='a'><x xmlns='urn:x'/></item>"
    await publish(alice, 'urn:open', item, { access_model: 'open' })
    await publish(alice, 'urn:n', item)
    expect(idsIn(await items(bob, 'urn:open', '', 'alice@localhost'))).toEqual(['a'])
    const closed = await items(bob, 'urn:n', '', 'alice@localhost')
    const absent = await items(bob, 'urn:absent', '', 'alice@localhost')
    const nobody = await items(bob, 'urn:n', '', 'nobody@localhost')
    const error = (answer: Element): string =>
      serialize(answer.getChild('error') as Element).replace('nobody@', 'alice@')
    for (const answer of [closed, absent, nobody]) expect(error(answer)).toBe(error(closed))
    expect(conditionsOf(closed)).toEqual(['item-not-found'])
    const write = pubsub(`<publish node='urn:open'>${item}</publish>`)
    expect(conditionsOf(await ask(bob, 'set', write, 'alice@localhost'))).toEqual(['forbidden'])
  })
})

test('the server says that it keeps private XML, where poezio looks before it asks for bookmarks', async () => {
  const alice = await login('alice', 'wonder', 'a')
  const info = await alice.ask(
    "<iq type='get' id='i' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  )
  expect(serialize(info)).toContain('<feature var="jabber:iq:private"/>')
})

describe('notifications', () => {
  const CAPS = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:client'"
  const DISCO = 'http://jabber.org/protocol/disco#info'
  /** sha-1 of `client/pc//C<urn:n+notify<`. */
  const VER = '2unmqdZL0wSyUj3aUlTjkXjtZpY='
  const told = (to: Element, features: string): string =>
    `<iq type='result' id='${to.attrs.id}' to='${to.attrs.from}'><query xmlns='${DISCO}'><identity category='client' type='pc' name='C'/>${features}</query></iq>`
  const NOTIFY = "<feature var='urn:n+notify'/>"
  const item = (id: string): string => `<item id='${id}'><x xmlns='urn:x'/></item>`

  async function available(client: RawTcp, ver: string, features: string): Promise<boolean> {
    client.send(`<presence>${CAPS} ver='${ver}'/></presence>`)
    const question = (await client.settled()).find(({ name }) => name === 'iq')
    if (question) client.send(told(question, features))
    return question !== undefined
  }

  test('go to the sessions whose clients ask for the node, the publisher among them', async () => {
    const [alice, other, third] = [
      await login('alice', 'wonder', 'a'),
      await login('alice', 'wonder', 'b'),
      await login('alice', 'wonder', 'c'),
    ]
    await available(alice, 'v1', NOTIFY)
    await available(other, 'v2', NOTIFY)
    await available(third, 'v3', "<feature var='urn:other+notify'/>")
    for (const client of [alice, other, third]) await client.settled()
    other.send(`<iq type='set' id='p'>${pubsub(`<publish node='urn:n'>${item('a')}</publish>`)}</iq>`)
    const event = `<event xmlns="${PUBSUB}#event"><items node="urn:n"><item id="a"><x xmlns="urn:x"/></item></items></event>`
    for (const client of [other, alice]) {
      const message = (await client.settled()).find(({ name }) => name === 'message') as Element
      expect(message.attrs).toMatchObject({ from: 'alice@localhost', to: client.full, type: 'headline' })
      expect(serialize(message)).toContain(event)
    }
    expect(await third.settled()).toEqual([])
    other.send(
      `<iq type='set' id='r'>${pubsub("<retract node='urn:n' notify='true'><item id='a'/></retract>")}</iq>`,
    )
    other.send(`<iq type='set' id='d'>${pubsub("<delete node='urn:n'/>", '#owner')}</iq>`)
    await other.settled()
    expect((await alice.settled()).map(serialize).join('')).toMatch(
      /<retract id="a"\/>.*<delete node="urn:n"\/>/,
    )
  })

  test('of the last item come when a client appears, unless the node says never', async () => {
    const alice = await login('alice', 'wonder', 'a')
    await publish(alice, 'urn:n', item('last'))
    await publish(alice, 'urn:open', item('x'), { send_last_published_item: 'never' })
    const late = await login('alice', 'wonder', 'late')
    await available(late, 'v4', `${NOTIFY}<feature var='urn:open+notify'/>`)
    const came = (await late.settled()).filter(({ name }) => name === 'message').map(serialize)
    expect(came).toHaveLength(1)
    expect(came[0]).toContain('<item id="last">')
  })

  test('a version is asked once if its hash is right, and else each time', async () => {
    const first = await login('alice', 'wonder', 'a')
    expect(await available(first, VER, NOTIFY)).toBe(true)
    await first.settled()
    expect(await available(first, VER, NOTIFY)).toBe(false)
    const second = await login('alice', 'wonder', 'b')
    expect(await available(second, VER, '')).toBe(false)
    await publish(first, 'urn:n', item('a'))
    expect((await second.settled()).map(serialize).join('')).toContain('<item id="a">')
    for (const resource of ['c', 'd'])
      expect(await available(await login('alice', 'wonder', resource), 'wrong', NOTIFY)).toBe(true)
  })
})

describe('bookmarks', () => {
  test('are an empty list before the first one is published, for their user alone', async () => {
    const alice = await login('alice', 'wonder')
    const bob = await login('bob', 'builder')
    expect(idsIn(await items(alice, BOOKMARKS))).toEqual([])
    expect(conditionsOf(await items(bob, BOOKMARKS, '', 'alice@localhost'))).toEqual(['item-not-found'])
  })

  test('are published as Dino, Gajim and Converse do', async () => {
    const alice = await login('alice', 'wonder')
    const options = {
      persist_items: 'true',
      max_items: 'max',
      send_last_published_item: 'never',
      access_model: 'whitelist',
      notify_delete: 'true',
      notify_retract: 'true',
    }
    for (const room of ['a', 'b'])
      expect(
        (
          await publish(
            alice,
            BOOKMARKS,
            `<item id='${room}@lobbies.localhost'>${conference(room)}</item>`,
            options,
          )
        ).attrs.type,
      ).toBe('result')
    expect(idsIn(await items(alice, BOOKMARKS))).toEqual(['a@lobbies.localhost', 'b@lobbies.localhost'])
  })

  test('that are published without options are kept all the same, and shown in private XML', async () => {
    const alice = await login('alice', 'wonder')
    await publish(alice, BOOKMARKS, `<item id='a@lobbies.localhost'>${conference('A')}</item>`)
    await publish(alice, BOOKMARKS, `<item id='b@lobbies.localhost'>${conference('B')}</item>`)
    expect(await privateBookmarks(alice)).toBe(
      '<storage xmlns="storage:bookmarks">' +
        '<conference jid="a@lobbies.localhost" name="A" autojoin="true"><nick>me</nick></conference>' +
        '<conference jid="b@lobbies.localhost" name="B" autojoin="true"><nick>me</nick></conference></storage>',
    )
  })

  test('in private XML are the items; what newer clients added to one stays in it', async () => {
    const alice = await login('alice', 'wonder')
    const extended = conference('A').replace(
      '</conference>',
      "<extensions><e xmlns='urn:e'/></extensions></conference>",
    )
    await publish(alice, BOOKMARKS, `<item id='a@lobbies.localhost'>${extended}</item>`)
    await publish(alice, BOOKMARKS, `<item id='b@lobbies.localhost'>${conference('B')}</item>`)
    await storeBookmarks(
      alice,
      "<conference jid='a@lobbies.localhost' name='A2' autojoin='1'/><conference jid='C@lobbies.localhost'/><url url='http://x/' name='X'/>",
    )
    const answer = await items(alice, BOOKMARKS)
    expect(idsIn(answer)).toEqual(['a@lobbies.localhost', 'c@lobbies.localhost'])
    expect(serialize(answer)).toContain(
      '<conference xmlns="urn:xmpp:bookmarks:1" name="A2" autojoin="1"><extensions><e xmlns="urn:e"/></extensions></conference>',
    )
    expect(await privateBookmarks(alice)).toContain('<url url="http://x/" name="X"/>')
  })

  test('that were stored before there were nodes become items', async () => {
    await running.accounts.putPrivateXml(
      'alice',
      '{storage:bookmarks}storage',
      "<storage xmlns='storage:bookmarks'><conference jid='old@lobbies.localhost' name='Old'/><url url='http://x/'/></storage>",
    )
    const alice = await login('alice', 'wonder')
    expect(idsIn(await items(alice, BOOKMARKS))).toEqual(['old@lobbies.localhost'])
    await ask(
      alice,
      'set',
      pubsub(`<retract node='${BOOKMARKS}'><item id='old@lobbies.localhost'/></retract>`),
    )
    expect(idsIn(await items(alice, BOOKMARKS))).toEqual([])
    expect(await privateBookmarks(alice)).toBe(
      '<storage xmlns="storage:bookmarks"><url url="http://x/"/></storage>',
    )
  })
})
