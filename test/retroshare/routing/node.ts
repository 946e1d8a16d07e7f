// A router under test with its own clock: events in, effects out, by short names.
import type { LobbyUpdate } from '../../../src/lobby/lobby.ts'
import { stepRouter } from '../../../src/retroshare/routing/router.ts'
import type { RouterEffect, RouterEvent, Verdict } from '../../../src/retroshare/routing/router-port.ts'
import { createRouter, type Router } from '../../../src/retroshare/routing/state.ts'
import {
  type BouncedItem,
  type Item,
  LOBBY_EVENT,
  type LobbyControl,
  type LobbyEvent,
  type LobbyListEntry,
  type LobbyMessage,
} from '../../../src/retroshare/wire/item.ts'
import type { FriendId, LobbyId, NetworkId, ParticipantId, SpeakerId } from '../../../src/util/ids.ts'

export const T0 = 1_700_000_000_000
export const LOBBY = '00000000000000aa' as LobbyId
export const OTHER_LOBBY = '00000000000000bb' as LobbyId
/** The node under test. */
export const SELF = '5e'.repeat(16) as FriendId
export const ALICE = 'a'.repeat(32) as FriendId
export const BOB = 'b'.repeat(32) as FriendId
export const CAROL = 'c'.repeat(32) as FriendId
/** Authors far away. */
export const DAVE = 'd1'.repeat(16) as ParticipantId
export const ERIN = 'e1'.repeat(16) as ParticipantId
/** Our own people. */
export const SAM = 'sam' as SpeakerId
export const SUE = 'sue' as SpeakerId
export const SAMS_ID = '51'.repeat(16) as ParticipantId
export const SUES_ID = '52'.repeat(16) as ParticipantId

const GOOD: Verdict = { signature: 'good', isLinked: true }
const EMPTY = new Uint8Array()
let ids = 0

export class TestNode {
  readonly router: Router
  nowMs = T0
  verdict: Verdict = GOOD
  judged = 0
  wakeAtMs = Number.POSITIVE_INFINITY
  /** Everything since the last `take`. */
  effects: RouterEffect[] = []
  /** Sign requests that are answered only on demand. */
  signsAtOnce = true

  constructor(self = SELF) {
    this.router = createRouter({ network: 'retroshare' as NetworkId, self })
  }

  step(event: RouterEvent): RouterEffect[] {
    const effects = stepRouter(this.router, event, {
      nowMs: this.nowMs,
      randomBytes: (count) => {
        ids += 1
        return Uint8Array.from({ length: count }, (_, i) => (i < 4 ? 0x40 : ids >> (8 * (7 - i))) & 0xff)
      },
      judge: () => {
        this.judged += 1
        return this.verdict
      },
    })
    for (const effect of effects) {
      this.effects.push(effect)
      if (effect.kind === 'wake') this.wakeAtMs = effect.atMs
      if (effect.kind === 'sign' && this.signsAtOnce) this.sign(effect)
    }
    return effects
  }

  sign({ token, item }: Extract<RouterEffect, { kind: 'sign' }>): void {
    this.step({ kind: 'signed', token, item, raw: Uint8Array.of(7) })
  }

  /** Lets time pass; wakes come exactly when asked for. */
  passMs(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.wakeAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.wakeAtMs)
      this.wakeAtMs = Number.POSITIVE_INFINITY
      this.step({ kind: 'wake' })
    }
    this.nowMs = untilMs
  }

  /** What happened since the last call. */
  take(): RouterEffect[] {
    const taken = this.effects
    this.effects = []
    return taken
  }

  updates(): LobbyUpdate[] {
    return this.take().flatMap((effect) => (effect.kind === 'update' ? [effect.update] : []))
  }

  notes(): string[] {
    return this.take().flatMap((effect) => (effect.kind === 'note' ? [effect.code] : []))
  }

  /** What `friend` got, in order. */
  sentTo(friend: FriendId): Item[] {
    return sentTo(this.take(), friend)
  }

  up(...friends: FriendId[]): void {
    for (const friend of friends) this.step({ kind: 'friend-up', friend })
  }

  down(...friends: FriendId[]): void {
    for (const friend of friends) this.step({ kind: 'friend-down', friend })
  }

  gets(friend: FriendId, item: BouncedItem | LobbyControl): void {
    if (item.kind === 'lobby-message' || item.kind === 'lobby-event')
      this.step({ kind: 'bounced', friend, item, raw: Uint8Array.of(1, 2, 3) })
    else this.step({ kind: 'control', friend, item })
  }

  enter(speaker: SpeakerId, author: ParticipantId, lobby = LOBBY): void {
    this.step({ kind: 'speaker-enter', lobby, speaker, nick: speaker, author })
  }

  say(speaker: SpeakerId, text: string, ref = 'r1'): void {
    this.step({ kind: 'say', lobby: LOBBY, speaker, text, ref })
  }

  message(over: Partial<LobbyMessage> = {}): LobbyMessage {
    return {
      kind: 'lobby-message',
      lobby: LOBBY,
      messageId: nextId(),
      nick: 'dave',
      author: DAVE,
      signature: EMPTY,
      flags: 0x201,
      sentAtSec: Math.floor(this.nowMs / 1000),
      text: 'hi',
      parent: '0000000000000000',
      ...over,
    }
  }

  event(event: number, over: Partial<LobbyEvent> = {}): LobbyEvent {
    return {
      kind: 'lobby-event',
      lobby: LOBBY,
      messageId: nextId(),
      nick: 'dave',
      author: DAVE,
      signature: EMPTY,
      event,
      text: '',
      sentAtSec: Math.floor(this.nowMs / 1000),
      ...over,
    }
  }
}

const nextId = (): string => (++ids).toString(16).padStart(16, '0')

export const sentTo = (effects: readonly RouterEffect[], friend: FriendId): Item[] =>
  effects.flatMap((effect) =>
    (effect.kind === 'send' && effect.friend === friend) ||
    (effect.kind === 'forward' && effect.friends.includes(friend))
      ? [effect.item]
      : [],
  )

/** Items in one word each: `list`, `invite`, `left`, `message hi` and so on. */
export const words = (items: readonly Item[]): string[] =>
  items.map((item) => {
    if (item.kind === 'lobby-message') return `message ${item.text}`
    if (item.kind !== 'lobby-event') return item.kind.replace('lobby-', '')
    return Object.entries(LOBBY_EVENT).find(([, number]) => number === item.event)?.[0] ?? 'event'
  })

export const entry = (over: Partial<LobbyListEntry> = {}): LobbyListEntry => ({
  lobby: LOBBY,
  name: 'Lobby',
  topic: 'Topic',
  participants: 3,
  flags: 0x04,
  ...over,
})

export const list = (...lobbies: LobbyListEntry[]): LobbyControl => ({ kind: 'lobby-list', lobbies })

/** A node with connected friends that all take part in `LOBBY`, which it has joined; nothing is pending. */
export function joinedNode(...friends: FriendId[]): TestNode {
  const node = new TestNode()
  node.up(...friends)
  for (const friend of friends) node.gets(friend, list(entry()))
  node.step({ kind: 'join', lobby: LOBBY })
  node.take()
  return node
}
