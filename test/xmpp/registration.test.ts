// What users do to their own accounts: a new password, and removal.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let alice: RawTcp
beforeEach(async () => {
  running = await startXmppServer()
  alice = await login('alice', 'wonder', 'a')
})
afterEach(() => running.close())

async function login(name?: string, password?: string, resource?: string): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  await client.login(name, password, resource)
  return client
}
const register = (client: RawTcp, inner: string, type = 'set', to = 'localhost'): Promise<Element> =>
  client.ask(`<iq type='${type}' id='r' to='${to}'><query xmlns='jabber:iq:register'>${inner}</query></iq>`)
const conditionOf = (answer: Element): string | undefined =>
  answer.getChild('error')?.getChildElements()[0]?.name
const NEW = '<username>alice</username><password>new &lt;one&gt;</password>'

describe('a new password', () => {
  test.each(['localhost', 'alice@localhost'])(
    'set at %s is the one that logs in from then on',
    async (to) => {
      expect((await register(alice, NEW, 'set', to)).attrs.type).toBe('result')
      await expect(login('alice', 'wonder', 'b')).rejects.toThrow('not-authorized')
      await login('alice', 'new <one>', 'b')
    },
  )

  test('ends the other sessions and keeps the one that set it', async () => {
    const other = await login('alice', 'wonder', 'b')
    await register(alice, NEW)
    expect(await other.rest()).toContain('<reset xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>')
    expect(await alice.settled()).toEqual([])
  })

  test('must be one, and for the own account', async () => {
    expect(conditionOf(await register(alice, '<username>bob</username><password>x</password>'))).toBe(
      'not-allowed',
    )
    expect(conditionOf(await register(alice, '<username>alice</username><password/>'))).toBe('not-acceptable')
    expect(conditionOf(await register(alice, '<username>alice</username>'))).toBe('bad-request')
    expect(conditionOf(await register(alice, NEW, 'set', 'bob@localhost'))).toBe('service-unavailable')
    await login('alice', 'wonder', 'b')
  })
})

test('an account is said to be registered; guests have none', async () => {
  expect(serialize(await register(alice, '', 'get'))).toContain('<registered/><username>alice</username>')
  expect(conditionOf(await register(await login(), NEW))).toBe('not-allowed')
})

test('who removes the account is out everywhere, its data gone and its name locked', async () => {
  const other = await login('alice', 'wonder', 'b')
  await running.accounts.putVcard('alice', '<vCard/>')
  expect(conditionOf(await register(alice, '<remove/><username>alice</username>'))).toBe('bad-request')
  expect((await register(alice, '<remove/>')).attrs.type).toBe('result')
  for (const client of [alice, other]) expect(await client.rest()).toContain('<reset')
  await expect(login('alice', 'wonder', 'b')).rejects.toThrow('not-authorized')
  expect(await running.accounts.vcard('alice')).toBe(undefined)
  expect(await running.accounts.list()).toContain('alice')
})
