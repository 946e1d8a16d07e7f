// A real client library logs in with each mechanism and talks, over TCP and WebSocket.
import { type Client, client, xml } from '@xmpp/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { el } from '../../src/stanza/xml.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

// Node 20 has no WebSocket of its own.
globalThis.WebSocket ??= WebSocket as never

let running: TestServer
beforeAll(async () => {
  running = await startXmppServer()
})
afterAll(() => running.close())

const ACCOUNT = { username: 'alice', password: 'wonder' }

async function online(service: string, credentials: object, mechanism: string): Promise<Client> {
  const xmpp = client({
    service,
    domain: 'localhost',
    resource: 'js',
    timeout: 20_000,
    credentials: async (authenticate: (given: object, mechanism: string) => Promise<void>) =>
      authenticate(credentials, mechanism),
  } as never)
  xmpp.reconnect.stop()
  xmpp.on('error', () => {})
  // The library decodes TCP segments one by one.
  xmpp.on('connect', () => {
    const { socket } = xmpp as unknown as { socket: { setEncoding?: (encoding: string) => void } }
    socket.setEncoding?.('utf8')
  })
  await xmpp.start()
  return xmpp
}

test.each([
  ['TCP', 'SCRAM-SHA-1', ACCOUNT],
  ['TCP', 'PLAIN', ACCOUNT],
  ['TCP', 'ANONYMOUS', {}],
  ['WebSocket', 'SCRAM-SHA-1', ACCOUNT],
  ['WebSocket', 'PLAIN', ACCOUNT],
  ['WebSocket', 'ANONYMOUS', {}],
])('over %s with %s', async (transport, mechanism, credentials) => {
  const service =
    transport === 'TCP'
      ? `xmpp://127.0.0.1:${running.port}`
      : `ws://127.0.0.1:${running.httpPort}/xmpp-websocket`
  const xmpp = await online(service, credentials, mechanism)
  const full = String(xmpp.jid)
  expect(full).toMatch(mechanism === 'ANONYMOUS' ? /^[0-9a-v]{16}@localhost\/js$/ : /^alice@localhost\/js$/)
  expect(running.server.hasSession(full)).toBe(true)

  const { iqCaller } = xmpp as unknown as {
    iqCaller: { get(payload: unknown, to?: string): Promise<{ attrs: Record<string, string> }> }
  }
  const items = await iqCaller.get(xml('query', 'http://jabber.org/protocol/disco#items'), 'localhost')
  expect(String(items)).toContain('lobbies.localhost')

  const arrived = running.reported((report) => report.includes('größer 😀'))
  await xmpp.send(
    xml('message', { to: 'r@lobbies.localhost', type: 'groupchat' }, xml('body', {}, 'größer 😀')),
  )
  expect(await arrived).toContain(`from="${full}"`)

  const received = new Promise((resolve) => xmpp.once('stanza', resolve))
  running.server.send(full, el('message', { from: 'r@lobbies.localhost/n' }, el('body', {}, 'zurück <&> 😀')))
  expect(String(await received)).toContain('zurück &lt;&amp;&gt; 😀')

  const ended = running.reported((report) => report === `ended ${full}`)
  await xmpp.stop()
  await ended
  expect(running.server.hasSession(full)).toBe(false)
})

test('a wrong password is refused', async () => {
  const service = `xmpp://127.0.0.1:${running.port}`
  await expect(online(service, { ...ACCOUNT, password: 'x' }, 'SCRAM-SHA-1')).rejects.toThrow(
    'not-authorized',
  )
})

test.each(['TCP', 'WebSocket'])(
  'over %s it resumes its session after a cut, and misses nothing',
  async (transport) => {
    const service =
      transport === 'TCP'
        ? `xmpp://127.0.0.1:${running.port}`
        : `ws://127.0.0.1:${running.httpPort}/xmpp-websocket`
    const xmpp = await online(service, ACCOUNT, 'PLAIN')
    const { streamManagement, reconnect } = xmpp as unknown as {
      streamManagement: { on(event: string, listener: () => void): void; enabled: boolean }
      reconnect: { start(): void; delay: number }
    }
    // It enables stream management on its own, and tells nobody when that is done.
    while (!streamManagement.enabled) await new Promise((resolve) => setImmediate(resolve))
    const full = String(xmpp.jid)
    const bodies: string[] = []
    const heard = (body: string): Promise<void> =>
      new Promise((resolve) =>
        xmpp.on('stanza', (stanza) => {
          if (stanza.getChildText('body') === body) resolve()
        }),
      )
    xmpp.on('stanza', (stanza) => {
      const body = stanza.getChildText('body')
      if (body) bodies.push(body)
    })
    const say = (body: string): void =>
      running.server.send(full, el('message', { from: 'r@lobbies.localhost/n' }, el('body', {}, body)))

    const first = heard('one')
    say('one')
    await first
    reconnect.delay = 0
    reconnect.start()
    const resumed = new Promise<void>((resolve) => streamManagement.on('resumed', resolve))
    const last = heard('three')
    const { reports } = running
    reports.length = 0
    const { socket } = xmpp as unknown as { socket: { destroy?(): void; socket?: { terminate(): void } } }
    if (socket.destroy) socket.destroy()
    else socket.socket?.terminate()
    say('two')
    await resumed
    say('three')
    await last
    expect(bodies).toEqual(['one', 'two', 'three'])
    expect(String(xmpp.jid)).toBe(full)
    expect(reports).toEqual([])
    const ended = running.reported((report) => report === `ended ${full}`)
    await xmpp.stop()
    await ended
  },
)
