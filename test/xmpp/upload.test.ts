// The upload service as clients see it: found, asked for a slot, and refused in the ways of XEP-0363.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import type { SlotAnswer, SlotRequest } from '../../src/xmpp/upload-port.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let alice: RawTcp
let guest: RawTcp
let answer: SlotAnswer = { kind: 'slot', url: 'https://chat.example/files/1/a%20b.png' }
const asked: SlotRequest[] = []
beforeAll(async () => {
  running = await startXmppServer({
    upload: {
      domain: 'upload.localhost',
      maxBytes: (isGuest) => (isGuest ? 10 : 100),
      slot: (request) => {
        asked.push(request)
        return answer
      },
    },
  })
  alice = await RawTcp.connect(running.port)
  await alice.login('alice', 'wonder')
  guest = await RawTcp.connect(running.port)
  await guest.login()
})
afterAll(() => running.close())

const ask = (client: RawTcp, payload: string, type = 'get', to = 'upload.localhost'): Promise<Element> =>
  client.ask(`<iq type='${type}' id='u' to='${to}'>${payload}</iq>`)
const INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
const slot = (attributes: string): string => `<request xmlns='urn:xmpp:http:upload:0' ${attributes}/>`

test('it is among the services of the server, and says how large a file may be for whoever asks', async () => {
  const items = await ask(
    alice,
    "<query xmlns='http://jabber.org/protocol/disco#items'/>",
    'get',
    'localhost',
  )
  expect(serialize(items)).toContain('<item jid="upload.localhost" name="Files"/>')
  const info = serialize(await ask(alice, INFO))
  expect(info).toContain('<identity category="store" type="file"')
  expect(info).toContain('<feature var="urn:xmpp:http:upload:0"/>')
  expect(info).toContain('<field var="max-file-size"><value>100</value>')
  expect(serialize(await ask(guest, INFO))).toContain('<value>10</value>')
})

test('a slot is where to put the file and where to get it', async () => {
  const given = await ask(alice, slot("filename='a b.png' size='7' content-type='image/png'"))
  expect(serialize(given)).toContain(
    '<slot xmlns="urn:xmpp:http:upload:0"><put url="https://chat.example/files/1/a%20b.png"/><get url="https://chat.example/files/1/a%20b.png"/></slot>',
  )
  expect(asked.at(-1)).toMatchObject({ isGuest: false, filename: 'a b.png', size: 7 })
  expect(asked.at(-1)?.account.bare).toBe('alice@localhost')
})

test('refusals say what to do about them', async () => {
  answer = { kind: 'too-large', maxBytes: 100 }
  const large = serialize(await ask(alice, slot("filename='a' size='101'")))
  expect(large).toContain('<error type="modify" by="upload.localhost"><not-acceptable')
  expect(large).toContain('<file-too-large xmlns="urn:xmpp:http:upload:0"><max-file-size>100</max-file-size>')
  answer = { kind: 'later', retryAtMs: Date.UTC(2030, 0, 1) }
  const later = serialize(await ask(alice, slot("filename='a' size='1'")))
  expect(later).toContain('<error type="wait" by="upload.localhost"><resource-constraint')
  expect(later).toContain('<retry xmlns="urn:xmpp:http:upload:0" stamp="2030-01-01T00:00:00.000Z"/>')
})

test.each([
  "filename='a'",
  "size='1'",
  "filename='' size='1'",
  "filename='a' size='0'",
  "filename='a' size='1.5'",
  "filename='a' size='x'",
])('a request with %s is malformed', async (attributes) => {
  expect(serialize(await ask(alice, slot(attributes)))).toContain('<bad-request')
})

test('anything else is not served', async () => {
  expect(serialize(await ask(alice, '<x xmlns="urn:x"/>'))).toContain('<service-unavailable')
  expect(serialize(await ask(alice, INFO, 'get', 'ann@upload.localhost'))).toContain('<service-unavailable')
  expect(serialize(await alice.ask("<message to='upload.localhost'><body>x</body></message>"))).toContain(
    '<service-unavailable',
  )
  alice.send("<presence to='upload.localhost'/>")
  expect(await alice.settled()).toEqual([])
})
