// A friend that says over real TLS what a real RetroShare node said in a recorded session, byte for byte. Only the
// exchange of identities is answered afresh, with the recorded records: its numbers belong to who asks.
import { decodeItem, encodeItem } from '../../src/retroshare/wire/codec.ts'
import { Framer } from '../../src/retroshare/wire/framer.ts'
import { type Item, SERVICE, TRANSACTION } from '../../src/retroshare/wire/item.ts'
import { fromHex } from '../../src/util/bytes.ts'
import type { ParticipantId } from '../../src/util/ids.ts'
import type { RawLink } from './peer/support/raw-peer.ts'
import { readVector } from './wire/recorded.ts'

type Of<K extends Item['kind']> = Extract<Item, { kind: K }>

/** One write of the recorded node: its bytes, and the items that end in it. */
interface Flight {
  /** When it was recorded, ms since 1970. */
  readonly atMs: number
  readonly bytes: Uint8Array
  readonly items: readonly Item[]
}

/** What one node of a recording sent on its links, in order. */
export interface Part {
  /** When the recording began, ms since 1970. */
  readonly startedAtMs: number
  readonly flights: readonly Flight[]
  readonly records: ReadonlyMap<ParticipantId, Of<'gxs-group'>>
}

/** `direction` W: what the recording's own node wrote; R: what it read from its peer. */
export function partOf(file: string, direction: 'R' | 'W'): Part {
  const framer = new Framer()
  const flights: Flight[] = []
  const records = new Map<ParticipantId, Of<'gxs-group'>>()
  let startedAtMs = Number.POSITIVE_INFINITY
  for (const line of readVector(file).trimEnd().split('\n')) {
    const [time, , lineDirection, hex] = line.split(' ')
    startedAtMs = Math.min(startedAtMs, Number(time) * 1000)
    if (lineDirection !== direction) continue
    const bytes = fromHex(hex ?? '') as Uint8Array
    const pushed = framer.push(bytes)
    if (!pushed.ok) throw new Error(`${file}: ${pushed.error.detail}`)
    const whole = pushed.value.map((raw) => ({ raw, item: decodeItem(raw) }))
    const items = whole.flatMap(({ item }) => (item.ok ? [item.value] : []))
    for (const item of items) if (item.kind === 'gxs-group') records.set(item.groupId, item)
    const isExchange = (raw: Uint8Array): boolean => ((raw[1] ?? 0) << 8) + (raw[2] ?? 0) === SERVICE.gxsId
    flights.push({
      atMs: Number(time) * 1000,
      bytes: whole.some(({ raw }) => isExchange(raw))
        ? Buffer.concat(whole.filter(({ raw }) => !isExchange(raw)).map(({ raw }) => raw))
        : bytes,
      items,
    })
  }
  return { startedAtMs, flights, records }
}

export class ReplayedPeer {
  readonly #link: RawLink
  readonly #part: Part
  readonly #framer = new Framer()
  readonly #asked = new Map<number, { ids: ParticipantId[]; count: number }>()
  readonly #serving = new Map<number, ParticipantId[]>()
  readonly #served = new Set<ParticipantId>()
  readonly #watchers = new Set<() => void>()
  #lastTransaction = 1000

  constructor(link: RawLink, part: Part) {
    this.#link = link
    this.#part = part
    for (const chunk of link.chunks) this.#take(chunk)
    link.socket.on('data', (chunk) => this.#take(chunk))
  }

  /** Sends everything in order; `before` is awaited before each write that ends items. */
  async play(before: (items: readonly Item[], atMs: number) => Promise<void>): Promise<void> {
    for (const { bytes, items, atMs } of this.#part.flights) {
      if (items.length > 0) await before(items, atMs)
      if (bytes.length > 0) this.#link.socket.write(bytes)
    }
  }

  hasRecord(author: ParticipantId): boolean {
    return this.#part.records.has(author)
  }

  /** Resolves when the other side has taken the record of an author. */
  served(author: ParticipantId): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#served.has(author)) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  #take(chunk: Uint8Array): void {
    const pushed = this.#framer.push(chunk)
    if (!pushed.ok) throw new Error(`the node sent what cannot be read: ${pushed.error.detail}`)
    for (const raw of pushed.value) {
      const item = decodeItem(raw)
      if (!item.ok) throw new Error(`the node sent an item that cannot be read: ${item.error.detail}`)
      this.#answer(item.value)
    }
  }

  #answer(item: Item): void {
    if (item.kind === 'gxs-group-entry') {
      const asked = this.#asked.get(item.transaction)
      if (!asked) return
      asked.ids.push(item.groupId)
      if (asked.ids.length < asked.count) return
      this.#send({ ...TRANSACTION_END, transaction: item.transaction })
      this.#serve(asked.ids)
    } else if (item.kind === 'gxs-transaction') this.#answerTransaction(item)
  }

  #answerTransaction({ transaction, flags, items }: Of<'gxs-transaction'>): void {
    if (flags === (TRANSACTION.beginP1 | TRANSACTION.groupListRequest)) {
      this.#asked.set(transaction, { ids: [], count: items })
      this.#send({
        ...TRANSACTION_END,
        transaction,
        flags: TRANSACTION.beginP2 | TRANSACTION.groupListRequest,
      })
    } else if (flags & TRANSACTION.beginP2) {
      for (const id of this.#serving.get(transaction) ?? [])
        this.#send({ ...(this.#part.records.get(id) as Of<'gxs-group'>), transaction })
    } else if (flags === TRANSACTION.endSuccess) {
      for (const id of this.#serving.get(transaction) ?? []) this.#served.add(id)
      for (const look of [...this.#watchers]) look()
    }
  }

  /** Opens a transaction with the records that were recorded; none when there are none. */
  #serve(ids: readonly ParticipantId[]): void {
    const known = ids.filter((id) => this.hasRecord(id))
    if (known.length === 0) return
    this.#lastTransaction += 1
    this.#serving.set(this.#lastTransaction, known)
    const flags = TRANSACTION.beginP1 | TRANSACTION.groups
    this.#send({ ...TRANSACTION_END, transaction: this.#lastTransaction, flags, items: known.length })
  }

  #send(item: Item): void {
    this.#link.socket.write(encodeItem(item))
  }
}

const TRANSACTION_END = {
  kind: 'gxs-transaction',
  transaction: 0,
  flags: TRANSACTION.endSuccess,
  items: 0,
  updatedAtSec: 0,
} as const
