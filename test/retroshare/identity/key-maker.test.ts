// Background key pairs: one at a time, bounded, fair, abortable.
import { describe, expect, test } from 'vitest'
import { KeyMaker } from '../../../src/retroshare/identity/key-maker.ts'

describe('a key maker', () => {
  test('gives each caller an RSA-2048 pair of its own, and then keeps some ready', async () => {
    const maker = new KeyMaker({ maxReady: 1 })
    const [first, second] = await Promise.all([maker.take(), maker.take()])
    expect(first.publicKey.asymmetricKeyDetails).toMatchObject({
      modulusLength: 2048,
      publicExponent: 65537n,
    })
    expect(first.publicKey.equals(second.publicKey)).toBe(false)
    maker.close()
  })

  test('makes nothing before the first is asked for, and refills its stock after', async () => {
    const maker = new KeyMaker({ maxReady: 1 })
    expect(maker.ready).toBe(0)
    await maker.take()
    await expect.poll(() => maker.ready, { timeout: 20_000, interval: 5 }).toBe(1)
    const pair = maker.take()
    expect(maker.ready).toBe(0)
    await pair
    maker.close()
  })

  test('serves those who wait in their order', async () => {
    const maker = new KeyMaker({ maxReady: 0 })
    const served: number[] = []
    await Promise.all([0, 1, 2].map((who) => maker.take().then(() => served.push(who))))
    expect(served).toEqual([0, 1, 2])
    maker.close()
  })

  test('refuses more callers than may wait', async () => {
    const maker = new KeyMaker({ maxReady: 0, maxWaiting: 1 })
    const first = maker.take()
    await expect(maker.take()).rejects.toMatchObject({ code: 'KEY_MAKER_FULL' })
    await first
    maker.close()
  })

  test('refuses all once closed', async () => {
    const maker = new KeyMaker()
    const waiting = maker.take()
    maker.close()
    await expect(waiting).rejects.toMatchObject({ code: 'KEY_MAKER_CLOSED' })
    await expect(maker.take()).rejects.toMatchObject({ code: 'KEY_MAKER_CLOSED' })
  })

  test('lets a caller go who gives up, and serves the next', async () => {
    const maker = new KeyMaker({ maxReady: 0, maxWaiting: 1 })
    const abort = new AbortController()
    const given = maker.take(abort.signal)
    abort.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    await expect(maker.take(abort.signal)).rejects.toThrow('enough')
    await maker.take()
    maker.close()
  })

  test('does not hold up the event loop', async () => {
    const maker = new KeyMaker({ maxReady: 0 })
    let turns = 0
    const count = (): void => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await maker.take()
    clearImmediate(timer)
    expect(turns).toBeGreaterThan(10)
    maker.close()
  })
})
