// Rooms between XMPP users and a lobby network, over a real archive: names, order, durability, restarts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileStore } from '../../src/archive/file-store.ts'
import { openStore } from '../../src/archive/open-store.ts'
import type { RoomRow, RoomTable, Store } from '../../src/archive/store.ts'
import { archiveIds } from '../../src/gateway/archive-ids.ts'
import { ArchiveWriter } from '../../src/gateway/archive-writer.ts'
import { Hearing } from '../../src/gateway/hearing.ts'
import { createPictures } from '../../src/gateway/pictures.ts'
import { MAX_ROOMS } from '../../src/gateway/room-keeper.ts'
import { sharedPorts } from '../../src/gateway/room-ports.ts'
import { Rooms } from '../../src/gateway/rooms.ts'
import { type Jid, parseJid } from '../../src/stanza/jid.ts'
import { addressed, type Element, el, serialize } from '../../src/stanza/xml.ts'
import type { FriendId, LobbyId } from '../../src/util/ids.ts'
import { FakeNetwork } from './fake-network.ts'

const log = pino({ level: 'silent' })
const MUC = 'http://jabber.org/protocol/muc'
const CAFE = '00000000000000aa'

class World {
  readonly network = new FakeNetwork()
  readonly out: { to: string; xml: string }[] = []
  /** To accounts that are away. */
  readonly mail: { account: string; xml: string }[] = []
  /** Accounts that last. */
  readonly kept = new Set<string>()
  readonly store: Store
  readonly writer: ArchiveWriter
  readonly rooms: Rooms
  readonly files: FileStore
  /** Who stays by configuration: by lobby, then account, the nick. */
  readonly stays = new Map<string, Map<string, string>>()
  /** Who may make rooms by joining; everybody without it. */
  makers: ReadonlySet<string> | undefined
  /** The next commit fails. */
  isDiskFull = false
  /** What owners decide cannot be stored. */
  areStatesLost = false
  #now = 1_800_000_000_000

  /** `table`: another table of rooms than the one in the database. */
  constructor(folder: string, table?: RoomTable) {
    const store = openStore(join(folder, 'foyer.db'))
    this.store = store
    this.files = new FileStore(join(folder, 'files'), 1_000_000)
    const save: typeof store.roomStates.save = async (...args) => {
      if (this.areStatesLost) throw new Error('disk full')
      return store.roomStates.save(...args)
    }
    const append: typeof store.archive.append = async (entries) => {
      if (this.isDiskFull) throw new Error('disk full')
      return store.archive.append(entries)
    }
    this.writer = new ArchiveWriter({ append }, log, {
      onCommit: () => undefined,
      onHealth: () => undefined,
      onFailed: () => undefined,
    })
    const nowMs = () => ++this.#now
    this.rooms = new Rooms({
      version: '1',
      store: { rooms: table ?? store.rooms, nicks: store.nicks, roomStates: { ...store.roomStates, save } },
      networks: new Map([[this.network.id, this.network]]),
      retentionMs: () => 0,
      statusUrls: () => [],
      around: {
        domain: 'lobbies.test',
        secret: Buffer.alloc(32, 1),
        log,
        hearing: new Hearing({ store, log, nowMs }),
        pictures: createPictures({
          files: this.files,
          uploads: null,
          secret: Buffer.alloc(32, 2),
          log,
          baseUrl: () => 'https://chat.test',
          nowMs,
        }),
        ports: sharedPorts({
          archive: store.archive,
          writer: this.writer,
          nextArchiveId: archiveIds(null, nowMs),
          nowMs,
          onQuery: () => undefined,
        }),
        hasOtherServers: false,
        admins: () => [],
        mayMakeRooms: (account) => this.makers?.has(account) ?? true,
        staysIn: (lobby) => this.stays.get(lobby) ?? new Map(),
        isKept: (account) => this.kept.has(account),
        isReachable: (account) => account !== 'away@test',
        mail: (account, stanza) => this.mail.push({ account, xml: serialize(stanza) }),
        send: (to, stanza) => this.out.push({ to, xml: serialize(stanza) }),
        fanout: (stanza, to) => {
          for (const each of to) this.out.push({ to: each, xml: addressed(stanza, each) })
        },
        onMessage: () => undefined,
        onPresence: () => undefined,
      },
    })
    this.network.onUpdate = (update) => this.rooms.onUpdate(this.network, update)
  }

  pass(ms: number): void {
    this.#now += ms
  }

  /** Everything that waits for the archive is done. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      await this.writer.flush()
      // Durable after all that was stored before.
      await this.store.meta.set('turn', `${turn}`)
    }
  }

  async join(user: string, room: string, nick: string): Promise<void> {
    const history = el('history', { maxstanzas: 0 })
    this.stanza(user, el('presence', { to: `${room}/${nick}` }, el('x', { xmlns: MUC }, history)))
    await this.settle()
  }

  /** Joins an address that does not exist yet, and takes the room as it is. */
  async create(user: string, room: string, nick: string): Promise<void> {
    await this.join(user, room, nick)
    const submit = el('x', { xmlns: 'jabber:x:data', type: 'submit' })
    const query = el('query', { xmlns: 'http://jabber.org/protocol/muc#owner' }, submit)
    this.stanza(user, el('iq', { type: 'set', id: 'take', to: room }, query))
    await this.settle()
    const answer = this.sentTo(user).find((xml) => xml.includes('id="take"'))
    if (!answer?.includes('type="result"')) throw new Error(`room not made: ${answer}`)
  }

  say(user: string, room: string, body: string): void {
    this.stanza(user, el('message', { to: room, type: 'groupchat', id: body }, el('body', {}, body)))
  }

  stanza(user: string, stanza: Element): void {
    stanza.attrs.from = user
    this.rooms.onStanza(parseJid(user) as Jid, stanza)
  }

  sentTo(user: string): string[] {
    return this.out.filter(({ to }) => to === user).map(({ xml }) => xml)
  }
}

let folder: string
let world: World
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-rooms-'))
  world = new World(folder)
  await world.rooms.load()
})
afterEach(async () => {
  await world.store.close()
  rmSync(folder, { recursive: true })
})

/** The process ends and another begins on the same files; the network knows nothing yet. */
async function restart(): Promise<void> {
  await world.store.close()
  world = new World(folder)
  await world.rooms.load()
}

test('a lobby that a friend offers has the address of its room before it is joined', () => {
  const id = '00000000000000aa' as LobbyId
  const lobby = {
    ...world.network.create({ name: 'Secret', topic: '', isPrivate: true, isSigned: false }),
    id,
    isJoined: false,
  }
  world.network.onUpdate({ kind: 'invited', lobby, friend: 'f' as FriendId })
  expect(world.rooms.addressOf(id)).toBe(`secret.${id}@lobbies.test`)
})

test('who may not make rooms is refused where there is none, and enters those that others made', async () => {
  world.makers = new Set(['ann@test'])
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  expect(world.sentTo('bob@test/1')).toEqual([
    expect.stringMatching(/type="cancel".*<not-allowed .*only operators make rooms/),
  ])
  expect(world.rooms.size).toBe(0)
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  expect(world.sentTo('bob@test/1').some((xml) => xml.includes('code="110"'))).toBe(true)
})

test('joining an address that does not exist makes a lobby of that name, owned by who joined', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  expect(world.network.snapshot().lobbies.map((lobby) => lobby.name)).toEqual(['tea'])
  const own = world.sentTo('ann@test/1').find((xml) => xml.includes('code="201"'))
  expect(own).toContain('affiliation="owner"')
  expect(world.network.commands).toContainEqual(
    expect.objectContaining({ kind: 'enter', nick: 'Ann', isKept: false }),
  )
  expect(world.rooms.size).toBe(1)
})

test('a room made here keeps its name and its lobby when the network has forgotten it', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  const [before] = world.network.snapshot().lobbies
  await restart()
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  expect(world.network.snapshot().lobbies.map((lobby) => lobby.id)).toEqual([before?.id])
  expect(world.sentTo('bob@test/1').some((xml) => xml.includes('code="201"'))).toBe(false)
})

test('asking about a room whose lobby the network has forgotten makes no lobby', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  await restart()
  const query = el('query', { xmlns: 'http://jabber.org/protocol/disco#info' })
  world.stanza('bob@test/1', el('iq', { type: 'get', id: 'd1', to: 'tea@lobbies.test' }, query))
  expect(world.network.snapshot().lobbies).toEqual([])
  expect(world.sentTo('bob@test/1')[0]).toContain('<item-not-found ')
})

test.each([
  [
    'an address of a lobby that is not seen from here',
    'tea.00000000000000ff@lobbies.test/Ann',
    'item-not-found',
  ],
  ['a nick that the network cannot carry', 'tea@lobbies.test/<!entity', 'not-acceptable'],
  ['no nick', 'tea@lobbies.test', 'jid-malformed'],
])('%s is refused and makes no lobby', async (_case, to, condition) => {
  world.stanza('ann@test/1', el('presence', { to, id: 'j1' }, el('x', { xmlns: MUC })))
  await world.settle()
  expect(world.network.snapshot().lobbies).toEqual([])
  const [reply] = world.sentTo('ann@test/1')
  for (const part of ['type="error"', 'id="j1"', `<${condition} `, `<x xmlns="${MUC}"/>`])
    expect(reply).toContain(part)
})

test('a discovered lobby has the same address for ever, even when its name changes', async () => {
  world.network.show(CAFE, 'Café')
  world.network.show(CAFE, 'Bar')
  expect(world.rooms.addressOf(CAFE as never)).toBe(`café.${CAFE}@lobbies.test`)
  await restart()
  world.network.show(CAFE, 'Bar')
  expect(world.rooms.addressOf(CAFE as never)).toBe(`café.${CAFE}@lobbies.test`)
})

test('an alias answers with the real address', async () => {
  world.network.show(CAFE, 'Cafe')
  const row = world.rooms.rowOf(CAFE as never)
  expect(row && (await world.rooms.alias(row, 'short'))).toBe(true)
  await world.join('ann@test/1', 'short@lobbies.test', 'Ann')
  expect(world.sentTo('ann@test/1')[0]).toContain(`>xmpp:cafe.${CAFE}@lobbies.test</gone>`)
})

test('what is said is stored before it is reflected, and only then told to the lobby', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.say('ann@test/1', 'tea@lobbies.test', 'hello')
  expect(world.sentTo('ann@test/1').some((xml) => xml.includes('hello'))).toBe(false)
  expect(world.network.said()).toEqual([])
  await world.settle()
  expect(world.sentTo('ann@test/1').filter((xml) => xml.includes('<body>hello</body>'))).toHaveLength(1)
  expect(world.network.said()).toEqual(['hello'])
})

test('who joins while others talk gets each message once: as history, or as it is said', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.say('ann@test/1', 'tea@lobbies.test', 'before')
  world.stanza('bob@test/1', el('presence', { to: 'tea@lobbies.test/Bob' }, el('x', { xmlns: MUC })))
  world.say('ann@test/1', 'tea@lobbies.test', 'after')
  world.say('bob@test/1', 'tea@lobbies.test', 'mine')
  await world.settle()
  const heard = world
    .sentTo('bob@test/1')
    .flatMap((xml) => [...xml.matchAll(/<body>(.*?)<\/body>.*?(<delay |$)/g)].map((m) => [m[1], m[2] !== '']))
  expect(heard).toEqual([
    ['before', true],
    ['after', false],
    ['mine', false],
  ])
})

test('what cannot be stored is refused: nobody sees it and the lobby hears nothing', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  world.isDiskFull = true
  world.say('ann@test/1', 'tea@lobbies.test', 'lost')
  await world.settle()
  expect(world.sentTo('bob@test/1').some((xml) => xml.includes('lost'))).toBe(false)
  expect(world.network.said()).toEqual([])
  const error = world.sentTo('ann@test/1').at(-1)
  for (const part of ['type="error"', 'id="lost"', 'type="wait"', '<resource-constraint '])
    expect(error).toContain(part)
  world.isDiskFull = false
  world.say('ann@test/1', 'tea@lobbies.test', 'again')
  await world.settle()
  expect(world.sentTo('bob@test/1').at(-1)).toContain('again')
})

test('who says something and leaves at once is heard before being seen to leave', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  world.say('bob@test/1', 'tea@lobbies.test', 'bye')
  world.rooms.onSessionEnded('bob@test/1')
  await world.settle()
  const [said, left] = world.sentTo('ann@test/1').slice(-2)
  expect(said).toContain('<body>bye</body>')
  expect(left).toContain('type="unavailable"')
  expect(world.network.commands.slice(-2).map((command) => command.kind)).toEqual(['say', 'exit'])
})

test('a message of the lobby is shown and stored once, also when it comes again after a restart', async () => {
  const lobby = world.network.show(CAFE, 'Cafe', true)
  await world.join('ann@test/1', `cafe.${CAFE}@lobbies.test`, 'Ann')
  const zoe = world.network.enters(lobby, 'z'.repeat(32), 'Zoe')
  world.network.says(lobby, zoe, '<b>hi</b> &amp; ho', 'm1')
  world.network.says(lobby, zoe, '<b>hi</b> &amp; ho', 'm1')
  await world.settle()
  expect(world.sentTo('ann@test/1').filter((xml) => xml.includes('*hi* &amp; ho'))).toHaveLength(1)
  await restart()
  world.network.show(CAFE, 'Cafe', true)
  await world.join('ann@test/1', `cafe.${CAFE}@lobbies.test`, 'Ann')
  world.network.says(lobby, zoe, '<b>hi</b> &amp; ho', 'm1')
  await world.settle()
  expect(world.sentTo('ann@test/1').some((xml) => xml.includes('*hi* &amp; ho'))).toBe(false)
  expect((await world.store.archive.stats()).messages).toBe(1)
})

test('a picture is stored before the room sees its address, once, and lives on in the archive', async () => {
  const gif = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
  const lobby = world.network.show(CAFE, 'Cafe', true)
  await world.join('ann@test/1', `cafe.${CAFE}@lobbies.test`, 'Ann')
  const zoe = world.network.enters(lobby, 'z'.repeat(32), 'Zoe')
  world.network.says(lobby, zoe, `look <img src="data:image/gif;base64,${gif}"/>`, 'm1')
  world.network.says(lobby, zoe, `<img src="data:image/png;base64,${gif}"/>`, 'm2')
  await world.settle()
  const [first, second] = world.sentTo('ann@test/1').slice(-2)
  const url = /https:\/\/chat\.test\/files\/([0-9a-f]{32})\/image\.gif/.exec(first ?? '')
  expect(first).toContain(`<body>look\n${url?.[0]}</body><x xmlns="jabber:x:oob"><url>${url?.[0]}</url></x>`)
  expect(second).toContain(`<body>${url?.[0]}</body>`)
  const stored = world.files.find(`${url?.[1]}.gif`)
  expect(readFileSync(stored?.path ?? '').toString('base64')).toBe(gif)
  expect(world.files.count).toBe(1)
  await restart()
  expect(world.files.find(`${url?.[1]}.gif`)).toEqual(stored)
})

test('a picture of ours that is posted again goes to the lobby itself, not its address', async () => {
  const gif = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
  world.network.show(CAFE, 'Cafe', true)
  await world.join('ann@test/1', `cafe.${CAFE}@lobbies.test`, 'Ann')
  const id = 'ab'.repeat(16)
  world.files.put(`${id}.png`, Buffer.from(gif, 'base64'), 1)
  world.files.put(`${id}.bin`, Buffer.from('no picture'), 1)
  for (const name of ['my%20cat.png', 'file.bin', 'other.gif'])
    world.say('ann@test/1', `cafe.${CAFE}@lobbies.test`, `https://chat.test/files/${id}/${name}`)
  await world.settle()
  const said = world.network.commands.flatMap((command) => (command.kind === 'say' ? [command.text] : []))
  expect(said).toEqual([
    `<img src="data:image/gif;base64,${gif}"/>`,
    `https://chat.test/files/${id}/file.bin`,
    `https://chat.test/files/${id}/other.gif`,
  ])
})

test('a picture that cannot be stored costs no message', async () => {
  const lobby = world.network.show(CAFE, 'Cafe', true)
  rmSync(join(folder, 'files'), { recursive: true })
  world.network.says(
    lobby,
    'z'.repeat(32) as never,
    '<img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"/>',
    'm1',
  )
  await world.settle()
  expect((await world.store.archive.stats()).messages).toBe(1)
})

test('a joined lobby is archived while no XMPP user is there', async () => {
  const lobby = world.network.show(CAFE, 'Cafe', true)
  world.network.says(lobby, 'z'.repeat(32) as never, 'to nobody', 'm1')
  await world.settle()
  expect((await world.store.archive.stats()).messages).toBe(1)
})

test('of two participants with one nick the later is told apart, the same after a restart', async () => {
  const lobby = world.network.show(CAFE, 'Cafe', true)
  world.network.enters(lobby, `a${'0'.repeat(31)}`, 'Twin')
  world.network.enters(lobby, `b${'0'.repeat(31)}`, 'Twin')
  const nicks = () => [...world.rooms.loaded()][0]?.occupants().map((occupant) => occupant.nick)
  expect(nicks()).toEqual(['Twin', 'Twin (b000)'])
  await world.settle()
  await restart()
  world.network.show(CAFE, 'Cafe', true)
  world.network.enters(lobby, `b${'0'.repeat(31)}`, 'Twin')
  world.network.enters(lobby, `a${'0'.repeat(31)}`, 'Twin')
  expect(nicks()).toEqual(['Twin (b000)', 'Twin'])
})

test('a room loaded late knows who is in its lobby already', async () => {
  const lobby = world.network.show(CAFE, 'Cafe')
  world.network.enters(lobby, 'z'.repeat(32), 'Zoe')
  await world.join('ann@test/1', `cafe.${CAFE}@lobbies.test`, 'Ann')
  expect(world.sentTo('ann@test/1')[0]).toContain(`from="cafe.${CAFE}@lobbies.test/Zoe"`)
})

test('a text that the network would drop is refused with its limit, and not archived', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.say('ann@test/1', 'tea@lobbies.test', 'x'.repeat(1001))
  await world.settle()
  expect(world.sentTo('ann@test/1').at(-1)).toMatch(/policy-violation.*1000 bytes/)
  expect((await world.store.archive.stats()).messages).toBe(0)
})

test('a message that comes too fast for the network is refused with the time to wait, and not archived', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.network.waitMs = 4_200
  world.say('ann@test/1', 'tea@lobbies.test', 'too fast')
  await world.settle()
  expect(world.sentTo('ann@test/1').at(-1)).toMatch(/type="wait".*policy-violation.*in 5 s/)
  expect((await world.store.archive.stats()).messages).toBe(0)
  world.network.waitMs = 0
  world.say('ann@test/1', 'tea@lobbies.test', 'in time')
  await world.settle()
  expect(world.network.said()).toEqual(['in time'])
})

test('when the record is full, lobbies that were only seen make place, rooms that were used stay', async () => {
  const kept = new Map<string, RoomRow>()
  const table: RoomTable = {
    all: async () => [...kept.values()],
    add: async (row) => !!kept.set(row.localpart, row),
    update: async () => true,
    remove: async (localpart) => kept.delete(localpart),
    aliases: async () => new Map(),
    putAlias: async () => 'stored',
  }
  await world.store.close()
  world = new World(folder, table)
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  for (let n = 1; n < MAX_ROOMS + 10; n++)
    world.network.hide(world.network.show(n.toString(16).padStart(16, '0'), 'Seen'))
  expect(kept.size).toBe(MAX_ROOMS)
  expect(kept.has('tea')).toBe(true)
  expect(kept.has('seen.0000000000000001')).toBe(false)
  await world.create('ann@test/1', 'cake@lobbies.test', 'Ann')
  expect(kept.has('cake')).toBe(true)
  expect(kept.size).toBe(MAX_ROOMS)
})

test('at shutdown every session is told', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  await world.rooms.shutdown()
  expect(world.sentTo('ann@test/1').at(-1)).toMatch(/type="unavailable".*code="332"/)
})

test('the owner of a room invites a friend that is there; anybody else is refused aloud', async () => {
  const friend = world.network.befriend('ab'.repeat(16), 'Fred')
  world.network.befriend('cd'.repeat(16), 'Away', false)
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  const [lobby] = world.network.snapshot().lobbies
  const invite = (to: string): string | undefined => {
    world.out.length = 0
    const x = el('x', { xmlns: `${MUC}#user` }, el('invite', { to }))
    world.stanza('ann@test/1', el('message', { to: 'tea@lobbies.test', id: 'i1' }, x))
    return world.sentTo('ann@test/1')[0]
  }
  expect(invite(`friend.${friend}@lobbies.test`)).toBeUndefined()
  const invited = { kind: 'invite', lobby: lobby?.id, friend }
  expect(world.network.commands).toContainEqual(invited)
  expect(invite(`friend.${'cd'.repeat(16)}@lobbies.test`)).toContain('<recipient-unavailable ')
  expect(invite(`friend.${'ee'.repeat(16)}@lobbies.test`)).toContain('<item-not-found ')
  expect(invite('tea.shop@lobbies.test')).toContain('<item-not-found ')
  expect(invite('away@test')).toContain('<recipient-unavailable ')
  expect(invite('bob@test')).toBeUndefined()
  expect(world.sentTo('bob@test')[0]).toContain('<invite from="ann@test"/>')
  expect(world.network.commands.filter(({ kind }) => kind === 'invite')).toEqual([invited])
})

test('a lobby to which a friend invites has a room, hidden, that can be joined', async () => {
  const friend = world.network.befriend('ab'.repeat(16), 'Fred')
  world.network.invites(friend, CAFE, 'Den')
  expect(world.rooms.addressOf(CAFE as never)).toBe(`den.${CAFE}@lobbies.test`)
  expect([...world.rooms.listed()]).toMatchObject([{ localpart: `den.${CAFE}`, isListed: false }])
  await world.join('ann@test/1', `den.${CAFE}@lobbies.test`, 'Ann')
  expect(world.network.commands).toContainEqual(expect.objectContaining({ kind: 'enter', lobby: CAFE }))
})

test('who has left a room is told that something was said there, by a person or from the lobby', async () => {
  const ann = 'ann@test/a'
  const { id } = world.network.create({ name: 'Tea', topic: '', isPrivate: false, isSigned: false })
  world.network.onUpdate({ kind: 'lobby', lobby: world.network.lobby(id) as never })
  const room = world.rooms.addressOf(id)
  const subscribe = (): void =>
    world.stanza(ann, el('presence', { to: 'lobbies.test' }, el('rai', { xmlns: 'urn:xmpp:rai:0' })))
  const indicators = (): string[] => world.sentTo(ann).filter((xml) => xml.includes('urn:xmpp:rai:0'))
  await world.join(ann, room, 'ann')
  await world.join('bob@test/b', room, 'bob')
  subscribe()
  world.say('bob@test/b', room, 'while ann is here')
  await world.settle()
  expect(indicators()).toEqual([])
  world.stanza(ann, el('presence', { to: `${room}/ann`, type: 'unavailable' }))
  world.say('bob@test/b', room, 'after she left')
  await world.settle()
  expect(indicators()).toEqual([
    `<message from="lobbies.test" to="${ann}"><rai xmlns="urn:xmpp:rai:0"><activity>${room}</activity></rai></message>`,
  ])
})

test('who comes back learns when the lobby was not heard, and what is said again follows that', async () => {
  const cafe = world.network.show(CAFE, 'Cafe', true)
  const room = world.rooms.addressOf(cafe)
  const rita = world.network.enters(cafe, 'aa'.repeat(16), 'Rita')
  world.network.says(cafe, rita, 'before', 'm1')
  world.network.deafen(cafe)
  world.pass(60_000)
  world.network.says(cafe, rita, 'after', 'm2')
  await world.settle()
  const stored: string[] = []
  for await (const entry of world.store.archive.export(room.split('@')[0] ?? ''))
    stored.push(entry.kind === 'gap' ? 'gap' : String(entry.body))
  expect(stored).toEqual(['before', 'gap', 'after'])
  const [loaded] = world.rooms.loaded()
  expect(loaded?.gaps()).toMatchObject({ count: 1, since: null })
  world.network.hide(cafe)
  expect(loaded?.gaps().since).not.toBeNull()
})

test('messages of the lobby that could not be stored leave a gap that is told when the archive works again', async () => {
  const cafe = world.network.show(CAFE, 'Cafe', true)
  const rita = world.network.enters(cafe, 'aa'.repeat(16), 'Rita')
  world.isDiskFull = true
  world.network.says(cafe, rita, 'lost', 'm1')
  await world.settle()
  world.pass(5000)
  world.network.says(cafe, rita, 'lost too', 'm2')
  await world.settle()
  world.isDiskFull = false
  world.network.says(cafe, rita, 'kept', 'm3')
  await world.settle()
  const [loaded] = world.rooms.loaded()
  const kinds: string[] = []
  for await (const entry of world.store.archive.export(loaded?.localpart ?? '')) kinds.push(entry.kind)
  expect(kinds).toEqual(['gap', 'message'])
  expect(loaded?.gaps()).toMatchObject({ count: 1, since: null })
})

const OWNER = 'http://jabber.org/protocol/muc#owner'
const submit = (fields: Readonly<Record<string, string>>): Element =>
  el(
    'query',
    { xmlns: OWNER },
    el(
      'x',
      { xmlns: 'jabber:x:data', type: 'submit' },
      ...Object.entries({ FORM_TYPE: 'http://jabber.org/protocol/muc#roomconfig', ...fields }).map(
        ([name, value]) => el('field', { var: name }, el('value', {}, value)),
      ),
    ),
  )
/** Sends a request and gives the answer. */
async function ask(user: string, room: string, query: Element): Promise<string> {
  world.out.length = 0
  world.stanza(user, el('iq', { type: 'set', id: 'q', to: room }, query))
  await world.settle()
  return world.sentTo(user).find((xml) => xml.includes('id="q"')) ?? 'no answer'
}

test('a room that is not taken leaves no trace, on record or in the network', async () => {
  await world.join('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.stanza('ann@test/1', el('presence', { to: 'tea@lobbies.test/Ann', type: 'unavailable' }))
  await world.settle()
  expect([world.network.snapshot().lobbies, world.rooms.size, world.rooms.loadedCount]).toEqual([[], 0, 0])
  await world.create('bob@test/1', 'tea@lobbies.test', 'Bob')
  expect(world.rooms.size).toBe(1)
})

test('a room that the network cannot take is refused when it is taken, and can be taken later', async () => {
  world.network.isFull = true
  await world.join('ann@test/1', 'tea@lobbies.test', 'Ann')
  expect(await ask('ann@test/1', 'tea@lobbies.test', submit({}))).toContain('<resource-constraint ')
  expect(world.rooms.size).toBe(0)
  world.network.isFull = false
  expect(await ask('ann@test/1', 'tea@lobbies.test', submit({}))).toContain('type="result"')
})

test('what owners decide outlives a restart, and a private lobby that is made again is private', async () => {
  await world.join('ann@test/1', 'den@lobbies.test', 'Ann')
  const fields = { 'foyer#private': '1', 'muc#roomconfig_roomname': 'The Den', 'muc#roomconfig_lang': 'en' }
  expect(await ask('ann@test/1', 'den@lobbies.test', submit(fields))).toContain('type="result"')
  const item = el('item', { jid: 'bob@test', affiliation: 'member' })
  const admin = el('query', { xmlns: 'http://jabber.org/protocol/muc#admin' }, item)
  expect(await ask('ann@test/1', 'den@lobbies.test', admin)).toContain('type="result"')
  await restart()
  await world.join('bob@test/1', 'den@lobbies.test', 'Bob')
  expect(world.network.snapshot().lobbies).toMatchObject([{ name: 'The Den', isPrivate: true }])
  expect(world.sentTo('bob@test/1').join()).toContain('affiliation="member"')
  await world.join('eve@test/1', 'den@lobbies.test', 'Eve')
  expect(world.sentTo('eve@test/1')[0]).toContain('<registration-required ')
  expect([...world.rooms.listed()]).toMatchObject([
    { name: 'The Den', isListed: false, isOpen: false, showsAddresses: false },
  ])
})

test('a destroyed room is gone, also after a restart, until an owner comes back', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  const [lobby] = world.network.snapshot().lobbies
  const destroy = el('destroy', { jid: 'cafe@lobbies.test' }, el('reason', {}, 'moved'))
  const answer = await ask('ann@test/1', 'tea@lobbies.test', el('query', { xmlns: OWNER }, destroy))
  expect(answer).toContain('type="result"')
  expect(world.network.commands).toContainEqual({ kind: 'leave', lobby: lobby?.id })
  for (const isAfterRestart of [false, true]) {
    if (isAfterRestart) await restart()
    await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
    expect(world.sentTo('bob@test/1').at(-1)).toMatch(/>xmpp:cafe@lobbies\.test\?join<\/gone>.*moved/)
    expect([...world.rooms.listed()]).toEqual([])
  }
  // The lobby may be joined all the same, by the operator: the room stays gone.
  world.network.show(String(lobby?.id), 'tea', true)
  expect(world.rooms.loadedCount).toBe(0)
  await world.join('ann@test/1', 'tea@lobbies.test', 'Ann')
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  expect(world.sentTo('bob@test/1').at(-1)).toContain('<subject')
})

test('what cannot be stored is refused, and not done', async () => {
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.areStatesLost = true
  const refused = await ask('ann@test/1', 'tea@lobbies.test', submit({ 'muc#roomconfig_membersonly': '1' }))
  expect(refused).toMatch(/type="wait".*<internal-server-error /)
  await world.join('bob@test/1', 'tea@lobbies.test', 'Bob')
  expect(world.sentTo('bob@test/1').at(-1)).toContain('<subject')
})

/** Registers a nick and asks to stay under it. */
async function stay(user: string, room: string, nick: string): Promise<void> {
  const field = (name: string, value: string) => el('field', { var: name }, el('value', {}, value))
  const form = el(
    'x',
    { xmlns: 'jabber:x:data', type: 'submit' },
    field('FORM_TYPE', 'http://jabber.org/protocol/muc#register'),
    field('muc#register_roomnick', nick),
    field('foyer#stay', '1'),
  )
  world.stanza(
    user,
    el('iq', { type: 'set', id: 'stay', to: room }, el('query', { xmlns: 'jabber:iq:register' }, form)),
  )
  await world.settle()
}

test('who stays keeps the place in a lobby made here when the last session goes, and has it again after a restart', async () => {
  world.kept.add('ann@test')
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  await stay('ann@test/1', 'tea@lobbies.test', 'Ann')
  world.rooms.onSessionEnded('ann@test/1')
  await world.settle()
  expect(world.network.commands.map((command) => command.kind)).not.toContain('exit')
  const [room] = world.rooms.loaded()
  expect(room?.occupants()).toMatchObject([{ side: 'local', nick: 'Ann', away: true }])
  expect(world.rooms.countOccupants().local).toBe(0)
  await restart()
  world.kept.add('ann@test')
  world.rooms.adopt(world.network)
  expect(world.network.commands).toEqual([
    expect.objectContaining({ kind: 'enter', speaker: 'ann@test/Ann', nick: 'Ann', isKept: true }),
  ])
})

test('who stays in a lobby that was found is there again as soon as a friend lists it, and is told of mentions', async () => {
  const address = `cafe.${CAFE}@lobbies.test`
  world.network.show(CAFE, 'Cafe', true)
  world.kept.add('ann@test')
  await world.join('ann@test/1', address, 'Ann')
  await stay('ann@test/1', address, 'Ann')
  await restart()
  world.kept.add('ann@test')
  world.rooms.adopt(world.network)
  expect(world.network.commands).toEqual([])
  const lobby = world.network.show(CAFE, 'Cafe')
  expect(world.network.commands).toEqual([
    expect.objectContaining({ kind: 'enter', speaker: 'ann@test/Ann' }),
  ])
  const zoe = world.network.enters(lobby, 'z'.repeat(32), 'Zoe')
  world.network.says(lobby, zoe, 'ann, are you there?', 'm1')
  await world.settle()
  expect(world.mail).toEqual([
    { account: 'ann@test', xml: expect.stringContaining('Zoe mentioned you in Cafe: ann, are you there?') },
  ])
})

test('who is configured to stay is in the lobby when it is seen, after each start, and out when it is configured no longer', async () => {
  const stays = new Map([['ann@test', 'Ann']])
  const enter = expect.objectContaining({ kind: 'enter', speaker: 'ann@test/Ann', nick: 'Ann' })
  world.stays.set(CAFE, stays)
  world.kept.add('ann@test')
  world.network.show(CAFE, 'Cafe')
  expect(world.network.commands).toEqual([enter])
  await restart()
  world.kept.add('ann@test')
  world.network.show(CAFE, 'Cafe')
  expect(world.network.commands).toEqual([])
  world.stays.set(CAFE, stays)
  world.rooms.describeAll()
  world.rooms.adopt(world.network)
  expect(world.network.commands).toEqual([enter])
  world.stays.clear()
  world.rooms.describeAll()
  expect(world.network.commands.at(-1)).toMatchObject({ kind: 'exit', speaker: 'ann@test/Ann' })
})

test('a room that nobody uses leaves memory after ten minutes, and comes back as it was', async () => {
  const lobby = world.network.show(CAFE, 'Cafe')
  const address = world.rooms.addressOf(lobby)
  const ask = async (): Promise<string> => {
    world.out.length = 0
    const query = el('query', { xmlns: 'http://jabber.org/protocol/disco#info' })
    world.stanza('bob@test/1', el('iq', { type: 'get', id: 'd1', to: address }, query))
    await world.settle()
    return world.sentTo('bob@test/1').join('')
  }
  world.kept.add('ann@test')
  await world.join('ann@test/1', address, 'Ann')
  const register = el('query', { xmlns: 'jabber:iq:register' }, el('username', {}, 'Ann'))
  world.stanza('ann@test/1', el('iq', { type: 'set', id: 'r1', to: address }, register))
  await world.settle()
  const before = await ask()
  world.pass(600_000)
  world.rooms.unloadUnused()
  expect(world.rooms.loadedCount, 'somebody is there').toBe(1)
  world.stanza('ann@test/1', el('presence', { type: 'unavailable', to: `${address}/Ann` }))
  await world.settle()
  world.rooms.unloadUnused()
  expect(world.rooms.loadedCount, 'it was used just now').toBe(1)
  world.pass(600_000)
  world.rooms.unloadUnused()
  expect(world.rooms.loadedCount).toBe(0)
  expect((await ask()).replaceAll(/<value>\d+<\/value>/g, '')).toBe(
    before.replaceAll(/<value>\d+<\/value>/g, ''),
  )
  await world.join('bob@test/1', address, 'Ann')
  expect(world.sentTo('bob@test/1').at(-1)).toContain('<conflict ')
})

test('a room whose lobby is joined stays in memory, as it is heard, and goes when the lobby does', async () => {
  const lobby = world.network.show(CAFE, 'Cafe', true)
  world.pass(600_000)
  world.rooms.unloadUnused()
  expect(world.rooms.loadedCount).toBe(1)
  world.network.hide(lobby)
  await world.settle()
  world.pass(600_000)
  world.rooms.unloadUnused()
  expect(world.rooms.loadedCount).toBe(0)
})

test('what a removed account had in rooms is gone, in memory or not, also after a restart', async () => {
  world.kept.add('ann@test')
  await world.create('ann@test/1', 'tea@lobbies.test', 'Ann')
  const away = world.network.show(CAFE, 'Cafe')
  await world.join('ann@test/1', world.rooms.addressOf(away), 'Ann')
  const register = el('query', { xmlns: 'jabber:iq:register' }, el('username', {}, 'Ann'))
  world.stanza('ann@test/1', el('iq', { type: 'set', id: 'r1', to: world.rooms.addressOf(away) }, register))
  await world.settle()
  await restart()
  world.network.show(CAFE, 'Cafe')
  expect(world.rooms.loadedCount).toBe(0)
  world.rooms.forgetAccount('ann@test')
  await world.settle()
  for (const isRestarted of [false, true]) {
    if (isRestarted) {
      await restart()
      world.network.show(CAFE, 'Cafe')
    }
    world.kept.add('ann@test')
    await world.join('bob@test/1', world.rooms.addressOf(away), 'Ann')
    expect(world.sentTo('bob@test/1').join(''), 'the nick is free').not.toContain('<conflict ')
    await world.join('ann@test/1', 'tea@lobbies.test', 'Anna')
    const own = world.sentTo('ann@test/1').find((xml) => xml.includes('code="110"'))
    expect(own).toContain('affiliation="none"')
  }
})
