/**
 * Transactions of the GXS exchange with one friend: announced with a number and a count, agreed, filled, ended.
 * Numbers belong to the side that opens, so each direction has its own table. Source: docs/retroshare.md §7.5.
 */
import type { GxsItem } from '../wire/item.ts'
import { TRANSACTION } from '../wire/item.ts'

/** A transaction that neither ends nor fails is given up after this time. */
export const TRANSACTION_LIFE_MS = 120_000
/** Open transactions per friend and direction; more are refused. */
export const MAX_OPEN = 16
/** Items that a friend may announce in one transaction. */
export const MAX_ITEMS = 2000

type GroupEntry = GxsItem & { kind: 'gxs-group-entry' }
type Group = GxsItem & { kind: 'gxs-group' }
type Header = GxsItem & { kind: 'gxs-transaction' }

const STATES =
  TRANSACTION.beginP1 | TRANSACTION.beginP2 | TRANSACTION.endSuccess | TRANSACTION.cancel | 0x0070
const TYPES = TRANSACTION.groupListRequest | TRANSACTION.groupListResponse | TRANSACTION.groups

/** What one of our transactions carries. The number of each item is set when it is opened. */
export interface Outgoing {
  readonly type: number
  readonly items: readonly (GroupEntry | Group)[]
  readonly openedAtMs: number
  isSent: boolean
}

interface Incoming {
  readonly type: number
  readonly expected: number
  readonly updatedAtSec: number
  readonly openedAtMs: number
  readonly entries: GroupEntry[]
  arrived: number
}

/** Both tables of one link. */
export interface Transactions {
  readonly outgoing: Map<number, Outgoing>
  readonly incoming: Map<number, Incoming>
}

export type TransactionEffect =
  | { readonly kind: 'send'; readonly item: GxsItem }
  /** A record arrived within a transaction of the friend. */
  | { readonly kind: 'group'; readonly group: Group }
  /** The friend's transaction is complete. */
  | {
      readonly kind: 'received'
      readonly type: number
      readonly entries: readonly GroupEntry[]
      readonly updatedAtSec: number
    }
  /** One of ours is over: taken, refused or timed out. */
  | { readonly kind: 'over'; readonly transaction: Outgoing; readonly isTaken: boolean }
  /** Something that fits no transaction, or one transaction too many. */
  | { readonly kind: 'refused' }

export const startTransactions = (): Transactions => ({ outgoing: new Map(), incoming: new Map() })

const header = (transaction: number, flags: number, items = 0, updatedAtSec = 0): GxsItem => ({
  kind: 'gxs-transaction',
  transaction,
  flags,
  items,
  updatedAtSec,
})

/** Opens one of ours; `items` must not be empty, since not every node completes an empty transaction. */
export function openTransaction(
  state: Transactions,
  number: number,
  content: { readonly type: number; readonly items: Outgoing['items']; readonly updatedAtSec: number },
  nowMs: number,
): TransactionEffect[] {
  const items = content.items.map((item) => ({ ...item, transaction: number }))
  state.outgoing.set(number, { type: content.type, items, openedAtMs: nowMs, isSent: false })
  const begin = header(number, TRANSACTION.beginP1 | content.type, items.length, content.updatedAtSec)
  return [{ kind: 'send', item: begin }]
}

/** Number of our open transactions of a type. */
export const openCount = (state: Transactions, type: number): number => {
  let count = 0
  for (const transaction of state.outgoing.values()) if (transaction.type === type) count++
  return count
}

/** Takes a transaction item of the friend. */
export function takeHeader(state: Transactions, item: Header, nowMs: number): TransactionEffect[] {
  const own = state.outgoing.get(item.transaction)
  switch (item.flags & STATES) {
    case TRANSACTION.beginP1:
      return begin(state, item, nowMs)
    case TRANSACTION.beginP2:
      if (!own || own.isSent) return [{ kind: 'refused' }]
      own.isSent = true
      return own.items.map((content) => ({ kind: 'send', item: content }))
    case TRANSACTION.endSuccess:
      if (!own) return [{ kind: 'refused' }]
      state.outgoing.delete(item.transaction)
      return [{ kind: 'over', transaction: own, isTaken: true }]
    default:
      state.incoming.delete(item.transaction)
      if (!own) return []
      state.outgoing.delete(item.transaction)
      return [{ kind: 'over', transaction: own, isTaken: false }]
  }
}

function begin(state: Transactions, item: Header, nowMs: number): TransactionEffect[] {
  const type = item.flags & TYPES
  const isKnownType =
    type === TRANSACTION.groupListRequest ||
    type === TRANSACTION.groupListResponse ||
    type === TRANSACTION.groups
  const isFull = state.incoming.size >= MAX_OPEN || item.items > MAX_ITEMS
  if (!isKnownType || isFull || item.transaction === 0 || state.incoming.has(item.transaction))
    return [{ kind: 'refused' }]
  const transaction: Incoming = {
    type,
    expected: item.items,
    updatedAtSec: item.updatedAtSec,
    openedAtMs: nowMs,
    entries: [],
    arrived: 0,
  }
  state.incoming.set(item.transaction, transaction)
  return [
    { kind: 'send', item: header(item.transaction, TRANSACTION.beginP2 | type) },
    ...finishIfComplete(state, item.transaction, transaction),
  ]
}

/** Takes an element of one of the friend's transactions. */
export function takeElement(state: Transactions, item: GroupEntry | Group): TransactionEffect[] {
  const transaction = state.incoming.get(item.transaction)
  const isRecord = item.kind === 'gxs-group'
  if (!transaction || isRecord !== (transaction.type === TRANSACTION.groups)) return [{ kind: 'refused' }]
  transaction.arrived++
  if (!isRecord) transaction.entries.push(item)
  const effects: TransactionEffect[] = isRecord ? [{ kind: 'group', group: item }] : []
  return [...effects, ...finishIfComplete(state, item.transaction, transaction)]
}

function finishIfComplete(state: Transactions, number: number, transaction: Incoming): TransactionEffect[] {
  if (transaction.arrived < transaction.expected) return []
  state.incoming.delete(number)
  const { type, entries, updatedAtSec } = transaction
  return [
    { kind: 'send', item: header(number, TRANSACTION.endSuccess) },
    { kind: 'received', type, entries, updatedAtSec },
  ]
}

/** Gives up what has been open for too long. */
export function expireTransactions(state: Transactions, nowMs: number): TransactionEffect[] {
  const effects: TransactionEffect[] = []
  for (const [number, transaction] of state.incoming)
    if (nowMs - transaction.openedAtMs >= TRANSACTION_LIFE_MS) state.incoming.delete(number)
  for (const [number, transaction] of state.outgoing)
    if (nowMs - transaction.openedAtMs >= TRANSACTION_LIFE_MS) {
      state.outgoing.delete(number)
      effects.push({ kind: 'over', transaction, isTaken: false })
    }
  return effects
}
