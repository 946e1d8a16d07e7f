/** Load on rooms full of clients: messages with a sequence number and a time, checked off by every occupant. */

import type { RawClient, Scanner } from './client.ts'
import { percentile, sleep } from './figures.ts'
import type { Cpu, ServerProcess } from './processes.ts'

const SEQUENCE = 8
const TIME = 12
/** `~Q`, sequence number, time in us, `~`. */
const MARK_LENGTH = 2 + SEQUENCE + TIME + 1
const MARK = Buffer.from('~Q')
const BODY = 120
const STALL_MS = 30_000
/** A server that uses no more CPU than this in this time has nothing left to do. */
const REST_CPU_SEC = 0.02
const REST_MS = 200

const microseconds = (): number => Math.floor(performance.now() * 1000)

function digits(bytes: Buffer, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) value = value * 10 + (bytes[at] as number) - 48
  return value
}

/** What the occupants of all rooms got. */
class Tally {
  delivered = 0
  lost = 0
  duplicated = 0
  /** Microseconds from sending to receipt; undefined while it does not matter. */
  latencies: number[] | undefined
}

/** One room: its first client speaks, all of them listen. */
class LoadedRoom {
  sent = 0
  echoed = 0
  onEcho: () => void = () => {}
  readonly #clients: readonly RawClient[]
  readonly #message: (body: string) => string

  constructor(clients: readonly RawClient[], message: (body: string) => string, tally: Tally) {
    this.#clients = clients
    this.#message = message
    for (const [i, client] of clients.entries()) client.scanner = this.#listener(tally, i === 0)
  }

  say(): void {
    const sequence = String(++this.sent).padStart(SEQUENCE, '0')
    const mark = `~Q${sequence}${String(microseconds()).padStart(TIME, '0')}~`
    this.#clients[0]?.send(this.#message(mark.padEnd(BODY, ' lorem ipsum')))
  }

  #listener(tally: Tally, isSender: boolean): Scanner {
    let last = 0
    return (bytes) => {
      let at = bytes.indexOf(MARK)
      for (; at !== -1 && at + MARK_LENGTH <= bytes.length; at = bytes.indexOf(MARK, at + MARK_LENGTH)) {
        const sequence = digits(bytes, at + 2, SEQUENCE)
        if (sequence > last) {
          tally.lost += sequence - last - 1
          last = sequence
        } else tally.duplicated++
        tally.delivered++
        tally.latencies?.push(microseconds() - digits(bytes, at + 2 + SEQUENCE, TIME))
        if (isSender) {
          this.echoed++
          this.onEcho()
        }
      }
      return at === -1 ? bytes.length - (bytes.at(-1) === MARK[0] ? 1 : 0) : at
    }
  }
}

/** What a server is asked to bear. */
export interface Crowd {
  readonly server: ServerProcess
  /** Clients by room; the first of each speaks. */
  readonly rooms: readonly (readonly RawClient[])[]
  /** A message with this body as the first client of a room sends it. */
  message(room: number, body: string): string
}

/** At saturation. */
export interface Saturation {
  readonly cpuUsPerDelivery: number
  readonly mainThreadUsPerDelivery: number
  readonly deliveriesPerSec: number
  readonly bytesPerDelivery: number
}

/** CPU once the server rests: signatures for the lobby network are made behind the deliveries. */
async function settled(server: ServerProcess): Promise<Cpu> {
  while (true) {
    const before = server.cpu()
    await sleep(REST_MS)
    const after = server.cpu()
    if (after.all - before.all <= REST_CPU_SEC) return after
  }
}

/** Drives one crowd, phase after phase. Throws when a message was lost or came twice. */
export class Load {
  readonly #crowd: Crowd
  readonly #tally = new Tally()
  readonly #rooms: readonly LoadedRoom[]

  constructor(crowd: Crowd) {
    this.#crowd = crowd
    this.#rooms = crowd.rooms.map(
      (clients, i) => new LoadedRoom(clients, (body) => crowd.message(i, body), this.#tally),
    )
  }

  /** Closed loop: each room's speaker keeps `window` messages unechoed. */
  async saturate(seconds: number, window: number): Promise<Saturation> {
    const { server } = this.#crowd
    const before = {
      delivered: this.#tally.delivered,
      bytes: this.#bytes(),
      cpu: server.cpu(),
      at: performance.now(),
    }
    const endsAt = before.at + 1000 * seconds
    for (const room of this.#rooms) {
      room.onEcho = () => {
        if (performance.now() < endsAt) room.say()
      }
      for (let i = 0; i < window; i++) room.say()
    }
    await sleep(1000 * seconds)
    await this.#allDelivered()
    const deliveredAt = performance.now()
    const cpu = await settled(server)
    const deliveries = this.#tally.delivered - before.delivered
    return {
      cpuUsPerDelivery: (1e6 * (cpu.all - before.cpu.all)) / deliveries,
      mainThreadUsPerDelivery: (1e6 * (cpu.main - before.cpu.main)) / deliveries,
      deliveriesPerSec: (1000 * deliveries) / (deliveredAt - before.at),
      bytesPerDelivery: (this.#bytes() - before.bytes) / deliveries,
    }
  }

  /** Open loop: so many deliveries a second, rooms in turn. Milliseconds until the occupants have a message. */
  async trickle(seconds: number, deliveriesPerSec: number): Promise<{ p50: number; p99: number }> {
    const perMessage = this.#crowd.rooms[0]?.length ?? 1
    const messages = Math.round((seconds * deliveriesPerSec) / perMessage)
    const startedAt = performance.now()
    for (const room of this.#rooms) room.onEcho = () => {}
    this.#tally.latencies = []
    for (let i = 0; i < messages; i++) {
      await sleep(startedAt + (1000 * seconds * i) / messages - performance.now())
      this.#rooms[i % this.#rooms.length]?.say()
    }
    await this.#allDelivered()
    const latencies = this.#tally.latencies
    this.#tally.latencies = undefined
    return { p50: percentile(latencies, 50) / 1000, p99: percentile(latencies, 99) / 1000 }
  }

  async #allDelivered(): Promise<void> {
    const tally = this.#tally
    const due = (): number =>
      this.#rooms.reduce((sum, room, i) => sum + room.sent * (this.#crowd.rooms[i]?.length ?? 0), 0)
    let progress = { delivered: -1, at: 0 }
    while (tally.delivered < due()) {
      if (tally.delivered !== progress.delivered)
        progress = { delivered: tally.delivered, at: performance.now() }
      else if (performance.now() - progress.at > STALL_MS) break
      await sleep(2)
    }
    const { lost, duplicated, delivered } = tally
    if (lost > 0 || duplicated > 0 || delivered !== due())
      throw new Error(`${due()} deliveries due, ${delivered} came, ${lost} skipped, ${duplicated} twice`)
  }

  #bytes(): number {
    return this.#crowd.rooms.reduce(
      (sum, clients) => sum + clients.reduce((bytes, client) => bytes + client.received, 0),
      0,
    )
  }
}
