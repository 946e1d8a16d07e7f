// Whole nodes with real TLS on loopback: who speaks too fast, who is not to be heard, and how clocks differ.
import { afterEach, expect, test } from 'vitest'
import type { SpeakerId } from '../../src/util/ids.ts'
import { befriend, TestNode } from './test-node.ts'

const PUBLIC = { name: 'Hall', topic: 'All', isPrivate: false, isSigned: false }
const nodes: TestNode[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.end()))
})

/** Two friends in one lobby, each with a speaker; the second one's clock is `aheadMs` ahead. */
async function talking(aheadMs = 0) {
  const a = await TestNode.start('a')
  const b = await TestNode.start('b', () => Date.now() + aheadMs)
  nodes.push(a, b)
  await befriend(a, b)
  const { id: lobby } = a.network.create(PUBLIC)
  a.enter(lobby, 'ann')
  await b.got('lobby', (update) => update.lobby.id === lobby)
  b.enter(lobby, 'bob')
  const { participant } = await a.got('entered', (update) => update.participant.nick === 'bob')
  return { a, b, lobby, bob: participant.id }
}

test('what is admitted arrives, and who would have to wait too long is told before', async () => {
  const { a, b, lobby } = await talking()
  let said = 0
  while (said < 100 && a.network.admit(lobby, 'ann' as SpeakerId) === 0) {
    a.say(lobby, 'ann', `${said}`)
    said += 1
  }
  expect(said).toBeGreaterThanOrEqual(15)
  expect(said).toBeLessThanOrEqual(20)
  await b.said('5')
  a.say(lobby, 'ann', 'not admitted')
  expect(await a.got('not-sent')).toMatchObject({ code: 'LOBBY_TOO_FAST', ref: 'not admitted' })
})

test('who is banned or ignored is not heard, also after a restart, until that is taken back', async () => {
  const { a, b, lobby, bob } = await talking()
  const friend = b.network.snapshot().self.id as never
  a.network.send({ kind: 'ban', participant: bob })
  await a.got('left', (update) => update.participant === bob && update.reason === 'banned')
  expect(a.network.snapshot().barred).toEqual({ banned: [bob], ignored: [] })
  a.network.send({ kind: 'ignore', friend })
  await a.network.stop()
  await a.startAgain()
  expect(a.network.snapshot().barred).toEqual({ banned: [bob], ignored: [friend] })
  await a.online(b)
  b.say(lobby, 'bob', 'unheard')
  a.network.send({ kind: 'heed', friend })
  b.enter(lobby, 'eve')
  await a.got('entered', (update) => update.participant.nick === 'eve')
  b.say(lobby, 'eve', 'heard')
  await a.said('heard')
  expect(a.heard).toEqual(['heard'])
  a.network.send({ kind: 'unban', participant: bob })
  b.say(lobby, 'bob', 'heard again')
  await a.said('heard again')
})

test('how far the clock of a friend is ahead is measured and shown', async () => {
  const { a, b } = await talking(90_000)
  const shown = (node: TestNode) => node.network.snapshot().friends[0]?.clockOffsetMs ?? null
  await a.got('friend', (update) => update.friend.clockOffsetMs !== null)
  await b.got('friend', (update) => update.friend.clockOffsetMs !== null)
  expect(shown(a)).toBeGreaterThan(88_000)
  expect(shown(a)).toBeLessThan(92_000)
  expect(shown(b)).toBeLessThan(-88_000)
})
