// Pictures of friends as files: stored when somebody looks, found again when they were removed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileStore } from '../../src/archive/file-store.ts'
import { FriendAvatars } from '../../src/gateway/friend-avatars.ts'
import { createPictures } from '../../src/gateway/pictures.ts'
import { storedName } from '../../src/ops/files.ts'

const BASE = 'https://chat.test'
const PNG = Buffer.from('89504e470d0a1a0a0000000d494844520000000100000001', 'hex')
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')

let folder: string
let files: FileStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-avatars-'))
  files = new FileStore(folder, 1000)
})
afterEach(() => rmSync(folder, { recursive: true }))

const over = (store: FileStore | null): FriendAvatars =>
  new FriendAvatars(
    createPictures({
      files: store,
      uploads: null,
      secret: Buffer.alloc(32, 1),
      log: pino({ level: 'silent' }),
      baseUrl: () => BASE,
      nowMs: () => 1,
    }),
  )

const fileAt = (url = ''): string | undefined => files.find(storedName(url.slice(BASE.length)) ?? '')?.path

test('the address leads to the very bytes, again after the file was removed', () => {
  const avatars = over(files)
  const friend = { avatar: PNG }
  const url = avatars.urlOf(friend)
  expect(url).toMatch(/^https:\/\/chat\.test\/files\/[0-9a-f]{32}\/image\.png$/)
  expect(readFileSync(fileAt(url) ?? '')).toEqual(PNG)
  expect(files.prune(2)).toBe(1)
  expect(fileAt(url)).toBeUndefined()
  expect(avatars.urlOf(friend)).toBe(url)
  expect(readFileSync(fileAt(url) ?? '')).toEqual(PNG)
})

test('a picture is judged once', () => {
  const avatars = over(files)
  expect(avatars.of({ avatar: PNG })).toBe(avatars.of({ avatar: PNG }))
  expect(avatars.of({ avatar: PNG })?.mediaType).toBe('image/png')
})

test.each([
  ['nothing is known', null],
  ['there is none', new Uint8Array()],
  ['it is no PNG or JPEG', SVG],
])('when %s, nothing is shown and nothing stored', (_, avatar) => {
  const avatars = over(files)
  expect([avatars.of({ avatar }), avatars.urlOf({ avatar })]).toEqual([undefined, undefined])
  expect(files.count).toBe(0)
})

test('without a store for pictures clients get it, and the map does not', () => {
  const avatars = over(null)
  expect(avatars.of({ avatar: PNG })).toBeDefined()
  expect(avatars.urlOf({ avatar: PNG })).toBeUndefined()
})
