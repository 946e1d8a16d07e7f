// Sessions that outlive their connection, on the wire: XEP-0198 §5, over TCP and WebSocket.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { el } from '../../../src/stanza/xml.ts'
import type { ServerLimits } from '../../../src/xmpp/limits.ts'
import { RawTcp, RawWebSocket } from '../../support/raw-xmpp.ts'
import { ResumingClient } from '../../support/resuming-client.ts'
import { startXmppServer, type TestServer } from '../../support/xmpp-server.ts'

const SM = "xmlns='urn:xmpp:sm:3'"
const ENABLE = `<enable ${SM} resume='true'/>`

let running: TestServer
let nowMs = 1_000_000
const start = async (limits: Partial<ServerLimits> = {}): Promise<void> => {
  running = await startXmppServer({ limits, now: () => nowMs })
}
beforeEach(() => start())
afterEach(() => running.close())

const tcp = (): Promise<RawTcp> => RawTcp.connect(running.port)
const webSocket = (): Promise<RawWebSocket> => RawWebSocket.connect(running.httpPort)
const message = (id: string | number, from = 'r@lobbies.localhost/n') =>
  el('message', { id: `${id}`, from, type: 'chat' }, el('body', {}, `text ${id}`))
const reportsOfMessages = (): (string | undefined)[] =>
  running.reports.filter((text) => text.startsWith('<message')).map((text) => /id="([^"]+)"/.exec(text)?.[1])
const range = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

/** Ends the current server and starts one with other limits. */
async function restart(limits: Partial<ServerLimits>): Promise<void> {
  await running.close()
  await start(limits)
}

async function enabled(resource = 'r', request = ENABLE): Promise<{ client: RawTcp; id: string }> {
  const client = await tcp()
  await client.login('alice', 'wonder', resource)
  return { client, id: String((await client.ask(request)).attrs.id) }
}

/** Ends a connection without a word; afterwards the server knows. */
async function lose(client: RawTcp): Promise<void> {
  client.socket.end()
  await client.rest()
}

async function authorized(): Promise<RawTcp> {
  const client = await tcp()
  await client.open()
  await client.authorize('alice', 'wonder')
  await client.reopen()
  return client
}

describe.each([
  ['TCP', tcp, tcp],
  ['WebSocket', webSocket, webSocket],
  ['TCP and then WebSocket', tcp, webSocket],
])('over %s', (_name, first, then) => {
  test('what was sent while the client was away comes when it is back, and its place was kept', async () => {
    let isFirst = true
    const client = new ResumingClient(() => (isFirst ? first() : then()), 'alice', 'wonder')
    await client.login()
    isFirst = false
    running.server.send(client.full, message('before'))
    await client.settled()
    client.cut()
    running.server.send(client.full, message('away'))
    expect(running.server.hasSession(client.full)).toBe(true)
    await client.resume()
    running.server.send(client.full, message('after'))
    await client.settled()
    expect(client.received).toEqual(['before', 'away', 'after'])
    expect(running.reports).toEqual([])
  })
})

test('whenever the connection is cut, no message is lost, doubled or out of order, in either direction', async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('to-client' as const),
        count: fc.integer({ min: 1, max: 90 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('to-server' as const),
        count: fc.integer({ min: 1, max: 20 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'abandon', 'turn', 'ask', 'look') }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.boolean(), async (steps, isTcp) => {
      running.reports.length = 0
      const client = new ResumingClient(isTcp ? tcp : webSocket)
      await client.login()
      let toClient = 0
      let toServer = 0
      for (const todo of steps)
        if (todo.kind === 'to-client')
          for (let i = 0; i < todo.count; i++) running.server.send(client.full, message(toClient++))
        else if (todo.kind === 'to-server')
          for (let i = 0; i < todo.count; i++)
            client.send(`<message to='r@lobbies.localhost' id='${toServer++}'/>`)
        else if (todo.kind === 'ask') client.ask()
        else if (todo.kind === 'turn') await new Promise((resolve) => setImmediate(resolve))
        else if (todo.kind === 'look') await client.settled()
        else {
          if (todo.kind === 'cut') client.cut()
          await client.resume()
        }
      await client.settled()
      expect(client.received).toEqual(range(toClient))
      expect(reportsOfMessages()).toEqual(range(toServer))
    }),
    { numRuns: 60 },
  )
})

test('stream management is offered after login, and before binding only resuming is possible', async () => {
  const client = await tcp()
  await client.open()
  await client.authorize()
  const features = await client.reopen()
  expect(features.getChild('sm', 'urn:xmpp:sm:3')).toBeDefined()
  for (const early of [ENABLE, `<r ${SM}/>`, `<resume ${SM}/>`])
    expect((await client.ask(early)).getChild('unexpected-request')).toBeDefined()
  expect(await client.requestBind('r')).toContain('@localhost/r')
})

test('the server counts stanzas and nothing else, from where it was enabled', async () => {
  const { client } = await enabled()
  client.send("<presence/><message to='r@lobbies.localhost'/>")
  client.send("<active xmlns='urn:xmpp:csi:0'/> ")
  client.send("<iq type='set' id='2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
  expect((await client.element()).name).toBe('presence')
  expect((await client.element()).attrs.type).toBe('error')
  const a = await client.ask(`<r ${SM}/>`)
  expect([a.name, a.attrs.h]).toEqual(['a', '3'])
})

test('it is enabled once; without resumption there is no id', async () => {
  const { client, id } = await enabled('r', `<enable ${SM}/>`)
  expect(id).toBe('undefined')
  expect((await client.ask(ENABLE)).getChild('unexpected-request')).toBeDefined()
  const ended = running.reported((report) => report.startsWith('ended'))
  client.socket.resetAndDestroy()
  await ended
})

test('acknowledging more than was sent ends the stream, and says what was sent', async () => {
  const { client } = await enabled()
  running.server.send(client.full, message(1))
  await client.element()
  client.send(`<a ${SM} h='2'/>`)
  expect(await client.rest()).toMatch(/<undefined-condition .*<handled-count-too-high .*h="2" send-count="1"/)
  expect(running.server.hasSession(client.full)).toBe(false)
})

test('an end of the stream is an end of the session, also where it could be resumed', async () => {
  const { client, id } = await enabled()
  const ended = running.reported((report) => report === `ended ${client.full}`)
  client.send("<message to='r@lobbies.localhost'/></stream:stream>")
  await ended
  const again = await authorized()
  const failed = await again.ask(`<resume ${SM} previd='${id}' h='0'/>`)
  expect(failed.getChild('item-not-found')).toBeDefined()
  expect(failed.attrs.h).toBe('1')
  expect(await again.requestBind('r')).toBe('alice@localhost/r')
})

test('an end of the connection without a word is none of the session', async () => {
  const { client, id } = await enabled()
  client.socket.end()
  expect(await client.rest()).toBe('')
  expect(running.server.hasSession(client.full)).toBe(true)
  const again = await authorized()
  expect((await again.ask(`<resume ${SM} previd='${id}' h='0'/>`)).name).toBe('resumed')
})

test('resuming ends the old connection with conflict, and what it had not handled is not handled', async () => {
  const { client, id } = await enabled()
  const again = await authorized()
  expect((await again.ask(`<resume ${SM} previd='${id}' h='0'/>`)).attrs).toMatchObject({
    previd: id,
    h: '0',
  })
  client.send("<message to='r@lobbies.localhost'/>")
  expect(await client.rest()).toContain('<conflict ')
  expect(await again.settled()).toEqual([])
  expect(running.reports).toEqual([])
  expect(running.server.load().sessions).toBe(1)
})

test('nobody resumes the session of another account, and a guest only that of a guest', async () => {
  const { id } = await enabled()
  for (const account of [['bob', 'builder'], []] as const) {
    const other = await tcp()
    await other.open()
    await other.authorize(...account)
    await other.reopen()
    const failed = await other.ask(`<resume ${SM} previd='${id}' h='0'/>`)
    expect(failed.getChild('item-not-found')).toBeDefined()
    expect(failed.attrs.h).toBeUndefined()
  }
})

test('a session is waited for as long as its client wished, and no longer than the limit', async () => {
  const brief = await enabled('brief', `<enable ${SM} resume='1' max='10'/>`)
  const long = await enabled('long', `<enable ${SM} resume='true' max='9999'/>`)
  await lose(brief.client)
  await lose(long.client)
  for (const [wait, resource] of [
    [10_000, 'brief'],
    [290_000, 'long'],
  ] as const) {
    const ended = running.reported((report) => report === `ended alice@localhost/${resource}`)
    nowMs += wait
    await ended
  }
  expect(running.reports).toEqual(['ended alice@localhost/brief', 'ended alice@localhost/long'])
})

test('when a session ends, senders learn what was never acknowledged; rooms only that it ended', async () => {
  const bob = await tcp()
  await bob.login('bob', 'builder', 'b')
  const { client } = await enabled()
  const full = client.full
  await lose(client)
  bob.send(`<message to='${full}' type='chat' id='m'><body>there?</body></message>`)
  bob.send(`<iq to='${full}' type='get' id='i'><ping xmlns='urn:xmpp:ping'/></iq>`)
  await bob.settled()
  running.server.send(full, message('private'))
  running.server.send(
    full,
    el('message', { from: 'r@lobbies.localhost/n', type: 'groupchat' }, el('body', {}, 'x')),
  )
  running.server.send(full, el('presence', { from: 'r@lobbies.localhost/n' }))
  const ended = running.reported((report) => report === `ended ${full}`)
  nowMs += 300_000
  await ended
  const replies = await bob.settled()
  expect(replies.map(({ name, attrs }) => [name, attrs.id, attrs.type, attrs.from])).toEqual([
    ['message', 'm', 'error', full],
    ['iq', 'i', 'error', full],
  ])
  expect(replies[0]?.getChild('error')?.getChild('recipient-unavailable')).toBeDefined()
  const [bounce, end, ...more] = running.reports
  expect(bounce).toMatch(/^<message .*id="private".*<recipient-unavailable /)
  expect([end, more]).toEqual([`ended ${full}`, []])
})

test('what came for the account and another client has too is not bounced', async () => {
  const { client } = await enabled('one')
  client.send('<presence/>')
  await client.element()
  const other = await tcp()
  await other.login('alice', 'wonder', 'two')
  other.send('<presence/>')
  await other.settled()
  await lose(client)
  running.server.send('alice@localhost', message('both'))
  expect((await other.element()).attrs.id).toBe('both')
  const ended = running.reported((report) => report === `ended ${client.full}`)
  nowMs += 300_000
  await ended
  expect(running.reports).toEqual([`ended ${client.full}`])
})

test('what comes for a client that is away says when, unless it says so already', async () => {
  const { client, id } = await enabled()
  await lose(client)
  running.server.send(client.full, message('new'))
  const old = message('old')
  old.append(el('delay', { xmlns: 'urn:xmpp:delay', stamp: '2020-01-01T00:00:00Z' }))
  running.server.send(client.full, old)
  const again = await authorized()
  await again.ask(`<resume ${SM} previd='${id}' h='0'/>`)
  const stamps = [await again.element(), await again.element()].map((stanza) =>
    stanza.getChildren('delay').map(({ attrs }) => attrs.stamp),
  )
  expect(stamps).toEqual([[new Date(nowMs).toISOString()], ['2020-01-01T00:00:00Z']])
})

test('a connection that does not answer is given up, and not the session', async () => {
  const { client } = await enabled()
  running.server.send(client.full, message(1))
  expect((await client.element()).name).toBe('message')
  expect((await client.element()).name).toBe('r')
  nowMs += 60_001
  expect(await client.rest()).toContain('<connection-timeout ')
  expect(running.server.hasSession(client.full)).toBe(true)
})

test('a client that never acknowledges ends when too much is kept for it, connected or not', async () => {
  await restart({ maxUnackedStanzas: 5 })
  for (const isConnected of [true, false]) {
    const { client } = await enabled()
    if (!isConnected) {
      await lose(client)
    }
    const ended = running.reported((report) => report === `ended ${client.full}`)
    for (let i = 0; i < 9; i++) running.server.send(client.full, message(i))
    await ended
    if (isConnected) expect(await client.rest()).toContain('<resource-constraint ')
  }
})

test('only so many sessions sleep, and only with so much text: the longest asleep go, and the largest', async () => {
  await restart({ maxSleepingSessions: 2, maxSleepingCharacters: 1000 })
  const clients = [await enabled('a'), await enabled('b'), await enabled('c')]
  const [first, second, third] = clients.map(({ client }) => client.full)
  const gone = running.reported((report) => report === `ended ${first}`)
  for (const { client } of clients) {
    await lose(client)
  }
  await gone
  const largest = running.reported((report) => report === `ended ${third}`)
  running.server.send(second ?? '', message(1))
  for (let i = 0; i < 9; i++) running.server.send(third ?? '', message(i))
  await largest
  expect(running.server.hasSession(second ?? '')).toBe(true)
})

test('a sleeping session makes room for a client that binds the same resource, or needs the place', async () => {
  await restart({ maxSessionsPerAccount: 2 })
  for (const resource of ['one', 'two']) {
    const { client } = await enabled(resource)
    await lose(client)
  }
  const ends = (resource: string) =>
    running.reported((report) => report === `ended alice@localhost/${resource}`)
  const two = ends('two')
  await (await tcp()).login('alice', 'wonder', 'two')
  await two
  const one = ends('one')
  await (await tcp()).login('alice', 'wonder', 'three')
  await one
  expect(running.server.load().sessions).toBe(2)
})

test('when the stream ends, the client learns what was handled, so that it does not send it again', async () => {
  for (const end of ['</stream:stream>', '<broken></end>']) {
    const { client } = await enabled()
    client.send(`<message to='r@lobbies.localhost'/>${end}`)
    expect(await client.rest()).toMatch(/^<a [^>]*h="1"\/>/)
  }
})

test('when the server stops, sleeping sessions end too', async () => {
  const { client } = await enabled()
  await lose(client)
  await running.server.stop()
  expect(running.reports).toEqual([`ended ${client.full}`])
  await start()
})
