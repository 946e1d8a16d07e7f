// Joined lobbies on disk, in a temporary folder.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LOBBY_FILE, LobbyStore } from '../../src/retroshare/lobby-store.ts'
import type { SavedLobby } from '../../src/retroshare/routing/router-port.ts'
import type { GatewayError } from '../../src/util/errors.ts'
import type { FriendId, LobbyId } from '../../src/util/ids.ts'

let dir: string
let errors: GatewayError[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foyer-lobbies-'))
  errors = []
})
afterEach(() => rm(dir, { recursive: true }))

const open = (at = dir): Promise<LobbyStore> =>
  LobbyStore.open({ dir: at, onError: (error) => errors.push(error) })
const lobby = (digit: string, name = 'Lobby'): SavedLobby => ({
  id: digit.repeat(16) as LobbyId,
  name,
  topic: 'Über',
  flags: 4,
  isOwn: true,
  friends: ['a'.repeat(32) as FriendId],
  formerFriends: [],
})

test('what was saved is there at the next start, what was forgotten is not', async () => {
  const store = await open()
  expect(store.lobbies).toEqual([])
  store.save(lobby('1'))
  store.save(lobby('2'))
  store.save(lobby('1', 'renamed'))
  store.forget(lobby('2').id)
  await store.flush()
  expect((await open()).lobbies).toEqual([lobby('1', 'renamed')])
  expect((await stat(join(dir, LOBBY_FILE))).mode & 0o777).toBe(0o600)
})

test('a file that is not understood is refused and left as it is', async () => {
  await writeFile(join(dir, LOBBY_FILE), '[{"id":"XY"}]')
  await expect(open()).rejects.toMatchObject({ code: 'LOBBY_STORE_UNREADABLE' })
  expect(await readFile(join(dir, LOBBY_FILE), 'utf8')).toBe('[{"id":"XY"}]')
})

test('a failed write is reported and tried again with the next change', async () => {
  const blocked = join(dir, 'file')
  const store = await open(join(blocked, 'folder'))
  await writeFile(blocked, '')
  store.save(lobby('1'))
  await store.flush()
  expect(errors.map((error) => error.code)).toEqual(['LOBBY_STORE_NOT_WRITABLE'])
  await rm(blocked)
  store.save(lobby('2'))
  await store.flush()
  expect((await open(join(blocked, 'folder'))).lobbies).toHaveLength(2)
})
