// The REST calls of the Ethora chat component: off unless asked for, rooms for anybody, files for accounts alone.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askGateway } from '../../src/admin/client.ts'
import { adminSocket } from '../../src/admin/protocol.ts'
import { loadConfig } from '../../src/config.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { NS } from '../../src/stanza/ns.ts'
import { RawWebSocket } from '../support/raw-xmpp.ts'

const log = pino({ level: 'silent' })
const folders: string[] = []
const start = (env: Record<string, string>): Promise<Gateway> => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-ethora-rest-'))
  folders.push(folder)
  return startGateway(
    loadConfig({
      dataOverride: folder,
      env: {
        FOYER_XMPP__SERVER__LISTEN: '127.0.0.1:0',
        FOYER_XMPP__SERVER__AUTH: 'accounts',
        FOYER_HTTP__LISTEN: '127.0.0.1:0',
        FOYER_RETROSHARE__LISTEN: '127.0.0.1:0',
        ...env,
      },
    }),
    log,
  )
}

let gateway: Gateway
beforeAll(async () => {
  gateway = await start({ FOYER_HTTP__ETHORA: 'true', FOYER_LIMITS__UPLOADS: '1MiB' })
  const socket = adminSocket(folders[0] ?? '')
  await askGateway(socket, 'user add', { name: 'alice', password: 'secret' })
  await askGateway(socket, 'lobby create', { name: 'Garden', topic: 'What grows' })
})
afterAll(async () => {
  await gateway?.stop()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const ask = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${gateway.ports.http}/ethora/v1/${path}`, init)
const token = (name: string, password: string): string => `Basic ${btoa(`${name}:${password}`)}`
const upload = (
  bytes: number,
  authorization = token('alice', 'secret'),
  field = 'files',
): Promise<Response> => {
  const body = new FormData()
  body.append(field, new File([new Uint8Array(bytes).fill(7)], 'cat photo.png', { type: 'image/png' }))
  return ask('files/', { method: 'POST', body, headers: { Authorization: authorization } })
}

/** Of a request with files of which nothing comes after the head. */
async function statusOf(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const sent = request({ port: gateway.ports.http, path: '/ethora/v1/files/', method: 'POST', headers })
  sent.on('error', () => undefined)
  sent.flushHeaders()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  sent.destroy()
  return response.statusCode
}

test('is not there unless the configuration asks for it', async () => {
  const other = await start({})
  const response = await fetch(`http://127.0.0.1:${other.ports.http}/ethora/v1/chats/my`)
  expect(response.status).toBe(404)
  await other.stop()
})

test('lists rooms that anybody may enter, and tells of one', async () => {
  const { items } = (await (await ask('chats/my')).json()) as { items: { name: string }[] }
  const room = { type: 'public', title: 'Garden', description: 'What grows', picture: 'none', members: [] }
  expect(items).toEqual([{ name: expect.stringMatching(/^garden\.[0-9a-f]{16}$/), ...room }])
  expect(await (await ask(`chats/my/${items[0]?.name}`)).json()).toEqual(items[0])
  expect((await ask('chats/my/nowhere')).status).toBe(404)
})

test('lists rooms that an account belongs to for whoever has its password', async () => {
  const listed = async (authorization: string): Promise<string[]> => {
    const response = await ask('chats/my', { headers: { Authorization: authorization } })
    const { items } = (await response.json()) as { items: { title: string; type: string }[] }
    return items.map(({ title, type }) => `${title}: ${type}`)
  }
  const alice = await RawWebSocket.connect(gateway.ports.http ?? 0)
  await alice.login('alice', 'secret')
  const shed = 'shed@lobbies.localhost'
  alice.send(`<presence xmlns='jabber:client' to='${shed}/alice'><x xmlns='${NS.muc}'/></presence>`)
  alice.send(
    `<iq xmlns='jabber:client' type='set' to='${shed}' id='form'><query xmlns='${NS.mucOwner}'><x xmlns='jabber:x:data' type='submit'>
      <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
      <field var='muc#roomconfig_roomname'><value>Shed</value></field>
      <field var='muc#roomconfig_membersonly'><value>1</value></field></x></query></iq>`,
  )
  while ((await alice.element()).attrs.id !== 'form');
  expect(await listed(token('alice', 'secret'))).toEqual(['Shed: group', 'Garden: public'])
  for (const other of ['none', token('alice', 'wrong'), token('bob', 'secret')])
    expect(await listed(other)).toEqual(['Garden: public'])
  alice.socket.terminate()
})

test('names people as they are asked for, and knows nothing else', async () => {
  expect(await (await ask('apps/users/b%C3%B6b')).json()).toEqual({
    result: { _id: 'böb', xmppUsername: 'böb', firstName: 'böb', lastName: '' },
  })
  for (const path of ['apps/users/', 'apps/users/%', 'users/my', ''])
    expect((await ask(path)).status).toBe(404)
  expect((await ask('chats', { method: 'POST' })).status).toBe(404)
})

test('stores a file of an account, and gives its address', async () => {
  const response = await upload(1000)
  expect(response.status).toBe(200)
  const { results } = (await response.json()) as { results: Record<string, string>[] }
  expect(results).toEqual([
    expect.objectContaining({
      mimetype: 'image/png',
      size: '1000',
      originalname: 'cat photo.png',
      userId: 'alice',
    }),
  ])
  const file = await fetch(results[0]?.location ?? '')
  expect([file.status, file.headers.get('content-type'), (await file.arrayBuffer()).byteLength]).toEqual([
    200,
    'image/png',
    1000,
  ])
})

test('takes no file without an account, of the wrong kind, or too large a one', async () => {
  for (const authorization of ['', 'none', token('alice', 'wrong'), token('eve', 'secret'), 'Basic !'])
    expect((await upload(10, authorization)).status).toBe(401)
  expect((await upload(10, token('alice', 'secret'), 'other')).status).toBe(400)
  const headers = {
    Authorization: token('alice', 'secret'),
    'Content-Type': 'multipart/form-data; boundary=x',
  }
  expect((await ask('files/', { method: 'POST', body: '--y', headers })).status).toBe(400)
  expect((await upload(2_000_000)).status).toBe(413)
  expect(await statusOf({ 'Content-Length': '18000000' })).toBe(413)
})

test('answers pages of this machine, and no others', async () => {
  const near = await ask('files/', { method: 'OPTIONS', headers: { Origin: 'http://localhost:3000' } })
  expect([near.status, near.headers.get('access-control-allow-origin')]).toEqual([
    204,
    'http://localhost:3000',
  ])
  expect(near.headers.get('access-control-allow-headers')).toContain('Authorization')
  expect((await ask('chats/my', { headers: { Origin: 'https://evil.example' } })).status).toBe(403)
})
