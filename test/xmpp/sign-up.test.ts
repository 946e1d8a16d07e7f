// Accounts that people make themselves: off by default, over TLS where that is required, and not too many.
import { afterEach, expect, test } from 'vitest'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { HEADER, RawTcp, RawWebSocket } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer, type TestServerOptions } from '../support/xmpp-server.ts'

let running: TestServer
afterEach(() => running.close())
const REGISTRATION = { isReserved: (account: string) => account === 'root' }
let nowMs = 1_800_000_000_000

async function open(options: TestServerOptions = { registration: REGISTRATION }) {
  running = await startXmppServer({ now: () => nowMs, ...options })
  return connect()
}
async function connect() {
  const client = await RawTcp.connect(running.port)
  return { client, features: serialize(await client.open()) }
}
const ask = (client: RawTcp | RawWebSocket, inner: string, type = 'set', xmlns = ''): Promise<Element> =>
  client.ask(`<iq${xmlns} type='${type}' id='r'><query xmlns='jabber:iq:register'>${inner}</query></iq>`)
const wish = (name: string, password = 'secret'): string =>
  `<username>${name}</username><password>${password}</password>`
const conditionOf = (answer: Element): string | undefined =>
  answer.getChild('error')?.getChildElements()[0]?.name

test('it is offered, asks for name and password, and the account logs in on the same stream', async () => {
  const { client, features } = await open()
  expect(features).toContain('<register xmlns="http://jabber.org/features/iq-register"/>')
  expect(serialize(await ask(client, '', 'get'))).toContain('<username/><password/>')
  const made = await ask(client, wish('Carol'))
  expect(made.attrs).toMatchObject({ type: 'result', id: 'r' })
  expect(await client.authenticate('carol', 'secret', 'r')).toBe('carol@localhost/r')
})

test('it works over WebSocket', async () => {
  await open()
  const client = await RawWebSocket.connect(running.httpPort)
  await client.open()
  const made = await ask(client, wish('carol'), 'set', " xmlns='jabber:client'")
  expect(made.attrs.type).toBe('result')
  expect(await client.authenticate('carol', 'secret', 'r')).toBe('carol@localhost/r')
  client.socket.terminate()
})

test('it is off by default: who asks has not logged in', async () => {
  const { client, features } = await open({})
  expect(features).not.toContain('iq-register')
  expect(serialize(await ask(client, wish('carol')))).toContain('<not-authorized')
})

test('where TLS is required, nobody makes an account without it', async () => {
  const { client, features } = await open({ registration: REGISTRATION, isTlsRequired: true })
  expect(features).not.toContain('iq-register')
  expect(serialize(await ask(client, wish('carol')))).toContain('<not-authorized')
  expect(await running.accounts.find('carol')).toBe(undefined)
})

test.each([
  ['a name that is taken', wish('alice'), 'conflict'],
  ['a name that has rights', wish('root'), 'conflict'],
  ['a name that cannot be', wish('a@b'), 'not-acceptable'],
  ['a name that is too long', wish('x'.repeat(65)), 'not-acceptable'],
  ['a password that cannot be', wish('carol', ''), 'not-acceptable'],
  ['no password', '<username>carol</username>', 'bad-request'],
  ['nothing', '', 'bad-request'],
])('%s is refused', async (_what, inner, condition) => {
  const { client } = await open()
  expect(conditionOf(await ask(client, inner))).toBe(condition)
  const before = await running.accounts.find('alice')
  expect(await running.accounts.find('alice')).toBe(before)
})

test('two who ask for one name at once do not both get it', async () => {
  const { client: one } = await open()
  const { client: two } = await connect()
  const answers = await Promise.all([ask(one, wish('carol', 'one')), ask(two, wish('carol', 'two'))])
  expect(answers.map(({ attrs }) => attrs.type).sort()).toEqual(['error', 'result'])
  const password = answers[0]?.attrs.type === 'result' ? 'one' : 'two'
  const { client } = await connect()
  expect(await client.authenticate('carol', password, 'r')).toBe('carol@localhost/r')
})

test('an address has ten tries an hour, used or not', async () => {
  const { client } = await open()
  for (let n = 0; n < 10; n++) await ask(client, wish('alice'))
  expect(conditionOf(await ask(client, wish('carol')))).toBe('resource-constraint')
  nowMs += 3_600_000
  expect((await ask(client, wish('carol'))).attrs.type).toBe('result')
})

test('a broken store is told as a passing error', async () => {
  const { client } = await open()
  running.accounts.broken = new Error('disk')
  expect(conditionOf(await ask(client, wish('carol')))).toBe('internal-server-error')
  running.accounts.broken = undefined
})

test('what follows at once is handled after the answer', async () => {
  running = await startXmppServer({ registration: REGISTRATION })
  const client = await RawTcp.connect(running.port)
  const plain = Buffer.from('\0carol\0secret').toString('base64')
  client.send(
    `${HEADER}<iq type='set' id='r'><query xmlns='jabber:iq:register'>${wish('carol')}</query></iq><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`,
  )
  await client.element()
  await client.element()
  expect((await client.element()).attrs.type).toBe('result')
  expect((await client.element()).name).toBe('success')
})
