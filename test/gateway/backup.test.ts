// A copy of a data folder holds what its links lead to, and says where the database is in it.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backUp } from '../../src/gateway/backup.ts'

let folder: string
let data: string
let copy: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'foyer-backup-')))
  data = join(folder, 'data')
  copy = join(folder, 'copy')
  mkdirSync(join(data, 'retroshare'), { recursive: true })
  writeFileSync(join(data, 'retroshare', 'identity.json'), 'keys')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Backs up `from` with a database at `file`, of which the copy is `database`. */
function backUpOf(from: string, file = join(from, 'foyer.db')) {
  writeFileSync(file, 'torn')
  writeFileSync(`${file}-wal`, 'torn')
  return backUp(copy, {
    data: from,
    location: { kind: 'sqlite', file },
    store: { copyTo: async (place) => writeFileSync(place, 'database', { flag: 'wx' }) },
    networks: new Map(),
  })
}

const read = (...path: string[]): string => readFileSync(join(copy, ...path), 'utf8')

test('what a link in the data folder leads to is in the copy, and not the link', async () => {
  const disk = join(folder, 'disk')
  mkdirSync(join(disk, 'a'), { recursive: true })
  writeFileSync(join(disk, 'a', 'file'), 'uploaded')
  symlinkSync(disk, join(data, 'uploads'))
  symlinkSync(join(disk, 'a', 'file'), join(data, 'one'))
  expect(await backUpOf(data)).toEqual({
    files: 4,
    bytes: 28,
    database: 'foyer.db',
    isDatabaseMoved: false,
  })
  expect(lstatSync(join(copy, 'uploads')).isDirectory()).toBe(true)
  expect(lstatSync(join(copy, 'one')).isFile()).toBe(true)
  rmSync(disk, { recursive: true })
  expect([read('uploads', 'a', 'file'), read('one'), read('retroshare', 'identity.json')]).toEqual([
    'uploaded',
    'uploaded',
    'keys',
  ])
})

test('the data folder may be a link itself', async () => {
  const link = join(folder, 'link')
  symlinkSync(data, link)
  expect(await backUpOf(link)).toMatchObject({ files: 2, database: 'foyer.db', isDatabaseMoved: false })
  expect([read('foyer.db'), read('retroshare', 'identity.json')]).toEqual(['database', 'keys'])
})

test('links that lead nowhere, around or to the copy itself are refused', async () => {
  const link = join(data, 'link')
  for (const [to, says] of [
    [join(folder, 'none'), /leads nowhere/],
    [folder, /in the data folder/],
    [data, /leads to a folder that it is in/],
  ] as const) {
    symlinkSync(to, link)
    await expect(backUpOf(data)).rejects.toMatchObject({
      code: 'BACKUP_REFUSED',
      message: expect.stringMatching(says),
    })
    rmSync(link)
    rmSync(copy, { recursive: true })
  }
  symlinkSync(data, join(folder, 'round'))
  await expect(backUp(join(folder, 'round', 'x'), sourcesWithout(data))).rejects.toMatchObject({
    message: expect.stringMatching(/in the data folder/),
  })
})

const sourcesWithout = (from: string) => ({
  data: from,
  location: { kind: 'postgres', postgres: {} as never } as const,
  store: { copyTo: null },
  networks: new Map(),
})

test('a database from elsewhere lies at the top of the copy, is told, and is not replaced by what lies there', async () => {
  mkdirSync(join(folder, 'elsewhere'))
  writeFileSync(join(data, 'x.db'), 'old')
  const report = await backUpOf(data, join(folder, 'elsewhere', 'x.db'))
  expect(report).toMatchObject({ database: 'x.db', isDatabaseMoved: true })
  expect(read('x.db')).toBe('database')
})

test('a database is never read by this process, by whatever link it is reached', async () => {
  mkdirSync(join(folder, 'disk'))
  const file = join(folder, 'disk', 'x.db')
  symlinkSync(file, join(data, 'foyer.db'))
  symlinkSync(join(folder, 'disk'), join(data, 'disk'))
  expect(await backUpOf(data)).toMatchObject({ database: 'foyer.db', isDatabaseMoved: false })
  expect(existsSync(file)).toBe(true)
  expect(readdirSync(join(copy, 'disk'))).toEqual([])
  expect(lstatSync(join(copy, 'foyer.db')).isFile()).toBe(true)
})

test('without a database in a file there is none in the copy', async () => {
  expect(await backUp(copy, sourcesWithout(data))).toEqual({
    files: 1,
    bytes: 4,
    database: null,
    isDatabaseMoved: false,
  })
})
