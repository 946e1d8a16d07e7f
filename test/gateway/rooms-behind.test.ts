// Writes of rooms and nicks while the database is away: kept in order, done when it is back, bounded.
import { expect, test } from 'vitest'
import type { Store } from '../../src/archive/store.ts'
import { RoomsBehind } from '../../src/gateway/rooms-behind.ts'
import type { ParticipantId } from '../../src/util/ids.ts'

/** A store that does what is asked unless it is away or broken, and notes it. */
function world() {
  const state = { isAway: false, isBroken: false, done: [] as string[] }
  const attempt = async <T>(what: string, value: T): Promise<T> => {
    await Promise.resolve()
    if (state.isAway || state.isBroken) throw new Error('failed')
    state.done.push(what)
    return value
  }
  const store = {
    rooms: {
      update: (localpart: string, { name }: { name?: string }) => attempt(`${localpart} is ${name}`, true),
      all: async () => [],
    },
    nicks: {
      apply: (room: string, claims: readonly { nick: string }[]) =>
        attempt(`${room} has ${claims.map(({ nick }) => nick)}`, undefined),
    },
    problem: () => (state.isAway ? 'away' : undefined),
  } as unknown as Store
  return { state, behind: new RoomsBehind(store) }
}

const claim = { nick: 'Ann', participant: '1'.repeat(32) as ParticipantId }

test('what is written while the database is away is written in order when it is back', async () => {
  const { state, behind } = world()
  state.isAway = true
  const written = [
    behind.rooms.update('a', { name: 'A' }),
    behind.nicks.apply('a', [claim]),
    behind.rooms.update('a', { name: 'B' }),
  ]
  await new Promise((resolve) => setImmediate(resolve))
  behind.resume()
  await new Promise((resolve) => setImmediate(resolve))
  expect(state.done).toEqual([])
  state.isAway = false
  behind.resume()
  expect(await Promise.all(written)).toEqual([true, undefined, true])
  expect(state.done).toEqual(['a is A', 'a has Ann', 'a is B'])
})

test('what fails though the database is there is told, and holds nothing up', async () => {
  const { state, behind } = world()
  state.isBroken = true
  await expect(behind.rooms.update('a', { name: 'A' })).rejects.toThrow('failed')
  state.isBroken = false
  expect(await behind.rooms.update('a', { name: 'B' })).toBe(true)
  expect(await behind.rooms.all()).toEqual([])
})

test('what waits is bounded, and fails when the gateway stops', async () => {
  const { state, behind } = world()
  state.isAway = true
  const waiting = Array.from({ length: 10_000 }, (_, n) => behind.rooms.update('a', { name: `${n}` }))
  await expect(behind.rooms.update('a', { name: 'more' })).rejects.toMatchObject({ code: 'ARCHIVE_FAILED' })
  await new Promise((resolve) => setImmediate(resolve))
  behind.stop()
  const ends = await Promise.allSettled(waiting)
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true)
  expect(state.done).toEqual([])
})
