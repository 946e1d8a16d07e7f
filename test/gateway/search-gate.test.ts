// Searches of archives: one at a time, in order, and not too many.
import { expect, test } from 'vitest'
import { SearchGate } from '../../src/gateway/search-gate.ts'
import type { ArchiveAnswer } from '../../src/muc/archive-port.ts'

const FOUND: ArchiveAnswer = { kind: 'not-found' }

test('searches are done one after the other, and one that fails stops nobody', async () => {
  const gate = new SearchGate()
  const order: string[] = []
  const search = (name: string) => async (): Promise<ArchiveAnswer> => {
    order.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    order.push(`${name} ends`)
    if (name === 'b') throw new Error('no disk')
    return FOUND
  }
  const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => gate.run(search(name))))
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('of too many at a time the last are told so, and later there is room again', async () => {
  const gate = new SearchGate()
  const held: (() => void)[] = []
  const first = gate.run(() => new Promise((resolve) => held.push(() => resolve(FOUND))))
  const others = Array.from({ length: 60 }, () => gate.run(async () => FOUND))
  const refused = await Promise.all(others.slice(49))
  expect(refused).toEqual(Array(11).fill({ kind: 'busy' }))
  for (const release of held) release()
  expect(await first).toEqual(FOUND)
  expect(await Promise.all(others.slice(0, 49))).toEqual(Array(49).fill(FOUND))
  expect(await gate.run(async () => FOUND)).toEqual(FOUND)
})
