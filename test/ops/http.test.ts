// The HTTP listener: who may see what, health as it is, and nothing outside the page folders.
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { EventStream } from '../../src/ops/event-stream.ts'
import { createHttpServer, type HttpOptions, type HttpServer } from '../../src/ops/http.ts'
import { namesThisMachine } from '../../src/util/host-header.ts'

let server: HttpServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function start(overrides: Partial<HttpOptions> = {}): Promise<string> {
  server = createHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    token: null,
    allowsHost: namesThisMachine,
    log: pino({ level: 'silent' }),
    folders: {},
    files: { find: () => undefined },
    uploads: null,
    filesOrigin: () => undefined,
    map: () => ({ rooms: [] }),
    events: new EventStream(() => ({ rooms: [] })),
    operate: async () => ({ ok: true }),
    metrics: async () => ({ contentType: 'text/plain', text: 'foyer_info 1\n' }),
    problems: () => [],
    hasWebSocket: true,
    chatSettings: () => ({ domain: 'localhost' }),
    ...overrides,
  })
  const { port } = await server.start()
  return `http://127.0.0.1:${port}`
}

test('readiness says what is missing', async () => {
  const problems: string[] = ['retroshare: not listening']
  const base = await start({ problems: () => problems })
  const bad = await fetch(`${base}/readyz`)
  expect(bad.status).toBe(503)
  expect(await bad.json()).toEqual({ ready: false, problems: ['retroshare: not listening'] })
  problems.pop()
  expect((await fetch(`${base}/readyz`)).status).toBe(200)
})

test.each(['/', '/index.html', '/sub/', '/api/map', '/api/events', '/metrics'])(
  '%s needs the token, in any of its three forms',
  async (path) => {
    const base = await start({ token: 'söcret', folders: { '/': pageFolder() } })
    expect((await fetch(base + path)).status).toBe(401)
    expect((await fetch(base + path, { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401)
    const asked = await fetch(`${base}${path}?token=${encodeURIComponent('söcret')}`)
    expect(asked.status).toBe(200)
    await asked.body?.cancel()
    const cookie = asked.headers.get('set-cookie')?.split(';')[0] ?? ''
    const again = await fetch(base + path, { headers: { Cookie: `other=1; ${cookie}` } })
    expect(again.status).toBe(200)
    await again.body?.cancel()
  },
)

test('a browser that comes with the token is sent on without it, with the cookie', async () => {
  const base = await start({ token: 'secret', folders: { '/': pageFolder() } })
  const browser = { Accept: 'text/html,*/*;q=0.8' }
  const asked = await fetch(`${base}/?a=1&token=secret&b=2`, { redirect: 'manual', headers: browser })
  expect([asked.status, asked.headers.get('location')]).toEqual([303, '/?a=1&b=2'])
  const cookie = asked.headers.get('set-cookie')?.split(';')[0] ?? ''
  const shown = await fetch(`${base}/`, { redirect: 'manual', headers: { ...browser, Cookie: cookie } })
  expect(shown.status).toBe(200)
  expect((await fetch(`${base}/?token=wrong`, { redirect: 'manual', headers: browser })).status).toBe(401)
})

test('a name that a stranger made lead here opens nothing', async () => {
  const base = await start({ folders: { '/': pageFolder() } })
  const statusOf = (host: string, path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get(`${base}${path}`, { headers: { Host: host } }, (response) => {
        response.destroy()
        resolve(response.statusCode)
      }).on('error', reject)
    })
  for (const path of ['/', '/api/map', '/metrics', '/chat/settings.json'])
    expect(await statusOf('evil.example:5280', path)).toBe(421)
  for (const host of ['localhost', 'Foyer.localhost:5280', '127.0.0.1:80', '[::1]:5280'])
    expect(await statusOf(host, '/api/map')).toBe(200)
})

test('health, readiness, chat settings and host-meta need no token', async () => {
  const base = await start({ token: 'secret' })
  for (const path of ['/healthz', '/readyz', '/chat/settings.json', '/.well-known/host-meta'])
    expect((await fetch(base + path)).status).toBe(200)
})

test('what needs no token is no way around it', async () => {
  const base = await start({ token: 'secret', folders: { '/': pageFolder(), '/chat/': pageFolder() } })
  for (const path of ['/.well-known/..%2findex.html', '/chat/..%2findex.html', '/files/..%2findex.html'])
    expect([401, 404], path).toContain((await fetch(base + path)).status)
})

test('host-meta names the WebSocket under the address that the asker used', async () => {
  const base = await start()
  const json = (await (await fetch(`${base}/.well-known/host-meta.json`)).json()) as {
    links: { href: string }[]
  }
  expect(json.links[0]?.href).toBe(`${base.replace('http', 'ws')}/xmpp-websocket`)
  expect(await (await fetch(`${base}/.well-known/host-meta`)).text()).toContain(
    "rel='urn:xmpp:alt-connections:websocket'",
  )
})

test('host-meta announces no WebSocket where there is none', async () => {
  const base = await start({ hasWebSocket: false })
  for (const path of ['/.well-known/host-meta', '/.well-known/host-meta.json'])
    expect((await fetch(base + path)).status).toBe(404)
})

test('a file that the browser has already is not sent again', async () => {
  const folder = pageFolder()
  const base = await start({ folders: { '/': folder } })
  const tag = (await fetch(`${base}/`)).headers.get('etag') ?? ''
  const again = () => fetch(`${base}/`, { headers: { 'If-None-Match': tag } })
  expect((await again()).status).toBe(304)
  writeFileSync(join(folder, 'index.html'), '<p>another map</p>')
  expect(await (await again()).text()).toBe('<p>another map</p>')
})

test('a folder serves its own files, and never one outside of it', async () => {
  const folder = pageFolder()
  const outside = mkdtempSync(join(tmpdir(), 'foyer-outside-'))
  writeFileSync(join(outside, 'secret.html'), 'secret')
  symlinkSync(join(outside, 'secret.html'), join(folder, 'link.html'))
  const base = await start({ folders: { '/': folder } })
  expect(await (await fetch(`${base}/`)).text()).toBe('<p>map</p>')
  expect(await (await fetch(`${base}/sub/`)).text()).toBe('<p>sub</p>')
  for (const path of [
    '/link.html',
    '/%2e%2e/secret.html',
    '/..%2fsecret.html',
    '/nothing.html',
    '/sub',
    '/%00',
    '/%E0%A4%A',
  ])
    expect((await fetch(base + path)).status, path).toBe(404)
})

test('a file is served for ever to whoever knows its address, and does nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-files-'))
  const id = 'ab'.repeat(16)
  const name = `${id}.png`
  writeFileSync(join(folder, name), 'bytes')
  const find = (wanted: string) =>
    wanted === name || wanted.startsWith('cd') ? { path: join(folder, wanted), bytes: 5 } : undefined
  const base = await start({ token: 'secret', files: { find }, folders: { '/': pageFolder() } })
  const found = await fetch(`${base}/files/${id}/image.png`)
  expect([found.status, await found.text()]).toEqual([200, 'bytes'])
  expect(Object.fromEntries(found.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': '5',
    'content-disposition': "inline; filename*=UTF-8''image.png",
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'public, max-age=31536000, immutable',
  })
  expect(
    (await fetch(`${base}/files/${id}/image.png`, { method: 'HEAD' })).headers.get('content-length'),
  ).toBe('5')
  const part = await fetch(`${base}/files/${id}/image.png`, { headers: { Range: 'bytes=1-2' } })
  expect([
    part.status,
    await part.text(),
    part.headers.get('content-range'),
    part.headers.get('content-type'),
  ]).toEqual([206, 'yt', 'bytes 1-2/5', 'image/png'])
  const beyond = await fetch(`${base}/files/${id}/image.png`, { headers: { Range: 'bytes=5-' } })
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */5'])
  const other = await fetch(`${base}/files/${id}/image.png`, {
    headers: { Range: 'bytes=1-2', 'If-Range': '"x"' },
  })
  expect([other.status, await other.text()]).toEqual([200, 'bytes'])
  for (const path of [
    `/files/${id}/image.svg`,
    `/files/${id}/image.gif`,
    `/files/${id}/`,
    `/files/${'0'.repeat(32)}/image.png`,
    // Known, but removed by somebody else.
    `/files/${'cd'.repeat(16)}/image.png`,
    `/files/${name}`,
    '/files/',
    '/files/..%2findex.html',
  ])
    expect((await fetch(base + path)).status, path).toBe(404)
})

test('pages may show files from their public address', async () => {
  const base = await start({ folders: { '/': pageFolder() }, filesOrigin: () => 'https://chat.example.org' })
  expect((await fetch(`${base}/`)).headers.get('content-security-policy')).toContain(
    "img-src 'self' data: blob: https://chat.example.org;",
  )
})

test('other methods are refused', async () => {
  const base = await start()
  expect((await fetch(`${base}/api/map`, { method: 'POST' })).status).toBe(405)
})

test.each(['/api/events', '/api/map', '/', '/metrics'])('HEAD %s ends without a body', async (path) => {
  const base = await start({ folders: { '/': pageFolder() } })
  const response = await fetch(base + path, { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('')
})

test('a target that is no address is a bad request', async () => {
  const { port } = new URL(await start())
  const socket = connect(Number(port), '127.0.0.1')
  socket.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /)
})

test('what fails inside is not told outside', async () => {
  const base = await start({ metrics: () => Promise.reject(new Error('/data/foyer.db: disk I/O error')) })
  const response = await fetch(`${base}/metrics`)
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('foyer.db')
})

test('watchers get the map at once and again when it changes', async () => {
  let people = 0
  const events = new EventStream(() => ({ people }))
  const base = await start({ events })
  const reader = ((await fetch(`${base}/api/events`)).body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader()
  expect((await reader.read()).value).toContain('{"people":0}')
  people = 3
  events.changed()
  events.changed()
  expect((await reader.read()).value).toBe('event: map\ndata: {"people":3}\n\n')
  await reader.cancel()
})

test('a map that takes long to make is made less often', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  try {
    let made = 0
    const events = new EventStream(() => {
      made += 1
      vi.advanceTimersByTime(100)
      return {}
    })
    const response = Object.assign(new PassThrough(), { writeHead: () => undefined })
    events.open(new PassThrough() as unknown as IncomingMessage, response as unknown as ServerResponse)
    events.changed()
    vi.advanceTimersByTime(1999)
    expect(made).toBe(1)
    vi.advanceTimersByTime(1)
    expect(made).toBe(2)
    events.end()
  } finally {
    vi.useRealTimers()
  }
})

function pageFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-pages-'))
  writeFileSync(join(folder, 'index.html'), '<p>map</p>')
  mkdirSync(join(folder, 'sub'))
  writeFileSync(join(folder, 'sub', 'index.html'), '<p>sub</p>')
  return folder
}

const REQUEST = '{"command":"lobby join","args":{"id":"aa"}}'
const ask = (base: string, headers: Record<string, string>, body = REQUEST) =>
  fetch(`${base}/api/operations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: 'Bearer secret', ...headers },
    body,
  })

test('an operator who shows the token has something done, and is told what came of it', async () => {
  const asked: string[] = []
  const base = await start({
    token: 'secret',
    operate: async (request) => {
      asked.push(request)
      return asked.length === 1 ? { ok: true } : { ok: false, code: 'NO_SUCH_LOBBY', message: 'none' }
    },
  })
  const done = await ask(base, {})
  expect([done.status, await done.json()]).toEqual([200, { ok: true }])
  const failed = await ask(base, { Origin: base, 'Sec-Fetch-Site': 'same-origin' })
  expect([failed.status, await failed.json()]).toEqual([
    400,
    { ok: false, code: 'NO_SUCH_LOBBY', message: 'none' },
  ])
  expect(asked).toEqual([REQUEST, REQUEST])
  expect(await (await fetch(`${base}/api/operations?token=secret`)).json()).toEqual({ operator: true })
})

test.each([
  ['without the token', 401, { Authorization: 'Bearer wrong' }, REQUEST],
  ['from a page of another host', 403, { Origin: 'https://evil.example' }, REQUEST],
  ['from a page of another site', 403, { 'Sec-Fetch-Site': 'cross-site' }, REQUEST],
  ['as a form', 415, { 'Content-Type': 'text/plain' }, REQUEST],
  ['with too much', 413, {}, ' '.repeat(65_537)],
])('nothing is done %s', async (_, status, headers, body) => {
  const operate = vi.fn(async () => ({ ok: true }) as const)
  const base = await start({ token: 'secret', operate })
  expect((await ask(base, headers, body)).status).toBe(status)
  expect(operate).not.toHaveBeenCalled()
})

test('a gateway without a token has nothing done by anybody', async () => {
  const operate = vi.fn(async () => ({ ok: true }) as const)
  const base = await start({ operate })
  expect((await ask(base, {})).status).toBe(405)
  expect(operate).not.toHaveBeenCalled()
  expect(await (await fetch(`${base}/api/operations`)).json()).toEqual({ operator: false })
})
