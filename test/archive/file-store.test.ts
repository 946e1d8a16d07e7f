// Stored files: there after a restart, within their bounds, gone when nobody showed them for long.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileStore } from '../../src/archive/file-store.ts'
import type { GatewayError } from '../../src/util/errors.ts'

const A = `${'a'.repeat(32)}.png`
const B = `${'b'.repeat(32)}.jpg`
const C = `${'c'.repeat(32)}.webp`
const START_MS = 1_800_000_000_000
const bytes = (count: number, fill = 1): Uint8Array => new Uint8Array(count).fill(fill)
const codeOf = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return (error as GatewayError).code
  }
}

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'foyer-files-')), 'files')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

test('a file is found with what was put into it, also after a restart, by its owner alone', () => {
  const store = new FileStore(folder, 100)
  store.put(A, bytes(10, 7), START_MS)
  const found = store.find(A)
  expect(found).toEqual({ path: join(folder, A), bytes: 10 })
  expect([...readFileSync(found?.path ?? '')]).toEqual([...bytes(10, 7)])
  expect([statSync(folder).mode & 0o777, statSync(join(folder, A)).mode & 0o777]).toEqual([0o700, 0o600])
  const again = new FileStore(folder, 100)
  expect([again.find(A), again.find(B), again.count, again.bytes]).toEqual([found, undefined, 1, 10])
})

test('a file that comes again is stored once and counts as used', () => {
  const store = new FileStore(folder, 100)
  store.put(A, bytes(10), START_MS)
  store.put(B, bytes(10), START_MS + 1)
  store.put(A, bytes(10), START_MS + 2000)
  expect([store.count, store.bytes]).toEqual([2, 20])
  expect(store.prune(START_MS + 1000)).toBe(1)
  expect([store.find(A)?.bytes, store.find(B)]).toEqual([10, undefined])
  expect(readdirSync(folder)).toEqual([A])
  expect(new FileStore(folder, 100).prune(START_MS + 1000)).toBe(0)
  expect(new FileStore(folder, 100).prune(START_MS + 3000)).toBe(1)
})

test('of too many bytes those longest unused go, at once and when the bound is lower after a restart', () => {
  const store = new FileStore(folder, 25)
  for (const [i, name] of [A, B, C].entries()) store.put(name, bytes(10), START_MS + 1000 * i)
  expect([store.find(A), store.count, store.bytes]).toEqual([undefined, 2, 20])
  const smaller = new FileStore(folder, 15)
  expect([smaller.find(B), smaller.find(C)?.bytes]).toEqual([undefined, 10])
  smaller.put(A, bytes(99), START_MS + 9000)
  expect([smaller.count, smaller.bytes, readdirSync(folder)]).toEqual([0, 0, []])
})

test('a restart knows which was used last', () => {
  const store = new FileStore(folder, 100)
  store.put(A, bytes(10), START_MS + 2000)
  store.put(B, bytes(10), START_MS + 1000)
  store.put(C, bytes(10), START_MS)
  const smaller = new FileStore(folder, 10)
  expect([smaller.find(A)?.bytes, smaller.count]).toEqual([10, 1])
})

test('a file that somebody removed is written again when it comes again', () => {
  const store = new FileStore(folder, 100)
  store.put(A, bytes(10), START_MS)
  rmSync(join(folder, A))
  store.put(A, bytes(10), START_MS)
  expect([statSync(join(folder, A)).size, store.bytes]).toEqual([10, 10])
})

test('half written files go at the next start; what has another name is left alone and not shown', () => {
  new FileStore(folder, 100).put(A, bytes(1), START_MS)
  writeFileSync(join(folder, `${B}.part`), 'half')
  writeFileSync(join(folder, 'notes.txt'), 'mine')
  const store = new FileStore(folder, 100)
  expect([store.count, existsSync(join(folder, `${B}.part`))]).toEqual([1, false])
  expect(store.find('notes.txt')).toBeUndefined()
  expect(existsSync(join(folder, 'notes.txt'))).toBe(true)
})

test('what cannot be written is an error with a code, and nothing is found afterwards', () => {
  const store = new FileStore(folder, 100)
  rmSync(folder, { recursive: true })
  expect(codeOf(() => store.put(A, bytes(1), START_MS))).toBe('FILE_WRITE')
  expect([store.find(A), store.bytes]).toEqual([undefined, 0])
  writeFileSync(folder, 'in the way')
  expect(codeOf(() => new FileStore(folder, 100))).toBe('FILES_UNREADABLE')
})
