/** Claims: what one message costs on its way through the gateway, stage by stage, and what pages of the archive cost. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../src/archive/open-store.ts'
import type { Store } from '../src/archive/store.ts'
import { archiveIds } from '../src/gateway/archive-ids.ts'
import type { ArchiveEntry } from '../src/muc/archive-port.ts'
import { createRoom, type Room } from '../src/muc/room.ts'
import type { RoomEffect, RoomEnv } from '../src/muc/room-port.ts'
import { stepRoom } from '../src/muc/step.ts'
import { Jid } from '../src/stanza/jid.ts'
import { StreamParser } from '../src/stanza/parser.ts'
import { addressed, type Element, escapeAttribute, type PreparedStanza } from '../src/stanza/xml.ts'
import { range } from './support/crowd.ts'
import { type Figure, median, short } from './support/figures.ts'

const OCCUPANTS = 500
const ROUNDS = 7
const HEADER = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`
const ROOM = new Jid('garden', 'lobbies.localhost')
const BODY = 'lorem ipsum '.repeat(10)
const messageText = (i: number): string =>
  `<message to='${ROOM.bare}' type='groupchat' id='m${i}'><body>${BODY}</body></message>`
const guest = (i: number): Jid => new Jid(`guest${i}`, 'localhost', 'r')

/** Microseconds of CPU for each of `count` runs: the median of several rounds after one that warms up. */
async function cpuUs(count: number, work: () => unknown): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) await work()
    const { user, system } = process.cpuUsage(before)
    if (round > 0) rounds.push((user + system) / count)
  }
  return median(rounds)
}

/** As `cpuUs` for work that does not wait. */
function cpuUsNow(count: number, work: () => unknown): Promise<number> {
  return cpuUs(1, () => {
    for (let i = 0; i < count; i++) work()
  }).then((us) => us / count)
}

const nextArchiveId = archiveIds(null, Date.now)
const env: RoomEnv = {
  nowMs: Date.now(),
  nextArchiveId,
  randomBytes: (count) => createHash('sha256').update('bench').digest().subarray(0, count),
}

function parser(): (text: string) => Element {
  const stream = new StreamParser()
  stream.write(HEADER)
  return (text) => {
    const event = stream.write(text)[0]
    if (event?.kind !== 'stanza') throw new Error(`no stanza: ${text}`)
    return event.stanza
  }
}

/** A stanza as the server hands it to a room. */
function from(sender: Jid, stanza: Element): Element {
  stanza.attrs.from = sender.full
  return stanza
}

function fullRoom(parse: (text: string) => Element): Room {
  const room = createRoom(
    { jid: ROOM, occupantKey: new Uint8Array(32), isNew: false },
    {
      refusesText: () => undefined,
      refusesNick: () => undefined,
      fittingNick: (nick) => nick,
      admits: () => undefined,
      refusesRegistration: () => undefined,
      paceMs: () => 0,
    },
    {
      name: 'Garden',
      description: '',
      isPublic: true,
      isMembersOnly: false,
      createdBy: null,
      owners: [],
      stays: new Map(),
      subject: '',
      network: '',
      lobby: { network: '', id: '', isPrivate: false, isSigned: false },
    },
  )
  for (const i of range(OCCUPANTS)) {
    const text = `<presence to='${ROOM.bare}/n${i}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`
    stepRoom(room, { kind: 'stanza', from: guest(i), stanza: from(guest(i), parse(text)) }, env)
  }
  return room
}

const only = <K extends RoomEffect['kind']>(effects: readonly RoomEffect[], kind: K) =>
  effects.find((effect) => effect.kind === kind) as RoomEffect & { kind: K }

async function stages(store: Store): Promise<Figure[]> {
  const parse = parser()
  const room = fullRoom(parse)
  const text = messageText(1)
  const stanza = from(guest(0), parse(text))
  const say = (): RoomEffect[] => stepRoom(room, { kind: 'stanza', from: guest(0), stanza }, env)
  const { entry, stored } = only(say(), 'archive')
  const { stanza: prepared, to } = only(stored, 'fanout')
  const escaped = to.map(escapeAttribute)

  const parseUs = await cpuUsNow(20_000, () => parse(text))
  const stepUs = await cpuUsNow(20_000, say)
  const addressUs = await cpuUsNow(400, () => flatten(prepared, escaped))
  const append = async (group: number): Promise<number> =>
    (await cpuUs(Math.ceil(2_000 / group), () =>
      store.archive.append(range(group).map((): ArchiveEntry => ({ ...entry, id: nextArchiveId() }))),
    )) / group
  const [alone, tens, hundreds] = [await append(1), await append(10), await append(100)]
  const total = parseUs + stepUs + tens + addressUs
  return [
    { what: 'parse a message', value: `${short(parseUs)} us` },
    { what: 'room step, serialised once', value: `${short(stepUs)} us` },
    { what: 'archive append, durable, 1 a commit', value: `${short(alone)} us` },
    { what: 'archive append, durable, 10 a commit', value: `${short(tens)} us`, target: '<= 60 us' },
    { what: 'archive append, durable, 100 a commit', value: `${short(hundreds)} us`, target: '<= 60 us' },
    {
      what: `splice the recipient, ${OCCUPANTS} of them`,
      value: `${short(addressUs)} us, ${short(addressUs / OCCUPANTS)} us each`,
      target: '0.1 to 0.8 us each',
    },
    {
      what: `all stages, ${OCCUPANTS} recipients, 10 a commit`,
      value: `${short(total)} us, ${short(total / OCCUPANTS)} us a copy`,
    },
  ]
}

/** The length makes V8 put the parts of each text together, as a socket would. */
function flatten(stanza: PreparedStanza, recipients: readonly string[]): number {
  let bytes = 0
  for (const to of recipients) bytes += Buffer.byteLength(addressed(stanza, to))
  return bytes
}

/** One word is in every message, one in every hundredth, and each has a few that hardly another has. */
async function fill(store: Store, entry: ArchiveEntry, count: number): Promise<void> {
  const group = 500
  const body = (n: number): string =>
    `common ${n % 100 === 0 ? 'seldom ' : ''}w${n % 9973} w${n % 7919} and some more of it`
  for (let done = 0; done < count; done += group)
    await store.archive.append(
      range(group).map((i) => ({ ...entry, id: nextArchiveId(), body: body(done + i) })),
    )
}

async function pages(store: Store): Promise<Figure[]> {
  const parse = parser()
  const room = fullRoom(parse)
  const { entry } = only(
    stepRoom(room, { kind: 'stanza', from: guest(0), stanza: from(guest(0), parse(messageText(1))) }, env),
    'archive',
  )
  const figures: Figure[] = []
  let stored = 0
  for (const messages of [10_000, 100_000, 1_000_000]) {
    await fill(store, { ...entry, room: 'archived' }, messages - stored)
    stored = messages
    const page = (rsm: string, fields = ''): (() => Promise<number>) => {
      const iq = parse(
        `<iq type='set' id='q' to='${ROOM.bare}'><query xmlns='urn:xmpp:mam:2' queryid='q'>` +
          `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>${fields}</x>` +
          `<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>${rsm}</set></query></iq>`,
      )
      return () => onePage(store, room, from(guest(0), iq))
    }
    const middle = await store.archive.query({
      room: 'archived',
      fromEnd: true,
      max: 1 + messages / 2,
      withCount: false,
    })
    const middleId = middle.kind === 'page' ? middle.page.entries[0]?.id : undefined
    for (const [name, ask] of [
      ['newest', page('<before/>')],
      ['middle', page(`<after>${middleId}</after>`)],
      ['newest with a word of all', page('<before/>', words('common'))],
      ['newest with a word of each hundredth', page('<before/>', words('seldom'))],
      ['middle with both words', page(`<after>${middleId}</after>`, words('common seldom'))],
    ] as const) {
      const count = await ask()
      if (count < 50) throw new Error(`a page of ${count}`)
      const us = await cpuUs(40, ask)
      figures.push({
        what: `archive page of 100, ${name}, ${short(messages)} stored`,
        value: `${short(us / 1000)} ms`,
        target: '<= 3 ms',
      })
    }
  }
  return figures
}

const words = (text: string): string =>
  `<field var='{urn:xmpp:fulltext:0}fulltext'><value>${text}</value></field>`

/** From the IQ to texts for the wire; the number of messages. */
async function onePage(store: Store, room: Room, iq: Element): Promise<number> {
  const { query, context } = only(
    stepRoom(room, { kind: 'stanza', from: guest(0), stanza: iq }, env),
    'query',
  )
  const answer = await store.archive.query({ ...query, room: 'archived' })
  const { stanzas } = only(stepRoom(room, { kind: 'answer', context, answer }, env), 'burst')
  for (const stanza of stanzas) flatten(stanza, ['guest0@localhost/r'])
  return stanzas.length
}

export async function reflect(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-bench-'))
  const store = openStore(join(folder, 'bench.db'))
  try {
    return [...(await stages(store)), ...(await pages(store))]
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
