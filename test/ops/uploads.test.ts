// Uploads over HTTP: streamed to disk whole or not at all, and served so that a browser runs nothing of it.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EventStream } from '../../src/ops/event-stream.ts'
import { createHttpServer, type HttpServer } from '../../src/ops/http.ts'
import type { Upload } from '../../src/ops/uploads.ts'

const ID = '0123456789abcdef0123456789abcdef'
let server: HttpServer
let base: string
let folder: string
let ended: string[]
let onEnd: (how: string) => void
let slots: Map<string, number>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-http-uploads-'))
  ended = []
  onEnd = (how) => ended.push(how)
  slots = new Map()
  server = createHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    token: 'secret',
    log: pino({ level: 'silent' }),
    folders: {},
    files: {
      find: (name) => {
        const path = join(folder, name)
        return existsSync(path) ? { path, bytes: readFileSync(path).length } : undefined
      },
    },
    uploads: {
      begin: (path): Upload | 'busy' | undefined => {
        if (path.includes('busy')) return 'busy'
        const size = slots.get(path)
        return size === undefined
          ? undefined
          : {
              size,
              part: join(folder, `${ID}.png`),
              done: () => onEnd('done'),
              failed: () => onEnd('failed'),
            }
      },
    },
    allowsHost: () => true,
    filesOrigin: () => 'https://chat.example',
    map: () => ({}),
    events: new EventStream(() => ({})),
    operate: async () => ({ ok: true }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    problems: () => [],
    hasWebSocket: true,
    chatSettings: () => ({}),
  })
  base = `http://127.0.0.1:${(await server.start()).port}`
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
const put = (path: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(base + path, { method: 'PUT', body })

test('a file that fits its slot is stored, without a token, and comes back', async () => {
  const path = `/files/${ID}/pic.png`
  const bytes = new Uint8Array(300_000).fill(7)
  slots.set(path, bytes.length)
  expect((await put(path, bytes)).status).toBe(201)
  expect(ended).toEqual(['done'])
  const got = await fetch(base + path)
  expect([...new Uint8Array(await got.arrayBuffer()).slice(0, 3)]).toEqual([7, 7, 7])
  expect(got.headers.get('content-type')).toBe('image/png')
  expect(got.headers.get('x-content-type-options')).toBe('nosniff')
  expect(got.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
})

test('what is not announced so, or not expected, is refused', async () => {
  const path = `/files/${ID}/pic.png`
  slots.set(path, 3)
  for (const body of ['ab', 'abcd']) expect((await put(path, body)).status).toBe(413)
  expect((await put(`/files/${ID}/other.png`, 'abc')).status).toBe(403)
  expect((await put(`/files/${ID}/busy.png`, 'abc')).status).toBe(503)
  expect((await put('/map', 'abc')).status).toBe(405)
  expect(ended).toEqual(['failed', 'failed'])
})

test('a body longer than its slot that hides its length is cut', async () => {
  const path = `/files/${ID}/pic.png`
  slots.set(path, 3)
  const failed = new Promise<string>((resolve) => {
    onEnd = resolve
  })
  const sending = request(base + path, { method: 'PUT', headers: { 'Transfer-Encoding': 'chunked' } })
  sending.on('error', () => {})
  sending.write('abcdef')
  expect(await failed).toBe('failed')
  sending.destroy()
})

test('a body shorter than its slot that hides its length is refused', async () => {
  const path = `/files/${ID}/pic.png`
  slots.set(path, 3)
  const status = new Promise((resolve) => {
    const sending = request(base + path, { method: 'PUT', headers: { 'Transfer-Encoding': 'chunked' } })
    sending.on('response', (response) => resolve(response.statusCode))
    sending.on('error', () => resolve('cut'))
    sending.end('ab')
  })
  expect([413, 'cut']).toContain(await status)
  expect(ended).toEqual(['failed'])
})

test('an upload that breaks off has failed', async () => {
  const path = `/files/${ID}/pic.png`
  slots.set(path, 1000)
  const failed = new Promise<string>((resolve) => {
    onEnd = resolve
  })
  const socket = connect(Number(new URL(base).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.end(`PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc`)
  expect(await failed).toBe('failed')
})

test('pages of other hosts may upload', async () => {
  const answer = await fetch(`${base}/files/${ID}/pic.png`, { method: 'OPTIONS' })
  expect(answer.status).toBe(204)
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('access-control-allow-methods')).toContain('PUT')
})

test.each([
  ['page.html', 'application/octet-stream', 'attachment'],
  ['drawing.svg', 'application/octet-stream', 'attachment'],
  ['paper.pdf', 'application/octet-stream', 'attachment'],
  ['none', 'application/octet-stream', 'attachment'],
  ['film.MP4', 'video/mp4', 'inline'],
])('%s is served as %s, %s', async (name, type, disposition) => {
  const path = `/files/${ID}/${name}`
  const extension = name.includes('.') ? (name.split('.')[1] ?? '').toLowerCase() : 'bin'
  writeFileSync(join(folder, `${ID}.${extension}`), '<script>alert(1)</script>')
  const got = await fetch(base + path)
  expect(got.status).toBe(200)
  expect(got.headers.get('content-type')).toBe(type)
  expect(got.headers.get('content-disposition')).toBe(`${disposition}; filename*=UTF-8''${name}`)
})

test('a name is only a name in the header that repeats it', async () => {
  writeFileSync(join(folder, `${ID}.txt`), 'x')
  const got = await fetch(`${base}/files/${ID}/a;b'c"d%zz%0d%0aX:y.txt`)
  expect(got.status).toBe(200)
  expect(got.headers.get('content-disposition')).toBe(
    "attachment; filename*=UTF-8''a%3Bb%27c%22d%25zz%0d%0aX%3Ay.txt",
  )
  expect(got.headers.get('x')).toBe(null)
})
