// Whole nodes with real TLS on loopback: friends, lobbies, talk, relay, restart, hostile input.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { OUR_SERVICES } from '../../src/retroshare/peer/service-info.ts'
import { encodeItem } from '../../src/retroshare/wire/codec.ts'
import { SLICE_PROBE } from '../../src/retroshare/wire/framer.ts'
import type { FriendId, LobbyId, SpeakerId } from '../../src/util/ids.ts'
import { befriend, TestNode } from './test-node.ts'

const PUBLIC = { name: 'Hall', topic: 'All', isPrivate: false, isSigned: false }
const nodes: TestNode[] = []

async function start(...names: string[]): Promise<TestNode[]> {
  const started = await Promise.all(names.map((name) => TestNode.start(name)))
  nodes.push(...started)
  return started
}
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.end()))
})

/** `host` has a lobby, and both have a speaker in it; the host knows of the guest. */
async function talking(host: TestNode, guest: TestNode): Promise<LobbyId> {
  const { id } = host.network.create(PUBLIC)
  host.enter(id, 'ann')
  await guest.got('lobby', (update) => update.lobby.id === id)
  guest.enter(id, 'bob')
  await host.got('entered', ({ participant }) => participant.nick === 'bob')
  return id
}

test('friends by long invite see a new lobby, join it and talk both ways with verified names', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const lobby = await talking(a, b)
  a.say(lobby, 'ann', 'hello')
  b.say(lobby, 'bob', 'hi <b>there</b>')
  expect(await b.said('hello')).toMatchObject({ lobby, nick: 'ann' })
  expect(await a.said('hi <b>there</b>')).toMatchObject({ lobby, nick: 'bob' })
  await expect.poll(() => [a, b].map(({ network }) => network.counters().records_taken)).toEqual([1, 1])
  a.say(lobby, 'ann', 'verified')
  await b.said('verified')
  expect(b.network.counters()).toMatchObject({ signatures_bad: 0, items_not_sent: 0 })
  expect(b.network.counters().signatures_good).toBeGreaterThan(0)
  const [seen] = b.network.snapshot().lobbies
  expect(seen).toMatchObject({ id: lobby, name: 'Hall', topic: 'All', isJoined: true, isOwn: false })
  expect(seen?.members.map(({ nick, speaker }) => [nick, speaker])).toEqual([
    ['bob', 'bob'],
    ['ann', null],
  ])
  expect(b.network.snapshot().friends).toMatchObject([{ name: 'a', isOnline: true, version: 'Foyer' }])
})

test('friends by short invite get the missing keys and talk', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b, 'short')
  const keysOf = async ({ dir }: TestNode): Promise<boolean[]> =>
    JSON.parse(await readFile(join(dir, 'friends.json'), 'utf8')).friends.map(
      ({ pgpKey }: { pgpKey: unknown }) => typeof pgpKey === 'string',
    )
  await expect.poll(async () => [await keysOf(a), await keysOf(b)]).toEqual([[true], [true]])
  const lobby = await talking(a, b)
  a.say(lobby, 'ann', 'hello')
  await b.said('hello')
})

test('a node in between relays talk and serves the identities of both sides', async () => {
  const [a, b, c] = (await start('a', 'b', 'c')) as [TestNode, TestNode, TestNode]
  await Promise.all([befriend(a, b), befriend(b, c)])
  const { id } = a.network.create(PUBLIC)
  await b.got('lobby')
  b.network.send({ kind: 'join', lobby: id })
  await c.got('lobby')
  a.enter(id, 'ann')
  c.enter(id, 'cat')
  await a.got('entered', ({ participant }) => participant.nick === 'cat')
  a.say(id, 'ann', 'from a')
  c.say(id, 'cat', 'from c')
  await Promise.all([a.said('from c'), c.said('from a'), b.said('from a'), b.said('from c')])
  await expect
    .poll(() => [a, b, c].map(({ network }) => network.counters().records_taken), { timeout: 10_000 })
    .toEqual([1, 2, 1])
  expect([a, b, c].map(({ heard }) => heard.toSorted())).toEqual([
    ['from c'],
    ['from a', 'from c'],
    ['from a'],
  ])
  expect(a.network.snapshot().friends).toHaveLength(1)
})

test('after a restart a node is back in its lobby and hears everything exactly once', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const lobby = await talking(a, b)
  a.say(lobby, 'ann', 'before')
  await b.said('before')
  await b.network.stop()
  expect(await a.got('left')).toMatchObject({ lobby, reason: 'left' })
  a.say(lobby, 'ann', 'meanwhile')
  a.updates = []
  await b.startAgain()
  await a.online(b)
  b.enter(lobby, 'bob')
  await a.got('entered', ({ participant }) => participant.nick === 'bob')
  a.say(lobby, 'ann', 'after')
  b.say(lobby, 'bob', 'back')
  await Promise.all([b.said('after'), b.said('meanwhile'), a.said('back')])
  expect(b.heard.filter((text) => text !== 'before').toSorted()).toEqual(['after', 'meanwhile'])
})

test('a kept identity is the same after a restart, an anonymous one is not', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  // Somebody has to be there for whom identities are made.
  const id = await talking(a, b)
  const speakingAs = async (nick: string): Promise<string> =>
    (await a.got('speaking-as', ({ speaker }) => speaker === nick)).participant
  a.enter(id, 'kept', true)
  a.enter(id, 'guest')
  const before = await Promise.all([speakingAs('kept'), speakingAs('guest')])
  await a.network.stop()
  await a.startAgain()
  a.enter(id, 'kept', true)
  a.enter(id, 'guest')
  const after = await Promise.all([speakingAs('kept'), speakingAs('guest')])
  expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false])
})

test('two speakers of one node are two participants; typing and leaving show', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const lobby = await talking(a, b)
  b.enter(lobby, 'bea')
  b.say(lobby, 'bea', 'first word')
  const { participant } = await a.said('first word')
  b.say(lobby, 'bob', 'second')
  expect((await a.said('second')).participant).not.toBe(participant)
  b.network.send({ kind: 'typing', lobby, speaker: 'bea' as SpeakerId })
  await a.got('typing', (update) => update.participant === participant)
  b.network.send({ kind: 'exit', lobby, speaker: 'bea' as SpeakerId })
  await a.got('left', (update) => update.participant === participant && update.reason === 'left')
  b.say(lobby, 'bea', 'ghost')
  expect(await b.got('not-sent')).toMatchObject({ ref: 'ghost', code: 'LOBBY_SPEAKER_UNKNOWN' })
  b.network.send({ kind: 'leave', lobby })
  await a.got('left', (update) => update.participant !== participant && update.reason === 'left')
  expect(b.network.lobby(lobby)).toMatchObject({ isJoined: false })
})

test('a speaker whose nick is too long takes part under its beginning', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const lobby = await talking(a, b)
  const nick = 'Alexandra of the Long Name, the 🦊'
  a.enter(lobby, nick)
  const { participant } = await b.got('entered', (update) => update.participant.nick.startsWith('Alex'))
  expect(participant.nick).toBe('Alexandra of the Long Name, th')
  expect(a.network.members(lobby)).toContainEqual(
    expect.objectContaining({ id: participant.id, nick: participant.nick, speaker: nick }),
  )
  a.say(lobby, nick, 'hello')
  expect(await b.said('hello')).toMatchObject({ nick: participant.nick })
})

test('a signed lobby takes our speakers, whose identities belong to the profile', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const { id } = a.network.create({ ...PUBLIC, isSigned: true })
  await b.got('lobby', (update) => update.lobby.isSigned)
  b.enter(id, 'bob')
  b.say(id, 'bob', 'signed')
  await a.said('signed')
  expect(a.network.counters().noted_author_not_linked).toBeUndefined()
})

test('a private lobby is joined by invitation', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const { id } = a.network.create({ ...PUBLIC, isPrivate: true })
  await a.got('friend', ({ friend }) => friend.isOnline && friend.version !== null)
  a.network.send({ kind: 'invite', lobby: id, friend: b.network.snapshot().self.id as never })
  expect(await b.got('invited')).toMatchObject({ lobby: { id, isPrivate: true } })
  b.enter(id, 'bob')
  await a.got('entered', ({ participant }) => participant.nick === 'bob')
})

test('a lobby that nobody lists yet is joined as soon as it is seen', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  const { id } = a.network.create(PUBLIC)
  b.network.send({ kind: 'join', lobby: id })
  b.enter(id, 'bob')
  b.say(id, 'bob', 'early')
  expect(b.network.lobby(id)).toBeUndefined()
  await befriend(a, b)
  await b.got('lobby', (update) => update.lobby.isJoined)
  await a.said('early')
})

test('garbage of a friend ends its link and disturbs nobody else', async () => {
  const [a, b, rogue] = (await start('a', 'b', 'rogue')) as [TestNode, TestNode, TestNode]
  await Promise.all([befriend(a, b), befriend(a, rogue)])
  const lobby = await talking(a, b)
  await rogue.network.stop()
  const kept = JSON.parse(await readFile(join(rogue.dir, 'node-identity.json'), 'utf8'))
  const list = encodeItem({ kind: 'service-info', services: OUR_SERVICES })
  const chatItem = Uint8Array.of(2, 0, 0x12, 0x17, 0, 0, 0, 12, 1, 2, 3, 4)
  const gxsItem = Uint8Array.of(2, 2, 0x11, 0x40, 0, 0, 0, 9, 1)
  const noItem = new Uint8Array(64).fill(0xff)
  for (const garbage of [chatItem, gxsItem, noItem]) {
    const socket = connect({
      host: '127.0.0.1',
      port: a.port,
      key: kept.tlsKey,
      cert: kept.tlsCert,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    socket.on('error', () => undefined)
    socket.once('secureConnect', () => socket.write(Buffer.concat([SLICE_PROBE, list, garbage])))
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  }
  expect(a.network.counters()).toMatchObject({ dropped_truncated: 2, closed_peer_malformed: 3 })
  a.say(lobby, 'ann', 'still here')
  await b.said('still here')
})

test('a removed friend is gone on both sides and cannot come back', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const { id } = b.network.snapshot().self
  b.updates = []
  expect(await a.network.removeFriend(id as never)).toBe(true)
  await b.got('friend', ({ friend }) => !friend.isOnline)
  expect(a.network.snapshot().friends).toEqual([])
  expect(await a.network.removeFriend(id as never)).toBe(false)
})

test('invites that cannot be used are refused with the reason', async () => {
  const [a] = (await start('a')) as [TestNode]
  const refusal = (invite: string): Promise<unknown> => a.network.addFriend(invite).catch((error) => error)
  expect(await refusal('???')).toMatchObject({ code: 'INVITE_MALFORMED' })
  const broken = a.network.invite('long').replace(/.{4}(.{8})$/, 'AAAA$1')
  expect(await refusal(broken)).toMatchObject({
    code: 'INVITE_MALFORMED',
    message: expect.stringMatching(/bad-checksum at byte \d+/),
  })
  expect(await refusal(a.network.invite('short'))).toMatchObject({ code: 'INVITE_IS_OWN' })
})

test('stopping takes less than two seconds, and a taken port is a clear error', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const lobby = await talking(a, b)
  a.say(lobby, 'ann', 'bye')
  await b.said('bye')
  const begun = performance.now()
  await a.network.stop()
  expect(performance.now() - begun).toBeLessThan(2000)
  await b.got('left', (update) => update.reason === 'left')
  a.port = b.port
  await expect(a.startAgain()).rejects.toMatchObject({ code: 'PEER_LISTEN_FAILED' })
})

test('invitations, and lobbies that are to be joined once they are seen, outlive a restart', async () => {
  const [a, b] = (await start('a', 'b')) as [TestNode, TestNode]
  await befriend(a, b)
  const unseen = '00000000000000aa' as LobbyId
  b.network.send({ kind: 'join', lobby: unseen })
  const { id } = a.network.create({ ...PUBLIC, name: 'Den', isPrivate: true })
  const friend = b.network.snapshot().self.id as FriendId
  a.network.send({ kind: 'invite', lobby: id, friend })
  await b.got('invited')
  await b.network.stop()
  const inviting: (string | undefined)[] = []
  b.onEach = (update) => {
    if (update.kind === 'invited') inviting.push(b.network.friend(update.friend)?.name)
  }
  await b.startAgain()
  expect((await b.got('invited')).lobby).toMatchObject({ id, name: 'Den', isPrivate: true })
  expect(inviting).toEqual(['a'])
  await b.online(a)
  a.network.create({ ...PUBLIC, id: unseen })
  await b.got('lobby', ({ lobby }) => lobby.id === unseen && lobby.isJoined)

  b.network.send({ kind: 'decline', lobby: id })
  await b.network.stop()
  await b.startAgain()
  expect(b.network.snapshot().invitations).toEqual([])
})
