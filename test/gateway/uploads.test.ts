// Uploads: who may upload how much, and that a slot is good for one file of the size that was announced.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileStore } from '../../src/archive/file-store.ts'
import { Uploads } from '../../src/gateway/uploads.ts'
import { storedName } from '../../src/ops/files.ts'
import { Jid } from '../../src/stanza/jid.ts'
import type { SlotAnswer } from '../../src/xmpp/upload-port.ts'

const MIB = 1_048_576
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

let folder: string
let files: FileStore
let uploads: Uploads
let nowMs: number
beforeEach(() => {
  nowMs = 1_800_000_000_000
  folder = mkdtempSync(join(tmpdir(), 'foyer-uploads-'))
  files = new FileStore(folder, 1000 * MIB)
  uploads = new Uploads({
    domain: 'upload.localhost',
    files,
    maxBytes: 1000 * MIB,
    baseUrl: () => 'https://chat.example',
    nowMs: () => nowMs,
  })
})
afterEach(() => rmSync(folder, { recursive: true }))

const ask = (size: number, filename = 'a.png', who = 'ann', isGuest = false): SlotAnswer =>
  uploads.slot({ account: new Jid(who, 'localhost'), isGuest, filename, size })
const pathOf = (answer: SlotAnswer): string => {
  if (answer.kind !== 'slot') throw new Error(answer.kind)
  return new URL(answer.url).pathname
}
const begin = (path: string) => {
  const upload = uploads.begin(path)
  if (!upload || upload === 'busy') throw new Error(String(upload))
  return upload
}

test('a slot leads to one file, which is found at the address as soon as all of it has come', () => {
  const path = pathOf(ask(3, 'Füße & so.PNG'))
  expect(path).toMatch(/^\/files\/[0-9a-f]{32}\/F%C3%BC%C3%9Fe%20%26%20so\.PNG$/)
  const name = storedName(path) ?? ''
  expect(files.find(name)).toBe(undefined)
  expect(uploads.begin(path.replace(/PNG$/, 'html'))).toBe(undefined)
  const upload = begin(path.replace('%20', '+'))
  expect(upload.size).toBe(3)
  expect(uploads.begin(path)).toBe(undefined)
  writeFileSync(upload.part, 'abc')
  upload.done()
  expect(files.find(name)?.bytes).toBe(3)
  expect(uploads.begin(path)).toBe(undefined)
})

test('an upload that failed leaves nothing and may be tried again, for as long as the slot lives', () => {
  const path = pathOf(ask(3))
  const upload = begin(path)
  writeFileSync(upload.part, 'a')
  upload.failed()
  expect(readdirSync(folder)).toEqual([])
  begin(path).failed()
  nowMs += 5 * MINUTE_MS
  expect(uploads.begin(path)).toBe(undefined)
})

test('names cannot leave the folder, and say only what is plain', () => {
  for (const name of [
    '../../etc/passwd',
    'a\u0000b.png',
    '.htaccess',
    '\u202Egnp.exe',
    '\uD800',
    'x'.repeat(255),
  ]) {
    const path = pathOf(ask(1, name))
    expect(path).toMatch(/^\/files\/[0-9a-f]{32}\/[^/]+$/)
    expect(storedName(path)).toMatch(/^[0-9a-f]{32}\.[a-z0-9]{1,8}$/)
  }
})

test('a file can be too large, a guest’s sooner', () => {
  expect(ask(16 * MIB).kind).toBe('slot')
  expect(ask(16 * MIB + 1)).toEqual({ kind: 'too-large', maxBytes: 16 * MIB })
  expect(ask(2 * MIB + 1, 'a', 'guest', true)).toEqual({ kind: 'too-large', maxBytes: 2 * MIB })
  expect(uploads.maxBytes(true)).toBe(2 * MIB)
})

test('an account has so much a day, and is told when there is more', () => {
  for (let n = 0; n < 8; n++) expect(ask(16 * MIB).kind).toBe('slot')
  nowMs += 1000
  expect(ask(1)).toEqual({ kind: 'later', retryAtMs: nowMs - 1000 + DAY_MS })
  expect(ask(1, 'a', 'bob').kind).toBe('slot')
  nowMs += DAY_MS
  expect(ask(1).kind).toBe('slot')
})

test('a guest has less, and all guests share what they have', () => {
  for (let n = 0; n < 4; n++) expect(ask(2 * MIB, 'a', 'g', true).kind).toBe('slot')
  expect(ask(1, 'a', 'g', true).kind).toBe('later')
  for (let n = 0; n < 28; n++) expect(ask(2 * MIB, 'a', `g${n}`, true).kind).toBe('slot')
  expect(ask(1, 'a', 'one more', true).kind).toBe('later')
  expect(ask(1).kind).toBe('slot')
})

test('a slot that was not used is given back', () => {
  for (let n = 0; n < 8; n++) ask(16 * MIB)
  expect(ask(1).kind).toBe('later')
  nowMs += 5 * MINUTE_MS
  expect(ask(16 * MIB).kind).toBe('slot')
})

test('slots and uploads at a time are bounded', () => {
  const paths = Array.from({ length: 1000 }, (_, n) => pathOf(ask(1, 'a', `u${n}`)))
  expect(ask(1).kind).toBe('later')
  const running = paths.slice(0, 50).map(begin)
  expect(uploads.begin(paths[50] ?? '')).toBe('busy')
  running[0]?.failed()
  begin(paths[50] ?? '').failed()
})
