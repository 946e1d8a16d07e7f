// Blocking: kept, told to the user's clients, and enforced between users and against private messages of rooms.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Element, el, serialize } from '../../src/stanza/xml.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let alice: RawTcp
let bob: RawTcp
beforeEach(async () => {
  running = await startXmppServer()
  alice = await user('alice', 'wonder', 'a')
  bob = await user('bob', 'builder', 'b')
})
afterEach(() => running.close())

async function user(name: string, password: string, resource: string): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  await client.login(name, password, resource)
  client.send('<presence/>')
  await client.settled()
  return client
}
const NS = 'urn:xmpp:blocking'
let lastId = 0
/** The answer; what comes before it stays out of sight. */
async function ask(client: RawTcp, type: string, payload: string): Promise<Element> {
  const id = `q${++lastId}`
  client.send(`<iq type='${type}' id='${id}'>${payload}</iq>`)
  for (;;) {
    const answer = await client.element()
    if (answer.attrs.id === id) return answer
  }
}
const change = (client: RawTcp, what: string, ...jids: string[]): Promise<Element> =>
  ask(client, 'set', `<${what} xmlns='${NS}'>${jids.map((jid) => `<item jid='${jid}'/>`).join('')}</${what}>`)
const list = async (client: RawTcp): Promise<string[]> =>
  (await ask(client, 'get', `<blocklist xmlns='${NS}'/>`))
    .getChild('blocklist', NS)
    ?.getChildren('item')
    .map(({ attrs }) => attrs.jid) ?? []
const conditionsOf = (answer: Element): string[] =>
  (answer.getChild('error')?.getChildElements() ?? [])
    .map(({ name }) => name)
    .filter((name) => name !== 'text')
const MESSAGE = "<message to='alice@localhost' type='chat'><body>x</body></message>"

test('what is blocked is listed, in every session and at the next login', async () => {
  expect(await list(alice)).toEqual([])
  expect((await change(alice, 'block', 'Bob@localhost', 'evil.example')).attrs.type).toBe('result')
  alice.socket.destroy()
  const again = await user('alice', 'wonder', 'again')
  expect(await list(again)).toEqual(['bob@localhost', 'evil.example'])
  await change(again, 'unblock', 'bob@localhost')
  expect(await list(again)).toEqual(['evil.example'])
  await change(again, 'unblock')
  expect(await list(again)).toEqual([])
})

test('clients that have asked for the list are told of changes', async () => {
  const [other, third] = [await user('alice', 'wonder', 'o'), await user('alice', 'wonder', 't')]
  await list(other)
  await change(alice, 'block', 'bob@localhost')
  await change(alice, 'unblock', 'bob@localhost')
  await change(alice, 'unblock')
  const pushes = (await other.settled()).filter(({ name }) => name === 'iq').map(serialize)
  expect(pushes).toHaveLength(3)
  expect(pushes[0]).toMatch(
    /type="set" id="[^"]+" from="alice@localhost".*<block xmlns="urn:xmpp:blocking"><item jid="bob@localhost"\/>/,
  )
  expect(pushes[1]).toContain('<unblock xmlns="urn:xmpp:blocking"><item jid="bob@localhost"/></unblock>')
  expect(pushes[2]).toContain('<unblock xmlns="urn:xmpp:blocking"/>')
  expect((await third.settled()).filter(({ name }) => name === 'iq')).toEqual([])
})

test('who is blocked gets nothing through: as if nobody were there', async () => {
  await change(alice, 'block', 'bob@localhost')
  expect(conditionsOf(await bob.ask(MESSAGE))).toEqual(['service-unavailable'])
  expect(
    conditionsOf(
      await bob.ask("<iq type='get' id='1' to='alice@localhost/a'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ),
  ).toEqual(['service-unavailable'])
  bob.send("<presence to='alice@localhost'/>")
  bob.send("<presence to='alice@localhost' type='subscribe'/>")
  bob.send("<message to='alice@localhost/a' type='error'/>")
  expect(await bob.settled()).toEqual([])
  expect(await alice.settled()).toEqual([])
  await change(alice, 'unblock', 'bob@localhost')
  bob.send(MESSAGE)
  await bob.settled()
  expect(await alice.settled()).toHaveLength(1)
})

test.each(['bob@localhost', 'bob@localhost/b', 'localhost', 'localhost/b'])(
  'blocking %s blocks that client',
  async (jid) => {
    await change(alice, 'block', jid)
    expect(conditionsOf(await bob.ask(MESSAGE))).toEqual(['service-unavailable'])
    expect(
      conditionsOf(await alice.ask("<message to='bob@localhost/b' type='chat'><body>x</body></message>")),
    ).toEqual(['not-acceptable', 'blocked'])
    expect(
      (await alice.ask("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")).attrs.type,
    ).toBe('result')
  },
)

test('who had been shown presence sees the user leave', async () => {
  alice.send("<presence to='bob@localhost'/>")
  await alice.settled()
  expect(await bob.settled()).toHaveLength(1)
  await change(alice, 'block', 'bob@localhost')
  expect((await bob.settled()).map(({ attrs }) => [attrs.from, attrs.type])).toEqual([
    ['alice@localhost/a', 'unavailable'],
  ])
})

test('an occupant’s private messages and a room’s invitations are dropped, the room itself stays whole', async () => {
  await change(alice, 'block', 'r@lobbies.localhost')
  const from = (type: string | undefined, nick = '/n'): Element =>
    el('message', { from: `r@lobbies.localhost${nick}`, to: alice.full, type }, el('body', {}, 'x'))
  running.server.send(alice.full, from('chat'))
  running.server.send(alice.full, from(undefined, ''))
  expect(await alice.settled()).toEqual([])
  running.server.send(alice.full, from('groupchat'))
  running.server.send(alice.full, el('presence', { from: 'r@lobbies.localhost/n', to: alice.full }))
  running.server.send(
    alice.full,
    el('iq', { from: 'r@lobbies.localhost', to: alice.full, type: 'result', id: '1' }),
  )
  expect(await alice.settled()).toHaveLength(3)
  const reported = running.reported((report) => report.includes('service-unavailable'))
  running.server.send(
    alice.full,
    el(
      'iq',
      { from: 'r@lobbies.localhost/n', to: alice.full, type: 'get', id: '2' },
      el('x', { xmlns: 'urn:x' }),
    ),
  )
  await reported
  expect(
    conditionsOf(await alice.ask("<message to='r@lobbies.localhost/n' type='chat'><body>x</body></message>")),
  ).toEqual(['not-acceptable', 'blocked'])
  const groupchat = running.reported((report) => report.includes('still here'))
  alice.send("<message to='r@lobbies.localhost' type='groupchat'><body>still here</body></message>")
  await groupchat
})

test('a blocked message is not copied to the user’s other clients', async () => {
  const other = await user('alice', 'wonder', 'o')
  await other.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
  await change(alice, 'block', 'bob@localhost')
  await bob.ask("<message to='alice@localhost/a' type='chat'><body>x</body></message>")
  await alice.ask("<message to='bob@localhost' type='chat'><body>x</body></message>")
  expect((await other.settled()).filter(({ name }) => name === 'message')).toEqual([])
})

test('malformed requests are refused, too many addresses too', async () => {
  expect(conditionsOf(await change(alice, 'block'))).toEqual(['bad-request'])
  expect(conditionsOf(await change(alice, 'block', 'a@b@c'))).toEqual(['jid-malformed'])
  expect(conditionsOf(await change(alice, 'unblock', ''))).toEqual(['jid-malformed'])
  const many = Array.from({ length: 1_000 }, (_, n) => `u${n}@localhost`)
  expect((await change(alice, 'block', ...many)).attrs.type).toBe('result')
  expect(conditionsOf(await change(alice, 'block', 'more@localhost'))).toEqual(['resource-constraint'])
  expect((await change(alice, 'block', 'u0@localhost')).attrs.type).toBe('result')
})

test('guests block too', async () => {
  const guest = await RawTcp.connect(running.port)
  await guest.login()
  guest.send('<presence/>')
  await guest.settled()
  await change(guest, 'block', 'bob@localhost')
  expect(await list(guest)).toEqual(['bob@localhost'])
  expect(
    conditionsOf(await bob.ask(`<message to='${guest.full}' type='chat'><body>x</body></message>`)),
  ).toEqual(['service-unavailable'])
})
