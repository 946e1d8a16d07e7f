// Speakers whose identities take time: order, bounds, cancelling; identities are answered by hand.
import { expect, test } from 'vitest'
import type { GxsIdentity } from '../../src/retroshare/identity/gxs-identity.ts'
import type { RouterEvent } from '../../src/retroshare/routing/router-port.ts'
import { ANNOUNCE_MS, MAX_WAITING_COMMANDS, Speakers, WARM_UP_MS } from '../../src/retroshare/speakers.ts'
import type { Linking } from '../../src/retroshare/speakers-port.ts'
import type { LobbyId, ParticipantId, SpeakerId } from '../../src/util/ids.ts'

const OPEN = '0000000000000001' as LobbyId
const SIGNED = '0000000000000002' as LobbyId
const UNSEEN = '0000000000000003' as LobbyId

const identity = (speaker: string, over: Partial<GxsIdentity> = {}): GxsIdentity =>
  ({
    id: `id-${speaker}` as ParticipantId,
    nick: speaker,
    isLinked: false,
    publishedAtSec: 0,
    ...over,
  }) as GxsIdentity

class Deferred {
  resolve: (identity: GxsIdentity) => void = () => undefined
  reject: (error: Error) => void = () => undefined
  readonly promise = new Promise<GxsIdentity>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
}

class World {
  linking: Linking = 'anonymous'
  readonly kinds = new Map<LobbyId, 'open' | 'signed'>([
    [OPEN, 'open'],
    [SIGNED, 'signed'],
  ])
  readonly asked: { speaker: string; isLinked: boolean; answer: Deferred }[] = []
  readonly dropped: string[] = []
  /** People without identity, by lobby. */
  readonly expected = new Map<LobbyId, number>()
  readonly refused: string[] = []
  readonly failed: unknown[] = []
  /** Lobbies in which no friend takes part now. */
  readonly quiet = new Set<LobbyId>()
  events: RouterEvent[] = []
  nowMs = 1_000_000
  readonly speakers = new Speakers({
    now: () => this.nowMs,
    ensure: (speaker, _nick, _isKept, isLinked) => {
      const answer = new Deferred()
      this.asked.push({ speaker, isLinked, answer })
      return answer.promise
    },
    drop: (speaker) => this.dropped.push(speaker),
    lobbyKind: (lobby) => this.kinds.get(lobby),
    linking: () => this.linking,
    isHeard: (lobby) => !this.quiet.has(lobby),
    dispatch: (event) => {
      if (event.kind === 'expect') {
        this.expected.set(event.lobby, event.count)
        return
      }
      this.events.push(event)
      // Entering may join the lobby, which is told at once.
      if (event.kind === 'speaker-enter') this.speakers.lobbyShown(event.lobby)
    },
    after: (work) => work(),
    refuse: ({ ref }, code) => this.refused.push(`${ref} ${code}`),
    onIdentity: () => undefined,
    onFailed: (_speaker, error) => this.failed.push(error),
  })

  enter(speaker: string, lobby = OPEN, nick = speaker): void {
    this.speakers.take({ kind: 'enter', lobby, speaker: speaker as SpeakerId, nick, isKept: false })
  }
  say(speaker: string, text: string, lobby = OPEN): void {
    this.speakers.take({ kind: 'say', lobby, speaker: speaker as SpeakerId, text, ref: text })
  }
  exit(speaker: string, lobby = OPEN): void {
    this.speakers.take({ kind: 'exit', lobby, speaker: speaker as SpeakerId })
  }
  /** Answers the question for an identity that was put as `at`-th. */
  async answer(at: number, over: Partial<GxsIdentity> = {}): Promise<void> {
    const asked = this.asked[at]
    asked?.answer.resolve(identity(asked.speaker, over))
    await asked?.answer.promise
    await Promise.resolve()
  }
  get told(): string[] {
    return this.events.map((event) =>
      'speaker' in event
        ? `${event.kind} ${event.speaker}${'text' in event ? ` ${event.text}` : ''}`
        : event.kind,
    )
  }
}

test('a speaker enters when its identity is there, and what it said meanwhile follows in order', async () => {
  const world = new World()
  world.enter('ann')
  world.say('ann', 'one')
  world.speakers.take({ kind: 'typing', lobby: OPEN, speaker: 'ann' as SpeakerId })
  world.say('ann', 'two')
  expect(world.told).toEqual([])
  expect(world.speakers.waiting).toBe(1)
  await world.answer(0)
  world.say('ann', 'three')
  expect(world.told).toEqual([
    'speaker-enter ann',
    'say ann one',
    'typing ann',
    'say ann two',
    'say ann three',
  ])
  expect(world.events[0]).toMatchObject({ author: 'id-ann', nick: 'ann' })
  expect(world.speakers.identity('id-ann' as ParticipantId)).toBeDefined()
  expect(world.speakers.waiting).toBe(0)
})

test('leaving before the identity is there cancels, and what waited is answered', async () => {
  const world = new World()
  world.enter('ann')
  world.say('ann', 'one')
  world.exit('ann')
  await world.answer(0)
  expect(world.told).toEqual([])
  expect(world.refused).toEqual(['one LOBBY_SPEAKER_LEFT'])
  expect(world.dropped).toEqual(['ann'])
})

test('coming back while the first identity is being made needs no second exit', async () => {
  const world = new World()
  world.enter('ann')
  world.exit('ann')
  world.enter('ann')
  await world.answer(0)
  await world.answer(1)
  expect(world.told).toEqual(['speaker-enter ann'])
  expect(world.dropped).toEqual([])
})

test('an identity is given back when its speaker has left the last lobby', async () => {
  const world = new World()
  const other = '0000000000000004' as LobbyId
  world.kinds.set(other, 'open')
  world.enter('ann')
  world.enter('ann', other)
  await world.answer(0)
  await world.answer(1)
  world.exit('ann')
  expect(world.dropped).toEqual([])
  world.exit('ann', other)
  expect(world.dropped).toEqual(['ann'])
  expect(world.speakers.identity('id-ann' as ParticipantId)).toBeUndefined()
})

test('leaving a lobby takes all its speakers out', async () => {
  const world = new World()
  world.enter('ann')
  world.enter('bob')
  world.enter('cat', SIGNED)
  await world.answer(0)
  world.speakers.leaveLobby(OPEN)
  expect(world.told).toEqual(['speaker-enter ann', 'speaker-exit ann'])
  await world.answer(1)
  expect(world.dropped).toEqual(['ann', 'bob'])
})

test('entering a lobby that is not known yet waits for it', async () => {
  const world = new World()
  world.enter('ann', UNSEEN)
  await world.answer(0)
  world.say('ann', 'one', UNSEEN)
  expect(world.told).toEqual([])
  world.kinds.set(UNSEEN, 'open')
  world.speakers.lobbyShown(UNSEEN)
  expect(world.told).toEqual(['speaker-enter ann', 'say ann one'])
})

test('in a signed lobby the identity is linked, and friends get time to fetch a new one', async () => {
  const world = new World()
  world.enter('ann', SIGNED)
  expect(world.asked[0]?.isLinked).toBe(true)
  await world.answer(0, { isLinked: true, publishedAtSec: world.nowMs / 1000 })
  world.nowMs += ANNOUNCE_MS - 1
  world.speakers.tick()
  expect(world.told).toEqual([])
  world.nowMs += 1
  world.speakers.tick()
  expect(world.told).toEqual(['speaker-enter ann'])
})

test('in a signed lobby what is said waits a moment after the announcement', async () => {
  const world = new World()
  world.enter('ann', SIGNED)
  world.say('ann', 'one', SIGNED)
  await world.answer(0, { isLinked: true })
  world.say('ann', 'two', SIGNED)
  world.nowMs += WARM_UP_MS - 1
  world.speakers.tick()
  expect(world.told).toEqual(['speaker-enter ann'])
  world.nowMs += 1
  world.speakers.tick()
  world.say('ann', 'three', SIGNED)
  expect(world.told).toEqual(['speaker-enter ann', 'say ann one', 'say ann two', 'say ann three'])
})

test('a speaker has another identity in signed lobbies than in open ones, and gives back each by itself', async () => {
  const world = new World()
  world.enter('ann')
  world.enter('ann', SIGNED)
  expect(world.asked.map(({ isLinked }) => isLinked)).toEqual([false, true])
  await world.answer(0)
  await world.answer(1, { isLinked: true })
  const authors = world.events.map((event) => event.kind === 'speaker-enter' && event.author)
  expect(new Set(authors).size).toBe(2)
  world.exit('ann')
  expect(world.dropped).toEqual([world.asked[0]?.speaker])
  expect(world.speakers.identity('id-ann' as ParticipantId)).toBeUndefined()
  world.exit('ann', SIGNED)
  expect(world.dropped).toEqual(world.asked.map(({ speaker }) => speaker))
})

test('a lobby that turns out to be signed gets a linked identity', async () => {
  const world = new World()
  world.enter('ann', UNSEEN)
  await world.answer(0)
  world.kinds.set(UNSEEN, 'signed')
  world.speakers.lobbyShown(UNSEEN)
  expect(world.asked.map(({ isLinked }) => isLinked)).toEqual([false, true])
  expect(world.dropped).toEqual(['ann'])
  await world.answer(1, { isLinked: true })
  expect(world.told).toEqual(['speaker-enter ann'])
})

test('where identities are to be linked, they are in open lobbies too, and need no time to be fetched', async () => {
  const world = new World()
  world.linking = 'linked'
  world.enter('ann')
  expect(world.asked.map(({ isLinked }) => isLinked)).toEqual([true])
  await world.answer(0, { isLinked: true, publishedAtSec: world.nowMs / 1000 })
  world.say('ann', 'hello')
  expect(world.told).toEqual(['speaker-enter ann', 'say ann hello'])
})

test('where identities are never linked, nobody enters a signed lobby, seen or still unseen', async () => {
  const world = new World()
  world.linking = 'never'
  world.enter('ann', SIGNED)
  world.enter('ann', OPEN)
  world.enter('ann', UNSEEN)
  expect(world.asked.map(({ isLinked }) => isLinked)).toEqual([false, false])
  expect([OPEN, SIGNED, UNSEEN].map((lobby) => world.speakers.isClosed(lobby))).toEqual([false, true, false])
  await world.answer(0)
  await world.answer(1)
  world.say('ann', 'too early', UNSEEN)
  world.kinds.set(UNSEEN, 'signed')
  world.speakers.lobbyShown(UNSEEN)
  expect(world.refused).toEqual(['too early LOBBY_SPEAKER_LEFT'])
  expect(world.told).toEqual(['speaker-enter ann'])
  expect(world.speakers.waiting).toBe(0)
})

test('a new nick re-enters once it is signed, an unchanged one does nothing', async () => {
  const world = new World()
  world.enter('ann')
  await world.answer(0)
  world.enter('ann')
  world.enter('ann', OPEN, 'Ann')
  world.say('ann', 'still')
  await world.answer(1)
  expect(world.told).toEqual(['speaker-enter ann', 'say ann still', 'speaker-enter ann'])
  expect(world.events[2]).toMatchObject({ nick: 'Ann' })
  expect(world.asked).toHaveLength(2)
})

test('without identity nothing can be said, and that is answered', async () => {
  const world = new World()
  world.enter('ann')
  world.say('ann', 'one')
  world.asked[0]?.answer.reject(new Error('no key'))
  await expect.poll(() => world.failed.length).toBe(1)
  expect(world.refused).toEqual(['one LOBBY_NO_IDENTITY'])
  world.say('ann', 'two')
  expect(world.told).toEqual(['say ann two'])
})

test('what waits for an identity is bounded, and few identities are made at a time', async () => {
  const world = new World()
  for (let n = 0; n < 100; n++) world.enter(`s${n}`)
  expect(world.asked).toHaveLength(32)
  for (let n = 0; n <= MAX_WAITING_COMMANDS; n++) world.say('s0', `text ${n}`)
  expect(world.refused).toEqual([`text ${MAX_WAITING_COMMANDS} LOBBY_BUSY`])
  await world.answer(0)
  await expect.poll(() => world.asked.length).toBe(33)
  expect(world.told).toHaveLength(1 + MAX_WAITING_COMMANDS)
})

test('after the stop no identity comes in', async () => {
  const world = new World()
  world.enter('ann')
  world.speakers.stop()
  await world.answer(0)
  expect(world.told).toEqual([])
})

test('where nobody listens no identity is made; with the first friend all are made, and what was said is said in order', async () => {
  const world = new World()
  world.quiet.add(OPEN)
  world.enter('ann')
  world.enter('bob')
  world.say('ann', 'one')
  world.nowMs += 5_000
  world.say('bob', 'two')
  world.say('ann', 'three')
  world.speakers.tick()
  expect(world.asked).toEqual([])
  expect(world.speakers.waiting).toBe(0)
  expect(world.expected.get(OPEN)).toBe(2)

  world.quiet.delete(OPEN)
  world.speakers.listen(OPEN)
  expect(world.asked.map(({ speaker }) => speaker)).toEqual(['ann', 'bob'])
  await world.answer(0)
  expect(world.told).toEqual(['speaker-enter ann', 'say ann one'])
  world.say('ann', 'four')
  await world.answer(1)
  expect(world.told.slice(2)).toEqual(['speaker-enter bob', 'say bob two', 'say ann three', 'say ann four'])
  expect(world.events.find((event) => event.kind === 'say')).toMatchObject({ saidAtMs: 1_000_000 })
  expect(world.expected.get(OPEN)).toBe(0)
  world.say('ann', 'now')
  expect(world.events.at(-1)).not.toHaveProperty('saidAtMs')
})

test('who has an identity says nothing either while nobody listens', async () => {
  const world = new World()
  world.enter('ann')
  await world.answer(0)
  world.quiet.add(OPEN)
  world.say('ann', 'one')
  expect(world.told).toEqual(['speaker-enter ann'])
  world.quiet.delete(OPEN)
  world.speakers.tick()
  expect(world.told.slice(1)).toEqual(['say ann one'])
})

test('who left before anybody listened is heard and then leaves; without a word nobody hears of them', async () => {
  const world = new World()
  world.quiet.add(OPEN)
  world.enter('ann')
  world.enter('bob')
  world.say('ann', 'one')
  world.exit('ann')
  world.exit('bob')
  expect(world.expected.get(OPEN)).toBe(0)
  world.quiet.delete(OPEN)
  world.speakers.tick()
  await world.answer(0)
  expect(world.asked).toHaveLength(1)
  expect(world.told).toEqual(['speaker-enter ann', 'say ann one', 'speaker-exit ann'])
  expect(world.dropped).toEqual(['ann'])
  expect(world.refused).toEqual([])
})

test('what nobody heard within 15 minutes is not said any longer, nor more than 256 messages', async () => {
  const world = new World()
  world.quiet.add(OPEN)
  world.enter('ann')
  world.enter('bob')
  world.say('ann', 'old')
  world.exit('ann')
  world.nowMs += 900_001
  world.speakers.tick()
  for (let i = 0; i < 300; i++) world.say('bob', `${i}`)
  world.quiet.delete(OPEN)
  world.speakers.listen()
  expect(world.asked.map(({ speaker }) => speaker)).toEqual(['bob'])
  world.say('bob', 'too much')
  expect(world.refused).toEqual(['too much LOBBY_BUSY'])
  await world.answer(0)
  expect(world.told).toHaveLength(257)
  expect(world.told.slice(0, 2)).toEqual(['speaker-enter bob', 'say bob 44'])
})

test('leaving a lobby where nobody listens answers what was said there', () => {
  const world = new World()
  world.quiet.add(OPEN)
  world.enter('ann')
  world.say('ann', 'one')
  world.speakers.leaveLobby(OPEN)
  expect(world.refused).toEqual(['one LOBBY_SPEAKER_LEFT'])
  expect(world.asked).toEqual([])
})
