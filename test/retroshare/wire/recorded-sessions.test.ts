// What real nodes wrote and read: every recorded item decodes, encodes to the same bytes, and verifies.
import { createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { challengeCode } from '../../../src/retroshare/wire/challenge.ts'
import { encodeItem, signedBytes } from '../../../src/retroshare/wire/codec.ts'
import { decodeIdentity, type IdentityRecord } from '../../../src/retroshare/wire/gxs-record.ts'
import type { Item } from '../../../src/retroshare/wire/item.ts'
import type { FriendId, LobbyId, ParticipantId } from '../../../src/util/ids.ts'
import { filesNamed, type Recording, readVector, recordings, typeOf } from './recorded.ts'

const itemsOf = (recording: Recording): Item[] =>
  recording.items.flatMap(({ decoded }) => (decoded.ok ? [decoded.value] : []))

const kindOf = (item: Item): string =>
  item.kind === 'unknown' ? `unknown ${item.service.toString(16)}` : item.kind

const rsaKey = (der: Uint8Array) => createPublicKey({ key: Buffer.from(der), format: 'der', type: 'pkcs1' })

/** The identity record that an item carries. */
function recordIn(item: Item): IdentityRecord | undefined {
  if (item.kind !== 'gxs-group') return undefined
  const record = decodeIdentity(item.data, item.meta)
  return record.ok ? record.value : undefined
}

/** Admin keys of all identities whose record is in the recording. */
function keysOf(recording: Recording): Map<ParticipantId, ReturnType<typeof rsaKey>> {
  const keys = new Map<ParticipantId, ReturnType<typeof rsaKey>>()
  for (const item of itemsOf(recording)) {
    const record = recordIn(item)
    if (record) keys.set(record.meta.gxsId, rsaKey(record.adminKey))
  }
  return keys
}

function verdictsOf(
  recording: Recording,
  keys = keysOf(recording),
): { good: number; bad: number; unknown: number } {
  const count = { good: 0, bad: 0, unknown: 0 }
  for (const item of itemsOf(recording)) {
    if (item.kind !== 'lobby-message' && item.kind !== 'lobby-event') continue
    const key = keys.get(item.author)
    if (!key) count.unknown++
    else if (verify('RSA-SHA1', signedBytes(item), key, item.signature)) count.good++
    else count.bad++
  }
  return count
}

test('every recorded item of every kind decodes and encodes to the same bytes', () => {
  const kinds = new Map<string, number>()
  const wrong: string[] = []
  for (const { file, items } of recordings)
    for (const { line, bytes, decoded } of items) {
      if (!decoded.ok) {
        wrong.push(`${file}:${line} ${typeOf(bytes)} ${decoded.error.code} at ${decoded.error.offset}`)
        continue
      }
      kinds.set(kindOf(decoded.value), (kinds.get(kindOf(decoded.value)) ?? 0) + 1)
      if (!Buffer.from(bytes).equals(encodeItem(decoded.value))) wrong.push(`${file}:${line} differs`)
    }
  // Made wrong on purpose: a message that is not UTF-8, and one with a byte too many.
  expect(wrong).toEqual([
    'foreign/badinput/alice.hex:138 0012/17 bad-utf8 at 22',
    'foreign/badinput/alice.hex:181 0012/17 trailing-bytes at 373',
  ])
  expect(Object.fromEntries([...kinds].sort())).toEqual({
    avatar: 4,
    'avatar-info': 4,
    bandwidth: 722,
    contact: 196,
    'gxs-group': 124,
    'gxs-group-entry': 200,
    'gxs-pull': 1,
    'gxs-statistics': 4,
    'gxs-sync-request': 62,
    'gxs-transaction': 779,
    heartbeat: 1198,
    'identity-list': 190,
    'lobby-challenge': 19,
    'lobby-event': 364,
    'lobby-invite': 91,
    'lobby-invite-old': 45,
    'lobby-list': 279,
    'lobby-list-request': 172,
    'lobby-message': 800,
    'lobby-unsubscribe': 10,
    'pgp-key': 9,
    'pgp-list': 175,
    'private-message': 1219,
    'rtt-ping': 611,
    'rtt-pong': 598,
    'service-info': 259,
    'slice-probe': 239,
    status: 186,
    'status-string': 11,
    'unknown 19': 66,
    'unknown 215': 26,
    'unknown 216': 26,
    'unknown 217': 26,
    'unknown 218': 22,
    'unknown 230': 286,
  })
})

test('no line of a recording is left out, and only the slice made wrong on purpose is refused', () => {
  expect(recordings).toHaveLength(66)
  expect(recordings.reduce((sum, { dataLines }) => sum + dataLines, 0)).toBe(10625)
  expect(recordings.reduce((sum, { items }) => sum + items.length, 0)).toBe(9025)
  expect(recordings.reduce((sum, { straySlices }) => sum + straySlices, 0)).toBe(0)
  expect(recordings.flatMap(({ file, refusals }) => refusals.map((one) => ({ file, ...one })))).toEqual([
    {
      file: 'foreign/badinput/alice.hex',
      line: 189,
      failure: expect.objectContaining({ code: 'bad-slice-flags' }),
    },
  ])
})

test('the items are those that an independent decoder counted', () => {
  const checks = filesNamed('.check.txt')
  expect(checks).toHaveLength(49)
  for (const check of checks) {
    const text = readVector(check)
    const counts = new Map<string, number>()
    for (const { direction, bytes } of recordings.find(isOf(check))?.items ?? []) {
      const key = `${direction} ${typeOf(bytes)}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const found = [...counts].sort().map(([key, count]) => `${key}=${count}`)
    expect(`items: ${found.join(' ')}`, check).toBe(/^items:.*$/m.exec(text)?.[0].trim())
  }
})

test('identity records and lobby items verify as an independent verifier found', () => {
  const totals = { records: 0, good: 0, bad: 0, unknown: 0 }
  for (const check of filesNamed('.check.txt')) {
    const numbers = readVector(check).match(/\d+/g)?.slice(0, 5).map(Number) ?? []
    const [records = 0, badRecords, good = 0, bad = 0, unknown = 0] = numbers
    const recording = recordings.find(isOf(check))
    if (!recording) throw new Error(check)
    const refused = recording.items.filter(({ decoded }) => !decoded.ok).length
    expect(badRecords).toBe(0)
    expect(verifiedRecords(recording), check).toBe(records)
    expect(verdictsOf(recording), check).toEqual({ good: good - refused, bad, unknown })
    totals.records += records
    totals.good += good
    totals.bad += bad
    totals.unknown += unknown
  }
  expect(totals).toEqual({ records: 70, good: 803, bad: 1, unknown: 64 })
})

test('lobby items between real nodes verify too', () => {
  const real = recordings.filter(({ file }) => !/^(foreign|foyer)\//.test(file))
  const keys = new Map(real.flatMap((one) => [...keysOf(one)]))
  const verdicts = real.map((one) => verdictsOf(one, keys))
  expect(verdicts.map(({ good }) => good)).toEqual([15, 15, 9, 9, 16, 16, 30, 49, 19])
  expect(verdicts.every(({ bad, unknown }) => bad === 0 && unknown === 0)).toBe(true)
})

test("a real node's own contact names its address, its version and how it sees the receiver", () => {
  const contact = recordings
    .find(({ file }) => file === 'long/A.hex')
    ?.items.find(({ direction, bytes }) => direction === 'W' && typeOf(bytes) === '0011/05')
  expect(contact?.decoded.ok && contact.decoded.value).toMatchObject({
    kind: 'contact',
    pgpId: 'C9F221757ACFB42F',
    sslId: '798280439d86a30616733a9055413fe9',
    location: 'A-loc',
    version: expect.stringContaining('0.6.7'),
    netMode: 4,
    vsDisc: 2,
    vsDht: 0,
    reach: { kind: 'open', localV4: { family: 4, host: '127.0.0.1', port: 19101 }, localV6: null },
  })
})

test('challenge codes in recordings are those of receiver, lobby and message', () => {
  let compared = 0
  for (const check of filesNamed('.check.txt'))
    for (const match of readVector(check).matchAll(/code (\w+): receiver (\w+) lobby (\w+) msg (\w+)/g)) {
      const [, code, receiver, lobby, message = ''] = match
      expect(challengeCode(receiver as FriendId, lobby as LobbyId, message), check).toBe(code)
      compared++
    }
  expect(compared).toBe(9)
})

test('between Foyer and real nodes all lobby items verify, and challenges are those of a lobby and item of the session', () => {
  const foyers = recordings.filter(({ file }) => file.startsWith('foyer/'))
  const keys = new Map(foyers.flatMap((one) => [...keysOf(one)]))
  const verdicts = foyers.map((one) => verdictsOf(one, keys))
  expect(verdicts.map(({ good }) => good)).toEqual([6, 3, 30, 14, 11, 10, 13, 33])
  expect(verdicts.every(({ bad, unknown }) => bad === 0 && unknown === 0)).toBe(true)
  expect(challengesIn(foyers)).toEqual([
    { file: 'foyer/private-alice.hex', direction: 'R', isFound: true },
    { file: 'foyer/private-alice.hex', direction: 'W', isFound: true },
    { file: 'foyer/private-bob.hex', direction: 'W', isFound: true },
    { file: 'foyer/private-bob.hex', direction: 'R', isFound: true },
    { file: 'foyer/xeres.hex', direction: 'R', isFound: true },
    { file: 'foyer/xeres.hex', direction: 'R', isFound: true },
  ])
})

test('identity records are those that an independent decoder listed', () => {
  let compared = 0
  for (const list of filesNamed('.identities.json'))
    for (const { id, nick, flags, data, meta } of JSON.parse(readVector(list))) {
      const record = decodeIdentity(Buffer.from(data, 'hex'), Buffer.from(meta, 'hex'))
      expect(record.ok && [record.value.meta.gxsId, record.value.meta.nick]).toEqual([id, nick])
      expect(record.ok && record.value.meta.groupFlags).toBe(Number(flags))
      compared++
    }
  expect(compared).toBe(55)
})

/** Whether a recording is the one that a check file speaks of. */
const isOf =
  (check: string) =>
  ({ file }: Recording): boolean =>
    file === check.replace('.check.txt', '.hex')

function verifiedRecords(recording: Recording): number {
  return itemsOf(recording).filter((item) => {
    const record = recordIn(item)
    return record && verify('RSA-SHA1', record.signedBytes, rsaKey(record.adminKey), record.adminSignature)
  }).length
}

/** The challenges of sessions of one node, and whether the lobby and item were found that they are made of. */
function challengesIn(
  sessions: readonly Recording[],
): { file: string; direction: 'R' | 'W'; isFound: boolean }[] {
  const ids = new Map<LobbyId, Set<string>>()
  for (const item of sessions.flatMap(itemsOf))
    if (item.kind === 'lobby-message' || item.kind === 'lobby-event')
      ids.set(item.lobby, (ids.get(item.lobby) ?? new Set()).add(item.messageId))
  return sessions.flatMap(({ file, items }) =>
    items.flatMap(({ direction, decoded }) => {
      if (!decoded.ok || decoded.value.kind !== 'lobby-challenge') return []
      const { code } = decoded.value
      const receiver = sslIdOf(items, direction === 'R' ? 'W' : 'R')
      const isFound = [...ids].some(([lobby, messages]) =>
        [...messages].some((message) => challengeCode(receiver, lobby, message) === code),
      )
      return [{ file, direction, isFound }]
    }),
  )
}

/** Of the node that said what went this way: its first contact is its own. */
function sslIdOf(items: Recording['items'], way: 'R' | 'W'): FriendId {
  for (const { direction, decoded } of items)
    if (direction === way && decoded.ok && decoded.value.kind === 'contact')
      return decoded.value.sslId as FriendId
  throw new Error('no contact')
}
