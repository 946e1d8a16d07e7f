// The identity store: kept ones survive, ephemeral ones do not, foreign ones are verified, bounded and byte-exact.
import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createGxsIdentity, type GxsIdentity } from '../../../src/retroshare/identity/gxs-identity.ts'
import {
  IdentityStore,
  type IdentityStoreOptions,
  MAX_RECORD_BYTES,
} from '../../../src/retroshare/identity/identity-store.ts'
import { KeyMaker, type KeyPair } from '../../../src/retroshare/identity/key-maker.ts'
import { createProfile, type Profile } from '../../../src/retroshare/identity/profile.ts'
import type { GatewayError } from '../../../src/util/errors.ts'
import type { SpeakerId } from '../../../src/util/ids.ts'
import { recordedIdentities } from './vectors.ts'

const NOW_SEC = 1_795_000_000
const ANN = 'ann@example.org#Ann' as SpeakerId
const BEN = 'ben@example.org#Ben' as SpeakerId
const CID = 'cid@example.org#Cid' as SpeakerId
const [foreign, second, third] = distinct()

let root: string
let folder: string
let profile: Profile
let problems: GatewayError[] = []
const open: IdentityStore[] = []

function distinct() {
  const byId = new Map(recordedIdentities().map((identity) => [identity.id, identity]))
  return [...byId.values()] as [Recorded, Recorded, Recorded, ...Recorded[]]
}
type Recorded = ReturnType<typeof recordedIdentities>[number]

const smallKeys = async (): Promise<KeyPair> => generateKeyPairSync('rsa', { modulusLength: 1024 })

async function openStore(options: Partial<IdentityStoreOptions> = {}): Promise<IdentityStore> {
  const store = await IdentityStore.open({
    folder,
    keys: { take: smallKeys },
    nowSec: () => NOW_SEC,
    onProblem: (problem) => problems.push(problem),
    ...options,
  })
  open.push(store)
  return store
}
const learnt = (store: IdentityStore, record: { data: Uint8Array; meta: Uint8Array }): string | undefined => {
  const result = store.learn(record.data, record.meta)
  return result.ok ? result.value.id : result.error.code
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'foyer-store-'))
  profile = await createProfile('Foyer', 1024)
})
afterAll(() => rm(root, { recursive: true }))
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()))
  problems = []
})

describe('own identities', () => {
  test('of kept speakers are the same after a restart', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const before = await store.ensureOwn(ANN, 'Ann', true)
    await store.close()
    const after = await openStore()
    expect(after.own(ANN)).toMatchObject({ id: before.id, nick: 'Ann', meta: before.meta, data: before.data })
    expect(after.ownIds.size).toBe(0)
    expect((await after.ensureOwn(ANN, 'Ann', true)).id).toBe(before.id)
    expect([...after.ownIds]).toEqual([before.id])
  })

  test('are on disk when they are given out, for their owner alone', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    await store.ensureOwn(ANN, 'Ann', true)
    await store.ensureOwn(BEN, 'Ben', false)
    const names = await readdir(join(folder, 'own'))
    expect(names).toHaveLength(1)
    expect((await stat(join(folder, 'own', names[0] ?? ''))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'own'))).mode & 0o777).toBe(0o700)
  })

  test('of ephemeral speakers are forgotten when they go', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const before = await store.ensureOwn(BEN, 'Ben', false)
    expect(store.record(before.id)).toMatchObject({ data: before.data, meta: before.meta })
    store.dropOwn(BEN)
    expect([store.own(BEN), store.known(before.id), store.record(before.id), store.ids()]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ])
    expect((await store.ensureOwn(BEN, 'Ben', false)).id).not.toBe(before.id)
  })

  test('of kept speakers stay known when they go, but are not in use', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const { id } = await store.ensureOwn(ANN, 'Ann', true)
    store.dropOwn(ANN)
    store.dropOwn(CID)
    expect(store.ownIds.size).toBe(0)
    expect(store.known(id)).toMatchObject({ id, nick: 'Ann' })
  })

  test('are made once for a speaker, however many ask at the same time', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    let made = 0
    const take = (): Promise<KeyPair> => {
      made++
      return smallKeys()
    }
    const store = await openStore({ keys: { take } })
    const all = await Promise.all([1, 2, 3].map(() => store.ensureOwn(ANN, 'Ann', false)))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(made).toBe(1)
  })

  test('of a speaker who goes while theirs is being made are forgotten too', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const making = store.ensureOwn(BEN, 'Ben', false)
    store.dropOwn(BEN)
    const again = store.ensureOwn(BEN, 'Ben', false)
    const [first, next] = await Promise.all([making, again])
    expect(next.id).not.toBe(first.id)
    expect(store.ids()).toEqual([next.id])
  })

  test('follow a new nick, a link and the wish to be kept, and never go back', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const first = await store.ensureOwn(ANN, 'Ann', false)
    const renamed = await store.ensureOwn(ANN, 'Anna', false)
    const linked = await store.ensureOwn(ANN, 'Anna', true, profile)
    const again = await store.ensureOwn(ANN, 'Anna', false)
    expect(renamed).toMatchObject({ id: first.id, nick: 'Anna', isLinked: false })
    expect(linked).toMatchObject({ id: first.id, nick: 'Anna', isLinked: true })
    expect(again).toBe(linked)
    expect(linked.publishedAtSec).toBeGreaterThan(renamed.publishedAtSec)
    await store.close()
    expect((await openStore()).own(ANN)?.meta).toEqual(linked.meta)
  })

  test('are not made past the bound, unless a kept one out of use can go', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore({ maxOwn: 2 })
    const ann = await store.ensureOwn(ANN, 'Ann', true)
    await store.ensureOwn(BEN, 'Ben', false)
    await expect(store.ensureOwn(CID, 'Cid', false)).rejects.toMatchObject({ code: 'IDENTITY_STORE_FULL' })
    store.dropOwn(ANN)
    await store.ensureOwn(CID, 'Cid', false)
    expect([store.own(ANN), store.known(ann.id)]).toEqual([undefined, undefined])
    await store.close()
    expect(await readdir(join(folder, 'own'))).toEqual([])
  })

  test('that wait for a key are refused when the store is closed', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const take = (signal?: AbortSignal): Promise<KeyPair> =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const store = await openStore({ keys: { take } })
    const waiting = expect(store.ensureOwn(ANN, 'Ann', true)).rejects.toMatchObject({
      code: 'IDENTITY_STORE_CLOSED',
    })
    await Promise.resolve()
    await store.close()
    await waiting
    await expect(store.ensureOwn(ANN, 'Ann', true)).rejects.toMatchObject({ code: 'IDENTITY_STORE_CLOSED' })
  })

  test('with a nick that peers would drop are refused, and the old one stays', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const { id } = await store.ensureOwn(ANN, 'Ann', false)
    await expect(store.ensureOwn(ANN, 'a\nb', false)).rejects.toMatchObject({ code: 'IDENTITY_NICK_INVALID' })
    expect(store.own(ANN)).toMatchObject({ id, nick: 'Ann' })
  })
})

describe('foreign identities', () => {
  test('are learned byte for byte and survive a restart', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    for (const record of [foreign, second, third]) expect(learnt(store, record)).toBe(record.id)
    await store.close()
    const again = await openStore()
    for (const { id, nick, data, meta } of [foreign, second, third]) {
      const record = again.record(id as GxsIdentity['id'])
      expect(Buffer.compare(record?.data ?? data.subarray(1), data)).toBe(0)
      expect(Buffer.compare(record?.meta ?? meta.subarray(1), meta)).toBe(0)
      expect(again.known(id as GxsIdentity['id'])).toMatchObject({ id, nick })
    }
    expect(again.ids().toSorted()).toEqual([foreign.id, second.id, third.id].toSorted())
    expect(problems).toEqual([])
  })

  test('are refused when altered or too large, and nothing is remembered', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const altered = Uint8Array.from(foreign.meta)
    altered[altered.length - 1] = 1
    expect(learnt(store, { data: foreign.data, meta: altered })).toBe('bad-signature')
    expect(learnt(store, { data: foreign.data, meta: new Uint8Array(MAX_RECORD_BYTES) })).toBe(
      'record-too-large',
    )
    expect(store.ids()).toEqual([])
  })

  test('of two records of one identity the one published later stays, in any order', async () => {
    const keys = await smallKeys()
    const older = await createGxsIdentity('Old', keys, NOW_SEC)
    const newer = await createGxsIdentity('New', keys, NOW_SEC + 1)
    for (const order of [
      [older, newer],
      [newer, older],
    ]) {
      folder = await mkdtemp(join(root, 'f-'))
      const store = await openStore()
      for (const record of order) learnt(store, record)
      expect(store.known(older.id)?.nick).toBe('New')
      expect(store.record(older.id)?.meta).toEqual(newer.meta)
      await store.close()
      expect((await openStore()).known(older.id)?.nick).toBe('New')
    }
  })

  test('are bounded in number and bytes; the least recently used goes, also from the disk', async () => {
    for (const bound of [
      { maxForeign: 2 },
      { maxForeignBytes: second.data.length + 2 * foreign.meta.length },
    ]) {
      folder = await mkdtemp(join(root, 'f-'))
      const keys = await Promise.all([smallKeys(), smallKeys(), smallKeys()])
      const [a, b, c] = await Promise.all(keys.map((pair) => createGxsIdentity('x', pair, NOW_SEC)))
      if (!a || !b || !c) throw new Error('no identities')
      const size = a.data.length + a.meta.length
      const store = await openStore('maxForeign' in bound ? bound : { maxForeignBytes: 2 * size })
      learnt(store, a)
      learnt(store, b)
      store.known(a.id)
      learnt(store, c)
      expect(new Set(store.ids())).toEqual(new Set([a.id, c.id]))
      await store.close()
      expect((await readdir(join(folder, 'foreign'))).toSorted()).toEqual(
        [`${a.id}.gxs`, `${c.id}.gxs`].toSorted(),
      )
    }
  })

  test('never replace an own identity', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const keys = await smallKeys()
    const own = await (await openStore({ keys: { take: async () => keys } })).ensureOwn(ANN, 'Ann', false)
    const later = await createGxsIdentity('Mallory', keys, NOW_SEC + 100)
    const [, owner] = open.slice(-2)
    expect(learnt(store, later)).toBe(own.id)
    expect(owner && learnt(owner, later)).toBe(own.id)
    expect(store.known(own.id)?.nick).toBe('Mallory')
    expect(owner?.known(own.id)?.nick).toBe('Ann')
    expect(owner?.ids()).toEqual([own.id])
  })
})

describe('trouble with files', () => {
  test('corrupt ones are skipped, counted and named; the others are read', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    const ann = await store.ensureOwn(ANN, 'Ann', true)
    await store.ensureOwn(BEN, 'Ben', true)
    learnt(store, foreign)
    learnt(store, second)
    await store.close()
    const own = (await readdir(join(folder, 'own'))).map((name) => join(folder, 'own', name))
    const texts = await Promise.all(own.map((path) => readFile(path, 'utf8')))
    const benAt = texts.findIndex((text) => text.includes('Ben'))
    const bad = own[benAt] ?? ''
    await writeFile(bad, (texts[benAt] ?? '').slice(0, 500))
    await writeFile(join(folder, 'own', `${'0'.repeat(32)}.json`), texts[1 - benAt] ?? '')
    const cut = join(folder, 'foreign', `${foreign.id}.gxs`)
    await writeFile(cut, (await readFile(cut)).subarray(0, 100))
    await writeFile(
      join(folder, 'foreign', `${'1'.repeat(32)}.gxs`),
      await readFile(join(folder, 'foreign', `${second.id}.gxs`)),
    )
    await writeFile(join(folder, 'foreign', 'notes.txt'), 'not ours')
    const again = await openStore()
    expect(again.corruptFiles).toBe(4)
    expect(problems.map(({ code }) => code)).toEqual(new Array(4).fill('IDENTITY_FILE_CORRUPT'))
    expect(problems.map(({ message }) => message).join()).toContain(bad)
    expect(again.own(BEN)).toBeUndefined()
    expect(new Set(again.ids())).toEqual(new Set([ann.id, second.id]))
    expect((await again.ensureOwn(BEN, 'Ben', true)).nick).toBe('Ben')
  })

  test('a write that fails is told, and the identity works on', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    const store = await openStore()
    await rm(join(folder, 'own'), { recursive: true })
    const identity = await store.ensureOwn(ANN, 'Ann', true)
    expect(store.own(ANN)?.id).toBe(identity.id)
    expect(problems).toMatchObject([{ code: 'IDENTITY_FILE_NOT_WRITTEN' }])
    expect(problems[0]?.message).toContain(folder)
  })

  test('a folder that cannot be used is an error that names it', async () => {
    folder = await mkdtemp(join(root, 'f-'))
    await writeFile(join(folder, 'file'), '')
    await chmod(join(folder, 'file'), 0o600)
    folder = join(folder, 'file')
    await expect(openStore()).rejects.toMatchObject({
      code: 'IDENTITY_STORE_UNUSABLE',
      message: expect.stringContaining(folder),
    })
  })
})

test('a crowd that waits for keys is no leak of listeners', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  const keys = new KeyMaker({ maxReady: 0 })
  const store = await openStore({ keys, folder: join(root, 'crowd') })
  const crowd = Array.from({ length: 20 }, (_, i) => store.ensureOwn(`s${i}` as SpeakerId, `s${i}`, false))
  const ended = Promise.allSettled(crowd)
  await new Promise((resolve) => setImmediate(resolve))
  keys.close()
  await ended
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})
