// What waits for a client that nobody looks at, and what does not: XEP-0352.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Child, el } from '../../src/stanza/xml.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

const CSI = "xmlns='urn:xmpp:csi:0'"

let running: TestServer
let client: RawTcp
beforeEach(async () => {
  running = await startXmppServer()
  client = await RawTcp.connect(running.port)
  await client.login('alice', 'wonder')
  client.send(`<inactive ${CSI}/>`)
  await client.settled()
})
afterEach(() => running.close())

const from = (nick: string): string => `r@lobbies.localhost/${nick}`
const toClient = (
  name: string,
  id: string,
  nick: string,
  type: string | undefined,
  ...children: Child[]
): void => running.server.send(client.full, el(name, { id, type, from: from(nick) }, ...children))
const typing = (): Child[] => [
  el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' }),
  el('no-store', { xmlns: 'urn:xmpp:hints' }),
  el('occupant-id', { xmlns: 'urn:xmpp:occupant-id:0', id: 'x' }),
]
const ids = (stanzas: readonly { attrs: Record<string, string> }[]): (string | undefined)[] =>
  stanzas.map(({ attrs }) => attrs.id)

/** The stanzas up to the one with this id. */
async function upTo(id: string): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = []
  for (;;) {
    const { attrs } = await client.element()
    seen.push(attrs.id)
    if (attrs.id === id) return seen
  }
}

test('presence and typing wait, and the last of each sender comes when somebody looks', async () => {
  toClient('presence', 'p1', 'ann', undefined)
  toClient('message', 't1', 'ann', 'groupchat', ...typing())
  toClient('presence', 'p2', 'bob', undefined)
  toClient('presence', 'p3', 'ann', 'unavailable')
  client.send(`<active ${CSI}/>`)
  expect(ids(await client.settled())).toEqual(['t1', 'p2', 'p3'])
})

test.each([
  ['a text', () => toClient('message', 'm', 'ann', 'groupchat', el('body', {}, 'x'))],
  [
    'a text with a chat state',
    () => toClient('message', 'm', 'ann', 'groupchat', el('body', {}, 'x'), ...typing()),
  ],
  ['a subject', () => toClient('message', 'm', 'ann', 'groupchat', el('subject', {}, 'x'))],
  [
    'an invitation',
    () => toClient('message', 'm', 'ann', undefined, el('x', { xmlns: 'jabber:x:conference' })),
  ],
  ['a request', () => toClient('iq', 'm', 'ann', 'get', el('ping', { xmlns: 'urn:xmpp:ping' }))],
  ['a refused join', () => toClient('presence', 'm', 'ann', 'error')],
  [
    'a kick',
    () =>
      toClient(
        'presence',
        'm',
        'me',
        'unavailable',
        el('x', { xmlns: 'http://jabber.org/protocol/muc#user' }, el('status', { code: 110 })),
      ),
  ],
])('%s does not wait, and what waited comes before it', async (_what, send) => {
  toClient('presence', 'p', 'bob', undefined)
  send()
  expect(await upTo('m')).toEqual(['p', 'm'])
})

test('when too much waits, all of it comes', async () => {
  for (let i = 0; i <= 500; i++) toClient('presence', `${i}`, `n${i}`, undefined)
  expect(await upTo('500')).toHaveLength(501)
})

test('a client that is inactive and cut off gets what waited when it resumes', async () => {
  const enabled = await client.ask("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
  toClient('presence', 'p', 'bob', undefined)
  client.socket.end()
  await client.rest()
  client = await RawTcp.connect(running.port)
  await client.open()
  await client.authorize('alice', 'wonder')
  await client.reopen()
  await client.ask(`<resume xmlns='urn:xmpp:sm:3' previd='${enabled.attrs.id}' h='0'/>`)
  expect(ids(await client.settled())).toEqual(['p'])
})
