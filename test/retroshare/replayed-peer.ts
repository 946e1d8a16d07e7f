// A friend that says over real TLS what a real node said in a recorded session, byte for byte, each item after what it needs. Only the
// exchange of identities is answered afresh, with the recorded records: its numbers belong to who asks.
import { decodeItem, encodeItem } from '../../src/retroshare/wire/codec.ts'
import { Framer } from '../../src/retroshare/wire/framer.ts'
import {
  CHAT_FLAG,
  type Item,
  type LobbyListEntry,
  SERVICE,
  TRANSACTION,
} from '../../src/retroshare/wire/item.ts'
import { fromHex } from '../../src/util/bytes.ts'
import type { LobbyId, ParticipantId } from '../../src/util/ids.ts'
import type { RawLink } from './peer/support/raw-peer.ts'
import { readVector } from './wire/recorded.ts'

type Of<K extends Item['kind']> = Extract<Item, { kind: K }>

/** One item or slice of the recorded node, and the item that ends in it. */
interface Packet {
  /** When it was recorded, ms since 1970. */
  readonly atMs: number
  readonly bytes: Uint8Array
  readonly item: Item | undefined
}

/** What one node of a recording sent on its links, in order. */
export interface Part {
  /** When the recording began, ms since 1970. */
  readonly startedAtMs: number
  readonly packets: readonly Packet[]
  readonly records: ReadonlyMap<ParticipantId, Of<'gxs-group'>>
  /** Lobbies that the node heard of from its peer. */
  readonly offered: ReadonlyMap<LobbyId, Offer>
}

type Offer = Pick<LobbyListEntry, 'name' | 'topic' | 'flags'>

/** `direction` W: what the recording's own node wrote; R: what it read from its peer. */
export function partOf(file: string, direction: 'R' | 'W'): Part {
  const lines = readVector(file).trimEnd().split('\n')
  const own = packetsOf(lines, direction)
  const other = packetsOf(lines, direction === 'R' ? 'W' : 'R')
  const offered = new Map<LobbyId, Offer>()
  const isOwn = new Set<LobbyId>()
  const all = [
    ...own.map((packet) => ({ packet, by: isOwn })),
    ...other.map((packet) => ({ packet, by: null })),
  ]
  for (const { packet, by } of all.sort((a, b) => a.packet.atMs - b.packet.atMs))
    for (const [lobby, offer] of offersIn(packet.item)) {
      if (by && !offered.has(lobby)) by.add(lobby)
      else if (!by && !isOwn.has(lobby)) offered.set(lobby, offer)
    }
  return {
    startedAtMs: Number(lines[0]?.split(' ')[0]) * 1000,
    packets: own.filter(({ bytes }) => !isExchange(bytes)),
    records: new Map(own.flatMap(({ item }) => (item?.kind === 'gxs-group' ? [[item.groupId, item]] : []))),
    offered,
  }
}

/** Cuts what went one way into items and slices; unknown items are packets without item. */
function packetsOf(lines: readonly string[], direction: 'R' | 'W'): Packet[] {
  const framer = new Framer()
  const packets: Packet[] = []
  let rest: Uint8Array = new Uint8Array()
  for (const line of lines) {
    const [time, , lineDirection, hex] = line.split(' ')
    if (lineDirection !== direction) continue
    rest = Buffer.concat([rest, fromHex(hex ?? '') as Uint8Array])
    for (let size = sizeOf(rest); size <= rest.length; size = sizeOf(rest)) {
      const bytes = rest.subarray(0, size)
      rest = rest.subarray(size)
      const pushed = framer.push(bytes)
      if (!pushed.ok) throw new Error(pushed.error.detail)
      const item = pushed.value.map(decodeItem)[0]
      packets.push({ atMs: Number(time) * 1000, bytes, item: item?.ok ? item.value : undefined })
    }
  }
  return packets
}

/** Bytes of the item or slice that begins here (docs/retroshare.md §3.1, §3.2); infinite while its header is cut. */
function sizeOf(bytes: Uint8Array): number {
  if (bytes.length < 8) return Number.POSITIVE_INFINITY
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return bytes[0] === SLICE ? 8 + view.getUint16(6) : view.getUint32(4)
}

const SLICE = 0x10

const isExchange = (packet: Uint8Array): boolean =>
  packet[0] !== SLICE && ((packet[1] ?? 0) << 8) + (packet[2] ?? 0) === SERVICE.gxsId

/** The lobbies that an item lists or invites to. */
export function offersIn(item: Item | undefined): (readonly [LobbyId, Offer])[] {
  if (item?.kind === 'lobby-invite') return [[item.lobby, item]]
  return item?.kind === 'lobby-list' ? item.lobbies.map((entry) => [entry.lobby, entry]) : []
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
  #avatarRequests = 0
  #avatars = 0
  #pings = 0
  #ponged = 0

  constructor(link: RawLink, part: Part) {
    this.#link = link
    this.#part = part
    for (const chunk of link.chunks) this.#take(chunk)
    link.socket.on('data', (chunk) => this.#take(chunk))
  }

  /** Sends everything in order; `before` is awaited before each packet that ends an item. */
  async play(before: (item: Item, atMs: number) => Promise<void>): Promise<void> {
    for (const { bytes, item, atMs } of this.#part.packets) {
      if (item) await before(item, atMs)
      // Nothing but an answer.
      if (item?.kind === 'avatar') {
        this.#avatars += 1
        await this.#until(() => this.#avatarRequests >= this.#avatars)
      }
      this.#link.socket.write(bytes)
    }
  }

  hasRecord(author: ParticipantId): boolean {
    return this.#part.records.has(author)
  }

  /** Resolves when the other side has taken the record of an author. */
  served(author: ParticipantId): Promise<void> {
    return this.#until(() => this.#served.has(author))
  }

  /** Resolves when the other side has read all that was sent so far: it answers in order. */
  read(): Promise<void> {
    this.#pings += 1
    const sequence = FIRST_PING + this.#pings
    this.#send({ kind: 'rtt-ping', sequence, pingAt: 0n })
    return this.#until(() => this.#ponged >= sequence)
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  #look(): void {
    for (const look of [...this.#watchers]) look()
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
    else if (item.kind === 'rtt-pong') {
      this.#ponged = Math.max(this.#ponged, item.sequence)
      this.#look()
    } else if (item.kind === 'private-message' && (item.flags & CHAT_FLAG.asksAvatar) !== 0) {
      this.#avatarRequests += 1
      this.#look()
    }
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
      this.#look()
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

/** Far from the numbers of recorded pings. */
const FIRST_PING = 1_000_000

const TRANSACTION_END = {
  kind: 'gxs-transaction',
  transaction: 0,
  flags: TRANSACTION.endSuccess,
  items: 0,
  updatedAtSec: 0,
} as const
