// What friends write outside of lobbies: joining of parts, judging of flags, cutting of what is sent.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_PRIVATE_BYTES, PrivateChat, privateMessages } from '../../src/retroshare/private-chat.ts'
import { CHAT_FLAG, type ChatItem, TYPING } from '../../src/retroshare/wire/item.ts'
import { utf8 } from '../../src/util/bytes.ts'
import type { FriendId } from '../../src/util/ids.ts'
import { recording } from './wire/recorded.ts'

const ANN = 'a0'.repeat(16) as FriendId
const BOB = 'b0'.repeat(16) as FriendId
const { private: PRIVATE, partial: PARTIAL, broadcast: BROADCAST, lobby: LOBBY } = CHAT_FLAG

const message = (flags: number, text: string | Uint8Array) =>
  ({
    kind: 'private-message',
    flags,
    sentAtSec: 1000,
    text: typeof text === 'string' ? utf8(text) : text,
  }) as const satisfies ChatItem

const textOf = (update: ReturnType<PrivateChat['take']>): string | undefined =>
  update?.kind === 'friend-said' ? update.text : undefined

test('a message cut into pieces and joined is the same, whatever its characters', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 50 }),
    fc.tuple(fc.nat(14_999), fc.constantFrom('ü', '☂', '👋')).map(([n, c]) => 'x'.repeat(n) + c.repeat(9000)),
  )
  fc.assert(
    fc.property(
      text.filter((one) => one !== '' && !one.startsWith('\uFEFF')),
      (text) => {
        const chat = new PrivateChat()
        const items = privateMessages(text, 1000)
        const updates = items.map((item) => chat.take(ANN, item, 0))
        expect(items.every((item) => item.text.length <= 15_000)).toBe(true)
        for (const item of items) new TextDecoder('utf-8', { fatal: true }).decode(item.text)
        expect(items.map(({ flags }) => flags)).toEqual([
          ...Array(items.length - 1).fill(PRIVATE | PARTIAL),
          PRIVATE,
        ])
        expect(updates.map(textOf)).toEqual([...Array(items.length - 1).fill(undefined), text])
      },
    ),
  )
})

test('the largest message that is sent is taken', () => {
  const chat = new PrivateChat()
  const text = 'ü'.repeat(MAX_PRIVATE_BYTES / 2)
  expect(
    textOf(
      privateMessages(text, 1)
        .map((item) => chat.take(ANN, item, 0))
        .at(-1),
    ),
  ).toBe(text)
})

test('a part that ends within a character is joined with what follows', () => {
  const chat = new PrivateChat()
  const bytes = utf8('a☂b')
  expect(chat.take(ANN, message(PRIVATE | PARTIAL, bytes.subarray(0, 2)), 0)).toBeUndefined()
  expect(chat.take(ANN, message(PRIVATE, bytes.subarray(2)), 0)).toEqual({
    kind: 'friend-said',
    friend: ANN,
    text: 'a☂b',
    sentAtMs: 1_000_000,
    isBroadcast: false,
  })
})

test('parts of two friends are kept apart, and end with the link', () => {
  const chat = new PrivateChat()
  chat.take(ANN, message(PRIVATE | PARTIAL, 'ann '), 0)
  chat.take(BOB, message(PRIVATE | PARTIAL, 'bob '), 0)
  chat.forget(BOB)
  expect(textOf(chat.take(BOB, message(PRIVATE, 'new'), 0))).toBe('new')
  expect(textOf(chat.take(ANN, message(PRIVATE, 'end'), 0))).toBe('ann end')
})

test('a message that was never finished does not become a part of one that comes a minute later', () => {
  const chat = new PrivateChat()
  chat.take(ANN, message(PRIVATE | PARTIAL, 'lost '), 0)
  expect(textOf(chat.take(ANN, message(PRIVATE, 'whole'), 60_000))).toBe('whole')
})

test('a message without end is dropped whole and counted once; the next is taken', () => {
  const chat = new PrivateChat()
  for (let i = 0; i < 1000; i++) chat.take(ANN, message(PRIVATE | PARTIAL, 'x'.repeat(15_000)), 0)
  expect(chat.take(ANN, message(PRIVATE, 'end'), 0)).toBeUndefined()
  for (let i = 0; i < 2000; i++) chat.take(ANN, message(PRIVATE | PARTIAL, ''), 0)
  expect(chat.take(ANN, message(PRIVATE, 'end'), 0)).toBeUndefined()
  expect(chat.dropped).toEqual(new Map([['PRIVATE_TEXT_TOO_LARGE', 2]]))
  expect(textOf(chat.take(ANN, message(PRIVATE, 'next'), 0))).toBe('next')
})

test.each([
  [0, false],
  [PRIVATE, false],
  [BROADCAST, true],
  [CHAT_FLAG.customState, false],
])('flags %i are taken, as a broadcast: %s', (flags, isBroadcast) => {
  expect(new PrivateChat().take(ANN, message(flags, 'x'), 0)).toMatchObject({ text: 'x', isBroadcast })
})

test.each([PRIVATE | BROADCAST, PRIVATE | LOBBY, LOBBY])('flags %i are dropped', (flags) => {
  const chat = new PrivateChat()
  expect(chat.take(ANN, message(flags, 'x'), 0)).toBeUndefined()
  expect(chat.dropped.get('PRIVATE_FLAGS_WRONG')).toBe(1)
})

test('who asks for an avatar says nothing', () => {
  const chat = new PrivateChat()
  expect(chat.take(ANN, message(PRIVATE | CHAT_FLAG.asksAvatar, ''), 0)).toBeUndefined()
  expect(chat.taken).toBe(0)
})

describe('status strings', () => {
  const status = (flags: number, text: string): ChatItem & { kind: 'status-string' } => ({
    kind: 'status-string',
    flags,
    text,
  })

  test('tell of typing', () => {
    expect(new PrivateChat().take(ANN, status(PRIVATE, TYPING), 0)).toEqual({
      kind: 'friend-typing',
      friend: ANN,
    })
  })

  test.each([
    [PRIVATE | CHAT_FLAG.customState, 'My mood'],
    [PRIVATE | CHAT_FLAG.asksCustomState, ''],
    [CHAT_FLAG.hasCustomState, 'x'],
    [CHAT_FLAG.broadcast, TYPING],
    [PRIVATE, ''],
  ])('with flags %i and text %j say nothing', (flags, text) => {
    expect(new PrivateChat().take(ANN, status(flags, text), 0)).toBeUndefined()
  })
})

test('what two real nodes wrote to each other is joined as it was: recorded on their link', () => {
  const { items } = recording('foreign/misc/alice.hex')
  const heard = (direction: 'R' | 'W'): unknown[] => {
    const chat = new PrivateChat()
    return items.flatMap((item) => {
      const value = item.direction === direction && item.decoded.ok && item.decoded.value
      if (!value || (value.kind !== 'private-message' && value.kind !== 'status-string')) return []
      const update = chat.take(ANN, value, 0)
      return update?.kind === 'friend-said' ? [[update.text.length, update.isBroadcast]] : []
    })
  }
  // RetroShare's own cut of 40000 bytes; a request for an avatar and a personal message are not heard.
  expect(heard('W')).toEqual([[40_000, false]])
  expect(heard('R')).toEqual([
    [30_010, false],
    [expect.any(Number), true],
  ])
})
