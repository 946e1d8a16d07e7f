// The link to a host server: handshake, what ends it, how it comes back, and what becomes of stanzas meanwhile. XEP-0114.
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Element, el, prepare, serialize } from '../../src/stanza/xml.ts'
import { type Component, type ComponentOptions, createComponent } from '../../src/xmpp/component/component.ts'
import { handshakeDigest } from '../../src/xmpp/component/link.ts'
import { DOMAIN, FakeHost, SECRET } from '../support/fake-host.ts'

const QUICK = {
  handshakeMs: 2_000,
  silenceMs: 60_000,
  firstRedialMs: 5,
  maxRedialMs: 20,
  refusedRedialMs: 20,
  holdMs: 60_000,
  closeMs: 500,
}

let host: FakeHost
let component: Component
let problems: { code: string; detail: string }[]
let received: Element[]
let onProblem: () => void
let onStanza: () => void
let missed: Promise<void>

function make(options: Partial<ComponentOptions> = {}, secret = SECRET): void {
  problems = []
  received = []
  onProblem = onStanza = () => {}
  let onMissed = (): void => {}
  missed = new Promise((resolve) => {
    onMissed = resolve
  })
  const log = pino({ level: 'warn' }, { write: (line) => note(JSON.parse(line)) })
  const note = (line: { code: string; detail: string }): void => {
    problems.push(line)
    onProblem()
  }
  component = createComponent({
    address: { host: '127.0.0.1', port: host.port, domain: DOMAIN, secret },
    log,
    random: () => 0.5,
    onStanza: (_from, stanza) => {
      received.push(stanza)
      onStanza()
    },
    onUp: () => {},
    onMissed,
    ...options,
    timings: { ...QUICK, ...options.timings },
  })
}

const problem = (code: string): Promise<void> =>
  new Promise((resolve) => {
    onProblem = () => {
      if (problems.some((line) => line.code === code)) resolve()
    }
    onProblem()
  })
const stanza = (): Promise<Element> =>
  new Promise((resolve) => {
    onStanza = () => resolve(received.at(-1) as Element)
  })
const message = (body: string): Element =>
  el('message', { from: `room@${DOMAIN}/Ann`, id: body }, el('body', {}, body))

async function linked(options: Partial<ComponentOptions> = {}): Promise<void> {
  await new Promise<void>((resolve) => {
    make({
      ...options,
      onUp: () => {
        resolve()
        options.onUp?.()
      },
    })
    component.start()
  })
}

beforeEach(async () => {
  host = await FakeHost.start()
})
afterEach(async () => {
  await (component as Component | undefined)?.stop()
  await host.close()
})

test('the digest is SHA-1 of stream id and secret, in lower case hex', () => {
  expect(handshakeDigest('3BF96D32', 'secret')).toBe('b09ea9b3b7f586be8a08d0a3dd7466f110aeb136')
})

test('stanzas go both ways, with normalised addresses and in the namespace of clients', async () => {
  await linked()
  component.send('bob@Host.example/x', message('hello'))
  const sent = await host.stanza()
  expect(sent.attrs).toMatchObject({ to: 'bob@Host.example/x', from: `room@${DOMAIN}/Ann` })
  const coming = stanza()
  host.send(`<message from='BOB@Host.Example/Res' to='Room@${DOMAIN}/Ann'><body>hi</body></message>`)
  const came = await coming
  expect(came.attrs).toMatchObject({ from: 'bob@host.example/Res', to: `room@${DOMAIN}/Ann` })
  expect(came.getNS()).toBe('jabber:client')
  expect(came.getChild('body')?.getNS()).toBe('jabber:client')
})

test('what waits for the host is measured, before there is a link too', async () => {
  make()
  component.send('a@h/1', message('early'))
  expect(component.waitingBytes()).toBeGreaterThan('early'.length)
  component.start()
  expect((await host.stanza()).attrs.id).toBe('early')
  component.send('a@h/1', message('later'))
  expect(component.waitingBytes()).toBeGreaterThan('later'.length)
  expect((await host.stanza()).attrs.id).toBe('later')
  expect(component.waitingBytes()).toBe(0)
})

test('one serialisation goes to many', async () => {
  await linked()
  component.fanout(prepare(message('all')), ['a@h/1', "b'@h/2"])
  expect((await host.stanza()).attrs.to).toBe('a@h/1')
  expect((await host.stanza()).attrs.to).toBe("b'@h/2")
})

test('a stanza without a valid sender or without an addressee is counted and dropped', async () => {
  await linked()
  const coming = stanza()
  host.send(
    `<message to='${DOMAIN}'/><message from='@' to='${DOMAIN}'/><message from='a@b'/><iq from='a@b' to='@@'/>`,
  )
  expect((await coming).attrs.to).toBe('@@')
  expect(component.counters.unaddressed).toBe(3)
})

test.each([
  ['elements a hundred deep', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`, 'bad-request'],
  [
    'a hundred attributes',
    `<a ${Array.from({ length: 100 }, (_, n) => `b${n}='>'`).join(' ')}/>`,
    'bad-request',
  ],
  ['a prefix that nobody declared', '<x:a/>', 'bad-request'],
  ['more than it may have', `<a>${'x'.repeat(20_000)}</a>`, 'policy-violation'],
])('a stanza with %s is answered with an error, and the link stays', async (_what, inside, condition) => {
  await linked({ limits: { maxStanzaCharacters: 10_000 } })
  host.send(`<iq type='set' id='bad' from='bob@h/1' to='room@${DOMAIN}/Ann'>${inside}</iq>`)
  host.send(`<message type='error' from='bob@h/1' to='${DOMAIN}'>${inside}</message>`)
  const coming = stanza()
  host.send(`<message id='good' from='bob@h/1' to='${DOMAIN}'/>`)
  expect((await coming).attrs.id).toBe('good')
  const answer = await host.stanza()
  expect(answer.attrs).toMatchObject({ type: 'error', id: 'bad', to: 'bob@h/1', from: `room@${DOMAIN}/Ann` })
  expect(serialize(answer)).toContain(condition)
  expect(received).toHaveLength(1)
  expect(component.counters).toMatchObject({ links: 1, unreadable: 2 })
})

test('nothing is ever sent in the name of another domain', async () => {
  await linked()
  component.send('bob@h', el('message', { from: 'x@@y', id: '1' }))
  component.send('bob@h', el('message', { from: `evil${DOMAIN}`, id: '2' }))
  component.send('bob@h', el('message', { from: `a@${DOMAIN}/x@y`, id: '3' }))
  for (const from of [DOMAIN, DOMAIN, `a@${DOMAIN}/x@y`]) expect((await host.stanza()).attrs.from).toBe(from)
})

test('a lost link is dialled again, and what was sent meanwhile arrives in order before what is sent then', async () => {
  await linked({ onUp: () => component.send('bob@h', message('up')) })
  expect((await host.stanza()).attrs.id).toBe('up')
  const again = host.link()
  host.cut()
  await problem('XMPP_COMPONENT_LOST')
  expect(component.isUp).toBe(false)
  expect(component.problem).toBeDefined()
  component.send('bob@h', message('one'))
  component.fanout(prepare(message('two')), ['bob@h'])
  await again
  for (const id of ['one', 'two', 'up']) expect((await host.stanza()).attrs.id).toBe(id)
  expect(component.problem).toBeUndefined()
  expect(component.counters.links).toBe(2)
})

test('a host that nobody runs yet is found when it comes', async () => {
  await host.close()
  make()
  component.start()
  await problem('XMPP_COMPONENT_UNREACHABLE')
  const up = host.link()
  await host.listen()
  await up
})

test.each([
  ['not-authorized', 'XMPP_COMPONENT_REFUSED'],
  ['host-unknown', 'XMPP_COMPONENT_REFUSED'],
  ['conflict', 'XMPP_COMPONENT_CONFLICT'],
  ['system-shutdown', 'XMPP_COMPONENT_UNREACHABLE'],
])('%s is told as %s once, and tried again until it is over', async (error, code) => {
  host.manners = { error }
  make()
  component.start()
  await problem(code)
  await host.dialled()
  await host.dialled()
  expect(problems).toHaveLength(1)
  expect(problems[0]?.detail).toContain(error)
  expect(component.problem).toContain(error)
  const up = host.link()
  host.manners = 'accept'
  await up
})

test('a wrong secret is refused, and neither is ever logged', async () => {
  make({}, 'wrong')
  component.start()
  await problem('XMPP_COMPONENT_REFUSED')
  expect(JSON.stringify(problems)).not.toContain('wrong')
})

test('a host that says nothing is given up', async () => {
  host.manners = 'mute'
  make({ timings: { ...QUICK, handshakeMs: 50 } })
  component.start()
  await problem('XMPP_COMPONENT_UNREACHABLE')
  expect(problems[0]?.detail).toBe('no link within 0.05 s')
})

test('a link over which nothing comes back any more is given up', async () => {
  host.echoes = false
  await linked({ timings: { ...QUICK, silenceMs: 30 } })
  await problem('XMPP_COMPONENT_LOST')
  expect(problems[0]?.detail).toBe('the host does not answer any more')
})

test('a silent host that still routes is kept', async () => {
  let pings = 0
  await linked({ timings: { ...QUICK, silenceMs: 20 } })
  const stop = new Promise<void>((resolve) => {
    host.onEcho = () => {
      if (++pings === 3) resolve()
    }
  })
  await stop
  expect(component.counters.links).toBe(1)
  expect(received).toEqual([])
})

test('a stanza that the host would not take is not sent: an answer becomes an error, the link stays', async () => {
  await linked({ limits: { maxSentStanzaBytes: 1_000 } })
  const large = 'x'.repeat(1_000)
  component.send('bob@h/x', el('iq', { from: DOMAIN, type: 'result', id: 'q' }, el('query', {}, large)))
  component.send('bob@h/x', el('message', { from: DOMAIN, id: 'm' }, el('body', {}, large)))
  component.fanout(prepare(el('message', { from: DOMAIN }, el('body', {}, 'é'.repeat(500)))), ['a@h', 'b@h'])
  component.send('bob@h/x', message('small'))
  const answer = await host.stanza()
  expect(answer.attrs).toMatchObject({ type: 'error', id: 'q', to: 'bob@h/x', from: DOMAIN })
  expect(serialize(answer)).toContain('policy-violation')
  expect((await host.stanza()).attrs.id).toBe('small')
  expect(component.counters.tooLarge).toBe(4)
})

test('when the host is away for too long, what was held is thrown away and that is told once', async () => {
  await linked({ timings: { ...QUICK, holdMs: 30 } })
  await host.close()
  await problem('XMPP_COMPONENT_LOST')
  component.send('bob@h', message('stale'))
  await missed
  component.send('bob@h', message('farewell'))
  const up = host.link()
  await host.listen()
  await up
  expect((await host.stanza()).attrs.id).toBe('farewell')
  expect(component.counters.missed).toBe(1)
})

test('more than can be held is thrown away, and that is told', async () => {
  await linked({ limits: { maxHeldCharacters: 300 } })
  await host.close()
  await problem('XMPP_COMPONENT_LOST')
  for (let n = 0; n < 5; n++) component.send('bob@h', message(`m${n}`))
  await missed
  expect(component.counters.missed).toBeGreaterThan(0)
})

test('what was said before the end is sent before the stream ends', async () => {
  await linked()
  component.send('bob@h', message('bye'))
  await component.stop()
  expect((await host.stanza()).attrs.id).toBe('bye')
  expect(component.isUp).toBe(false)
})
