// A room with its surroundings in memory: carries effects out in order, as the contract of room-port.ts says.
import xml from '@xmpp/xml'
import { type Element as ParsedElement, parse } from 'ltx'
import type { ArchiveAnswer, ArchiveEntry, ArchiveQuery, ArchiveWrite } from '../../src/muc/archive-port.ts'
import { createRoom, type Room } from '../../src/muc/room.ts'
import type { RoomDescription, RoomEffect, RoomEnv, RoomEvent, RoomPolicy } from '../../src/muc/room-port.ts'
import type { RoomState } from '../../src/muc/room-state.ts'
import { stepRoom } from '../../src/muc/step.ts'
import { type Jid, parseJid } from '../../src/stanza/jid.ts'
import type { StanzaError } from '../../src/stanza/stanza-error.ts'
import { addressed, type Element, escapeAttribute, serialize } from '../../src/stanza/xml.ts'
import type { ArchiveId, ParticipantId } from '../../src/util/ids.ts'

export const ROOM = 'cats@lobbies.example'
export const START_MS = Date.UTC(2026, 10, 21, 12)

export const jid = (text: string): Jid => {
  const parsed = parseJid(text)
  if (!parsed) throw new Error(`bad JID ${text}`)
  return parsed
}
export const participant = (text: string): ParticipantId =>
  Buffer.from(text).toString('hex').padEnd(32, '0').slice(0, 32) as ParticipantId

export const DESCRIPTION: RoomDescription = {
  name: 'Cats',
  description: 'All about cats',
  isPublic: true,
  isMembersOnly: false,
  createdBy: null,
  owners: ['boss@example.org'],
  stays: new Map(),
  subject: '',
  network: 'A lobby of RetroShare.',
  lobby: { network: 'retroshare', id: '00000000000000aa', isPrivate: false, isSigned: false },
}

/** As elements come from the parser of the sources: of the class that these know. */
const asParsed = (element: ParsedElement): Element =>
  xml(
    element.name,
    { ...element.attrs },
    ...element.children.map((child) => (typeof child === 'object' ? asParsed(child) : String(child))),
  )

/** An archive that keeps entries in an array and answers by looking at all of them. */
export class ArrayArchive {
  readonly entries: ArchiveEntry[] = []
  mode: 'store' | 'fail' | 'busy' | 'hold' = 'store'

  append({ retracts = [], ...entry }: ArchiveWrite): 'stored' | 'failed' | 'duplicate' {
    if (this.mode === 'fail') return 'failed'
    if (entry.networkId !== null && this.entries.some((old) => old.networkId === entry.networkId))
      return 'duplicate'
    this.entries.push(entry)
    for (const { id, xml } of retracts) {
      const at = this.entries.findIndex((old) => old.id === id)
      const old = this.entries[at]
      if (old) this.entries[at] = { ...old, kind: 'retracted', body: null, xml }
    }
    return 'stored'
  }

  query(query: ArchiveQuery): ArchiveAnswer {
    if (this.mode === 'fail') return { kind: 'failed' }
    if (this.mode === 'busy') return { kind: 'busy' }
    const known = new Set(this.entries.map((entry) => entry.id))
    const named = [query.afterId, query.beforeId, query.revisionsOf, ...(query.ids ?? [])].filter(
      (id) => id !== undefined,
    )
    if (named.some((id) => !known.has(id))) return { kind: 'not-found' }
    const rootOf = (id: ArchiveId | undefined): ArchiveId | undefined =>
      this.entries.find((entry) => entry.id === id)?.corrects ?? id
    const words = query.text?.toLowerCase().split(' ')
    const kinds: readonly string[] = ['message', 'retracted', 'gap']
    const set = this.entries.filter(
      (entry) =>
        (!query.isFolded || (entry.corrects === undefined && kinds.includes(entry.kind))) &&
        (query.revisionsOf === undefined || rootOf(entry.id) === rootOf(query.revisionsOf)) &&
        (words?.every((word) => entry.body?.toLowerCase().split(/\W+/).includes(word)) ?? true) &&
        entry.room === query.room &&
        (query.startMs === undefined || entry.atMs >= query.startMs) &&
        (query.endMs === undefined || entry.atMs <= query.endMs) &&
        (query.occupantId === undefined || entry.occupantId === query.occupantId) &&
        (query.nick === undefined || entry.nick === query.nick) &&
        (query.ids === undefined || query.ids.includes(entry.id)),
    )
    const bounded = set.filter(
      (entry) =>
        (query.afterId === undefined || entry.id > query.afterId) &&
        (query.beforeId === undefined || entry.id < query.beforeId),
    )
    const entries =
      query.max === 0 ? [] : query.fromEnd ? bounded.slice(-query.max) : bounded.slice(0, query.max)
    return {
      kind: 'page',
      page: {
        entries: query.isFolded ? entries.map((entry) => this.#withLatest(entry)) : entries,
        isComplete: entries.length === bounded.length,
        total: query.withCount ? set.length : null,
        firstIndex: query.withCount && entries[0] ? set.indexOf(entries[0]) : null,
      },
    }
  }

  #withLatest(entry: ArchiveEntry): ArchiveEntry {
    const latest = this.entries.findLast((later) => later.corrects === entry.id)
    return latest && entry.kind !== 'retracted' ? { ...entry, latest: latest.xml } : entry
  }
}

/** Effects that are bound for the lobby. */
export type LobbyEffect = Extract<
  RoomEffect,
  { kind: `local-${string}` | 'subject-changed' | 'lobby-missed' | `gap-${string}` }
>

interface Options {
  readonly description?: Partial<RoomDescription>
  readonly policy?: Partial<RoomPolicy>
  readonly isNew?: boolean
  readonly state?: RoomState
}

export class RoomHarness {
  readonly room: Room
  readonly archive = new ArrayArchive()
  /** What each address was sent, in order. */
  readonly sent = new Map<string, Element[]>()
  readonly lobby: LobbyEffect[] = []
  /** What was stored, in order. */
  readonly saved: Extract<RoomEffect, { kind: 'save' }>[] = []
  /** What becomes of saves: done at once, refused, or left until `finishSave`. */
  saving: 'store' | 'fail' | 'hold' = 'store'
  /** The room told that it is no more. */
  closed: Extract<RoomEffect, { kind: 'closed' }>[] = []
  /** For those who are away. */
  mentions: Extract<RoomEffect, { kind: 'mentioned' }>[] = []
  wakeAtMs: number | undefined
  nowMs = START_MS
  #lastId = 0
  #queue: RoomEffect[] = []

  constructor(options: Options = {}) {
    this.room = createRoom(
      { jid: jid(ROOM), occupantKey: new Uint8Array(32).fill(7), isNew: options.isNew ?? false },
      {
        refusesText: () => undefined,
        refusesNick: () => undefined,
        fittingNick: (nick) => nick,
        admits: () => undefined,
        refusesRegistration: () => undefined,
        paceMs: () => 0,
        ...options.policy,
      },
      { ...DESCRIPTION, ...options.description },
      options.state,
    )
  }

  get env(): RoomEnv {
    return {
      nowMs: this.nowMs,
      randomBytes: (count) => new Uint8Array(count).fill(1),
      nextArchiveId: () => {
        this.#lastId = Math.max(this.#lastId + 1, this.nowMs * 1000)
        return String(this.#lastId) as ArchiveId
      },
    }
  }

  /** Steps an event and carries out what can be carried out. Returns the effects of the step alone. */
  step(event: RoomEvent): RoomEffect[] {
    const effects = stepRoom(this.room, event, this.env)
    this.#queue.push(...effects)
    this.#drain()
    return effects
  }

  /** A stanza as text; `from` is put in, and `to` is the room unless the text says another. */
  send(from: string, text: string): RoomEffect[] {
    const stanza = asParsed(parse(text))
    stanza.attrs.from = from
    stanza.attrs.to ??= ROOM
    return this.step({ kind: 'stanza', from: jid(from), stanza })
  }

  join(from: string, nick: string, inside = '', history = '<history maxstanzas="0"/>'): RoomEffect[] {
    const to = escapeAttribute(`${ROOM}/${nick}`)
    return this.send(
      from,
      `<presence to="${to}" id="join">${inside}<x xmlns="http://jabber.org/protocol/muc">${history}</x></presence>`,
    )
  }

  say(from: string, body: string, id = 'm1', inside = ''): RoomEffect[] {
    return this.send(
      from,
      `<message type="groupchat" id="${id}"><body>${escapeAttribute(body)}</body>${inside}</message>`,
    )
  }

  /** Goes on after the archive was held. */
  release(): void {
    this.archive.mode = 'store'
    this.#drain()
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    while (this.wakeAtMs !== undefined && this.wakeAtMs <= endMs) {
      this.nowMs = this.wakeAtMs
      this.wakeAtMs = undefined
      this.step({ kind: 'wake' })
    }
    this.nowMs = endMs
  }

  /** What was given to be stored is durable, or not; the effects of that queue like those of any event. */
  finishSave(outcome: 'store' | 'fail'): void {
    const error: StanzaError | null =
      outcome === 'store' ? null : { type: 'wait', condition: 'internal-server-error', text: 'not stored' }
    this.#queue.push(...stepRoom(this.room, { kind: 'saved', error }, this.env))
    if (this.saving === 'hold') this.#drain()
  }

  /** Takes what an address was sent since last time. */
  take(address: string): Element[] {
    const stanzas = this.sent.get(address) ?? []
    this.sent.delete(address)
    return stanzas
  }

  /** The only thing that an address was sent since last time. */
  takeOne(address: string): Element {
    const stanzas = this.take(address)
    if (stanzas.length !== 1)
      throw new Error(`${address} was sent ${stanzas.length}: ${stanzas.map(serialize).join('\n')}`)
    return stanzas[0] as Element
  }

  takeLobby(): LobbyEffect[] {
    return this.lobby.splice(0)
  }

  clear(): void {
    this.sent.clear()
    this.lobby.length = 0
  }

  #drain(): void {
    for (;;) {
      const effect = this.#queue[0]
      if (!effect) return
      if (this.archive.mode === 'hold' && (effect.kind === 'archive' || effect.kind === 'query')) return
      this.#queue.shift()
      this.#queue.unshift(...this.#perform(effect))
    }
  }

  /** Carries one effect out; effects that take its place are returned. */
  #perform(effect: RoomEffect): readonly RoomEffect[] {
    switch (effect.kind) {
      case 'send':
        this.#deliver(effect.to, serialize(effect.stanza))
        return []
      case 'fanout':
        for (const to of effect.to) this.#deliver(to, addressed(effect.stanza, escapeAttribute(to)))
        return []
      case 'burst':
        for (const stanza of effect.stanzas)
          this.#deliver(effect.to, addressed(stanza, escapeAttribute(effect.to)))
        return []
      case 'archive': {
        const outcome = this.archive.append(effect.entry)
        return outcome === 'duplicate' ? [] : effect[outcome]
      }
      case 'query':
        return stepRoom(
          this.room,
          { kind: 'answer', context: effect.context, answer: this.archive.query(effect.query) },
          this.env,
        )
      case 'query-metadata': {
        const { entries } = this.archive
        const [first, last] = [entries[0], entries.at(-1)]
        return stepRoom(
          this.room,
          {
            kind: 'metadata',
            context: effect.context,
            metadata: this.archive.mode === 'fail' ? 'failed' : first && last ? { first, last } : null,
          },
          this.env,
        )
      }
      case 'afterwards':
        this.#queue.push(...stepRoom(this.room, effect.event, this.env))
        return []
      case 'wake':
        this.wakeAtMs = effect.atMs
        return []
      case 'save':
        this.saved.push(effect)
        if (this.saving !== 'hold') this.finishSave(this.saving)
        return []
      case 'closed':
        this.closed.push(effect)
        return []
      case 'mentioned':
        this.mentions.push(effect)
        return []
      default:
        this.lobby.push(effect)
        return []
    }
  }

  #deliver(to: string, xml: string): void {
    const stanza = parse(xml) as unknown as Element
    const list = this.sent.get(to)
    if (list) list.push(stanza)
    else this.sent.set(to, [stanza])
  }
}

/** MUC status codes of a presence or message, in order of appearance. */
export const codes = (stanza: Element): number[] =>
  stanza
    .getChildren('x', 'http://jabber.org/protocol/muc#user')
    .flatMap((x) => x.getChildren('status').map((status) => Number(status.attrs.code)))

export const item = (stanza: Element): Record<string, string> | undefined =>
  stanza.getChild('x', 'http://jabber.org/protocol/muc#user')?.getChild('item')?.attrs

/** `type/condition` of an error stanza, and who refused. */
export const errorOf = (stanza: Element): { error: string; by: string | undefined; id: unknown } => {
  const error = stanza.getChild('error')
  const condition = error?.getChildElements()[0]?.getName()
  if (stanza.attrs.type !== 'error' || !error?.getChildText('text')) throw new Error(`no error: ${stanza}`)
  return { error: `${error.attrs.type}/${condition}`, by: error.attrs.by, id: stanza.attrs.id }
}
