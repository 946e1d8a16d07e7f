/**
 * Exchange of identity records with friends: serves what is asked for and held here, own and foreign, byte for
 * byte; fetches authors that are not known from the friend that delivered them. Source: docs/retroshare.md §7.5, §7.6.
 */
import type { FriendId, ParticipantId } from '../../util/ids.ts'
import type { GxsItem } from '../wire/item.ts'
import { TRANSACTION } from '../wire/item.ts'
import type { Outgoing, TransactionEffect, Transactions } from './gxs-transactions.ts'
import {
  expireTransactions,
  openCount,
  openTransaction,
  startTransactions,
  TRANSACTION_LIFE_MS,
  takeElement,
  takeHeader,
} from './gxs-transactions.ts'

/** How often a friend is asked for changed records. */
export const SYNC_PERIOD_MS = 60_000
/** A friend that pulls is asked earlier, but not more often than this. */
const PULL_PAUSE_MS = 5000
/**
 * After a question was taken, the same id is asked again of that friend only after this time, and then by itself: a
 * relay may get the record later than the item. The pause doubles with each try.
 */
export const RETRY_PAUSE_MS = 1500
export const MAX_TRIES = 5
/** Ids or records in one transaction of ours. */
export const BATCH = 50
/** Bytes of records in one transaction of ours; a larger record goes alone. */
export const BATCH_BYTES = 131_072
/** Transactions of one type open at a friend at once. */
const MAX_PARALLEL = 4
/** Ids waiting to be asked of, or served to, one friend; and ids asked whose answer is awaited. */
export const MAX_WAITING = 2000
/** Own identities named in the answer to a sync request. */
const MAX_LISTED = 1000
/**
 * A record asked for that is not here is still served if it comes within this time: a relay is asked for an author by
 * one friend while it asks another, and RetroShare asks again only when it hears of the author again.
 */
export const OWED_MS = 30_000
const REQUEST = 1
const RESPONSE = 2
const NO_AUTHOR = '0'.repeat(32)

/** An identity record as it is served. */
export interface ServedRecord {
  readonly data: Uint8Array
  readonly meta: Uint8Array
  readonly publishedAtSec: number
}

/** What a step may know. */
export interface GxsEnv {
  readonly nowMs: number
  /** The record held here, own or foreign. */
  record(id: ParticipantId): ServedRecord | undefined
  /** Own identities that friends may know of. */
  readonly ownIdentities: ReadonlySet<ParticipantId>
}

export type GxsEvent =
  /** `gxsid` works with this friend, or ceased to. */
  | { readonly kind: 'opened'; readonly friend: FriendId }
  | { readonly kind: 'closed'; readonly friend: FriendId }
  | { readonly kind: 'item'; readonly friend: FriendId; readonly item: GxsItem }
  /** These are not known here; `friend` should have them. */
  | { readonly kind: 'fetch'; readonly friend: FriendId; readonly ids: readonly ParticipantId[] }
  /** An own identity is new or was signed again. */
  | { readonly kind: 'own-changed' }
  | { readonly kind: 'tick' }

export type GxsEffect =
  | { readonly kind: 'send'; readonly friend: FriendId; readonly item: GxsItem }
  /** A record that was asked for; not verified. */
  | {
      readonly kind: 'record'
      readonly friend: FriendId
      readonly id: ParticipantId
      readonly data: Uint8Array
      readonly meta: Uint8Array
    }
  /** Something that fits no transaction, was not asked for, or is over a limit. */
  | { readonly kind: 'refused'; readonly friend: FriendId }

interface FriendExchange {
  readonly transactions: Transactions
  /** Not asked yet. */
  readonly wanted: Set<ParticipantId>
  /** Asked, oldest first. */
  readonly asked: Map<ParticipantId, Asked>
  /** To be served, and until when. */
  readonly owed: Map<ParticipantId, number>
  /** Time stamp of the friend's last list of changes. */
  syncedAtSec: number
  syncAtMs: number
  lastSyncAtMs: number
}

/** An id that was asked of one friend; forgotten at `untilMs`, not asked again before `retryAtMs`. */
interface Asked {
  readonly untilMs: number
  readonly tries: number
  retryAtMs: number
  isAnswered: boolean
}

/** The exchange with all friends. Numbers of transactions outlive links, so they live here. */
export interface GxsExchange {
  readonly friends: Map<FriendId, FriendExchange>
  nextTransaction: number
  ownChangedAtSec: number
}

/** `random`: any u32; a restarted process must not begin with numbers that it used before. */
export const startGxsExchange = (random: number, nowMs: number): GxsExchange => ({
  friends: new Map(),
  nextTransaction: random >>> 0 || 1,
  ownChangedAtSec: Math.floor(nowMs / 1000),
})

export function stepGxs(state: GxsExchange, event: GxsEvent, env: GxsEnv): GxsEffect[] {
  switch (event.kind) {
    case 'opened': {
      state.friends.set(event.friend, {
        transactions: startTransactions(),
        wanted: new Set(),
        asked: new Map(),
        owed: new Map(),
        syncedAtSec: 0,
        syncAtMs: env.nowMs,
        lastSyncAtMs: 0,
      })
      return tick(state, env)
    }
    case 'closed':
      state.friends.delete(event.friend)
      return []
    case 'own-changed':
      state.ownChangedAtSec = Math.max(state.ownChangedAtSec + 1, Math.floor(env.nowMs / 1000))
      return []
    case 'tick':
      return tick(state, env)
    case 'fetch': {
      const exchange = state.friends.get(event.friend)
      if (!exchange) return []
      for (const id of event.ids) want(exchange, id, env.nowMs)
      return pump(state, event.friend, exchange, env)
    }
    case 'item': {
      const exchange = state.friends.get(event.friend)
      return exchange ? takeItem(state, event.friend, exchange, event.item, env) : []
    }
  }
}

function want(exchange: FriendExchange, id: ParticipantId, nowMs: number): void {
  const asked = exchange.asked.get(id)
  if (asked && nowMs < asked.retryAtMs) return
  if (exchange.wanted.size + exchange.asked.size >= MAX_WAITING) return
  exchange.wanted.add(id)
}

function takeItem(
  state: GxsExchange,
  friend: FriendId,
  exchange: FriendExchange,
  item: GxsItem,
  env: GxsEnv,
): GxsEffect[] {
  switch (item.kind) {
    case 'gxs-transaction':
      return act(state, friend, exchange, takeHeader(exchange.transactions, item, env.nowMs), env)
    case 'gxs-group-entry':
    case 'gxs-group':
      return act(state, friend, exchange, takeElement(exchange.transactions, item), env)
    case 'gxs-sync-request':
      return answerSync(state, friend, exchange, item.updatedAtSec, env)
    case 'gxs-pull':
      exchange.syncAtMs = Math.min(exchange.syncAtMs, exchange.lastSyncAtMs + PULL_PAUSE_MS)
      return tick(state, env)
    case 'gxs-statistics':
      return []
  }
}

function act(
  state: GxsExchange,
  friend: FriendId,
  exchange: FriendExchange,
  happened: readonly TransactionEffect[],
  env: GxsEnv,
): GxsEffect[] {
  const effects: GxsEffect[] = []
  for (const effect of happened)
    switch (effect.kind) {
      case 'send':
        effects.push({ kind: 'send', friend, item: effect.item })
        break
      case 'refused':
        effects.push({ kind: 'refused', friend })
        break
      case 'over':
        settle(exchange, effect.transaction, effect.isTaken, env.nowMs)
        break
      case 'group': {
        const { groupId: id, data, meta } = effect.group
        const asked = exchange.asked.get(id)
        if (asked && !asked.isAnswered) {
          asked.isAnswered = true
          asked.retryAtMs = env.nowMs + RETRY_PAUSE_MS
          effects.push({ kind: 'record', friend, id, data, meta })
        } else effects.push({ kind: 'refused', friend })
        break
      }
      case 'received':
        takeList(exchange, effect, env)
        break
    }
  return [...effects, ...pump(state, friend, exchange, env)]
}

/** A question that was taken may be repeated after a pause, one that failed at the next stimulus. */
function settle(exchange: FriendExchange, transaction: Outgoing, isTaken: boolean, nowMs: number): void {
  if (transaction.type !== TRANSACTION.groupListRequest) return
  for (const item of transaction.items) {
    const asked = exchange.asked.get(item.groupId)
    if (asked) asked.retryAtMs = isTaken ? nowMs + RETRY_PAUSE_MS * 2 ** (asked.tries - 1) : nowMs
  }
}

function takeList(
  exchange: FriendExchange,
  list: TransactionEffect & { kind: 'received' },
  env: GxsEnv,
): void {
  if (list.type === TRANSACTION.groupListRequest) {
    for (const { groupId } of list.entries) {
      const limit = env.record(groupId) ? MAX_WAITING : BATCH
      if (exchange.owed.size < limit) exchange.owed.set(groupId, env.nowMs + OWED_MS)
    }
  } else if (list.type === TRANSACTION.groupListResponse) {
    exchange.syncedAtSec = list.updatedAtSec
    for (const entry of list.entries) {
      const held = env.record(entry.groupId)
      const isNewer = held !== undefined && entry.publishedAtSec > held.publishedAtSec
      if (isNewer && !env.ownIdentities.has(entry.groupId)) want(exchange, entry.groupId, env.nowMs)
    }
  }
}

/** Opens as many transactions as may be open for what is wanted and owed. */
function pump(state: GxsExchange, friend: FriendId, exchange: FriendExchange, env: GxsEnv): GxsEffect[] {
  const effects: GxsEffect[] = []
  const mayOpen = (type: number): boolean => openCount(exchange.transactions, type) < MAX_PARALLEL
  while (exchange.wanted.size > 0 && mayOpen(TRANSACTION.groupListRequest)) {
    const ids = takeSome(exchange.wanted)
    const untilMs = env.nowMs + TRANSACTION_LIFE_MS
    for (const id of ids) {
      const tries = Math.min(1 + (exchange.asked.get(id)?.tries ?? 0), MAX_TRIES)
      exchange.asked.delete(id)
      exchange.asked.set(id, { untilMs, tries, retryAtMs: untilMs, isAnswered: false })
    }
    const items = ids.map((id) => groupEntry(REQUEST, id, 0))
    effects.push(...open(state, friend, exchange, { type: TRANSACTION.groupListRequest, items }, env.nowMs))
  }
  while (mayOpen(TRANSACTION.groups)) {
    const items = takeRecords(exchange.owed, env)
    if (items.length === 0) break
    effects.push(...open(state, friend, exchange, { type: TRANSACTION.groups, items }, env.nowMs))
  }
  return effects
}

function takeSome(from: Set<ParticipantId>): ParticipantId[] {
  const some = [...from].slice(0, BATCH)
  for (const id of some) from.delete(id)
  return some
}

/** Records of the first ids that are held here and fit into one transaction. Ids that are not wait for their time. */
function takeRecords(from: Map<ParticipantId, number>, env: GxsEnv): (GxsItem & { kind: 'gxs-group' })[] {
  const items: (GxsItem & { kind: 'gxs-group' })[] = []
  let bytes = 0
  for (const [id, untilMs] of from) {
    const record = env.record(id)
    if (!record) {
      if (env.nowMs >= untilMs) from.delete(id)
      continue
    }
    const size = record.data.length + record.meta.length
    if (items.length > 0 && (items.length >= BATCH || bytes + size > BATCH_BYTES)) break
    from.delete(id)
    items.push(groupOf(id, record))
    bytes += size
  }
  return items
}

const groupEntry = (
  flag: number,
  id: ParticipantId,
  publishedAtSec: number,
): GxsItem & { kind: 'gxs-group-entry' } => ({
  kind: 'gxs-group-entry',
  transaction: 0,
  flag,
  groupId: id,
  publishedAtSec,
  authorId: NO_AUTHOR,
})

const groupOf = (id: ParticipantId, record: ServedRecord): GxsItem & { kind: 'gxs-group' } => ({
  kind: 'gxs-group',
  transaction: 0,
  position: 0,
  groupId: id,
  data: record.data,
  meta: record.meta,
})

function open(
  state: GxsExchange,
  friend: FriendId,
  exchange: FriendExchange,
  content: { readonly type: number; readonly items: Outgoing['items']; readonly updatedAtSec?: number },
  nowMs: number,
): GxsEffect[] {
  const number = state.nextTransaction
  state.nextTransaction = (number + 1) >>> 0 || 1
  return openTransaction(exchange.transactions, number, { updatedAtSec: 0, ...content }, nowMs).flatMap(
    (effect) => (effect.kind === 'send' ? [{ kind: 'send', friend, item: effect.item }] : []),
  )
}

/** Tells which own records there are, if any is newer than what the friend has seen. */
function answerSync(
  state: GxsExchange,
  friend: FriendId,
  exchange: FriendExchange,
  seenSec: number,
  env: GxsEnv,
): GxsEffect[] {
  const type = TRANSACTION.groupListResponse
  if (seenSec >= state.ownChangedAtSec || openCount(exchange.transactions, type) > 0) return []
  const items = [...env.ownIdentities].slice(0, MAX_LISTED).flatMap((id) => {
    const record = env.record(id)
    return record ? [groupEntry(RESPONSE, id, record.publishedAtSec)] : []
  })
  if (items.length === 0) return []
  return open(state, friend, exchange, { type, items, updatedAtSec: state.ownChangedAtSec }, env.nowMs)
}

function tick(state: GxsExchange, env: GxsEnv): GxsEffect[] {
  const effects: GxsEffect[] = []
  for (const [friend, exchange] of state.friends) {
    askAgain(exchange, env.nowMs)
    effects.push(...act(state, friend, exchange, expireTransactions(exchange.transactions, env.nowMs), env))
    if (env.nowMs < exchange.syncAtMs) continue
    exchange.lastSyncAtMs = env.nowMs
    exchange.syncAtMs = env.nowMs + SYNC_PERIOD_MS
    effects.push({ kind: 'send', friend, item: syncRequest(exchange.syncedAtSec) })
  }
  return effects
}

function askAgain(exchange: FriendExchange, nowMs: number): void {
  const isAnswering = [...exchange.transactions.incoming.values()].some(
    ({ type }) => type === TRANSACTION.groups,
  )
  for (const [id, asked] of exchange.asked) {
    if (nowMs >= asked.untilMs) exchange.asked.delete(id)
    else if (!isAnswering && isDue(asked, nowMs)) exchange.wanted.add(id)
  }
}

const isDue = ({ isAnswered, tries, retryAtMs }: Asked, nowMs: number): boolean =>
  !isAnswered && tries < MAX_TRIES && nowMs >= retryAtMs

const syncRequest = (updatedAtSec: number): GxsItem => ({
  kind: 'gxs-sync-request',
  transaction: 0,
  flag: 0,
  createdSinceSec: 0,
  hash: '',
  updatedAtSec,
})
