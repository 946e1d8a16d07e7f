// Carbons: every session that wants them sees the user's conversations, once, and nothing else.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Element, el, serialize } from '../../src/stanza/xml.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let phone: RawTcp
let desk: RawTcp
let bob: RawTcp
beforeEach(async () => {
  running = await startXmppServer()
  phone = await user('alice', 'wonder', 'phone')
  desk = await user('alice', 'wonder', 'desk', '<priority>-1</priority>')
  bob = await user('bob', 'builder', 'b')
  for (const client of [phone, desk]) await client.settled()
  await carbons(desk, 'enable')
})
afterEach(() => running.close())

async function user(name: string, password: string, resource: string, inner = ''): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  await client.login(name, password, resource)
  client.send(`<presence>${inner}</presence>`)
  await client.settled()
  return client
}
const carbons = (client: RawTcp, what: string): Promise<Element> =>
  client.ask(`<iq type='set' id='c'><${what} xmlns='urn:xmpp:carbons:2'/></iq>`)
const bodies = (came: readonly Element[]): string[] =>
  came.flatMap((stanza) => stanza.getChildText('body') ?? [])
const copies = (came: readonly Element[], direction: string): string[] =>
  came.flatMap((stanza) => {
    const copied = stanza
      .getChild(direction, 'urn:xmpp:carbons:2')
      ?.getChild('forwarded', 'urn:xmpp:forward:0')
    return copied?.getChild('message', 'jabber:client')?.getChildText('body') ?? []
  })

test('a received message is copied to a session that did not get it itself', async () => {
  for (const to of ['alice@localhost', 'alice@localhost/phone'])
    bob.send(`<message to='${to}' type='chat' id='m'><body>hi</body></message>`)
  await bob.settled()
  expect(bodies(await phone.settled())).toEqual(['hi', 'hi'])
  const came = await desk.settled()
  expect(copies(came, 'received')).toEqual(['hi', 'hi'])
  expect(serialize(came[0] as Element)).toBe(
    '<message to="alice@localhost/desk" from="alice@localhost" type="chat" xmlns="jabber:client"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message to="alice@localhost" type="chat" id="m" xmlns="jabber:client" from="bob@localhost/b"><body>hi</body></message></forwarded></received></message>',
  )
})

test('a sent message is copied to the sender’s other sessions, whoever it is for', async () => {
  phone.send("<message to='bob@localhost' type='chat'><body>one</body></message>")
  phone.send("<message to='friend@lobbies.localhost' type='chat'><body>two</body></message>")
  await phone.settled()
  expect(copies(await desk.settled(), 'sent')).toEqual(['one', 'two'])
})

test('a message to oneself comes once to every session', async () => {
  phone.send("<message to='alice@localhost' type='chat'><body>note</body></message>")
  expect(bodies(await phone.settled())).toEqual(['note'])
  const came = await desk.settled()
  expect([...copies(came, 'received'), ...copies(came, 'sent')]).toEqual(['note'])
})

test('nothing is copied before it is enabled nor after it is disabled', async () => {
  expect((await carbons(desk, 'disable')).attrs.type).toBe('result')
  bob.send("<message to='alice@localhost' type='chat'><body>hi</body></message>")
  await bob.settled()
  expect(await desk.settled()).toEqual([])
})

test.each([
  ['a groupchat message', "type='groupchat'", '<body>x</body>', false],
  ['a headline', "type='headline'", '<body>x</body>', false],
  ['a private message', "type='chat'", "<body>x</body><private xmlns='urn:xmpp:carbons:2'/>", false],
  ['a no-copy hint', "type='chat'", "<body>x</body><no-copy xmlns='urn:xmpp:hints'/>", false],
  [
    'a message that claims to be a copy',
    "type='chat'",
    "<body>x</body><sent xmlns='urn:xmpp:carbons:2'/>",
    false,
  ],
  [
    'a private message of a room',
    "type='chat'",
    "<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/>",
    false,
  ],
  ['an invitation of a room', '', "<x xmlns='http://jabber.org/protocol/muc#user'><invite/></x>", true],
  ['a direct invitation', '', "<x xmlns='jabber:x:conference' jid='r@lobbies.localhost'/>", true],
  ['a normal message with a body', '', '<body>x</body>', true],
  ['a normal message without', '', "<x xmlns='urn:x'/>", false],
  ['a receipt', '', "<received xmlns='urn:xmpp:receipts' id='1'/>", true],
  ['a chat state', "type='chat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", true],
])('%s', async (_what, type, inner, isCopied) => {
  bob.send(`<message to='alice@localhost/phone' ${type}>${inner}</message>`)
  await bob.settled()
  expect(await phone.settled()).toHaveLength(1)
  expect(await desk.settled()).toHaveLength(isCopied ? 1 : 0)
})

test('the wish for no copies is not passed on', async () => {
  bob.send(
    "<message to='alice@localhost/phone' type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>",
  )
  await bob.settled()
  expect(serialize((await phone.settled())[0] as Element)).not.toContain('private')
})

test('messages of services are copied too, private ones of rooms are not', async () => {
  const message = (...children: Element[]): Element =>
    el(
      'message',
      { from: 'r@lobbies.localhost/n', to: phone.full, type: 'chat' },
      el('body', {}, 'x'),
      ...children,
    )
  running.server.send(phone.full, message())
  running.server.send(phone.full, message(el('x', { xmlns: 'http://jabber.org/protocol/muc#user' })))
  expect(await phone.settled()).toHaveLength(2)
  expect(await desk.settled()).toHaveLength(1)
})
