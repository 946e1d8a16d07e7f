// Slow commands and slow steps of a start say what they do, quick ones nothing.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { bytesIn, withProgress } from '../../src/cli/progress.ts'
import { toldIfSlow } from '../../src/gateway/slow-step.ts'

function pending<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

describe('on a virtual clock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('a slow command tells every two seconds, and no more when it is over', async () => {
    const lines: string[] = []
    const { promise, resolve } = pending<string>()
    let done = 0
    const running = withProgress({ err: (line) => lines.push(line) }, () => `${++done} of 9`, promise)
    await vi.advanceTimersByTimeAsync(1_999)
    expect(lines).toEqual([])
    await vi.advanceTimersByTimeAsync(2_001)
    expect(lines).toEqual(['1 of 9', '2 of 9'])
    resolve('done')
    expect(await running).toBe('done')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a failure is passed on, and ends the telling', async () => {
    const running = withProgress({ err: () => undefined }, () => '', Promise.reject(new Error('no')))
    await expect(running).rejects.toThrow('no')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a step of a start is told once, if it is slow', async () => {
    const tell = vi.fn()
    const { promise, resolve } = pending<number>()
    const slow = toldIfSlow(tell, promise)
    await vi.advanceTimersByTimeAsync(5_000)
    resolve(1)
    expect(await slow).toBe(1)
    expect(tell).toHaveBeenCalledTimes(1)
    expect(await toldIfSlow(tell, Promise.resolve(2))).toBe(2)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(tell).toHaveBeenCalledTimes(1)
  })
})

test('the size of a folder is that of all files below it, and nothing where there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-progress-'))
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  writeFileSync(join(folder, 'x'), '12345')
  writeFileSync(join(folder, 'a/b/y'), '678')
  expect(await bytesIn(folder)).toBe(8)
  expect(await bytesIn(join(folder, 'nowhere'))).toBe(0)
  rmSync(folder, { recursive: true })
})
