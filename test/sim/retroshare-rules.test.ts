// RetroShare's own rules, as simulations compare with them: their known behaviours, and what they cost.
import { expect, test } from 'vitest'
import type { RouterEffect, RouterEvent } from '../../src/retroshare/routing/router-port.ts'
import { type BouncedItem, LOBBY_EVENT } from '../../src/retroshare/wire/item.ts'
import { RetroShareRules } from '../../src/simulate/retroshare-rules.ts'
import { runSimulation, type SimulationParameters } from '../../src/simulate/simulation.ts'
import type { FriendId, LobbyId, ParticipantId } from '../../src/util/ids.ts'

const LOBBY = '00000000000000aa' as LobbyId
const [SELF, ALICE, BOB] = ['5e', 'aa', 'bb'].map((hex) => hex.repeat(16)) as [FriendId, FriendId, FriendId]
let ids = 0

class Node {
  readonly rules = new RetroShareRules(SELF)
  nowMs = 1_700_000_000_000
  wakeAtMs = Number.POSITIVE_INFINITY

  step(event: RouterEvent): RouterEffect[] {
    const effects = this.rules.step(event, {
      nowMs: this.nowMs,
      randomBytes: (count) => new Uint8Array(count).fill(++ids),
      judge: () => ({ signature: 'good', isLinked: true }),
    })
    for (const effect of effects) if (effect.kind === 'wake') this.wakeAtMs = effect.atMs
    return effects
  }

  /** A joined lobby with two friends in it. */
  static joined(): Node {
    const node = new Node()
    for (const friend of [ALICE, BOB]) {
      node.step({ kind: 'friend-up', friend })
      const lobbies = [{ lobby: LOBBY, name: 'L', topic: '', participants: 0, flags: 4 }]
      node.step({ kind: 'control', friend, item: { kind: 'lobby-list', lobbies } })
    }
    node.step({
      kind: 'speaker-enter',
      lobby: LOBBY,
      speaker: 's' as never,
      nick: 'n',
      author: SELF as never,
    })
    return node
  }

  gets(friend: FriendId, item: BouncedItem): RouterEffect[] {
    return this.step({ kind: 'bounced', friend, item, raw: new Uint8Array() })
  }

  passMs(ms: number): RouterEffect[] {
    const untilMs = this.nowMs + ms
    const effects: RouterEffect[] = []
    while (this.wakeAtMs <= untilMs) {
      this.nowMs = this.wakeAtMs
      effects.push(...this.step({ kind: 'wake' }))
    }
    this.nowMs = untilMs
    return effects
  }

  item(event: number | null, digit = '1'): BouncedItem {
    const common = {
      lobby: LOBBY,
      messageId: (++ids).toString(16).padStart(16, '0'),
      nick: 'n',
      author: digit.repeat(32) as ParticipantId,
      signature: new Uint8Array(),
      sentAtSec: Math.floor(this.nowMs / 1000),
    }
    return event === null
      ? { ...common, kind: 'lobby-message', flags: 0x201, text: 'hi', parent: '0'.repeat(16) }
      : { ...common, kind: 'lobby-event', event, text: '' }
  }
}
const said = (effects: readonly RouterEffect[]) =>
  effects.filter((effect) => effect.kind === 'update' && effect.update.kind === 'said').length

test('a repeated LEFT brings its author back', () => {
  const node = Node.joined()
  node.gets(ALICE, node.item(LOBBY_EVENT.joined))
  const left = node.item(LOBBY_EVENT.left)
  node.gets(ALICE, left)
  expect(node.rules.others(LOBBY)).toBe(0)
  node.gets(BOB, left)
  expect(node.rules.others(LOBBY)).toBe(1)
})

test('the twelfth item in 10 s is lost, also when another friend brings it', () => {
  const node = Node.joined()
  const items = Array.from({ length: 12 }, () => node.item(null))
  expect(items.map((item) => said(node.gets(ALICE, item)))).toEqual([...Array<number>(11).fill(1), 0])
  expect(said(node.gets(BOB, items[11] as BouncedItem))).toBe(0)
})

test('lists are asked for every 121 s, never pushed', () => {
  const node = Node.joined()
  const kinds = node
    .passMs(600_000)
    .flatMap((effect) => (effect.kind === 'send' && effect.friend === ALICE ? [effect.item.kind] : []))
  expect(new Set(kinds)).toEqual(new Set(['lobby-list-request']))
  expect(kinds.length).toBeGreaterThanOrEqual(4)
  expect(kinds.length).toBeLessThanOrEqual(6)
})

const NETWORK = {
  rules: 'foyer',
  peers: 120,
  degree: 6,
  participants: 40,
  messages: 120,
  churn: 0,
  splitSec: 0,
  isPrivate: false,
  hasChallenges: true,
  seed: 1,
} as const satisfies SimulationParameters

test('in one network with broken links RetroShare loses messages, this router none', () => {
  const parameters = { ...NETWORK, churn: 0.4 }
  const [foyer, retroshare] = (['foyer', 'retroshare'] as const).map((rules) =>
    runSimulation({ ...parameters, rules }),
  )
  expect(foyer).toMatchObject({ delivered: foyer?.deliverable, shownTwice: 0 })
  expect(retroshare?.deliverable).toBe(foyer?.deliverable)
  expect(retroshare?.delivered).toBeLessThan(foyer?.delivered ?? 0)
})

test('two halves that were apart: here all comes after, with RetroShare what was said meanwhile is lost', () => {
  const parameters = { ...NETWORK, messages: 300, splitSec: 150 }
  const [foyer, retroshare] = (['foyer', 'retroshare'] as const).map(
    (rules) => runSimulation({ ...parameters, rules }).repair,
  )
  expect(foyer?.lost).toBe(0)
  expect(foyer?.firstMessageMs).toBeLessThan(2_000)
  expect(foyer?.allMessagesMs).toBeLessThan(120_000)
  expect(foyer?.presenceMs).toBeLessThan(125_000)
  expect(retroshare?.lost).toBeGreaterThan(1_000)
  expect(retroshare?.allMessagesMs).toBe(null)
})

test('in a private lobby challenges find the links that invitations did not make', () => {
  const copies = (hasChallenges: boolean) => {
    const result = runSimulation({ ...NETWORK, isPrivate: true, hasChallenges })
    expect(result.delivered).toBe(result.deliverable)
    return result.copiesPerMessage
  }
  expect(copies(false)).toBeLessThan(1.1 * (NETWORK.participants - 1))
  expect(copies(true)).toBeGreaterThan(1.5 * (NETWORK.participants - 1))
})
