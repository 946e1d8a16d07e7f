// Which link of a friend lives: each rule by itself, then two machines on a simulated network in virtual time.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  mayOpenDial,
  type PairEffect,
  type PairEnv,
  type PairEvent,
  type PairState,
  startPair,
  stepPair,
  wakeAtMs,
  writerOf,
} from '../../../src/retroshare/peer/link-pair.ts'

const TIMINGS = { raceMs: 5000, holdMs: 2000, settleMs: 5000 }
const at = (nowMs: number, isLower = true): PairEnv => ({ nowMs, isLower, timings: TIMINGS })

/** Steps through events at their times; what the last one caused. */
function play(state: PairState, isLower: boolean, ...events: [number, PairEvent][]): PairEffect[] {
  let effects: PairEffect[] = []
  for (const [nowMs, event] of events) effects = stepPair(state, event, at(nowMs, isLower))
  return effects
}

const DIALLED = { kind: 'verified', link: 1, role: 'dialled' } as const
const ACCEPTED = { kind: 'verified', link: 2, role: 'accepted' } as const
const heard = (link: number): PairEvent => ({ kind: 'heard', link })
const closed = (link: number): PairEvent => ({ kind: 'closed', link })

test('a friend is up with the first byte and down with the last link', () => {
  const state = startPair()
  expect(play(state, true, [0, DIALLED])).toEqual([])
  expect(writerOf(state, at(0))).toBeUndefined()
  expect(play(state, true, [10, heard(1)])).toEqual([{ kind: 'up', link: 1 }])
  expect(writerOf(state, at(10))).toBe(1)
  expect(play(state, true, [20, heard(1)])).toEqual([])
  expect(play(state, true, [30, closed(1)])).toEqual([{ kind: 'down', replaced: false }])
  expect(writerOf(state, at(30))).toBeUndefined()
})

test('a link that ends in silence was never up', () => {
  expect(play(startPair(), true, [0, DIALLED], [10, closed(1)])).toEqual([])
})

test('our dial may not be used when an accepted link exists', () => {
  const state = startPair()
  expect(mayOpenDial(state)).toBe(true)
  play(state, true, [0, ACCEPTED])
  expect(mayOpenDial(state)).toBe(false)
})

test('a link accepted during the dial is read, the dialled one is written on', () => {
  const state = startPair()
  play(state, true, [0, DIALLED], [10, heard(1)])
  expect(play(state, true, [20, ACCEPTED], [30, heard(2)])).toEqual([])
  expect(writerOf(state, at(30))).toBe(1)
})

test('while our dial is silent nothing is written on the accepted link, for a limited time', () => {
  const state = startPair()
  expect(play(state, true, [0, DIALLED], [10, ACCEPTED], [20, heard(2)])).toEqual([{ kind: 'up', link: 2 }])
  expect(wakeAtMs(state, at(20))).toBe(TIMINGS.holdMs)
  expect(writerOf(state, at(TIMINGS.holdMs - 1))).toBeUndefined()
  expect(writerOf(state, at(TIMINGS.holdMs))).toBe(2)
})

test('the friend stays up when the accepted link is closed just before our dial is heard', () => {
  const state = startPair()
  play(state, true, [0, DIALLED], [10, ACCEPTED], [20, heard(2)])
  expect(play(state, true, [100, closed(2)])).toEqual([])
  expect(play(state, true, [110, heard(1)])).toEqual([])
  expect(writerOf(state, at(110))).toBe(1)
})

test('it goes down when our dial is then not heard in time', () => {
  const state = startPair()
  play(state, true, [0, DIALLED], [10, ACCEPTED], [20, heard(2)], [100, closed(2)])
  expect(play(state, true, [wakeAtMs(state, at(100)) ?? 0, { kind: 'wake' }])).toEqual([
    { kind: 'down', replaced: false },
  ])
})

test('when a dial is refused the accepted link is written on at once', () => {
  const state = startPair()
  play(state, true, [0, DIALLED], [10, ACCEPTED], [20, heard(2)])
  expect(play(state, true, [30, closed(1)])).toEqual([])
  expect(writerOf(state, at(30))).toBe(2)
})

test('of two links that both live the higher id gives up its own after a while, and waits until it is gone', () => {
  const state = startPair()
  play(state, false, [0, DIALLED], [10, heard(1)], [20, ACCEPTED], [30, heard(2)])
  const settled = wakeAtMs(state, at(30, false)) ?? 0
  expect(settled).toBe(30 + TIMINGS.settleMs)
  expect(play(state, false, [settled - 1, { kind: 'wake' }])).toEqual([])
  expect(play(state, false, [settled, { kind: 'wake' }])).toEqual([{ kind: 'retire', link: 1 }])
  expect(writerOf(state, at(settled, false))).toBeUndefined()
  expect(play(state, false, [settled + 50, closed(1)])).toEqual([])
  expect(writerOf(state, at(settled + 50, false))).toBe(2)
})

test('the lower id gives up nothing', () => {
  const state = startPair()
  play(state, true, [0, DIALLED], [10, heard(1)], [20, ACCEPTED], [30, heard(2)])
  expect(wakeAtMs(state, at(30))).toBeUndefined()
  expect(play(state, true, [60_000, { kind: 'wake' }])).toEqual([])
})

test.each(['dialled', 'accepted'] as const)(
  'a link accepted long after the %s one means that the friend began anew',
  (role) => {
    const state = startPair()
    play(state, true, [0, { kind: 'verified', link: 1, role }], [10, heard(1)])
    expect(play(state, true, [60_000, ACCEPTED])).toEqual([])
    expect(writerOf(state, at(60_000))).toBe(1)
    expect(play(state, true, [60_010, heard(2)])).toEqual([
      { kind: 'close', link: 1, reason: 'replaced' },
      { kind: 'down', replaced: true },
      { kind: 'up', link: 2 },
    ])
    expect(writerOf(state, at(60_010))).toBe(2)
  },
)

test('a friend that opens many links keeps the newest ones', () => {
  const state = startPair()
  for (let link = 1; link <= 4; link++)
    expect(play(state, true, [link, { kind: 'verified', link, role: 'accepted' }])).toEqual([])
  expect(play(state, true, [5, { kind: 'verified', link: 5, role: 'accepted' }])).toEqual([
    { kind: 'close', link: 1, reason: 'too-many' },
  ])
})

/** What happens in one network of two nodes that dial each other once. */
interface Scene {
  readonly dialAtMs: readonly [number, number]
  /** One way, of the link that node 0 or node 1 dials. */
  readonly delayMs: readonly [number, number]
  readonly verifyMs: readonly [number, number]
  readonly isZeroLower: boolean
}

interface Side {
  readonly pair: PairState
  readonly isLower: boolean
  readonly heard: number[]
  /** Links on which this side wrote its end. */
  readonly ended: Set<number>
  said: number
  ups: number
  downs: number
}

/** Plays a scene to its end. Link 0 is dialled by side 0, link 1 by side 1; a handshake takes four ways, then one. */
function simulate({ dialAtMs, delayMs, verifyMs, isZeroLower }: Scene): { sides: Side[]; live: number } {
  const queue: { atMs: number; order: number; act: () => void }[] = []
  let nowMs = 0
  let order = 0
  const later = (ms: number, act: () => void): void => {
    queue.push({ atMs: nowMs + ms, order: order++, act })
  }
  const newSide = (isLower: boolean): Side => ({
    pair: startPair(),
    isLower,
    heard: [],
    ended: new Set(),
    said: 0,
    ups: 0,
    downs: 0,
  })
  const sides = [newSide(isZeroLower), newSide(!isZeroLower)] as const
  const live = new Set<number>()
  const sideOf = (who: number): Side => sides[who as 0 | 1]
  const env = (who: number): PairEnv => at(nowMs, sideOf(who).isLower)
  const delay = (link: number): number => delayMs[link as 0 | 1]

  const step = (who: number, event: PairEvent): void => {
    for (const effect of stepPair(sideOf(who).pair, event, env(who))) {
      if (effect.kind === 'up') sideOf(who).ups++
      else if (effect.kind === 'down') sideOf(who).downs++
      else end(who, effect.link)
    }
    const wake = wakeAtMs(sideOf(who).pair, env(who))
    if (wake !== undefined && wake > nowMs) later(wake - nowMs, () => step(who, { kind: 'wake' }))
  }
  /** An end of the stream, after all that was written; the other side answers with its own. */
  const end = (who: number, link: number): void => {
    if (sideOf(who).ended.has(link)) return
    sideOf(who).ended.add(link)
    later(delay(link), () => {
      const other = 1 - who
      const wasEnded = sideOf(other).ended.has(link)
      end(other, link)
      live.delete(link)
      step(other, { kind: 'closed', link })
      if (wasEnded) step(who, { kind: 'closed', link })
    })
  }
  const write = (who: number, link: number, number: number | undefined): void =>
    later(delay(link), () => {
      step(1 - who, { kind: 'heard', link })
      if (number !== undefined) sideOf(1 - who).heard.push(number)
    })
  const opened = (who: number, link: number): void => {
    if (sideOf(who).ended.has(link)) return
    step(who, { kind: 'verified', link, role: who === link ? 'dialled' : 'accepted' })
    write(who, link, undefined)
  }
  const talk = (who: number): void => {
    const link = sideOf(who).ups > 0 ? writerOf(sideOf(who).pair, env(who)) : undefined
    if (link !== undefined && sideOf(who).said < 200) write(who, link, sideOf(who).said++)
    if (nowMs < 15_000) later(20, () => talk(who))
  }
  for (const who of [0, 1] as const) {
    const other = (1 - who) as 0 | 1
    later(dialAtMs[who], () => {
      if (sideOf(who).pair.links.length > 0) return
      later(4 * delay(who), () => {
        const isUsed = mayOpenDial(sideOf(who).pair)
        if (isUsed) later(verifyMs[who], () => opened(who, who))
        else sideOf(who).ended.add(who)
        later(delay(who), () => {
          if (isUsed) live.add(who)
          later(verifyMs[other], () => {
            if (isUsed) opened(other, who)
          })
        })
      })
    })
    talk(who)
  }
  while (queue.length > 0) {
    queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
    const next = queue.shift()
    if (!next) break
    nowMs = next.atMs
    next.act()
  }
  return { sides: [...sides], live: live.size }
}

test('whenever two nodes dial, and however slow the network is, one link remains and everything arrives in order', () => {
  const ms = (max: number): fc.Arbitrary<[number, number]> => fc.tuple(fc.nat(max), fc.nat(max))
  const scene = fc.record({
    dialAtMs: ms(1500),
    delayMs: fc.tuple(fc.integer({ min: 1, max: 250 }), fc.integer({ min: 1, max: 250 })),
    verifyMs: fc.constant<[number, number]>([1, 1]),
    isZeroLower: fc.boolean(),
  })
  fc.assert(
    fc.property(scene, (given) => {
      const { sides, live } = simulate(given)
      expect(live).toBe(1)
      for (const side of sides)
        expect({ ups: side.ups, downs: side.downs, said: side.said }).toEqual({ ups: 1, downs: 0, said: 200 })
      const [a, b] = sides as [Side, Side]
      expect(a.heard).toEqual(Array.from({ length: 200 }, (_, i) => i))
      expect(b.heard).toEqual(a.heard)
    }),
    { numRuns: 150 },
  )
})
