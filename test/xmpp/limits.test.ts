// What one client can do to the others: nothing beyond its bounds, and malformed input never breaks the server.
import { Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { el } from '../../src/stanza/xml.ts'
import type { ServerLimits } from '../../src/xmpp/limits.ts'
import { HEADER, RawTcp, RawWebSocket } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
const start = async (limits: Partial<ServerLimits> = {}): Promise<TestServer> => {
  running = await startXmppServer({ limits })
  return running
}
afterEach(() => running.close())

test('a stanza may have exactly maxStanzaBytes, counted in bytes', async () => {
  const { port } = await start({ maxStanzaBytes: 1000 })
  const client = await RawTcp.connect(port)
  await client.login()
  const stanza = (bytes: number): string => {
    const frame = "<message to='r@lobbies.localhost' id='é'></message>"
    return frame.replace('><', `>${'x'.repeat(bytes - Buffer.byteLength(frame))}<`)
  }
  client.send(stanza(1000))
  expect(await client.settled()).toEqual([])
  client.send(stanza(1001))
  expect(await client.rest()).toContain('<policy-violation ')
  expect(running.reports).toHaveLength(2)
})

test('who does not log in is asked to go', async () => {
  const { port } = await start({ loginTimeoutMs: 50 })
  const silent = await RawTcp.connect(port)
  const slow = await RawTcp.connect(port)
  await slow.open()
  const done = await RawTcp.connect(port)
  await done.login()
  expect(await silent.rest()).toMatch(/^<stream:stream .*<connection-timeout /)
  expect(await slow.rest()).toContain('<connection-timeout ')
  expect(await done.settled()).toEqual([])
})

test('who does not close is closed: stopping takes a bounded time', async () => {
  const { port, server } = await start({ closeTimeoutMs: 50 })
  const client = await RawTcp.connect(port)
  client.socket.allowHalfOpen = true
  await client.login()
  await server.stop()
  expect(running.reports).toEqual([`ended ${client.full}`])
  client.socket.destroy()
})

test('a client that does not read is cut off, and others are not kept waiting', async () => {
  const { port, server } = await start({ maxOutgoingCharacters: 200_000, closeTimeoutMs: 100 })
  for (const client of [await RawTcp.connect(port), await RawWebSocket.connect(running.httpPort)]) {
    const full = await client.login()
    const reader = await RawTcp.connect(port)
    const to = await reader.login()
    client.socket.pause()
    const ended = running.reported((report) => report === `ended ${full}`)
    const body = el('message', {}, el('body', {}, 'x'.repeat(50_000)))
    let isOver = false
    void ended.then(() => {
      isOver = true
    })
    for (let i = 0; !isOver && i < 2000; i++) {
      server.send(full, body)
      server.send(to, el('message', { id: `${i}` }))
      expect((await reader.element()).attrs.id).toBe(`${i}`)
    }
    expect(isOver).toBe(true)
    expect(server.hasSession(full)).toBe(false)
    client.socket instanceof Socket ? client.socket.destroy() : client.socket.terminate()
  }
})

test('a client that floods is read more slowly, in order, without loss', async () => {
  const { port } = await start({ tokensPerSecond: 1000, maxTokens: 20, stanzasPerTurn: 4 })
  const flooder = await RawTcp.connect(port)
  await flooder.login()
  let text = ''
  for (let i = 0; i < 200; i++) text += `<message to='r@lobbies.localhost' id='${i}'/>`
  flooder.send(text)
  const other = await RawTcp.connect(port)
  await other.login()
  expect(running.reports.length).toBeLessThan(200)
  await running.reported((report) => report.includes('id="199"'))
  expect(running.reports.map((report) => /id="(\d+)"/.exec(report)?.[1])).toEqual(
    Array.from({ length: 200 }, (_, i) => `${i}`),
  )
})

test('what a flooder had sent when it left is still handled before its end', async () => {
  const { port } = await start({ tokensPerSecond: 1, maxTokens: 40, stanzasPerTurn: 4 })
  const flooder = await RawTcp.connect(port)
  await flooder.login()
  const ended = running.reported((report) => report.startsWith('ended'))
  let text = ''
  for (let i = 0; i < 30; i++) text += `<message to='r@lobbies.localhost' id='${i}'/>`
  flooder.socket.end(text)
  await ended
  expect(running.reports).toHaveLength(31)
})

test('what a flooder had sent is handled even when the connection breaks meanwhile', async () => {
  const { port, server } = await start({ tokensPerSecond: 0, maxTokens: 10, stanzasPerTurn: 4 })
  const flooder = await RawTcp.connect(port)
  const full = await flooder.login()
  const ended = running.reported((report) => report.startsWith('ended'))
  let text = ''
  for (let i = 0; i < 30; i++) text += `<message to='r@lobbies.localhost' id='${i}'/>`
  flooder.send(text)
  await running.reported((report) => report.includes('id="3"'))
  flooder.socket.resetAndDestroy()
  await flooder.rest()
  // Nothing is read from it for want of tokens; writing shows that it is gone.
  server.send(full, el('message'))
  await ended
  expect(running.reports).toHaveLength(31)
})

test('connections, unauthenticated ones and sessions of an account are bounded', async () => {
  const { port } = await start({ maxConnections: 4, maxUnauthenticated: 2, maxSessionsPerAccount: 2 })
  const first = await RawTcp.connect(port)
  const second = await RawTcp.connect(port)
  await first.open()
  await second.open()
  expect(await (await RawTcp.connect(port)).rest()).toContain('<resource-constraint ')
  await first.authenticate('alice', 'wonder', '1')
  await second.authenticate('alice', 'wonder', '2')
  const third = await RawTcp.connect(port)
  await expect(third.login('alice', 'wonder', '3')).resolves.toBe('')
  const fourth = await RawTcp.connect(port)
  await fourth.open()
  expect(await (await RawTcp.connect(port)).rest()).toContain('The server has too many connections.')
  await expect(RawWebSocket.connect(running.httpPort)).rejects.toThrow('503')
})

test('a server that cannot listen says so', async () => {
  const { port } = await start()
  const { createXmppServer } = await import('../../src/xmpp/server.ts')
  const { pino } = await import('pino')
  const second = createXmppServer({
    domain: 'localhost',
    listen: { host: '127.0.0.1', port },
    directTls: null,
    tls: null,
    isTlsRequired: false,
    auth: 'anonymous',
    accounts: running.accounts,
    services: () => [],
    version: '1',
    log: pino({ level: 'silent' }),
    now: Date.now,
    onStanza: () => {},
    onSessionEnded: () => {},
    onAvailable: () => {},
  })
  await expect(second.start()).rejects.toMatchObject({
    code: 'XMPP_LISTEN_FAILED',
    message: expect.stringContaining(`xmpp.server.listen: 127.0.0.1:${port} is taken by another program: `),
  })
})

test('whatever bytes come, before login or after, the stream ends in an orderly way or waits for more', async () => {
  const { port } = await start()
  const watcher = await RawTcp.connect(port)
  await watcher.login()
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    fc
      .constantFrom(
        HEADER,
        '<message/>',
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biws</auth>",
        "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Yz1iaXdz</response>",
        "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
        '</stream:stream>',
        "<enable xmlns='urn:xmpp:sm:3'/>",
        "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
        "<a xmlns='urn:xmpp:sm:3' h='1'/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<inactive xmlns='urn:xmpp:csi:0'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        '<iq type="get" id="1"><a/></iq>',
        '<!--',
        '&x;',
        ' ',
        '<',
        "<a b='",
        ']]>',
      )
      .map((text) => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 8 }), fc.boolean(), async (pieces, isLoggedIn) => {
      const client = await RawTcp.connect(port)
      if (isLoggedIn) await client.login()
      else client.send(HEADER)
      for (const piece of pieces) client.socket.write(piece)
      client.socket.end()
      const text = await client.rest()
      expect(text === '' || text.startsWith('<')).toBe(true)
    }),
    { numRuns: 150 },
  )
  expect(await watcher.settled()).toEqual([])
  expect(running.server.load().sessions).toBe(1)
})
