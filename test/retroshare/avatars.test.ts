// Pictures of friends: who is asked and when, what is taken, what is forgotten.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Avatars, avatarRequest, MAX_AVATAR_BYTES } from '../../src/retroshare/avatars.ts'
import { decodeItem, encodeItem } from '../../src/retroshare/wire/codec.ts'
import { utf8 } from '../../src/util/bytes.ts'
import type { FriendId } from '../../src/util/ids.ts'

const ANN = 'aa'.repeat(16) as FriendId
const BEN = 'bb'.repeat(16) as FriendId
const CAT = utf8('a cat')
const DOG = utf8('a dog')

let avatars: Avatars
let asked: FriendId[]
let nowMs: number
beforeEach(() => {
  avatars = new Avatars()
  asked = []
  nowMs = 0
})

/** Time goes on by seconds, with a tick each; returns who has lost a picture. */
function wait(seconds: number, canSend = true): FriendId[] {
  const changed: FriendId[] = []
  for (let i = 0; i < seconds; i++) {
    nowMs += 1000
    const ask = (friend: FriendId): boolean => {
      if (canSend) asked.push(friend)
      return canSend
    }
    changed.push(...avatars.tick(nowMs, ask))
  }
  return changed
}
const tells = (friend: FriendId, atSec: number): boolean =>
  avatars.take(friend, { kind: 'avatar-info', atSec }, nowMs)
const sends = (friend: FriendId, image: Uint8Array): boolean =>
  avatars.take(friend, { kind: 'avatar', image }, nowMs)

test('a friend that tells of its picture is asked at once, and what it answers is its picture', () => {
  avatars.opened(ANN, nowMs)
  expect(tells(ANN, 100)).toBe(false)
  expect(avatars.of(ANN)).toBeNull()
  wait(1)
  expect(asked).toEqual([ANN])
  expect(sends(ANN, CAT)).toBe(true)
  expect(avatars.of(ANN)).toEqual(CAT)
  wait(100)
  expect(asked).toEqual([ANN])
})

test('a friend that tells of none is asked once all the same, after three seconds', () => {
  avatars.opened(ANN, nowMs)
  wait(2)
  expect(asked).toEqual([])
  wait(1)
  expect(asked).toEqual([ANN])
  sends(ANN, CAT)
  wait(100)
  expect(asked).toEqual([ANN])
})

test('a friend that does not answer within a minute has none, and loses the one it had', () => {
  avatars.opened(ANN, nowMs)
  wait(3)
  expect(wait(59)).toEqual([])
  expect(avatars.of(ANN)).toBeNull()
  expect(wait(1)).toEqual([ANN])
  expect(avatars.of(ANN)).toEqual(new Uint8Array())
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  avatars.closed(ANN)
  avatars.opened(ANN, nowMs)
  expect(wait(63)).toEqual([ANN])
  expect(avatars.of(ANN)).toEqual(new Uint8Array())
  expect(wait(100)).toEqual([])
})

test('an empty answer says that there is none', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  tells(ANN, 101)
  wait(10)
  expect(sends(ANN, new Uint8Array())).toBe(true)
  expect(avatars.of(ANN)).toEqual(new Uint8Array())
})

test('after a lost link the picture is kept, and not asked for again when it is still that of the same time', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  avatars.closed(ANN)
  wait(100)
  expect(avatars.of(ANN)).toEqual(CAT)
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(100)
  expect(asked).toEqual([ANN])
})

test.each([
  ['later', 101],
  ['earlier, as clocks are set', 99],
])('one of another time is asked for, be it %s', (_, atSec) => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  tells(ANN, atSec)
  wait(10)
  expect(asked).toEqual([ANN, ANN])
  expect(sends(ANN, DOG)).toBe(true)
  expect(avatars.of(ANN)).toEqual(DOG)
})

test('the same picture again is no change, and the same object', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  const before = avatars.of(ANN)
  tells(ANN, 101)
  wait(10)
  expect(sends(ANN, CAT.slice())).toBe(false)
  expect(avatars.of(ANN)).toBe(before)
  expect(asked).toHaveLength(2)
})

test('one that is set within the second of the one before is asked for too', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  tells(ANN, 100)
  wait(10)
  expect(asked).toHaveLength(2)
})

test('what is told while an answer is awaited is asked for after it', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  tells(ANN, 101)
  wait(20)
  expect(asked).toHaveLength(1)
  sends(ANN, CAT)
  wait(1)
  expect(asked).toHaveLength(2)
  sends(ANN, DOG)
  expect(avatars.of(ANN)).toEqual(DOG)
})

test('no friend is asked more often than every ten seconds', () => {
  avatars.opened(ANN, nowMs)
  for (let i = 0; i < 100; i++) {
    tells(ANN, i)
    wait(1)
    sends(ANN, utf8(String(i)))
  }
  expect(asked).toHaveLength(10)
})

test('a friend that says without a time that it has one is asked', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(1)
  sends(ANN, CAT)
  avatars.told(ANN, null, nowMs)
  wait(10)
  expect(asked).toHaveLength(2)
})

test('what could not be asked is asked later', () => {
  avatars.opened(ANN, nowMs)
  tells(ANN, 100)
  wait(5, false)
  wait(1)
  expect(asked).toEqual([ANN])
  expect(sends(ANN, CAT)).toBe(true)
})

describe('not taken is', () => {
  test('what nobody asked for, and a second answer', () => {
    expect(sends(ANN, CAT)).toBe(false)
    avatars.opened(ANN, nowMs)
    expect(sends(ANN, CAT)).toBe(false)
    wait(3)
    expect(sends(BEN, DOG)).toBe(false)
    expect(sends(ANN, CAT)).toBe(true)
    expect(sends(ANN, DOG)).toBe(false)
    expect(avatars.of(ANN)).toEqual(CAT)
    expect(avatars.dropped).toEqual(new Map([['AVATAR_NOT_ASKED', 4]]))
  })

  test('what comes over a later link than the question', () => {
    avatars.opened(ANN, nowMs)
    wait(3)
    avatars.closed(ANN)
    avatars.opened(ANN, nowMs)
    expect(sends(ANN, CAT)).toBe(false)
  })

  test('what is larger than nodes may send', () => {
    avatars.opened(ANN, nowMs)
    wait(3)
    expect(sends(ANN, new Uint8Array(MAX_AVATAR_BYTES + 1))).toBe(false)
    expect(avatars.dropped).toEqual(new Map([['AVATAR_TOO_LARGE', 1]]))
    tells(ANN, 100)
    wait(10)
    expect(sends(ANN, new Uint8Array(MAX_AVATAR_BYTES))).toBe(true)
  })

  test('what goes beyond 32 MiB of all friends; who is forgotten makes room', () => {
    const large = new Uint8Array(MAX_AVATAR_BYTES)
    const friends = Array.from({ length: 1026 }, (_, i) => String(i) as FriendId)
    for (const friend of friends) avatars.opened(friend, nowMs)
    wait(3)
    expect(friends.filter((friend) => sends(friend, large))).toEqual(friends.slice(0, 1024))
    expect(avatars.dropped).toEqual(new Map([['AVATARS_FULL', 2]]))
    avatars.forget('0' as FriendId)
    expect(avatars.of('0' as FriendId)).toBeNull()
    tells('1025' as FriendId, 100)
    wait(10)
    expect(sends('1025' as FriendId, large)).toBe(true)
  })
})

test('the question is a private message without text that asks for an avatar, as RetroShare writes it', () => {
  const bytes = encodeItem(avatarRequest(0x65000000 * 1000))
  expect(Buffer.from(bytes).toString('hex')).toBe('02001201000000160000000365000000005700000006')
  const item = decodeItem(bytes)
  expect(item.ok && item.value).toMatchObject({ kind: 'private-message', flags: 3 })
})

test('whatever friends do, nobody is asked twice in ten seconds, and only answers change a picture', () => {
  const step = fc.oneof(
    fc.constant({ do: 'open' as const }),
    fc.constant({ do: 'close' as const }),
    fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ do: fc.constant('tell' as const), atSec: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ do: fc.constant('send' as const), image: fc.constantFrom(CAT, DOG, new Uint8Array()) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      avatars = new Avatars()
      let isOpen = false
      let lastAskedMs = Number.NEGATIVE_INFINITY
      let isAwaited = false
      let now = 0
      for (const each of steps) {
        const before = avatars.of(ANN)
        let changed = false
        if (each.do === 'open' && !isOpen) {
          isOpen = true
          lastAskedMs = Number.NEGATIVE_INFINITY
          avatars.opened(ANN, now)
        } else if (each.do === 'close') {
          isOpen = isAwaited = false
          avatars.closed(ANN)
        } else if (each.do === 'tell') avatars.take(ANN, { kind: 'avatar-info', atSec: each.atSec }, now)
        else if (each.do === 'send') {
          changed = avatars.take(ANN, { kind: 'avatar', image: each.image }, now)
          if (changed) expect(isAwaited).toBe(true)
          isAwaited = false
        } else if (each.do === 'wait')
          for (let i = 0; i < each.seconds; i++) {
            now += 1000
            const lost = avatars.tick(now, () => {
              expect(isOpen).toBe(true)
              expect(now - lastAskedMs).toBeGreaterThanOrEqual(10_000)
              lastAskedMs = now
              isAwaited = true
              return true
            })
            if (lost.length > 0) changed = true
          }
        if (!changed) expect(avatars.of(ANN)).toBe(before)
      }
    }),
  )
})
