// From the first byte to a bound resource, over TCP and WebSocket: RFC 6120 §4-§7, RFC 7395.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Element } from '../../src/stanza/xml.ts'
import { HEADER, OPEN, RawTcp, RawWebSocket } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"

let test1: TestServer
beforeAll(async () => {
  test1 = await startXmppServer()
})
afterAll(() => test1.close())

const tcp = (): Promise<RawTcp> => RawTcp.connect(test1.port)
const mechanisms = (features: Element): string[] =>
  features
    .getChild('mechanisms', SASL)
    ?.getChildren('mechanism')
    .map((mechanism) => mechanism.getText()) ?? []
const plain = (name: string, password: string): string =>
  Buffer.from(`\0${name}\0${password}`).toString('base64')
const failureOf = (answer: Element): string | undefined =>
  answer.is('failure', SASL) ? answer.getChildElements()[0]?.name : answer.name

describe.each(['anonymous', 'accounts', 'both'] as const)('with auth: %s', (auth) => {
  test('only its mechanisms are offered and work', async () => {
    const own = await startXmppServer({ auth })
    const client = await RawTcp.connect(own.port)
    const offered = mechanisms(await client.open())
    const accounts = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']
    expect(offered).toEqual(
      auth === 'anonymous' ? ['ANONYMOUS'] : auth === 'accounts' ? accounts : [...accounts, 'ANONYMOUS'],
    )
    const other = auth === 'anonymous' ? 'PLAIN' : auth === 'accounts' ? 'ANONYMOUS' : 'EXTERNAL'
    expect(failureOf(await client.ask(`<auth xmlns='${SASL}' mechanism='${other}'/>`))).toBe(
      'invalid-mechanism',
    )
    await own.close()
  })
})

describe.each([
  ['TCP', tcp],
  ['WebSocket', () => RawWebSocket.connect(test1.httpPort)],
])('over %s', (_name, connect) => {
  test('a guest gets an address of its own, with the resource it asked for', async () => {
    const first = await connect()
    const second = await connect()
    expect(await first.login(undefined, '', 'mine')).toMatch(/^[0-9a-v]{16}@localhost\/mine$/)
    expect(await second.login(undefined, '', 'mine')).not.toBe(first.full)
    expect(test1.server.hasSession(first.full)).toBe(true)
  })

  test('an account logs in with PLAIN, and the server makes a resource up when none is asked for', async () => {
    const client = await connect()
    expect(await client.login('Alice', 'wonder', '')).toMatch(/^alice@localhost\/.{8}$/)
  })

  test('a wrong password and an unknown account look the same', async () => {
    const client = await connect()
    await client.open()
    for (const name of ['bob', 'nobody']) {
      const refused = await client.ask(`<auth xmlns='${SASL}' mechanism='PLAIN'>${plain(name, 'x')}</auth>`)
      expect(failureOf(refused)).toBe('not-authorized')
      expect(refused.getChildText('text'), 'nobody speaks of the connection where it has no TLS').toBe(
        'Name or password are wrong.',
      )
    }
  })

  test('the third refusal ends the stream', async () => {
    const client = await connect()
    await client.open()
    for (let i = 0; i < 3; i++) client.send(`<auth xmlns='${SASL}' mechanism='X'/>`)
    expect(await client.rest()).toMatch(/(.*invalid-mechanism){3}.*policy-violation/s)
  })

  test('stanzas before login end the stream', async () => {
    const client = await connect()
    await client.open()
    client.send("<presence xmlns='jabber:client'/>")
    expect(await client.rest()).toContain('<not-authorized')
  })

  test('stanzas before binding end the stream', async () => {
    const client = await connect()
    await client.open()
    await client.ask(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'>=</auth>`)
    const features = await client.reopen()
    expect(features.getChild('bind')).toBeDefined()
    expect(features.getChild('mechanisms')).toBeUndefined()
    client.send("<presence xmlns='jabber:client'/>")
    expect(await client.rest()).toContain('<not-authorized')
  })

  test('the Ethora component enters rooms too early, is told so, and can log in', async () => {
    const client = await connect()
    const join =
      "<presence xmlns='jabber:client' to='a@conference.localhost/undefined' id='presenceInRoom-x-1'/>"
    await client.open()
    const refused = await client.ask(join)
    expect([refused.attrs.type, refused.attrs.id, refused.getChild('error')?.attrs.type]).toEqual([
      'error',
      'presenceInRoom-x-1',
      'auth',
    ])
    await client.ask(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'>=</auth>`)
    await client.reopen()
    expect((await client.ask(join)).attrs.type).toBe('error')
    const bound = await client.ask(
      "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    )
    expect(bound.attrs).toMatchObject({ type: 'result', id: 'b' })
  })

  test('a new client takes a resource over from an old one, whose end is reported', async () => {
    const old = await connect()
    await old.login('alice', 'wonder', 'same')
    const ended = test1.reported((report) => report === 'ended alice@localhost/same')
    const young = await connect()
    expect(await young.login('alice', 'wonder', 'same')).toBe('alice@localhost/same')
    expect(await old.rest()).toContain('<conflict')
    await ended
    expect(test1.server.hasSession('alice@localhost/same')).toBe(true)
    expect(await young.settled()).toEqual([])
  })

  test('a second bind is refused, the session stays', async () => {
    const client = await connect()
    await client.login()
    const answer = await client.ask(`<iq xmlns='jabber:client' type='set' id='2'>${BIND}</iq>`)
    expect(answer.attrs).toMatchObject({ type: 'error', id: '2' })
    expect(answer.getChild('error')?.getChild('not-allowed')).toBeDefined()
  })

  test('the old session request is answered', async () => {
    const client = await connect()
    await client.login()
    const session = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"
    const answer = await client.ask(`<iq xmlns='jabber:client' type='set' id='s'>${session}</iq>`)
    expect(answer.attrs).toMatchObject({ type: 'result', id: 's' })
  })

  test('an end of the stream is answered with an end, and reported', async () => {
    const client = await connect()
    const full = await client.login()
    const ended = test1.reported((report) => report === `ended ${full}`)
    client.send(
      client instanceof RawTcp ? '</stream:stream>' : "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    )
    expect(await client.rest()).toBe(
      client instanceof RawTcp ? '' : '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>',
    )
    await ended
    expect(test1.server.hasSession(full)).toBe(false)
  })
})

describe('SASL details', () => {
  const ask = async (...texts: string[]): Promise<string | undefined> => {
    const client = await tcp()
    await client.open()
    let answer: Element | undefined
    for (const text of texts) answer = await client.ask(text)
    client.socket.destroy()
    return answer && failureOf(answer)
  }
  const auth = (mechanism: string, data = ''): string =>
    `<auth xmlns='${SASL}' mechanism='${mechanism}'>${data}</auth>`
  const response = (data: string): string => `<response xmlns='${SASL}'>${data}</response>`
  const base64 = (text: string): string => Buffer.from(text).toString('base64')

  test.each([
    ['data that is no base64', [auth('PLAIN', '*')], 'incorrect-encoding'],
    ['a response without auth', [response('')], 'malformed-request'],
    ['an unknown element', [`<x xmlns='${SASL}'/>`], 'malformed-request'],
    ['an abort', [auth('SCRAM-SHA-1'), `<abort xmlns='${SASL}'/>`], 'aborted'],
    ['PLAIN without separators', [auth('PLAIN', base64('x'))], 'malformed-request'],
    ['PLAIN with too many', [auth('PLAIN', base64('\0a\0b\0c'))], 'malformed-request'],
    ['PLAIN that is not UTF-8', [auth('PLAIN', 'AP8A/w==')], 'malformed-request'],
    ['a name that cannot be', [auth('PLAIN', base64('\0a b\0x'))], 'not-authorized'],
    ['PLAIN for somebody else', [auth('PLAIN', base64('bob\0alice\0wonder'))], 'invalid-authzid'],
    ['SCRAM for somebody else', [auth('SCRAM-SHA-1', base64('n,a=bob,n=alice,r=x'))], 'invalid-authzid'],
    ['SCRAM that is malformed', [auth('SCRAM-SHA-1', base64('n,,x'))], 'malformed-request'],
    ['PLAIN for oneself', [auth('PLAIN', base64('alice@localhost\0alice\0wonder'))], 'success'],
    ['PLAIN in a response', [auth('PLAIN'), response(plain('alice', 'wonder'))], 'success'],
    ['ANONYMOUS with a trace', [auth('ANONYMOUS', base64('me'))], 'success'],
    ['a second attempt', [auth('X'), auth('ANONYMOUS', '=')], 'success'],
    [
      'foreign attributes',
      [
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS' xmlns:ga='u' ga:x='true' id='1'/>",
      ],
      'success',
    ],
  ])('%s: %s → %s', async (_what, texts, outcome) => {
    expect(await ask(...texts)).toBe(outcome)
  })

  test('an unknown account gets the same SCRAM challenge each time, as a known one does', async () => {
    const challenge = async (name: string): Promise<string> => {
      const client = await tcp()
      await client.open()
      const answer = await client.ask(auth('SCRAM-SHA-256', base64(`n,,n=${name},r=x`)))
      client.socket.destroy()
      return Buffer.from(answer.getText(), 'base64')
        .toString()
        .replace(/^r=[^,]*/, '')
    }
    expect(await challenge('nobody')).toMatch(/^,s=[A-Za-z0-9+/]{22}==,i=10000$/)
    expect(await challenge('nobody')).toBe(await challenge('nobody'))
    expect(await challenge('nobody')).not.toBe(await challenge('noone'))
    expect(await challenge('alice')).toMatch(/^,s=[A-Za-z0-9+/]{22}==,i=16$/)
  })

  test('a broken account store is a temporary failure, not the end', async () => {
    test1.accounts.broken = new Error('disk')
    expect(await ask(auth('PLAIN', plain('alice', 'wonder')))).toBe('temporary-auth-failure')
    test1.accounts.broken = undefined
  })

  test('guessing is stopped for the address and account', async () => {
    const own = await startXmppServer()
    const attempt = async (password: string): Promise<string | undefined> => {
      const client = await RawTcp.connect(own.port)
      await client.open()
      const outcome = failureOf(await client.ask(auth('PLAIN', plain('bob', password))))
      client.socket.destroy()
      return outcome
    }
    for (let i = 0; i < 10; i++) expect(await attempt(`guess${i}`)).toBe('not-authorized')
    expect(await attempt('builder')).toBe('temporary-auth-failure')
    await own.close()
  })
})

describe('headers that are refused', () => {
  test.each([
    ['another host', HEADER.replace("'localhost'", "'example.org'"), 'host-unknown'],
    ['no host', HEADER.replace("to='localhost'", ''), 'improper-addressing'],
    ['no version', HEADER.replace("version='1.0'>", '>'), 'unsupported-version'],
    ['an old version', HEADER.replace("version='1.0'>", "version='0.9'>"), 'unsupported-version'],
    ['a server', HEADER.replace('jabber:client', 'jabber:server'), 'invalid-namespace'],
    ['another stream namespace', HEADER.replace('etherx', 'example'), 'invalid-namespace'],
    ['something else', "<html xmlns='jabber:client'>", 'invalid-namespace'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'not-well-formed'],
    ['another encoding', "<?xml version='1.0' encoding='UTF-16'?>", 'unsupported-encoding'],
    ['a document type', '<!DOCTYPE x []>', 'restricted-xml'],
    ['an endless header', `<stream:stream a='${'x'.repeat(20_000)}`, 'policy-violation'],
  ])('%s', async (_what, header, condition) => {
    const client = await tcp()
    client.send(header)
    const text = await client.rest()
    expect(text).toContain(`<${condition} `)
    expect(text).toMatch(/^<stream:stream .*id=".{12}"/)
  })

  test('bytes that are not UTF-8', async () => {
    const client = await tcp()
    client.socket.write(Buffer.from([0xff, 0xfe, 0x3c, 0x00]))
    expect(await client.rest()).toContain('<unsupported-encoding')
  })

  test('upper case, white space and a missing declaration are no reason', async () => {
    const client = await tcp()
    client.send('\n \n')
    client.send(
      HEADER.replace("<?xml version='1.0'?>", '').replace("'localhost'", "'LOCALHOST' from='Bob@localhost'"),
    )
    expect((await client.element()).attrs).toMatchObject({ from: 'localhost', to: 'bob@localhost' })
  })
})

describe('binding', () => {
  const bind = async (inner: string, id = "id='b'"): Promise<Element> => {
    const client = await tcp()
    await client.open()
    await client.ask(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'/>\n`)
    await client.reopen()
    return client.ask(
      `<iq type='set' ${id}><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${inner}</bind></iq>`,
    )
  }

  test('what clients add is tolerated', async () => {
    const answer = await bind('<required/><resource>prof</resource>')
    expect(answer.getChild('bind')?.getChildText('jid')).toMatch(/\/prof$/)
  })

  test('a resource that cannot be is refused', async () => {
    const answer = await bind('<resource>a&#10;b</resource>')
    expect(answer.getChild('error')?.getChild('bad-request')).toBeDefined()
    expect((await bind('', '')).getChild('error')?.getChild('bad-request')).toBeDefined()
  })
})

describe('the WebSocket endpoint', () => {
  const upgrade = (
    path: string,
    protocol: string | undefined,
    origin?: string,
    headers: Record<string, string> = {},
  ): Promise<number> =>
    new Promise((resolve) => {
      const url = `ws://127.0.0.1:${test1.httpPort}${path}`
      const options = { headers, ...(origin === undefined ? {} : { origin }) }
      const socket =
        protocol === undefined ? new WebSocket(url, options) : new WebSocket(url, protocol, options)
      socket.on('open', () => {
        expect(socket.protocol).toBe('xmpp')
        socket.close()
        resolve(101)
      })
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.on('error', () => {})
    })

  test('takes its path and subprotocol only', async () => {
    expect(await upgrade('/xmpp-websocket', 'xmpp')).toBe(101)
    expect(await upgrade('/xmpp-websocket?x=1', 'xmpp')).toBe(101)
    expect(await upgrade('/other', 'xmpp')).toBe(404)
    expect(await upgrade('/xmpp-websocket', undefined)).toBe(400)
    expect(await upgrade('/xmpp-websocket', 'chat')).toBe(400)
  })

  test('takes pages of its own host, of this machine and of the origins that are listed, and no others', async () => {
    for (const origin of [`http://127.0.0.1:${test1.httpPort}`, 'http://localhost:8080', 'http://[::1]:1'])
      expect(await upgrade('/xmpp-websocket', 'xmpp', origin)).toBe(101)
    expect(await upgrade('/xmpp-websocket', 'xmpp', 'https://friendly.example')).toBe(101)
    for (const origin of [
      'https://example.org',
      'http://friendly.example',
      'https://a.friendly.example',
      'null',
      'http://127.0.0.1.example.org',
    ])
      expect(await upgrade('/xmpp-websocket', 'xmpp', origin)).toBe(403)
  })

  test('takes no page whose name was made to lead here', async () => {
    for (const [host, status] of [
      [`localhost:${test1.httpPort}`, 101],
      [`evil.example:${test1.httpPort}`, 421],
    ] as const)
      expect(await upgrade('/xmpp-websocket', 'xmpp', `http://${host}`, { Host: host })).toBe(status)
  })

  test.each([
    ['a stanza before open', "<presence xmlns='jabber:client'/>", 'not-authorized'],
    ['a join before open', "<presence xmlns='jabber:client' id='presenceInRoom-1'/>", 'not-authorized'],
    ['a stream header', HEADER.replace("<?xml version='1.0'?>", ''), 'not-well-formed'],
    ['two elements', `${OPEN}${OPEN}`, 'not-well-formed'],
    ['a comment', '<!-- x --><a/>', 'restricted-xml'],
    ['an undeclared prefix', '<stream:error/>', 'bad-namespace-prefix'],
    ['a frame that is too large', `<a>${'x'.repeat(10_000)}</a>`, 'policy-violation'],
  ])('%s ends the stream', async (_what, text, condition) => {
    const client = await RawWebSocket.connect(test1.httpPort)
    client.send(text)
    const rest = await client.rest()
    expect(rest).toContain(`<${condition} `)
    expect(rest).toMatch(/<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"\/>$/)
  })

  test('a binary frame ends the stream', async () => {
    const client = await RawWebSocket.connect(test1.httpPort)
    client.socket.send(Buffer.from(OPEN))
    expect(await client.rest()).toContain('<bad-format ')
  })

  test('a frame without namespace is not a stanza', async () => {
    const client = await RawWebSocket.connect(test1.httpPort)
    await client.login()
    client.send('<presence/>')
    expect(await client.rest()).toContain('<invalid-namespace ')
  })
})
