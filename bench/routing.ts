/** Claim: a seen-before test and the decision where to forward cost at most 2 us, flat up to 10^6 remembered ids. */

import type { RouterEnv } from '../src/retroshare/routing/router-port.ts'
import type { LobbyMessage } from '../src/retroshare/wire/item.ts'
import type { FriendId, LobbyId, NetworkId, ParticipantId } from '../src/util/ids.ts'
import { type Figure, median, short } from './support/figures.ts'

/** What ships is measured: the loader that runs this file adds to the cost of every function it loads. */
const DIST = '../dist/retroshare/routing'
const { stepRouter } = (await import(
  `${DIST}/router.js`
)) as typeof import('../src/retroshare/routing/router.ts')
const { SeenCache } = (await import(
  `${DIST}/seen-cache.js`
)) as typeof import('../src/retroshare/routing/seen-cache.ts')
const { createRouter } = (await import(
  `${DIST}/state.js`
)) as typeof import('../src/retroshare/routing/state.ts')

const OPERATIONS = 100_000
const ROUNDS = 7
const TARGET = '<= 2 us'

export function routing(): Promise<Figure[]> {
  // The router first: what the millions of ids of the caches leave behind is not its cost.
  const router = TALKS.flatMap((talk) => {
    const { newUs, repeatedUs } = routerUs(talk)
    const where = `${talk.friends} friends, ${1000 / talk.gapMs} a second by ${talk.authors}`
    return [
      { what: `new item to ${where}, without signature`, value: `${short(newUs)} us`, target: TARGET },
      { what: `repeated item, ${where}`, value: `${short(repeatedUs)} us`, target: TARGET },
    ]
  })
  const sizes = [1_000, 100_000, 1_000_000]
  const cache = sizes.map((size) => ({ size, us: cacheUs(size) }))
  const smallest = cache[0]?.us ?? Number.NaN
  return Promise.resolve([
    ...cache.map(({ size, us }) => ({
      what: `seen-before test and new id, ${size.toLocaleString('en')} remembered`,
      value: `${short(us)} us`,
      floor: `${short(mapUs(size))} us`,
      ratio: `${short(us / smallest)} to ${sizes[0]?.toLocaleString('en')} ids`,
      target: TARGET,
    })),
    ...router,
  ])
}

/** One test for a known id, one for a new one that is then added, while as many expire: half of it is one item. */
function cacheUs(size: number): number {
  const cache = new SeenCache(2 * size)
  let nowMs = 0
  for (let i = 0; i < size; i++) cache.add(id(i), ++nowMs + size, nowMs)
  const ids = Array.from({ length: OPERATIONS * ROUNDS }, (_, i) => id(size + i))
  return timed((i) => {
    const name = ids[i] ?? ''
    nowMs += 1
    cache.refresh(name, nowMs + size, nowMs)
    cache.add(name, nowMs + size, nowMs)
    cache.refresh(name, nowMs + size, nowMs)
  })
}

/** The floor: the same with a bare `Map` that forgets nothing. */
function mapUs(size: number): number {
  const map = new Map<string, number>()
  for (let i = 0; i < size; i++) map.set(id(i), i)
  const ids = Array.from({ length: OPERATIONS * ROUNDS }, (_, i) => id(size + i))
  return timed((i) => {
    const name = ids[i] ?? ''
    map.get(name)
    map.set(name, i)
    map.get(name)
  })
}

/** Within the pace at which friends take items: beyond it, items wait. */
interface Talk {
  readonly friends: number
  readonly authors: number
  readonly gapMs: number
}

const TALKS: readonly Talk[] = [
  { friends: 4, authors: 50, gapMs: 1_250 },
  { friends: 32, authors: 50, gapMs: 1_250 },
  { friends: 32, authors: 1_000, gapMs: 20 },
]

function routerUs({ friends, authors: speakers, gapMs }: Talk): { newUs: number; repeatedUs: number } {
  const router = createRouter({ network: 'retroshare' as NetworkId, self: 'f'.repeat(32) as FriendId })
  const env: RouterEnv & { nowMs: number } = {
    nowMs: 1_700_000_000_000,
    randomBytes: (count) => new Uint8Array(count),
    judge: () => ({ signature: 'good', isLinked: false }),
  }
  const lobby = '00000000000000aa' as LobbyId
  const names = Array.from({ length: friends }, (_, i) => i.toString(16).padStart(32, '0') as FriendId)
  const saved = { id: lobby, name: '', topic: '', flags: 4, isOwn: false, friends: names, formerFriends: [] }
  stepRouter(router, { kind: 'restore', lobbies: [saved] }, env)
  for (const friend of names) stepRouter(router, { kind: 'friend-up', friend }, env)
  const raw = new Uint8Array(450)
  const ids = Array.from({ length: OPERATIONS * ROUNDS }, (_, i) => id(i))
  const authors = Array.from(
    { length: speakers },
    (_, i) => i.toString(16).padStart(32, '0') as ParticipantId,
  )
  const step = (i: number, friend: FriendId | undefined): void => {
    const item: LobbyMessage = {
      kind: 'lobby-message',
      lobby,
      messageId: ids[i] ?? '',
      nick: 'nick',
      author: authors[i % authors.length] as ParticipantId,
      signature: raw,
      flags: 0x201,
      sentAtSec: Math.floor(env.nowMs / 1000),
      text: 'a message of ordinary length, as people write them',
      parent: '0000000000000000',
    }
    if (friend) stepRouter(router, { kind: 'bounced', friend, item, raw }, env)
  }
  const newUs = timed((i) => {
    env.nowMs += gapMs
    step(i, names[0])
  })
  const repeatedUs = timed((i) => step(ids.length - 1 - (i % 1_000), names[1]))
  return { newUs, repeatedUs }
}

/** Median CPU microseconds of one operation over several rounds. */
function timed(operation: (i: number) => void): number {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < OPERATIONS; i++) operation(round * OPERATIONS + i)
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / OPERATIONS)
  }
  return median(rounds)
}

const id = (i: number): string => i.toString(16).padStart(16, '0')
