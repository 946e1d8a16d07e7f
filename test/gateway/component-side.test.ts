// A whole gateway as a component of a scripted host: readiness, who is believed, and what a restart does to occupants.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askGateway } from '../../src/admin/client.ts'
import { adminSocket } from '../../src/admin/protocol.ts'
import { openStore } from '../../src/archive/open-store.ts'
import { loadConfig } from '../../src/config.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { DOMAIN, FakeHost, SECRET } from '../support/fake-host.ts'
import { mapWhen } from '../support/map-events.ts'

const BOB = 'bob@host.example/1'
const ANN = 'ann@host.example/1'
const ROOM = `tea@${DOMAIN}`
const MUC = 'http://jabber.org/protocol/muc'
const MINUTE_MS = 60_000

let folder: string
let host: FakeHost
let gateway: Gateway

/** Resolves when the host has taken the link, if it does. */
async function start(isTaken = true): Promise<void> {
  const linked = isTaken ? host.link() : undefined
  const config = loadConfig({
    dataOverride: folder,
    env: {
      FOYER_XMPP__DOMAIN: DOMAIN,
      FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
      FOYER_XMPP__SERVER__DOMAIN: 'inside.example',
      FOYER_XMPP__COMPONENT__PORT: String(host.port),
      FOYER_XMPP__COMPONENT__SECRET: SECRET,
      FOYER_HTTP__LISTEN: '127.0.0.1:0',
      FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
    },
  })
  gateway = await startGateway(config, pino({ level: 'silent' }))
  await linked
}

const ready = async (): Promise<{ status: number; problems: string[] }> => {
  const response = await fetch(`http://127.0.0.1:${gateway.ports.http}/readyz`)
  const { problems } = (await response.json()) as { problems: string[] }
  return { status: response.status, problems }
}
const to = (full: string, name: string) => (stanza: Element) =>
  stanza.name === name && stanza.attrs.to === full

async function enter(full: string, nick: string): Promise<void> {
  host.send(`<presence from='${full}' to='${ROOM}/${nick}'><x xmlns='${MUC}'/></presence>`)
  await host.stanza((stanza) => to(full, 'message')(stanza) && stanza.getChild('subject') !== undefined)
}

/** A room is locked until its owner has accepted it. */
async function open(owner: string, nick: string): Promise<void> {
  await enter(owner, nick)
  host.send(
    `<iq type='set' id='open' from='${owner}' to='${ROOM}'><query xmlns='${MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
  )
  await host.stanza(({ attrs }) => attrs.id === 'open' && attrs.type === 'result')
}

/** Ends the gateway, and makes it look as if it had been killed while Bob was in the room, some time ago. */
async function killAgo(ms: number): Promise<void> {
  await gateway.stop()
  const store = openStore(join(folder, 'foyer.db'))
  const presence = '<presence><show>away</show></presence>'
  await store.occupants.apply([{ room: 'tea', session: BOB, nick: 'Bob', presence }], [])
  await store.meta.set('component seen at', String(Date.now() - ms))
  await store.close()
  await host.close()
  host = await FakeHost.start()
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-component-'))
  host = await FakeHost.start()
})
afterEach(async () => {
  await gateway.stop()
  await host.close()
  rmSync(folder, { recursive: true })
})

test('it is ready when the host took it, and says why it is not', async () => {
  host.manners = { error: 'host-unknown' }
  const dialled = host.dialled()
  await start(false)
  await dialled
  const before = await ready()
  expect(before.status).toBe(503)
  expect(before.problems).toEqual([expect.stringMatching(/^xmpp: no link to the host server: /)])
  expect(await askGateway(adminSocket(folder), 'status')).toMatchObject({
    hostServer: { domain: DOMAIN, linked: false },
  })
  await gateway.stop()
  host.manners = 'accept'
  await start()
  await enter(ANN, 'Ann')
  expect(await ready()).toEqual({ status: 200, problems: [] })
  expect(await askGateway(adminSocket(folder), 'status')).toMatchObject({
    hostServer: { domain: DOMAIN, linked: true },
  })
})

test('what the host sends in the name of our own users is not believed', async () => {
  await start()
  host.send(
    `<iq type='get' id='1' from='ann@inside.example/1' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`,
  )
  host.send(`<iq type='get' id='2' from='${ANN}' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  expect((await host.stanza()).attrs).toMatchObject({ id: '2', to: ANN, type: 'result' })
})

test('after a kill a moment ago occupants are in as they were, asked whether they are there, and told nothing else', async () => {
  await start()
  await open(ANN, 'Ann')
  await killAgo(MINUTE_MS)
  await start()
  expect((await host.stanza(to(BOB, 'iq'))).getChild('ping', 'urn:xmpp:ping')).toBeDefined()
  host.send(`<message type='groupchat' id='m' from='${BOB}' to='${ROOM}'><body>still here</body></message>`)
  const next = await host.stanza(({ attrs }) => attrs.to === BOB)
  expect(next.getChildText('body')).toBe('still here')
  await enter(ANN, 'Ann')
  const bob = await host.stanza(
    (s) => s.name === 'presence' && s.attrs.from === `${ROOM}/Bob` && s.attrs.to === ANN,
  )
  expect(bob.getChildText('show')).toBe('away')
})

test('after a kill long ago occupants are told that they are out', async () => {
  await start()
  await open(ANN, 'Ann')
  await killAgo(10 * MINUTE_MS)
  await start()
  const told = await host.stanza(({ attrs }) => attrs.to === BOB)
  expect(told.attrs).toMatchObject({ type: 'unavailable', from: `${ROOM}/Bob` })
  host.send(`<message type='groupchat' id='m' from='${BOB}' to='${ROOM}'><body>hello?</body></message>`)
  expect((await host.stanza(({ attrs }) => attrs.to === BOB)).attrs.type).toBe('error')
})

test('whoever cannot be reached any more is out, whichever way that is learnt', async () => {
  await start()
  await open(ANN, 'Ann')
  await enter(BOB, 'Bob')
  const again = host.link()
  host.cut()
  await again
  const ping = await host.stanza(to(BOB, 'iq'))
  const error = (condition: string): string =>
    `<error type='cancel'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
  host.send(
    `<iq type='error' id='${ping.attrs.id}' from='${BOB}' to='${DOMAIN}'>${error('service-unavailable')}</iq>`,
  )
  const probe = await host.stanza((s) => to(BOB, 'message')(s) && s.attrs.id === 'probe')
  host.send(
    `<message type='error' id='probe' from='${BOB}' to='${probe.attrs.from}'>${error('service-unavailable')}</message>`,
  )
  await host.stanza((s) => s.name === 'presence' && s.attrs.to === ANN && s.attrs.type === 'unavailable')
  const toAnn = await host.stanza(to(ANN, 'iq'))
  host.send(
    `<iq type='error' id='${toAnn.attrs.id}' from='${ANN}' to='${DOMAIN}'>${error('recipient-unavailable')}</iq>`,
  )
  await host.stanza(
    (s) =>
      s.name === 'presence' &&
      s.attrs.to === ANN &&
      s.attrs.from === `${ROOM}/Ann` &&
      s.attrs.type === 'unavailable',
  )
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.ports.http}/metrics`)).text()
  expect(metrics.match(/^foyer_(?:ghosts_removed_total|join_seconds_count).*$/gm)?.sort()).toEqual([
    'foyer_ghosts_removed_total{cause="bounce"} 1',
    'foyer_ghosts_removed_total{cause="link_lost"} 0',
    'foyer_ghosts_removed_total{cause="silent"} 1',
    'foyer_join_seconds_count 2',
  ])
  expect(metrics).toMatch(/^foyer_send_queue_bytes\{to="host"\} \d+$/m)
})

interface MapView {
  readonly rooms: readonly {
    readonly jid: string
    readonly occupants: readonly { readonly nick: string; readonly away: boolean }[]
  }[]
}

test('a user of the host stays in the lobby while away, also over a restart, and gets mentions at once', async () => {
  await start()
  await open(ANN, 'Ann')
  const field = (name: string, value: string): string =>
    `<field var='${name}'><value>${value}</value></field>`
  host.send(
    `<iq type='set' id='stay' from='${ANN}' to='${ROOM}'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', `${MUC}#register`)}${field('muc#register_roomnick', 'Ann')}${field('foyer#stay', '1')}</x></query></iq>`,
  )
  expect((await host.stanza(({ attrs }) => attrs.id === 'stay')).attrs.type).toBe('result')
  host.send(`<presence type='unavailable' from='${ANN}' to='${ROOM}/Ann'/>`)
  await host.stanza((stanza) => to(ANN, 'presence')(stanza) && stanza.attrs.type === 'unavailable')
  const away = async (): Promise<boolean | undefined> => {
    const port = gateway.ports.http as number
    const map = await mapWhen<MapView>(port, ({ rooms }) => rooms.some(({ jid }) => jid === ROOM))
    return map.rooms
      .find(({ jid }) => jid === ROOM)
      ?.occupants.some(({ nick, away: isAway }) => nick === 'Ann' && isAway)
  }
  expect(await away()).toBe(true)

  await gateway.stop()
  await host.close()
  host = await FakeHost.start()
  await start()
  expect(await away()).toBe(true)
  await enter(BOB, 'Bob')
  host.send(
    `<message type='groupchat' id='m1' from='${BOB}' to='${ROOM}'><body>ann, tea is ready</body></message>`,
  )
  const mention = await host.stanza(to('ann@host.example', 'message'))
  expect(mention.attrs.from).toBe(ROOM)
  expect(String(mention.getChild('mentions', 'urn:xmpp:mmn:0'))).toContain('<body>ann, tea is ready</body>')
})
