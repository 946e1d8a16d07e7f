// Who asks for a sync waits for one that began after the question, and shares it.
import { expect, test } from 'vitest'
import { GroupSync } from '../../src/archive/group-sync.ts'

/** A disk whose syncs end when the test says so. */
function disk(): { group: GroupSync; begun: () => number; end: (error?: Error) => Promise<void> } {
  const running: ((error?: Error) => void)[] = []
  let begun = 0
  const group = new GroupSync(() => {
    begun++
    return new Promise((resolve, reject) => running.push((error) => (error ? reject(error) : resolve())))
  })
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    group,
    begun: () => begun,
    end: async (error) => {
      await turn()
      running.shift()?.(error)
      await turn()
    },
  }
}

test('who asks during a sync waits for the next one, which is one for all of them', async () => {
  const { group, begun, end } = disk()
  const ended: string[] = []
  const ask = (name: string): Promise<unknown> => group.sync().then(() => ended.push(name))
  const all = [ask('a'), ask('b')]
  await end()
  expect([begun(), ended]).toEqual([1, ['a', 'b']])
  all.push(ask('c'))
  await new Promise((resolve) => setImmediate(resolve))
  all.push(ask('d'), ask('e'))
  await end()
  expect([begun(), ended]).toEqual([3, ['a', 'b', 'c']])
  await end()
  await Promise.all(all)
  expect([begun(), ended]).toEqual([3, ['a', 'b', 'c', 'd', 'e']])
})

test('a sync that fails is told to those who waited for it, and the next one is tried', async () => {
  const { group, end } = disk()
  const first = group.sync()
  const told = expect(first).rejects.toThrow('the disk is gone')
  await end(new Error('the disk is gone'))
  await told
  const second = group.sync()
  await end()
  await expect(second).resolves.toBeUndefined()
})

test('it is idle when the sync that was asked for last has ended', async () => {
  const { group, end } = disk()
  let isIdle = false
  const first = group.sync()
  await new Promise((resolve) => setImmediate(resolve))
  const second = group.sync()
  const idle = group.idle().then(() => {
    isIdle = true
  })
  await end()
  expect(isIdle).toBe(false)
  await end()
  await Promise.all([first, second, idle])
})
