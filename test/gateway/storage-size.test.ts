// How much is stored, as the map has it: read now and then, however often it is asked for.
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { freeBytes, StorageSize } from '../../src/gateway/storage-size.ts'

test('it is read at once, then every ten seconds while somebody asks, and news are told', async () => {
  let nowMs = 0
  let reads = 0
  const told: (() => void)[] = []
  const news = () => new Promise<void>((resolve) => told.push(resolve))
  const first = news()
  let answer: { messages: number; bytes: number } | undefined = { messages: 3, bytes: 100 }
  const storage = new StorageSize({
    archive: {
      stats: async () => {
        reads += 1
        if (!answer) throw new Error('lost')
        return answer
      },
    },
    data: tmpdir(),
    nowMs: () => nowMs,
    onChange: () => told.shift()?.(),
  })
  await first
  expect(storage.view).toEqual({ archive: answer, diskFreeBytes: expect.any(Number) })
  nowMs = 9999
  expect(storage.view.archive).toEqual(answer)
  expect(reads).toBe(1)
  answer = undefined
  const second = news()
  nowMs = 10_000
  expect(storage.view.archive?.messages).toBe(3)
  await second
  expect(storage.view.archive).toBeNull()
  expect(reads).toBe(2)
})

test('of a folder that is not there nothing can be told', async () => {
  expect(await freeBytes('/nowhere/at/all')).toBeNull()
  expect(await freeBytes(tmpdir())).toBeGreaterThan(0)
})
