// The friends file: whole, private, and named with the place when it is bad.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FriendRecord, fileFriendStore } from '../../../src/retroshare/peer/friend-store.ts'
import type { FriendId } from '../../../src/util/ids.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'friends-'))
})
afterAll(() => rm(dir, { recursive: true }))

const friend = (digit: string, change: Partial<FriendRecord> = {}): FriendRecord => ({
  sslId: digit.repeat(32) as FriendId,
  pgpId: 'A'.repeat(16),
  fingerprint: 'A'.repeat(40),
  name: 'Alice ü☂',
  location: 'laptop',
  addresses: [
    { host: '192.0.2.1', port: 7812 },
    { host: '2001:db8::1', port: 1 },
  ],
  pgpKey: Uint8Array.of(1, 2, 255),
  addedAtMs: 1_790_000_000_123,
  ...change,
})

test('what was saved is loaded again', async () => {
  const store = fileFriendStore(join(dir, 'same.json'))
  const friends = [friend('a'), friend('b', { pgpKey: null, addresses: [], location: '' })]
  await store.save(friends)
  expect(await store.load()).toEqual(friends)
})

test('an address as the wire has it is loaded again without what is not kept', async () => {
  const store = fileFriendStore(join(dir, 'wire.json'))
  const address = { family: 4, host: '192.0.2.1', port: 7812 } as const
  await store.save([friend('a', { addresses: [address] })])
  expect((await store.load())[0]?.addresses).toEqual([{ host: '192.0.2.1', port: 7812 }])
})

test('a file that is not there is an empty list', async () => {
  expect(await fileFriendStore(join(dir, 'none.json')).load()).toEqual([])
})

test('only the owner can read the file, and nothing else is left beside it', async () => {
  const path = join(dir, 'private.json')
  await fileFriendStore(path).save([friend('a')])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await readdir(dir)).filter((name) => name.startsWith('private'))).toEqual(['private.json'])
})

test('of saves that come at once the last one stays, and each resolves when its content or a later one is stored', async () => {
  const path = join(dir, 'many.json')
  const store = fileFriendStore(path)
  const saves = ['a', 'b', 'c', 'd'].map((digit) => store.save([friend(digit)]))
  await saves[1]
  expect(JSON.parse(await readFile(path, 'utf8')).friends[0].sslId[0]).not.toBe('a')
  await Promise.all(saves)
  expect((await store.load()).map(({ sslId }) => sslId[0])).toEqual(['d'])
})

test('a save that fails says where, and the next one may succeed', async () => {
  const folder = join(dir, 'later')
  const store = fileFriendStore(join(folder, 'friends.json'))
  await expect(store.save([])).rejects.toMatchObject({
    code: 'FRIENDS_NOT_WRITABLE',
    message: expect.stringContaining('later/friends.json'),
  })
  const again = fileFriendStore(join(dir, 'friends.json'))
  await again.save([friend('a')])
  expect(await again.load()).toHaveLength(1)
})

test.each([
  ['{"friends": [', 'not JSON'],
  ['[]', 'top level'],
  ['{"friends": [], "more": 1}', 'top level'],
  [JSON.stringify({ friends: [{}] }), 'friends[0].sslId'],
])('a bad file is refused with its name and the place: %s', async (text, place) => {
  const path = join(dir, 'bad.json')
  await writeFile(path, text)
  await expect(fileFriendStore(path).load()).rejects.toMatchObject({
    code: 'FRIENDS_UNREADABLE',
    message: expect.stringMatching(new RegExp(`bad\\.json: .*${place.replace(/[[\].]/g, '\\$&')}`)),
  })
})

test.each([
  [{ sslId: 'xyz' }, 'friends[1].sslId'],
  [{ pgpId: 'B'.repeat(16) }, 'friends[1].pgpId'],
  [{ addresses: [{ host: '192.0.2.1', port: 0 }] }, 'friends[1].addresses[0].port'],
  [{ pgpKey: '***' }, 'friends[1].pgpKey'],
  [{ addedAt: 'yesterday' }, 'friends[1].addedAt'],
])('a bad friend is refused with its place: %j', async (change, place) => {
  const path = join(dir, 'bad-friend.json')
  const store = fileFriendStore(path)
  await store.save([friend('a'), friend('b')])
  const json = JSON.parse(await readFile(path, 'utf8'))
  Object.assign(json.friends[1], change)
  await writeFile(path, JSON.stringify(json))
  await expect(store.load()).rejects.toMatchObject({
    code: 'FRIENDS_UNREADABLE',
    message: expect.stringContaining(`${place}: `),
  })
})
