// Bounded slow work.
import { expect, test } from 'vitest'
import { WorkLimit } from '../../src/xmpp/work-limit.ts'

test('work beyond the running waits its turn, and beyond the waiting is refused', async () => {
  const limit = new WorkLimit(1, 1)
  const order: string[] = []
  let finish = (): void => {}
  const first = limit.run(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    order.push('first')
    return 1
  })
  const second = limit.run(async () => {
    order.push('second')
    return 2
  })
  expect(await limit.run(async () => 3)).toBeUndefined()
  finish()
  expect(await Promise.all([first, second])).toEqual([1, 2])
  expect(order).toEqual(['first', 'second'])
  expect(await limit.run(async () => 4)).toBe(4)
})

test('work that fails makes room for the next', async () => {
  const limit = new WorkLimit(1, 0)
  await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await limit.run(async () => 1)).toBe(1)
})
