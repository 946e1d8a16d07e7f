// Contacts between users of the server: roster, subscriptions and presence. RFC 6121 §2 to §4.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Element, el, elements } from '../../src/stanza/xml.ts'
import { MAX_CONTACTS, MAX_REQUESTS } from '../../src/xmpp/contacts/rosters.ts'
import { RawTcp } from '../support/raw-xmpp.ts'
import { startXmppServer, type TestServer } from '../support/xmpp-server.ts'

let running: TestServer
let alice: RawTcp
let bob: RawTcp
beforeEach(async () => {
  running = await startXmppServer()
  alice = await user('alice', 'a')
  bob = await user('bob', 'b')
})
afterEach(() => running.close())

/** Logged in, knows the roster, and available. */
async function user(name: 'alice' | 'bob', resource: string): Promise<RawTcp> {
  const client = await RawTcp.connect(running.port)
  await client.login(name, name === 'alice' ? 'wonder' : 'builder', resource)
  client.send(`${GET}<presence/>`)
  await drain(client)
  return client
}

const GET = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>"
const setItem = (item: string): string =>
  `<iq type='set' id='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`

/** All that is on its way. The store of these tests answers within a turn of the event loop, which a round trip outlasts. */
const drain = async (client: RawTcp): Promise<Element[]> => [
  ...(await client.settled()),
  ...(await client.settled()),
]

/** `subscribe alice@localhost` for presence, `bob@localhost to ask` for a push, condition or type for an answer. */
function summary(stanza: Element): string {
  if (stanza.name === 'presence') return `${stanza.attrs.type ?? 'available'} ${stanza.attrs.from}`
  const item = stanza.getChild('query', 'jabber:iq:roster')?.getChild('item')
  const condition = stanza.getChild('error')?.getChildElements()[0]?.name
  if (stanza.attrs.type !== 'set' || !item) return condition ?? String(stanza.attrs.type)
  const { jid, subscription, ask } = item.attrs
  return `${jid} ${subscription}${ask ? ' ask' : ''}`
}
const came = async (client: RawTcp): Promise<string[]> => (await drain(client)).map(summary)

/** Sends, and what comes of it to both: first the sender's. */
async function send(from: RawTcp, text: string): Promise<{ alice: string[]; bob: string[] }> {
  from.send(text)
  const first = await came(from)
  const second = await came(from === alice ? bob : alice)
  return from === alice ? { alice: first, bob: second } : { alice: second, bob: first }
}
const step = (from: RawTcp, type: string) =>
  send(from, `<presence type='${type}' to='${from === alice ? 'bob' : 'alice'}@localhost'/>`)

async function befriend(): Promise<void> {
  await step(alice, 'subscribe')
  await step(bob, 'subscribed')
  await step(bob, 'subscribe')
  await step(alice, 'subscribed')
}

async function rosterOf(client: RawTcp): Promise<string[]> {
  client.send(GET)
  const answer = (await drain(client)).find(({ attrs }) => attrs.id === 'roster')
  return elements(answer?.getChild('query') as Element).map(String)
}

describe('subscriptions', () => {
  test('a request is asked, granted, and then presence is seen', async () => {
    expect(await step(alice, 'subscribe')).toEqual({
      alice: ['bob@localhost none ask'],
      bob: ['subscribe alice@localhost'],
    })
    expect(await step(bob, 'subscribed')).toEqual({
      alice: ['bob@localhost to', 'subscribed bob@localhost', 'available bob@localhost/b'],
      bob: ['alice@localhost from'],
    })
    expect(await rosterOf(alice)).toEqual(['<item jid="bob@localhost" subscription="to"/>'])
    expect((await send(bob, '<presence><show>away</show></presence>')).alice).toEqual([
      'available bob@localhost/b',
    ])
    expect((await send(alice, '<presence><show>away</show></presence>')).bob).toEqual([])
  })

  test('a request is declined, and nothing is left of it', async () => {
    await step(alice, 'subscribe')
    expect(await step(bob, 'unsubscribed')).toEqual({
      alice: ['bob@localhost none', 'unsubscribed bob@localhost'],
      bob: [],
    })
    expect(await rosterOf(bob)).toEqual([])
    expect((await step(bob, 'subscribed')).alice).toEqual([])
  })

  test('a request is asked once, waits for who is away, and comes at each login until it is answered', async () => {
    bob.send("<presence type='unavailable'/>")
    await drain(bob)
    alice.send("<presence type='subscribe' to='bob@localhost'><status>It is me</status></presence>")
    expect((await step(alice, 'subscribe')).bob).toEqual([])
    for (const resource of ['c', 'd']) {
      const client = await RawTcp.connect(running.port)
      await client.login('bob', 'builder', resource)
      client.send('<presence/>')
      const request = (await drain(client)).find(({ attrs }) => attrs.type === 'subscribe')
      expect(request?.attrs).toMatchObject({ from: 'alice@localhost', to: 'bob@localhost' })
      expect(request?.getChildText('status')).toBe('It is me')
      client.socket.destroy()
    }
    expect(await rosterOf(bob)).toEqual([])
  })

  test('who is blocked asks in vain, also while the user is away, and is not told', async () => {
    const change = (name: string): string =>
      `<iq type='set' id='x'><${name} xmlns='urn:xmpp:blocking'><item jid='alice@localhost'/></${name}></iq>`
    await send(bob, change('block'))
    expect(await step(alice, 'subscribe')).toEqual({ alice: ['bob@localhost none ask'], bob: [] })
    bob.socket.destroy()
    await running.reported((report) => report === 'ended bob@localhost/b')
    expect(await came(alice)).toEqual([])
    alice.send("<presence type='subscribe' to='bob@localhost'/>")
    expect(await came(alice)).toEqual(['bob@localhost none ask'])
    bob = await user('bob', 'c')
    bob.send(change('unblock'))
    await drain(bob)
    bob.send("<presence type='unavailable'/><presence/>")
    expect((await came(bob)).filter((text) => text.includes('alice'))).toEqual([])
  })

  test('who is taken off, or goes, sees the user leave', async () => {
    await befriend()
    expect(await step(bob, 'unsubscribed')).toEqual({
      alice: ['bob@localhost from', 'unsubscribed bob@localhost', 'unavailable bob@localhost/b'],
      bob: ['alice@localhost to'],
    })
    expect(await step(bob, 'unsubscribe')).toEqual({
      alice: ['bob@localhost none', 'unsubscribe bob@localhost'],
      bob: ['alice@localhost none', 'unavailable alice@localhost/a'],
    })
  })

  test('what says nothing new goes nowhere', async () => {
    for (const type of ['subscribed', 'unsubscribe', 'unsubscribed', 'probe'])
      expect(await step(alice, type), type).toEqual({ alice: [], bob: [] })
    await befriend()
    for (const type of ['subscribe', 'subscribed'])
      expect(await step(alice, type), type).toEqual({ alice: [], bob: [] })
  })

  test.each(['nobody@localhost', 'room@lobbies.localhost'])(
    'asking %s is declined or passed on',
    async (to) => {
      const isOurs = to.endsWith('@localhost')
      running.onStanza = (from, stanza) => {
        expect(stanza.attrs.from).toBe('alice@localhost')
        running.server.send(from.full, el('presence', { type: 'unsubscribed', from: to }))
      }
      const { alice: got } = await send(alice, `<presence type='subscribe' to='${to}'/>`)
      expect(got).toEqual([`${to} none ask`, `${to} none`, `unsubscribed ${to}`])
      expect(running.reports.filter((report) => report.includes('type="subscribe"'))).toHaveLength(
        isOurs ? 0 : 1,
      )
    },
  )

  test('guests have no contacts', async () => {
    const guest = await RawTcp.connect(running.port)
    await guest.login()
    expect(summary(await guest.ask("<presence type='subscribe' to='bob@localhost'/>"))).toBe(
      'unsubscribed bob@localhost',
    )
    expect((await send(alice, `<presence type='subscribe' to='${guest.full}'/>`)).alice.at(-1)).toBe(
      `unsubscribed ${guest.full.split('/')[0]}`,
    )
    expect(summary(await guest.ask(setItem("<item jid='bob@localhost'/>")))).toBe('not-allowed')
    expect(await came(bob)).toEqual([])
  })

  test('requests of strangers are bounded', async () => {
    for (let i = 0; i <= MAX_REQUESTS; i++) await running.accounts.put(`user${i}`, await credentials())
    const answers: string[] = []
    for (let i = 0; i <= MAX_REQUESTS; i++) {
      const stranger = await RawTcp.connect(running.port)
      await stranger.login(`user${i}`, 'builder')
      stranger.send("<presence/><presence type='subscribe' to='bob@localhost'/>")
      answers.push(...(await came(stranger)).filter((text) => text.endsWith(' bob@localhost')))
      stranger.socket.destroy()
    }
    expect(answers).toEqual(['unsubscribed bob@localhost'])
  })
})

const credentials = async () => {
  const found = await running.accounts.find('bob')
  if (!found) throw new Error('no bob')
  return found
}

describe('presence', () => {
  beforeEach(befriend)

  test('who comes sees contacts, and is seen by them', async () => {
    const client = await RawTcp.connect(running.port)
    await client.login('alice', 'wonder', 'c')
    client.send('<presence/>')
    expect((await came(client)).sort()).toEqual([
      'available alice@localhost/a',
      'available alice@localhost/c',
      'available bob@localhost/b',
    ])
    expect(await came(bob)).toEqual(['available alice@localhost/c'])
    client.socket.destroy()
    expect(summary(await bob.element())).toBe('unavailable alice@localhost/c')
    expect((await send(alice, "<presence type='unavailable'/>")).bob).toEqual([
      'unavailable alice@localhost/a',
    ])
  })

  test('a probe is answered for those who may see', async () => {
    expect((await step(alice, 'probe')).alice).toEqual(['available bob@localhost/b'])
    await step(bob, 'unsubscribed')
    expect((await step(alice, 'probe')).alice).toEqual([])
  })

  test('who is blocked takes back what it let the user see all the same', async () => {
    await befriend()
    await send(
      bob,
      "<iq type='set' id='x'><block xmlns='urn:xmpp:blocking'><item jid='alice@localhost'/></block></iq>",
    )
    expect((await step(alice, 'unsubscribed')).alice).toContain('bob@localhost to')
    expect((await step(alice, 'unsubscribe')).alice).toContain('bob@localhost none')
    await send(bob, "<iq type='set' id='y'><unblock xmlns='urn:xmpp:blocking'/></iq>")
    expect((await send(alice, '<presence><status>secret</status></presence>')).bob).toEqual([])
  })

  test('a session that is blocked by itself sees the user leave, and nothing more', async () => {
    await befriend()
    const block = "<block xmlns='urn:xmpp:blocking'><item jid='bob@localhost/b'/></block>"
    expect((await send(alice, `<iq type='set' id='x'>${block}</iq>`)).bob).toEqual([
      'unavailable alice@localhost/a',
    ])
    expect((await send(alice, '<presence><show>away</show></presence>')).bob).toEqual([])
  })

  test('who is blocked sees the user leave, hears nothing, and sees it come back', async () => {
    const block = (name: string) =>
      send(
        alice,
        `<iq type='set' id='x'><${name} xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></${name}></iq>`,
      )
    expect((await block('block')).bob).toEqual(['unavailable alice@localhost/a'])
    expect((await send(alice, '<presence/>')).bob).toEqual([])
    expect((await send(bob, '<presence/>')).alice).toEqual([])
    expect((await block('unblock')).bob).toEqual(['available alice@localhost/a'])
  })
})

describe('the roster', () => {
  test('names and groups are kept, over sessions, and pushed to clients that know the roster', async () => {
    const other = await user('alice', 'c')
    await drain(alice)
    const item = "<item jid='Bob@localhost' name='Robert'><group>Builders</group></item>"
    expect((await send(alice, setItem(item))).alice).toEqual(['bob@localhost none', 'result'])
    expect(await came(other)).toEqual(['bob@localhost none'])
    await befriend()
    const fresh = await user('alice', 'd')
    expect(await rosterOf(fresh)).toEqual([
      '<item jid="bob@localhost" name="Robert" subscription="both"><group>Builders</group></item>',
    ])
  })

  test('who is removed is out in both directions', async () => {
    await befriend()
    expect(await send(alice, setItem("<item jid='bob@localhost' subscription='remove'/>"))).toEqual({
      alice: ['bob@localhost remove', 'unavailable bob@localhost/b', 'result'],
      bob: [
        'alice@localhost to',
        'unsubscribe alice@localhost',
        'alice@localhost none',
        'unsubscribed alice@localhost',
        'unavailable alice@localhost/a',
      ],
    })
    expect(await rosterOf(alice)).toEqual([])
    expect((await send(alice, setItem("<item jid='bob@localhost' subscription='remove'/>"))).alice).toEqual([
      'item-not-found',
    ])
  })

  test.each([
    ['<item/>', 'bad-request'],
    ["<item jid='a@'/>", 'bad-request'],
    ["<item jid='bob@localhost/b'/>", 'bad-request'],
    ["<item jid='bob@localhost'/><item jid='c@localhost'/>", 'bad-request'],
    ["<item jid='bob@localhost'><group>g</group><group>g</group></item>", 'bad-request'],
    ["<item jid='bob@localhost'><group/></item>", 'not-acceptable'],
    [`<item jid='bob@localhost' name='${'n'.repeat(257)}'/>`, 'not-acceptable'],
    ["<item jid='alice@localhost'/>", 'not-allowed'],
  ])('%s is refused: %s', async (item, condition) => {
    expect((await send(alice, setItem(item))).alice).toEqual([condition])
  })

  test('it has an end', async () => {
    for (let i = 0; i < MAX_CONTACTS; i++) alice.send(setItem(`<item jid='c${i}@localhost'/>`))
    const answers = (await came(alice)).filter((text) => !text.includes('@'))
    expect(new Set(answers)).toEqual(new Set(['result']))
    expect((await send(alice, setItem("<item jid='one-more@localhost'/>"))).alice).toEqual([
      'resource-constraint',
    ])
    expect((await step(alice, 'subscribe')).alice).toEqual(['error bob@localhost'])
  })

  test('an account that is no more is nobody’s contact, and who takes its name sees nothing', async () => {
    await befriend()
    await running.accounts.remove('bob')
    await running.server.forgetContact('bob@localhost')
    expect(await came(alice)).toEqual(['bob@localhost remove'])
    expect(await rosterOf(alice)).toEqual([])
    expect((await step(bob, 'probe')).bob).toEqual([])
  })

  test('when the store fails, the client is told and nothing is changed', async () => {
    running.accounts.broken = new Error('disk')
    expect((await send(alice, setItem("<item jid='bob@localhost'/>"))).alice).toEqual([
      'internal-server-error',
    ])
    expect(await step(alice, 'subscribe')).toEqual({ alice: [], bob: [] })
    running.accounts.broken = undefined
    expect(await rosterOf(alice)).toEqual([])
  })
})
