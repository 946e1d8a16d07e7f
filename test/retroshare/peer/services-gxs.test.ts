// The GXS exchange: two machines against each other, and one against hand-made items; virtual time.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type {
  GxsEffect,
  GxsEnv,
  GxsEvent,
  GxsExchange,
  ServedRecord,
} from '../../../src/retroshare/peer/gxs-exchange.ts'
import {
  BATCH,
  BATCH_BYTES,
  MAX_TRIES,
  MAX_WAITING,
  OWED_MS,
  RETRY_PAUSE_MS,
  startGxsExchange,
  stepGxs,
} from '../../../src/retroshare/peer/gxs-exchange.ts'
import { MAX_ITEMS, MAX_OPEN, TRANSACTION_LIFE_MS } from '../../../src/retroshare/peer/gxs-transactions.ts'
import type { GxsItem } from '../../../src/retroshare/wire/item.ts'
import { TRANSACTION } from '../../../src/retroshare/wire/item.ts'
import type { FriendId, ParticipantId } from '../../../src/util/ids.ts'

const A = 'aa'.repeat(16) as FriendId
const B = 'bb'.repeat(16) as FriendId
const identity = (n: number): ParticipantId => n.toString(16).padStart(32, '0') as ParticipantId
const record = (n: number, publishedAtSec = 100): ServedRecord => ({
  data: Uint8Array.of(n),
  meta: Uint8Array.of(n, n, publishedAtSec),
  publishedAtSec,
})

/** One node: what it holds, and what it got that it had asked for. */
class Node {
  readonly id: FriendId
  readonly exchange: GxsExchange
  readonly held = new Map<ParticipantId, ServedRecord>()
  readonly own = new Set<ParticipantId>()
  readonly got: (GxsEffect & { kind: 'record' })[] = []
  nowMs = 1_000_000
  refused = 0

  constructor(id: FriendId, number: number) {
    this.id = id
    this.exchange = startGxsExchange(number, this.nowMs)
  }

  step(event: GxsEvent): GxsItem[] {
    const env: GxsEnv = { nowMs: this.nowMs, record: (id) => this.held.get(id), ownIdentities: this.own }
    return stepGxs(this.exchange, event, env).flatMap((effect) => {
      if (effect.kind === 'record') this.got.push(effect)
      if (effect.kind === 'refused') this.refused++
      return effect.kind === 'send' ? [effect.item] : []
    })
  }

  fetch(from: FriendId, ...ids: ParticipantId[]): GxsItem[] {
    return this.step({ kind: 'fetch', friend: from, ids })
  }
}

/** Carries items to and fro until nothing is left; returns all of them with their sender. */
function run(a: Node, b: Node, first: readonly GxsItem[], from: Node = a): [FriendId, GxsItem][] {
  const log: [FriendId, GxsItem][] = []
  const queue = first.map((item): [Node, GxsItem] => [from, item])
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [sender, item] = next
    log.push([sender.id, item])
    const receiver = sender === a ? b : a
    for (const answer of receiver.step({ kind: 'item', friend: sender.id, item }))
      queue.push([receiver, answer])
    if (log.length > 100_000) throw new Error('endless')
  }
  return log
}

function linked(aFirst = 5, bFirst = 5): { a: Node; b: Node } {
  const a = new Node(A, aFirst)
  const b = new Node(B, bFirst)
  const sync = a.step({ kind: 'opened', friend: B })
  b.step({ kind: 'opened', friend: A })
  expect(sync).toMatchObject([{ kind: 'gxs-sync-request', updatedAtSec: 0 }])
  return { a, b }
}
const flagsOf = (log: [FriendId, GxsItem][]): [FriendId, number][] =>
  log.flatMap(([from, item]) => (item.kind === 'gxs-transaction' ? [[from, item.flags]] : []))
const header = (transaction: number, flags: number, items = 0): GxsItem => ({
  kind: 'gxs-transaction',
  transaction,
  flags,
  items,
  updatedAtSec: 0,
})
const entry = (transaction: number, id: ParticipantId): GxsItem => ({
  kind: 'gxs-group-entry',
  transaction,
  flag: 1,
  groupId: id,
  publishedAtSec: 0,
  authorId: '0'.repeat(32),
})

test('a record is fetched byte for byte in two transactions, even with equal numbers', () => {
  const { a, b } = linked(5, 5)
  b.held.set(identity(1), record(1))
  const log = run(a, b, a.fetch(B, identity(1)))
  expect(flagsOf(log)).toEqual([
    [A, TRANSACTION.beginP1 | TRANSACTION.groupListRequest],
    [B, TRANSACTION.beginP2 | TRANSACTION.groupListRequest],
    [B, TRANSACTION.endSuccess],
    [B, TRANSACTION.beginP1 | TRANSACTION.groups],
    [A, TRANSACTION.beginP2 | TRANSACTION.groups],
    [A, TRANSACTION.endSuccess],
  ])
  expect(a.got).toEqual([
    { kind: 'record', friend: B, id: identity(1), data: record(1).data, meta: record(1).meta },
  ])
  expect(a.exchange.friends.get(B)?.transactions.outgoing.size).toBe(0)
  expect(b.exchange.friends.get(A)?.transactions.incoming.size).toBe(0)
  expect(a.refused + b.refused).toBe(0)
})

test('hundreds of records come in bounded batches', () => {
  const { a, b } = linked()
  const ids = Array.from({ length: 470 }, (_, n) => identity(n))
  for (const [n, id] of ids.entries()) b.held.set(id, record(n % 250))
  const log = run(a, b, a.fetch(B, ...ids))
  expect(new Set(a.got.map((effect) => effect.id))).toEqual(new Set(ids))
  for (const [, item] of log)
    if (item.kind === 'gxs-transaction') expect(item.items).toBeLessThanOrEqual(BATCH)
})

test('large records go in transactions that are bounded in bytes', () => {
  const { a, b } = linked()
  const ids = Array.from({ length: 12 }, (_, n) => identity(n))
  for (const id of ids) b.held.set(id, { ...record(1), data: new Uint8Array(BATCH_BYTES / 4) })
  const log = run(a, b, a.fetch(B, ...ids))
  const counts = log.flatMap(([from, item]) =>
    from === B && item.kind === 'gxs-transaction' && item.items > 0 ? [item.items] : [],
  )
  expect(counts).toEqual([3, 3, 3, 3])
  expect(a.got).toHaveLength(12)
})

test('an id that the friend does not hold opens no transaction there and is retried after a pause', () => {
  const { a, b } = linked()
  const log = run(a, b, a.fetch(B, identity(1)))
  expect(flagsOf(log).filter(([from]) => from === B)).toHaveLength(2)
  expect(a.fetch(B, identity(1))).toEqual([])
  a.nowMs += RETRY_PAUSE_MS
  b.held.set(identity(1), record(1))
  run(a, b, a.fetch(B, identity(1)))
  expect(a.got).toHaveLength(1)
})

test('an id that the friend gets later is asked again without a new cause, a few times', () => {
  const { a, b } = linked()
  run(a, b, a.fetch(B, identity(1)))
  let questions = 0
  for (let second = 0; second < 200; second++) {
    a.nowMs += 1000
    const items = a.step({ kind: 'tick' }).filter((item) => item.kind === 'gxs-transaction')
    questions += items.length
    run(a, b, items)
  }
  expect(questions).toBe(MAX_TRIES - 1)
  run(a, b, a.fetch(B, identity(2)))
  b.held.set(identity(2), record(2))
  a.nowMs += RETRY_PAUSE_MS
  run(a, b, a.step({ kind: 'tick' }))
  expect(a.got.map(({ id }) => id)).toEqual([identity(2)])
})

test('a record that comes soon after it was asked for is served without another question', () => {
  const { a, b } = linked()
  run(a, b, a.fetch(B, identity(1), identity(2)))
  b.nowMs += OWED_MS - 1
  b.held.set(identity(1), record(1))
  run(a, b, b.step({ kind: 'tick' }), b)
  expect(a.got.map(({ id }) => id)).toEqual([identity(1)])
  b.nowMs += 1
  b.step({ kind: 'tick' })
  b.held.set(identity(2), record(2))
  expect(b.step({ kind: 'tick' }).filter((item) => item.kind === 'gxs-transaction')).toEqual([])
})

test('an id is in flight at a friend once, but may be asked of another', () => {
  const { a } = linked()
  a.step({ kind: 'opened', friend: A })
  expect(a.fetch(B, identity(1))).toHaveLength(1)
  expect(a.fetch(B, identity(1))).toEqual([])
  expect(a.fetch(A, identity(1))).toHaveLength(1)
})

test('transaction numbers go on over reconnects and skip zero', () => {
  const { a } = linked(0xffff_ffff)
  const numberOf = (items: GxsItem[]): unknown[] =>
    items.map((item) => (item.kind === 'gxs-transaction' ? item.transaction : undefined))
  expect(numberOf(a.fetch(B, identity(1)))).toEqual([0xffff_ffff])
  a.step({ kind: 'closed', friend: B })
  a.step({ kind: 'opened', friend: B })
  expect(numberOf(a.fetch(B, identity(1)))).toEqual([1])
})

test('an empty transaction of the friend is completed at once', () => {
  const { b } = linked()
  const begin = header(9, TRANSACTION.beginP1 | TRANSACTION.groups)
  expect(b.step({ kind: 'item', friend: A, item: begin })).toEqual([
    header(9, TRANSACTION.beginP2 | TRANSACTION.groups),
    header(9, TRANSACTION.endSuccess),
  ])
})

test('records that nobody asked for are refused', () => {
  const { a } = linked()
  a.step({ kind: 'item', friend: B, item: header(9, TRANSACTION.beginP1 | TRANSACTION.groups, 1) })
  const group: GxsItem = {
    kind: 'gxs-group',
    transaction: 9,
    position: 0,
    groupId: identity(1),
    data: Uint8Array.of(1),
    meta: Uint8Array.of(1),
  }
  a.step({ kind: 'item', friend: B, item: group })
  expect(a.got).toEqual([])
  expect(a.refused).toBe(1)
})

test('an open number, number zero, foreign types and too many items or transactions are refused', () => {
  const { a } = linked()
  const begin = (number: number, type: number = TRANSACTION.groupListRequest, items = 1): GxsItem[] =>
    a.step({ kind: 'item', friend: B, item: header(number, TRANSACTION.beginP1 | type, items) })
  expect(begin(1)).toHaveLength(1)
  expect(begin(1)).toEqual([])
  expect(begin(0)).toEqual([])
  expect(begin(2, 0x2000)).toEqual([])
  expect(begin(3, TRANSACTION.groups, MAX_ITEMS + 1)).toEqual([])
  for (let n = 0; n < 2 * MAX_OPEN; n++) begin(100 + n)
  expect(a.exchange.friends.get(B)?.transactions.incoming.size).toBe(MAX_OPEN)
  expect(a.refused).toBe(4 + MAX_OPEN + 1)
})

test('transactions time out in both directions and what was asked may be asked again', () => {
  const { a } = linked()
  a.fetch(B, identity(1))
  a.step({ kind: 'item', friend: B, item: header(1, TRANSACTION.beginP1 | TRANSACTION.groupListRequest, 1) })
  a.nowMs += TRANSACTION_LIFE_MS
  a.step({ kind: 'tick' })
  expect(a.exchange.friends.get(B)?.transactions).toEqual({ outgoing: new Map(), incoming: new Map() })
  expect(a.fetch(B, identity(1))).toHaveLength(1)
})

test('a cancelled question may be put again at once', () => {
  const { a } = linked()
  a.fetch(B, identity(1))
  a.step({ kind: 'item', friend: B, item: header(5, TRANSACTION.cancel) })
  expect(a.fetch(B, identity(1))).toHaveLength(1)
})

test('a sync request is answered with our own identities if the friend has not seen them', () => {
  const { a, b } = linked()
  b.held.set(identity(1), record(1))
  b.held.set(identity(2), record(2))
  b.own.add(identity(1))
  const [request] = [...a.exchange.friends.values()].map((friend) => friend.syncedAtSec)
  expect(request).toBe(0)
  const sync: GxsItem = {
    kind: 'gxs-sync-request',
    transaction: 0,
    flag: 0,
    createdSinceSec: 0,
    hash: '',
    updatedAtSec: 0,
  }
  const log = run(a, b, [sync])
  const listed = log.flatMap(([, item]) => (item.kind === 'gxs-group-entry' ? [item.groupId] : []))
  expect(listed).toEqual([identity(1)])
  expect(a.got).toEqual([])
  expect(run(a, b, [{ ...sync, updatedAtSec: b.exchange.ownChangedAtSec }])).toHaveLength(1)
})

test('a record signed again is fetched by those who hold the old one', () => {
  const { a, b } = linked()
  a.held.set(identity(1), record(1, 100))
  b.held.set(identity(1), record(1, 101))
  b.own.add(identity(1))
  b.step({ kind: 'own-changed' })
  run(a, b, b.step({ kind: 'item', friend: A, item: { kind: 'gxs-pull' } }), b)
  a.nowMs += 60_000
  run(a, b, a.step({ kind: 'tick' }))
  expect(a.got.map((effect) => effect.meta)).toEqual([record(1, 101).meta])
})

test('a pull is answered with a sync request, not more often than every five seconds', () => {
  const { a } = linked()
  const pull = (): number => a.step({ kind: 'item', friend: B, item: { kind: 'gxs-pull' } }).length
  expect(pull()).toBe(0)
  a.nowMs += 5000
  expect([pull(), pull()]).toEqual([1, 0])
})

test('what one friend can make us hold is bounded', () => {
  const { a } = linked()
  a.fetch(B, ...Array.from({ length: 5 * MAX_WAITING }, (_, n) => identity(n)))
  const exchange = a.exchange.friends.get(B)
  expect((exchange?.wanted.size ?? 0) + (exchange?.asked.size ?? 0)).toBeLessThanOrEqual(MAX_WAITING)
  for (let number = 1; number < 10; number++) {
    a.step({
      kind: 'item',
      friend: B,
      item: header(number, TRANSACTION.beginP1 | TRANSACTION.groupListRequest, MAX_ITEMS),
    })
    for (let n = 0; n < MAX_ITEMS; n++) {
      a.held.set(identity(number * MAX_ITEMS + n), record(1))
      a.step({ kind: 'item', friend: B, item: entry(number, identity(number * MAX_ITEMS + n)) })
    }
  }
  expect(exchange?.owed.size).toBeLessThanOrEqual(MAX_WAITING)
  expect(exchange?.transactions.outgoing.size).toBeLessThanOrEqual(MAX_OPEN)
})

test('no order of transaction items makes the exchange throw, and a closed friend leaves nothing', () => {
  const item = fc.oneof(
    fc.record({
      kind: fc.constant('gxs-transaction' as const),
      transaction: fc.integer({ min: 0, max: 8 }),
      flags: fc.integer({ min: 0, max: 0x1fff }),
      items: fc.integer({ min: 0, max: 4 }),
      updatedAtSec: fc.nat(),
    }),
    fc.integer({ min: 0, max: 8 }).map((number) => entry(number, identity(number))),
  )
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), (items) => {
      const { a } = linked(1)
      a.held.set(identity(1), record(1))
      a.fetch(B, identity(2), identity(3))
      for (const next of items) a.step({ kind: 'item', friend: B, item: next })
      a.step({ kind: 'closed', friend: B })
      expect(a.exchange.friends.size).toBe(0)
    }),
  )
})
