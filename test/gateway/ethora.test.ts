// What the Ethora chat component sends, as recorded, over WebSocket to a whole gateway: every answer is the one it needs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askGateway } from '../../src/admin/client.ts'
import { adminSocket } from '../../src/admin/protocol.ts'
import { loadConfig } from '../../src/config.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { ethoraSent } from '../support/ethora-sent.ts'
import { RawWebSocket } from '../support/raw-xmpp.ts'

const SERVICE = 'conference.localhost'
const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const ROOM = `${HASH}@${SERVICE}`

let folder: string
let gateway: Gateway
let alice: Component
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-ethora-'))
  const config = loadConfig({
    dataOverride: folder,
    env: {
      FOYER_XMPP__DOMAIN: SERVICE,
      FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
      FOYER_XMPP__SERVER__AUTH: 'accounts',
      FOYER_HTTP__LISTEN: '127.0.0.1:0',
      FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
    },
  })
  gateway = await startGateway(config, pino({ level: 'silent' }))
  for (const name of ['alice', 'bob', LONG])
    await askGateway(adminSocket(folder), 'user add', { name, password: `${name}'s` })
  alice = await Component.login('alice')
})
afterAll(async () => {
  alice?.close()
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

/** Sends what the component sent, and reads what comes. */
class Component {
  readonly #socket: RawWebSocket
  readonly #nick: string

  private constructor(socket: RawWebSocket, nick: string) {
    this.#socket = socket
    this.#nick = nick
  }

  static async login(nick: string): Promise<Component> {
    const socket = await RawWebSocket.connect(gateway.ports.http ?? 0)
    await socket.login(nick, `${nick}'s`)
    socket.send('<presence xmlns="jabber:client"/>')
    return new Component(socket, nick)
  }

  /** The id of what was sent, if it has one. */
  post(name: string, values: Readonly<Record<string, string>> = {}): string | undefined {
    const given = { room: ROOM, service: SERVICE, me: this.#socket.full, nick: this.#nick, ...values }
    const stanza = ethoraSent(name, given)
    this.#socket.send(stanza)
    return /^<\w+ [^>]*?\bid="([^"]*)"/.exec(stanza)?.[1]
  }

  /** Sends, and reads until what has the id of what was sent: an answer, a reflection, or a refusal. */
  async send(name: string, values: Readonly<Record<string, string>> = {}): Promise<Element[]> {
    const id = this.post(name, values)
    return this.until(({ attrs }) => attrs.id === id)
  }

  /** What a request is answered with, or how a message comes back. */
  async ask(name: string, values: Readonly<Record<string, string>> = {}): Promise<Element> {
    return (await this.send(name, values)).at(-1) as Element
  }

  /** All that comes until something does. */
  async until(matches: (stanza: Element) => boolean): Promise<Element[]> {
    const stanzas: Element[] = []
    for (;;) {
      const stanza = await this.#socket.element()
      stanzas.push(stanza)
      if (matches(stanza)) return stanzas
    }
  }

  close(): void {
    this.#socket.socket.terminate()
  }
}

/** A name as the component's own server gives it: two ids of its database. */
const LONG = '646cc8dc96d4a4dc8f7b2f2d_65012f0a7c1be3d2f4a5b6c7'

const idIn = (message: Element | undefined): string =>
  String(message?.getChild('stanza-id', NS.sid)?.attrs.id)

test('a room is made at the address of a hash, with the name of its second form, and is in the list', async () => {
  expect((await alice.ask('rooms')).getChild('query')?.getChildElements()).toEqual([])
  expect((await alice.ask('create')).attrs.from).toBe(`${ROOM}/alice`)
  expect((await alice.ask('claim')).attrs.type).toBe('result')
  expect((await alice.ask('configure')).attrs.type).toBe('result')
  const rooms = (await alice.ask('rooms')).getChild('query')
  expect(rooms?.getChildElements().map(({ name, attrs }) => [name, attrs])).toEqual([
    ['item', { jid: ROOM, name: 'Garden', users_cnt: '1', room_background: 'none', room_thumbnail: 'none' }],
  ])
  expect(rooms?.children.filter((child) => typeof child === 'string')).toEqual([])
  expect(gateway.networks.values().next().value?.snapshot().lobbies).toMatchObject([{ name: 'Garden' }])
})

test('requests with odd addresses, or none, are answered and end nothing', async () => {
  expect((await alice.ask('ping')).attrs.type).toBe('result')
  expect((await alice.ask('join24-nowhere')).attrs.type).toBe('error')
  expect((await alice.ask('history24-nowhere')).attrs.type).toBe('error')
  expect((await alice.ask('info')).getChild('query')?.getChild('identity')?.attrs.name).toBe('Garden')
  expect((await alice.ask('members')).getChild('query')?.getChildren('activity')).toHaveLength(1)
  expect((await alice.ask('pictures')).attrs.type).toBe('result')
  const [room] = (await alice.ask('rooms')).getChild('query')?.getChildElements() ?? []
  expect(room?.attrs.room_thumbnail).toBe('https://pictures.example/cat.png')
})

test('read marks are kept in an attribute, which is there before the first', async () => {
  const mark = async () =>
    (await alice.ask('last-viewed')).getChild('query')?.getChild('chatjson')?.attrs.value
  expect(await mark()).toBe('{}')
  expect((await alice.ask('set-last-viewed')).attrs.type).toBe('result')
  expect(JSON.parse(String(await mark()))).toEqual({ [ROOM]: '1795294766493' })
})

test('what is said, edited, answered and deleted is so in the archive', async () => {
  expect((await alice.ask('join')).attrs.from).toBe(`${ROOM}/alice`)
  const text = await alice.ask('text')
  const second = await alice.ask('media')
  expect((await alice.ask('edit', { id: idIn(text) })).getChild('replace')?.attrs.text).toBe(
    'first mine EDITED',
  )
  await alice.send('reaction', { id: idIn(text) })
  await alice.send('reply', { id: idIn(text) })
  await alice.send('delete', { id: idIn(second) })
  await alice.send('typing')
  const page = await alice.send('history')
  const fin = page.at(-1)?.getChild('fin')
  expect(fin?.attrs.complete).toBe('true')
  const kept = page
    .slice(0, -1)
    .map((stanza) => stanza.getChild('result')?.getChild('forwarded')?.getChild('message'))
  expect(
    kept.map((message) => message?.getChildText('body') ?? message?.getChildElements()[0]?.name),
  ).toEqual(['first mine EDITED', 'This message was deleted', 'reactions', 'an answer'])
  expect(kept[1]?.getChild('deleted')).toBeDefined()
})

test('somebody else is invited, comes, and comes again after a lost connection without a second entrance', async () => {
  const bob = await Component.login('bob')
  alice.post('invite', { guest: 'bob@localhost' })
  const invited = (await bob.until((stanza) => stanza.getChild('x', NS.mucUser) !== undefined)).at(-1)
  expect([invited?.attrs.from, invited?.attrs.type]).toEqual([ROOM, undefined])
  await bob.ask('join')
  expect((await bob.ask('rooms')).getChild('query')?.getChildElements()).toHaveLength(1)
  await alice.until(({ attrs }) => attrs.from === `${ROOM}/bob`)
  bob.close()
  const again = await Component.login('bob')
  expect((await again.ask('join')).attrs.from).toBe(`${ROOM}/bob`)
  expect((await again.ask('text')).attrs.from).toBe(`${ROOM}/bob`)
  again.close()
})

test('somebody whose name is too long for a lobby has all of it here', async () => {
  const user = await Component.login(LONG)
  expect((await user.ask('join')).attrs.from).toBe(`${ROOM}/${LONG}`)
  expect((await user.ask('text')).attrs.from).toBe(`${ROOM}/${LONG}`)
  user.close()
})
