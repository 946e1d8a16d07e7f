// Friends and operators over a network without wires: messages, typing, presence, invitations, who may what.
import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { MailTable } from '../../src/archive/store.ts'
import { readAvatar } from '../../src/bridge/avatar.ts'
import { type AcceptInvites, FriendDesk } from '../../src/gateway/friend-desk.ts'
import { type Jid, parseJid } from '../../src/stanza/jid.ts'
import { type Element, el, serialize } from '../../src/stanza/xml.ts'
import type { FriendId } from '../../src/util/ids.ts'
import { FakeNetwork } from './fake-network.ts'

const ANN = 'ann@test'
const BOSS = 'boss@test'
const ID = 'ab'.repeat(16)
const FRIEND = `friend.${ID}@lobbies.test`
const DEN = '00000000000000dd'
const STATES = 'http://jabber.org/protocol/chatstates'
const USER = 'http://jabber.org/protocol/muc#user'

/** A table that keeps what it is given, without bound. */
class Mailbox implements MailTable {
  #rows: { account: string; place: number; xml: string }[] = []
  #last = 0
  readonly accounts = async () => [...new Set(this.#rows.map(({ account }) => account))]
  readonly of = async (account: string) => this.#rows.filter((row) => row.account === account)
  async add(account: string, xml: string): Promise<number> {
    this.#last += 1
    this.#rows.push({ account, place: this.#last, xml })
    return 0
  }
  async remove(account: string, upTo: number): Promise<void> {
    this.#rows = this.#rows.filter((row) => row.account !== account || row.place > upTo)
  }
  async clear(account: string): Promise<void> {
    await this.remove(account, this.#last)
  }
}

class World {
  readonly mailbox = new Mailbox()
  readonly network = new FakeNetwork()
  desk!: FriendDesk
  readonly out: { to: string; xml: string }[] = []
  readonly reachable = new Set<string>()
  admins = [ANN, BOSS]
  accepted: AcceptInvites = []
  nowMs = 1_800_000_000_000
  changes = 0

  static async open(): Promise<World> {
    const world = new World()
    world.desk = await world.#openDesk()
    world.network.onUpdate = (update) => world.desk.onUpdate(world.network, update)
    return world
  }

  /** The process ends and begins anew; sessions are gone. */
  async restart(): Promise<void> {
    await this.desk.stop()
    this.reachable.clear()
    this.desk = await this.#openDesk()
  }

  #openDesk(): Promise<FriendDesk> {
    const networks = new Map([[this.network.id, this.network]])
    return FriendDesk.open({
      operatorMail: this.mailbox,
      domain: 'lobbies.test',
      networks,
      log: pino({ level: 'silent' }),
      admins: () => this.admins,
      acceptInvites: () => this.accepted,
      roomOf: ({ name, id }) => `${name.toLowerCase()}.${id}@lobbies.test`,
      avatarOf: ({ avatar }) => (avatar ? readAvatar(avatar) : undefined),
      isReachable: (account) => this.reachable.has(account),
      send: (to, stanza) => this.out.push({ to, xml: serialize(stanza) }),
      nowMs: () => this.nowMs,
      onChange: () => this.changes++,
    })
  }

  says(text: string, more: { isBroadcast?: boolean; ageMs?: number } = {}): void {
    this.desk.onUpdate(this.network, {
      kind: 'friend-said',
      friend: ID as FriendId,
      text,
      sentAtMs: this.nowMs - (more.ageMs ?? 0),
      isBroadcast: more.isBroadcast ?? false,
    })
  }

  types(): void {
    this.desk.onUpdate(this.network, { kind: 'friend-typing', friend: ID as FriendId })
  }

  takes(user: string, stanza: Element): boolean {
    stanza.attrs.from = user
    return this.desk.takes(parseJid(user) as Jid, stanza)
  }

  write(user: string, body: string): void {
    this.takes(user, el('message', { to: FRIEND, type: 'chat', id: 'm1' }, el('body', {}, body)))
  }

  /** Resolves when the account has what waited for it. */
  async appears(account: string): Promise<void> {
    this.reachable.add(account)
    this.desk.onAvailable(account)
    await this.desk.stop()
  }

  sentTo(address: string): string[] {
    return this.out.filter(({ to }) => to === address).map(({ xml }) => xml)
  }

  /** Bodies that an address got. */
  read(address: string): (string | undefined)[] {
    return this.sentTo(address).map((xml) => /<body>(.*)<\/body>/s.exec(xml)?.[1])
  }
}

let world: World
beforeEach(async () => {
  vi.useFakeTimers()
  world = await World.open()
  world.network.befriend(ID, 'Fred (home)')
})
afterEach(async () => {
  await world.desk.stop()
  vi.useRealTimers()
})

test('what a friend writes reaches every operator as a chat message of the friend, in plain text', async () => {
  await world.appears(ANN)
  await world.appears(BOSS)
  world.says('<b>Hello</b> &amp; <i>bye</i>')
  for (const operator of [ANN, BOSS]) {
    expect(world.read(operator)).toEqual(['*Hello* &amp; _bye_'])
    const [xml] = world.sentTo(operator)
    for (const part of [`to="${operator}"`, `from="${FRIEND}"`, 'type="chat"', '>Fred (home)</nick>'])
      expect(xml).toContain(part)
    expect(xml).not.toContain('<delay')
  }
})

test('a message to all friends says so; one without text is not shown', async () => {
  await world.appears(ANN)
  world.says('news', { isBroadcast: true })
  world.says('<style>b {}</style><p> </p>')
  expect(world.read(ANN)).toEqual(['[to all friends] news'])
})

test('what an operator misses waits until a session shows itself, in order, and says when it was written', async () => {
  await world.appears(BOSS)
  world.says('one')
  world.nowMs += 120_000
  world.says('two')
  expect(world.read(ANN)).toEqual([])
  await world.restart()
  expect(world.read(ANN)).toEqual([])
  await world.appears(ANN)
  expect(world.read(ANN)).toEqual(['one', 'two'])
  expect(world.read(BOSS)).toEqual(['one', 'two'])
  for (const [i, time] of ['08:00', '08:02'].entries())
    expect(world.sentTo(ANN)[i]).toContain(
      `<delay xmlns="urn:xmpp:delay" from="lobbies.test" stamp="2027-01-15T${time}:00.000Z"/>`,
    )
  await world.appears(ANN)
  expect(world.read(ANN)).toEqual(['one', 'two'])
})

test('what a friend wrote long ago says so, what it writes now does not', async () => {
  await world.appears(ANN)
  world.says('old', { ageMs: 60_000 })
  world.says('new', { ageMs: 59_999 })
  expect(world.sentTo(ANN).map((xml) => xml.includes('<delay'))).toEqual([true, false])
})

test('who is no operator any longer gets nothing of what waited', async () => {
  world.says('secret')
  world.admins = [BOSS]
  await world.appears(ANN)
  expect(world.out).toEqual([])
})

test('what waits for somebody who is no operator at the start, or no account any longer, is dropped', async () => {
  world.says('secret')
  await world.desk.stop()
  world.admins = [BOSS]
  await world.restart()
  expect(await world.mailbox.accounts()).toEqual([BOSS])
  world.desk.forget(BOSS)
  await world.desk.stop()
  expect(await world.mailbox.accounts()).toEqual([])
})

test('an operator answers the friend; what looks like markup is escaped', () => {
  world.write(`${ANN}/1`, 'a < b\nc')
  expect(world.network.told).toEqual([{ friend: ID, text: 'a &lt; b<br/>c' }])
  expect(world.out).toEqual([])
})

test.each([
  [
    'a friend that is offline',
    () => world.network.befriend(ID, 'Fred', false),
    'hi',
    'wait',
    'recipient-unavailable',
  ],
  ['nobody', () => world.network.friends.clear(), 'hi', 'cancel', 'item-not-found'],
  ['a friend, but too much', () => undefined, 'x'.repeat(2001), 'modify', 'policy-violation'],
])('a message to %s is refused', (_to, prepare, body, type, condition) => {
  prepare()
  world.write(`${ANN}/1`, body)
  expect(world.network.told).toEqual([])
  const [reply, ...more] = world.sentTo(`${ANN}/1`)
  for (const part of ['type="error"', 'id="m1"', `<error type="${type}" by="`, `<${condition} `])
    expect(reply).toContain(part)
  expect(more).toEqual([])
})

test('anybody else is refused, and does not learn whether there is such a friend', () => {
  const ask = (id: string): string[] => {
    const to = `friend.${id.repeat(16)}@lobbies.test`
    const stanzas = [
      el('message', { to, type: 'chat' }, el('body', {}, 'hi')),
      el('message', { to, type: 'chat' }, el('composing', { xmlns: STATES })),
      el('presence', { to }),
      el('iq', { to, type: 'get', id: 'q' }, el('vCard', { xmlns: 'vcard-temp' })),
    ]
    world.out.length = 0
    for (const stanza of stanzas) expect(world.takes('eve@test/1', stanza)).toBe(true)
    return world.sentTo('eve@test/1').map((xml) => xml.replaceAll(id, 'xx'))
  }
  const known = ask('ab')
  expect(known).toHaveLength(4)
  for (const xml of known) expect(xml).toMatch(/<error type="auth" by="friend\.[^"]*"><forbidden /)
  expect(ask('cd')).toEqual(known)
  expect([world.network.told, world.network.commands]).toEqual([[], []])
})

test('a friend that is made a contact declines, whoever asks, and other steps are not answered', () => {
  const unknown = `friend.${'cd'.repeat(16)}@lobbies.test`
  for (const user of [ANN, 'eve@test'])
    for (const to of [FRIEND, unknown]) {
      world.out.length = 0
      for (const type of ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])
        expect(world.takes(user, el('presence', { to, type, id: 's' }))).toBe(true)
      expect(world.sentTo(user)).toEqual([`<presence type="unsubscribed" from="${to}" to="${user}" id="s"/>`])
    }
})

test('nobody can make or enter a room at the address of a friend', () => {
  const muc = { xmlns: 'http://jabber.org/protocol/muc' }
  for (const user of [`${ANN}/1`, 'eve@test/1']) {
    expect(world.takes(user, el('presence', { to: `${FRIEND}/Nick` }, el('x', muc)))).toBe(true)
    expect(world.sentTo(user)[0]).toContain('<item-not-found ')
  }
})

test('typing of a friend is shown, and ends with its message or after six seconds', async () => {
  await world.appears(ANN)
  world.types()
  vi.advanceTimersByTime(5000)
  world.types()
  vi.advanceTimersByTime(5999)
  expect(world.sentTo(ANN)).toEqual([
    `<message type="chat" from="${FRIEND}" to="${ANN}"><composing xmlns="${STATES}"/></message>`,
  ])
  vi.advanceTimersByTime(1)
  expect(world.sentTo(ANN).at(-1)).toContain('<paused ')
  world.types()
  world.says('hi')
  vi.advanceTimersByTime(60_000)
  expect(world.sentTo(ANN).at(-1)).toContain('<active ')
  expect(vi.getTimerCount()).toBe(0)
})

test('typing of an operator is told every five seconds at most, and anew after a message', () => {
  const type = () =>
    world.takes(`${ANN}/1`, el('message', { to: FRIEND, type: 'chat' }, el('composing', { xmlns: STATES })))
  type()
  world.nowMs += 4999
  type()
  expect(world.network.commands).toHaveLength(1)
  world.nowMs += 1
  type()
  world.write(`${ANN}/1`, 'hi')
  type()
  expect(world.network.commands).toEqual(Array(3).fill({ kind: 'friend-typing', friend: ID }))
})

test('an operator that shows itself to a friend sees it come and go until it says goodbye', () => {
  world.takes(`${ANN}/1`, el('presence', { to: FRIEND }))
  world.network.befriend(ID, 'Fred', false)
  world.network.befriend(ID, 'Fred', false)
  world.network.befriend(ID, 'Fred')
  expect(world.sentTo(`${ANN}/1`).map((xml) => xml.includes('type="unavailable"'))).toEqual([
    false,
    true,
    false,
  ])
  world.takes(`${ANN}/1`, el('presence', { to: FRIEND, type: 'unavailable' }))
  world.takes(`${BOSS}/1`, el('presence', { to: FRIEND }))
  world.desk.onSessionEnded(`${BOSS}/1`)
  world.out.length = 0
  world.network.befriend(ID, 'Fred', false)
  expect(world.out).toEqual([])
})

test('who watches a friend is told which picture it shows, once for each, and finds it in the vCard', () => {
  const png = (width: number): Uint8Array =>
    Buffer.from(`89504e470d0a1a0a0000000d49484452000000${width.toString(16).padStart(2, '0')}00000001`, 'hex')
  const shows = (avatar: Uint8Array | null): void => {
    world.network.befriend(ID, 'Fred', true, avatar)
  }
  const photos = (): (string | undefined)[] =>
    world.sentTo(`${ANN}/1`).map((xml) => /<x xmlns="vcard-temp:x:update"(.*?)<\/presence>/.exec(xml)?.[1])
  const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')
  const vcard = (): string => {
    world.out.length = 0
    world.takes(
      `${ANN}/1`,
      el('iq', { to: FRIEND, type: 'get', id: 'q' }, el('vCard', { xmlns: 'vcard-temp' })),
    )
    return world.sentTo(`${ANN}/1`)[0] ?? ''
  }
  world.takes(`${ANN}/1`, el('presence', { to: FRIEND }))
  const one = png(1)
  for (const avatar of [one, one, png(2), new Uint8Array([1, 2, 3]), new Uint8Array()]) shows(avatar)
  expect(photos()).toEqual([
    '/>',
    `><photo>${sha1(one)}</photo></x>`,
    `><photo>${sha1(png(2))}</photo></x>`,
    '><photo/></x>',
  ])
  expect(vcard()).not.toContain('PHOTO')
  shows(one)
  expect(vcard()).toContain(
    `<PHOTO><TYPE>image/png</TYPE><BINVAL>${Buffer.from(one).toString('base64')}</BINVAL></PHOTO>`,
  )
  world.out.length = 0
  world.network.befriend(ID, 'Fred', false, one)
  expect(world.sentTo(`${ANN}/1`)[0]).not.toContain('photo')
})

test('a friend answers what clients ask: discovery with its name, vCard, ping', () => {
  const ask = (xmlns: string, name: string): string => {
    world.out.length = 0
    world.takes(`${ANN}/1`, el('iq', { to: FRIEND, type: 'get', id: 'q' }, el(name, { xmlns })))
    return world.sentTo(`${ANN}/1`)[0] ?? ''
  }
  expect(ask('http://jabber.org/protocol/disco#info', 'query')).toContain(
    '<identity category="account" type="registered" name="Fred (home)"/>',
  )
  expect(ask('vcard-temp', 'vCard')).toContain('<FN>Fred (home)</FN>')
  expect(ask('urn:xmpp:ping', 'ping')).toContain('type="result"')
  expect(ask('urn:example', 'other')).toContain('<service-unavailable ')
})

test('errors and results to a friend are not answered', () => {
  for (const stanza of [
    el('message', { to: FRIEND, type: 'error' }),
    el('iq', { to: FRIEND, type: 'result', id: 'q' }),
    el('presence', { to: FRIEND, type: 'error' }),
  ])
    for (const user of [`${ANN}/1`, 'eve@test/1']) expect(world.takes(user, stanza)).toBe(true)
  expect(world.out).toEqual([])
})

test('stanzas to rooms and the service are left to them', () => {
  for (const to of ['lobbies.test', 'tea@lobbies.test', `tea.${DEN}@lobbies.test`, 'friend.ab@lobbies.test'])
    expect(world.takes(`${ANN}/1`, el('message', { to, type: 'groupchat' }))).toBe(false)
})

const decline = (): Element =>
  el('message', { to: `den.${DEN}@lobbies.test` }, el('x', { xmlns: USER }, el('decline', { to: FRIEND })))

test("a friend's invitation reaches operators as one of the room, and can be declined", async () => {
  await world.appears(ANN)
  world.network.invites(ID as FriendId, DEN, 'Den')
  const [xml] = world.sentTo(ANN)
  for (const part of [
    `from="den.${DEN}@lobbies.test"`,
    `<x xmlns="${USER}"><invite from="${FRIEND}"><reason>`,
    `<x xmlns="jabber:x:conference" jid="den.${DEN}@lobbies.test">`,
  ])
    expect(xml).toContain(part)
  expect(world.takes('eve@test/1', decline())).toBe(false)
  expect(world.takes(`${ANN}/1`, decline())).toBe(true)
  expect(world.network.commands).toEqual([{ kind: 'decline', lobby: DEN }])
  expect(world.changes).toBe(1)
  expect(world.takes(`${ANN}/1`, decline())).toBe(false)
})

test('an invitation that is declined or accepted meanwhile is not shown to who comes later', async () => {
  world.network.invites(ID as FriendId, DEN, 'Den')
  world.takes(`${ANN}/1`, decline())
  await world.appears(BOSS)
  expect(world.sentTo(BOSS)).toEqual([])
})

test.each([
  ['all', true],
  [[ID as FriendId], true],
  [['00'.repeat(16) as FriendId], false],
  [[], false],
] as const)('invitations are accepted without asking from %j: %s', async (accepted, isJoined) => {
  await world.appears(ANN)
  world.accepted = accepted
  world.network.invites(ID as FriendId, DEN, 'Den')
  expect(world.network.commands).toEqual(isJoined ? [{ kind: 'join', lobby: DEN }] : [])
  expect(world.sentTo(ANN)).toHaveLength(isJoined ? 0 : 1)
})

test('an invitation that is told again after a restart comes once', async () => {
  const friend = ID as FriendId
  const lobby = world.network.invites(friend, DEN, 'Den')
  await world.restart()
  const info = world.network.lobby(lobby)
  if (!info) throw new Error('no such lobby')
  for (let i = 0; i < 2; i++) world.desk.onUpdate(world.network, { kind: 'invited', lobby: info, friend })
  await world.appears(ANN)
  expect(world.sentTo(ANN)).toHaveLength(1)
  expect(world.sentTo(ANN)[0]).toContain(`<invite from="${FRIEND}">`)
})
