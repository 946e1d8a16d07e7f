// Who is barred, on disk, in a temporary folder.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BARRED_FILE, openBarred } from '../../src/retroshare/barred-store.ts'
import type { JsonFile } from '../../src/retroshare/json-file.ts'
import type { Barred } from '../../src/retroshare/routing/router-port.ts'
import type { GatewayError } from '../../src/util/errors.ts'
import type { FriendId, ParticipantId } from '../../src/util/ids.ts'

let dir: string
let errors: GatewayError[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foyer-barred-'))
  errors = []
})
afterEach(() => rm(dir, { recursive: true }))

const open = (at = dir): Promise<JsonFile<Barred>> => openBarred(at, (error) => errors.push(error))
const barred = (...digits: string[]) => ({
  banned: digits.map((digit) => digit.repeat(32) as ParticipantId),
  ignored: ['f'.repeat(32) as FriendId],
})

test('who was barred last is barred at the next start', async () => {
  const store = await open()
  expect(store.value).toEqual({ banned: [], ignored: [] })
  for (let i = 0; i < 10; i++) store.save(barred('1', `${i}`))
  await store.flush()
  expect((await open()).value).toEqual(barred('1', '9'))
  expect((await stat(join(dir, BARRED_FILE))).mode & 0o777).toBe(0o600)
})

test('a file that is not understood is refused and left as it is', async () => {
  await writeFile(join(dir, BARRED_FILE), '{"banned":["x"],"ignored":[]}')
  await expect(open()).rejects.toMatchObject({ code: 'BARRED_UNREADABLE' })
  expect(await readFile(join(dir, BARRED_FILE), 'utf8')).toContain('"x"')
})

test('a failed write is reported and tried again with the next change', async () => {
  const blocked = join(dir, 'file')
  const store = await open(join(blocked, 'folder'))
  await writeFile(blocked, '')
  store.save(barred('1'))
  await store.flush()
  expect(errors.map((error) => error.code)).toEqual(['BARRED_NOT_WRITABLE'])
  await rm(blocked)
  store.save(barred('2'))
  await store.flush()
  expect((await open(join(blocked, 'folder'))).value).toEqual(barred('2'))
})
