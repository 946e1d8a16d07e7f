// Where stanzas go: services, local users, own sessions, nowhere. RFC 6120 §8, §10, RFC 6121 §4, §8.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Element, el, prepare } from '../../src/stanza/xml.ts'
import { RawTcp, RawWebSocket } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let alice: RawTcp
let bob: RawTcp
beforeEach(async () => {
  running = await startXmppServer({ limits: { maxDirectedPresence: 3 } })
  alice = await user('alice', 'wonder', 'a')
  bob = await user('bob', 'builder', 'b')
})
afterEach(() => running.close())

async function user(name: string, password: string, resource: string): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  await client.login(name, password, resource)
  return client
}
const conditionOf = (answer: Element): string | undefined =>
  answer.getChild('error')?.getChildElements()[0]?.name
const available = async (client: RawTcp, inner = ''): Promise<void> => {
  client.send(`<presence>${inner}</presence>`)
  await client.settled()
}

test('what waits for clients is measured, whatever they connect by', async () => {
  const web = await RawWebSocket.connect(running.httpPort)
  await web.login('bob', 'builder', 'web')
  const text = prepare(el('message', { from: 'lobbies.localhost' }))
  for (const [client, full] of [
    [alice, 'alice@localhost/a'],
    [web, 'bob@localhost/web'],
  ] as const) {
    await client.settled()
    expect(running.server.load()).toEqual({ sessions: 3, waitingBytes: 0 })
    running.server.fanout(text, [full])
    expect(running.server.load().waitingBytes).toBeGreaterThan(text.rest.length)
    await client.element()
    expect(running.server.load().waitingBytes).toBe(0)
  }
})

describe('to a service', () => {
  test('a stanza arrives with the true sender and a normalised address', async () => {
    const report = running.reported(() => true)
    alice.send(
      "<message from='bob@localhost/b' to='Room@LOBBIES.localhost/Nick' type='groupchat' xml:lang='de'><body>x</body></message>",
    )
    expect(await report).toBe(
      '<message from="alice@localhost/a" to="room@lobbies.localhost/Nick" type="groupchat" xml:lang="de" xmlns="jabber:client"><body>x</body></message>',
    )
  })

  test('the sender is told apart from the stanza too', async () => {
    const from = new Promise((resolve) => {
      running.onStanza = (jid) => resolve(jid.full)
    })
    alice.send("<iq type='get' id='1' to='lobbies.localhost'><x xmlns='urn:x'/></iq>")
    expect(await from).toBe('alice@localhost/a')
  })

  test('another domain is not found, for requests only', async () => {
    expect(conditionOf(await alice.ask("<message to='a@example.org'/>"))).toBe('remote-server-not-found')
    expect(conditionOf(await alice.ask("<presence to='a@example.org'/>"))).toBe('remote-server-not-found')
    const answer = await alice.ask("<iq type='get' id='1' to='example.org'><x xmlns='urn:x'/></iq>")
    expect(conditionOf(answer)).toBe('remote-server-not-found')
    for (const text of [
      "<message to='a@example.org' type='error'/>",
      "<presence to='a@example.org' type='unavailable'/>",
      "<iq type='result' id='1' to='example.org'/>",
    ])
      alice.send(text)
    expect(await alice.settled()).toEqual([])
  })

  test('what was sent right before the connection was dropped arrives, then the end', async () => {
    const ended = running.reported((report) => report.startsWith('ended'))
    alice.send("<presence to='r@lobbies.localhost/n'/>")
    let text = ''
    for (let i = 0; i < 100; i++) text += `<message to='r@lobbies.localhost' id='${i}'/>`
    alice.socket.end(text)
    await ended
    expect(running.reports).toHaveLength(102)
    expect(running.reports[100]).toContain('id="99"')
    expect(running.reports[101]).toBe('ended alice@localhost/a')
  })

  test('a reset connection ends the session once', async () => {
    const ended = running.reported((report) => report.startsWith('ended'))
    alice.send("<message to='r@lobbies.localhost'/>")
    await running.reported((report) => report.startsWith('<message'))
    alice.socket.resetAndDestroy()
    await ended
    await bob.settled()
    expect(running.reports.filter((report) => report.startsWith('ended'))).toEqual([
      'ended alice@localhost/a',
    ])
    expect(running.server.load().sessions).toBe(1)
  })

  test('a client that only ended its own side is still answered', async () => {
    alice.socket.end("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    expect((await alice.element()).attrs).toMatchObject({ id: '1', type: 'result' })
    expect(await alice.rest()).toBe('')
  })

  test('stanzas of an unknown kind, namespace or prefix end the stream', async () => {
    const outcome = async (text: string): Promise<string> => {
      const client = await user('bob', 'builder', 'x')
      client.send(text)
      return /<stream:error[^>]*><([a-z-]+)/.exec(await client.rest())?.[1] ?? ''
    }
    expect(await outcome('<foo/>')).toBe('unsupported-stanza-type')
    expect(await outcome("<message xmlns='jabber:server'/>")).toBe('invalid-namespace')
    expect(await outcome("<c:message xmlns:c='jabber:client'/>")).toBe('bad-namespace-prefix')
    expect(await outcome('<message><!-- --></message>')).toBe('restricted-xml')
  })
})

describe('from a service', () => {
  const message = el(
    'message',
    { from: 'r@lobbies.localhost/n', type: 'groupchat', to: 'ignored' },
    el('body', {}, 'é<'),
  )

  test('one serialisation reaches each session with its own address, on TCP and WebSocket', async () => {
    const web = await RawWebSocket.connect(running.httpPort)
    await web.login(undefined, '', 'o&apos;x&amp;')
    running.server.fanout(prepare(message), [alice.full, 'gone@localhost/x', web.full, bob.full])
    for (const client of [alice, bob, web]) {
      const copy = await client.element()
      expect(copy.attrs).toMatchObject({
        to: client.full,
        from: 'r@lobbies.localhost/n',
        xmlns: 'jabber:client',
      })
      expect(copy.getChildText('body')).toBe('é<')
    }
  })

  test('order is kept between send and fanout', async () => {
    for (let i = 0; i < 50; i++) {
      running.server.send(alice.full, el('message', { id: `s${i}` }))
      running.server.fanout(prepare(el('message', { id: `f${i}` })), [alice.full])
    }
    const ids = (await alice.settled()).map((stanza) => stanza.attrs.id)
    expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => [`s${i}`, `f${i}`]).flat())
  })

  test('a message to an account reaches its available sessions, or comes back', async () => {
    const invitation = el('message', { from: 'r@lobbies.localhost', to: 'alice@localhost', id: 'i' })
    const back = running.reported(() => true)
    running.server.send('alice@localhost', invitation)
    expect(await back).toMatch(
      /^<message type="error" id="i" from="alice@localhost" to="r@lobbies.localhost">.*<service-unavailable/,
    )
    await available(alice)
    running.server.send('alice@localhost', invitation)
    expect((await alice.element()).attrs).toMatchObject({ id: 'i', to: 'alice@localhost' })
  })

  test('a request to nobody comes back, an answer does not', async () => {
    const back = running.reported(() => true)
    running.server.send(
      'bob@localhost/gone',
      el('iq', { type: 'result', id: '1', from: 'lobbies.localhost', to: 'bob@localhost/gone' }),
    )
    running.server.send(
      'bob@localhost/gone',
      el('presence', { from: 'lobbies.localhost', to: 'bob@localhost/gone' }),
    )
    running.server.send(
      'bob@localhost/gone',
      el('iq', { type: 'get', id: '2', from: 'lobbies.localhost', to: 'bob@localhost/gone' }, el('x')),
    )
    expect(await back).toContain('id="2"')
    expect(running.reports).toHaveLength(1)
  })
})

describe('among local users', () => {
  test('a message to a full address is delivered there', async () => {
    alice.send(`<message to='${bob.full}' type='chat'><body>x</body></message>`)
    expect((await bob.element()).attrs).toMatchObject({ from: alice.full, to: bob.full, type: 'chat' })
  })

  test('a message to an account is delivered to every available session that wants it', async () => {
    const second = await user('bob', 'builder', 'c')
    const negative = await user('bob', 'builder', 'd')
    await available(bob)
    await available(second)
    await available(negative, '<priority>-1</priority>')
    for (const client of [bob, second, negative]) await client.settled()
    alice.send("<message to='bob@localhost' id='m'/><message to='bob@localhost/gone' id='n'/>")
    await alice.settled()
    for (const client of [bob, second])
      expect((await client.settled()).map(({ attrs }) => `${attrs.id} ${attrs.to}`)).toEqual([
        'm bob@localhost',
        'n bob@localhost/gone',
      ])
    expect(await negative.settled()).toEqual([])
  })

  test.each([
    ["<message to='bob@localhost'/>", 'service-unavailable'],
    ["<message to='bob@localhost/gone' type='groupchat'/>", 'service-unavailable'],
    ["<message to='nobody@localhost' type='chat'/>", 'service-unavailable'],
    ["<message to='localhost'/>", 'service-unavailable'],
    ["<message to='bob@localhost' type='headline'/>", undefined],
    ["<message to='bob@localhost' type='error'/>", undefined],
    [
      "<iq type='get' id='1' to='bob@localhost'><query xmlns='jabber:iq:version'/></iq>",
      'service-unavailable',
    ],
    [
      "<iq type='get' id='1' to='bob@localhost/gone'><query xmlns='jabber:iq:version'/></iq>",
      'service-unavailable',
    ],
    ["<iq type='result' id='1' to='bob@localhost/gone'/>", undefined],
  ])('%s, with nobody there: %s', async (text, condition) => {
    alice.send(text)
    expect((await alice.settled()).map(conditionOf)).toEqual(condition === undefined ? [] : [condition])
  })

  test('a request goes to the session that it names, and the answer back', async () => {
    alice.send(`<iq type='get' id='1' to='${bob.full}'><query xmlns='jabber:iq:version'/></iq>`)
    expect((await bob.element()).attrs).toMatchObject({ type: 'get', id: '1', from: alice.full })
    bob.send(`<iq type='result' id='1' to='${alice.full}'/>`)
    expect((await alice.element()).attrs).toMatchObject({ type: 'result', id: '1', from: bob.full })
  })

  test('steps of a subscription that nobody asked for are nothing', async () => {
    for (const type of ['subscribed', 'unsubscribe', 'unsubscribed', 'probe', 'error'])
      alice.send(`<presence type='${type}' to='bob@localhost'/>`)
    expect(await alice.settled()).toEqual([])
    expect(await bob.settled()).toEqual([])
  })

  test('directed presence is delivered, and taken back when the session ends', async () => {
    alice.send(`<presence to='${bob.full}'/>`)
    expect((await bob.element()).attrs).toMatchObject({ from: alice.full, to: bob.full })
    alice.socket.destroy()
    expect((await bob.element()).attrs).toMatchObject({ from: alice.full, type: 'unavailable' })
  })
})

describe('own presence', () => {
  test('sessions of one account see each other come, change and go', async () => {
    const first = await user('bob', 'builder', '1')
    const second = await user('bob', 'builder', '2')
    expect((await first.ask('<presence><show>away</show></presence>')).attrs.from).toBe(first.full)
    second.send('<presence/>')
    const seen = [await second.element(), await second.element()]
    expect(seen.map(({ attrs }) => attrs.from).sort()).toEqual([first.full, second.full])
    expect(seen.some((presence) => presence.getChildText('show') === 'away')).toBe(true)
    expect((await first.element()).attrs.from).toBe(second.full)
    second.send("<presence type='unavailable'/>")
    expect((await first.element()).attrs).toMatchObject({ from: second.full, type: 'unavailable' })
    alice.send("<message to='bob@localhost' id='now'/>")
    expect((await first.element()).attrs.id).toBe('now')
    expect((await second.settled()).map(({ attrs }) => attrs.type)).toEqual(['unavailable'])
    await available(second)
    await first.settled()
    second.socket.destroy()
    expect((await first.element()).attrs).toMatchObject({ from: second.full, type: 'unavailable' })
    expect(await bob.settled()).toEqual([])
  })

  test('an account is reachable while a session of it takes messages, and every change is told', async () => {
    const reachable = (): boolean => running.server.isReachable('alice@localhost')
    const seen: boolean[] = [reachable()]
    for (const presence of [
      '<presence/>',
      '<presence><priority>-1</priority></presence>',
      '<presence><show>away</show></presence>',
      "<presence to='a@lobbies.localhost/n'/>",
      "<presence type='unavailable'/>",
    ]) {
      alice.send(presence)
      await alice.settled()
      seen.push(reachable())
    }
    expect(seen).toEqual([false, true, false, true, true, false])
    expect(running.available).toEqual(Array(3).fill('alice@localhost'))
    expect(running.server.isReachable('nobody@localhost')).toBe(false)
  })

  test('going unavailable takes presence back from every room', async () => {
    alice.send("<presence/><presence to='a@lobbies.localhost/n'/><presence to='b@lobbies.localhost/n'/>")
    alice.send("<presence to='b@lobbies.localhost/n' type='unavailable'/>")
    alice.send("<presence type='unavailable'><status>bye</status></presence>")
    await alice.settled()
    expect(running.reports.slice(3)).toEqual([
      '<presence type="unavailable" xmlns="jabber:client" from="alice@localhost/a" to="a@lobbies.localhost/n"><status>bye</status></presence>',
    ])
  })

  test('a client can be in so many places and no more', async () => {
    for (let i = 0; i < 3; i++) alice.send(`<presence to='r${i}@lobbies.localhost/n'/>`)
    alice.send("<presence to='r0@lobbies.localhost/other'/>")
    expect(conditionOf(await alice.ask("<presence to='r3@lobbies.localhost/n'/>"))).toBe(
      'resource-constraint',
    )
    alice.send(
      "<presence type='unavailable' to='r1@lobbies.localhost/n'/><presence to='r3@lobbies.localhost/n'/>",
    )
    expect(await alice.settled()).toEqual([])
    expect(running.reports.filter((report) => report.includes('r3@'))).toHaveLength(1)
  })
})

test('what is sent last before the server stops arrives, then the reason, then the end', async () => {
  running.server.send(alice.full, el('presence', { type: 'unavailable', from: 'r@lobbies.localhost/n' }))
  const stopped = running.server.stop()
  expect((await alice.element()).attrs.type).toBe('unavailable')
  expect(await alice.rest()).toContain('<system-shutdown ')
  await stopped
  expect(running.reports).toEqual(
    expect.arrayContaining(['ended alice@localhost/a', 'ended bob@localhost/b']),
  )
})
