// Roles and affiliations: XEP-0045 §8, §9, §10.3 to §10.8. Who may do what to whom, and what everybody is told.
import { describe, expect, test } from 'vitest'
import type { AffiliationRecord } from '../../src/muc/room-state.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { codes, errorOf, item, participant, ROOM, RoomHarness } from './room-harness.ts'

const OWNER = 'olga@example.org/desk'
const ADMIN = 'adam@example.org/desk'
const MOD = 'mona@example.org/desk'
const MEMBER = 'mia@example.org/desk'
const ALICE = 'alice@example.org/phone'
const ALICE2 = 'alice@example.org/desk'
const BOSS = 'boss@example.org/desk'
const RITA = participant('rita')
const RITA_JID = `identity.${RITA}@lobbies.example`

const record = (address: string, affiliation: AffiliationRecord['affiliation']): AffiliationRecord => ({
  address,
  affiliation,
  reason: '',
  nick: '',
})
const STATE = {
  settings: {},
  tombstone: null,
  lobby: null,
  affiliations: [
    record('olga@example.org', 'owner'),
    record('adam@example.org', 'admin'),
    record('mia@example.org', 'member'),
  ],
}

/** Everybody is in; Mona is a moderator by role alone, and `boss@example.org` owns all rooms of the gateway. */
function room(options: ConstructorParameters<typeof RoomHarness>[0] = {}): RoomHarness {
  const h = new RoomHarness({ state: STATE, ...options })
  for (const [from, nick] of [
    [OWNER, 'Olga'],
    [ADMIN, 'Adam'],
    [MOD, 'Mona'],
    [MEMBER, 'Mia'],
    [ALICE, 'Alice'],
    [BOSS, 'Boss'],
  ] as const)
    h.join(from, nick)
  h.step({ kind: 'remote-entered', occupant: { id: RITA, nick: 'Rita' } })
  set(h, OWNER, '<item nick="Mona" role="moderator"/>')
  h.clear()
  return h
}

/** Sends items and gives the outcome; what else was sent stays in the harness. */
function set(h: RoomHarness, from: string, items: string): string {
  h.send(from, `<iq type="set" id="s1"><query xmlns="${NS.mucAdmin}">${items}</query></iq>`)
  return outcomeIn(h, from)
}
function outcomeIn(h: RoomHarness, from: string): string {
  const stanzas = h.take(from)
  const replies = stanzas.filter((stanza) => stanza.name === 'iq')
  h.sent.set(
    from,
    stanzas.filter((stanza) => stanza.name !== 'iq'),
  )
  expect(replies).toHaveLength(1)
  const [reply] = replies as [Element]
  if (reply.attrs.type === 'result') return 'result'
  const { error, by, id } = errorOf(reply)
  expect([by, id]).toEqual([ROOM, 's1'])
  return error
}
const list = (h: RoomHarness, from: string, attributes: string): Record<string, string>[] | string => {
  h.send(from, `<iq type="get" id="s1"><query xmlns="${NS.mucAdmin}"><item ${attributes}/></query></iq>`)
  const reply = h.take(from).find((stanza) => stanza.name === 'iq') as Element
  return reply.attrs.type === 'result'
    ? (reply.getChild('query')?.getChildren('item') ?? []).map(({ attrs }) => attrs)
    : errorOf(reply).error
}
const nicks = (h: RoomHarness): string[] => [...h.room.occupants.keys()]

describe('kicks', () => {
  test('take all sessions of an occupant out; everybody hears 307, who did it and why', () => {
    const h = room()
    h.join(ALICE2, 'Alice')
    h.clear()
    expect(set(h, MOD, '<item nick="Alice" role="none"><reason>spam</reason></item>')).toBe('result')
    expect(nicks(h)).not.toContain('Alice')
    for (const own of [ALICE, ALICE2]) {
      const seen = h.takeOne(own)
      expect([seen.attrs.type, codes(seen)]).toEqual(['unavailable', [110, 307]])
      expect(item(seen)).toMatchObject({ affiliation: 'none', role: 'none' })
    }
    const seen = h.takeOne(MEMBER)
    expect([seen.attrs.from, seen.attrs.type, codes(seen)]).toEqual([`${ROOM}/Alice`, 'unavailable', [307]])
    const x = seen.getChild('x', NS.mucUser)?.getChild('item')
    expect([x?.getChild('actor')?.attrs.nick, x?.getChildText('reason')]).toEqual(['Mona', 'spam'])
    expect(h.takeLobby()).toEqual([{ kind: 'local-left', account: 'alice@example.org', nick: 'Alice' }])
    expect(h.saved).toEqual([])
  })

  test('let come in again', () => {
    const h = room()
    set(h, MOD, '<item nick="Alice" role="none"/>')
    h.clear()
    h.join(ALICE, 'Alice')
    expect(nicks(h)).toContain('Alice')
  })
})

test.each([
  ['an occupant without privileges kicks', ALICE, 'nick="Mia" role="none"', 'auth/forbidden'],
  ['somebody outside kicks', 'eve@example.org/x', 'nick="Mia" role="none"', 'auth/forbidden'],
  ['a moderator kicks an admin', MOD, 'nick="Adam" role="none"', 'cancel/not-allowed'],
  ['a moderator kicks a member', MOD, 'nick="Mia" role="none"', 'cancel/not-allowed'],
  ['a moderator kicks who is not there', MOD, 'nick="Nobody" role="none"', 'cancel/item-not-found'],
  ['an admin kicks an owner', ADMIN, 'nick="Olga" role="none"', 'cancel/not-allowed'],
  ['an owner kicks an admin', OWNER, 'nick="Adam" role="none"', 'result'],
  ['an owner kicks an owner of the gateway', OWNER, 'nick="Boss" role="none"', 'cancel/not-allowed'],
  ['an owner of the gateway kicks an owner', BOSS, 'nick="Olga" role="none"', 'result'],
  ['a moderator takes voice', MOD, 'nick="Alice" role="visitor"', 'result'],
  ['a moderator takes voice of an admin', MOD, 'nick="Adam" role="visitor"', 'cancel/not-allowed'],
  ['an owner takes voice of an admin', OWNER, 'nick="Adam" role="visitor"', 'cancel/not-allowed'],
  ['a moderator makes a moderator', MOD, 'nick="Alice" role="moderator"', 'auth/forbidden'],
  ['an admin makes a moderator', ADMIN, 'nick="Alice" role="moderator"', 'result'],
  ['an admin unmakes a moderator', ADMIN, 'nick="Mona" role="participant"', 'result'],
  ['a moderator unmakes a moderator', MOD, 'nick="Mona" role="participant"', 'auth/forbidden'],
  ['an admin unmakes an owner as moderator', ADMIN, 'nick="Olga" role="participant"', 'cancel/not-allowed'],
  [
    'a participant of the lobby is made a moderator',
    OWNER,
    'nick="Rita" role="moderator"',
    'cancel/not-allowed',
  ],
  ['a moderator bans', MOD, 'jid="eve@example.org" affiliation="outcast"', 'auth/forbidden'],
  ['an admin bans somebody absent', ADMIN, 'jid="eve@example.org" affiliation="outcast"', 'result'],
  ['an admin bans a domain', ADMIN, 'jid="spam.example" affiliation="outcast"', 'result'],
  [
    'an admin makes a domain a member',
    ADMIN,
    'jid="good.example" affiliation="member"',
    'cancel/not-allowed',
  ],
  ['an admin bans by nick', ADMIN, 'nick="Alice" affiliation="outcast"', 'result'],
  ['an admin bans by occupant address', ADMIN, `jid="${ROOM}/Alice" affiliation="outcast"`, 'result'],
  [
    'an admin bans a nick that nobody has',
    ADMIN,
    'nick="Nobody" affiliation="outcast"',
    'cancel/item-not-found',
  ],
  ['an admin bans an owner', ADMIN, 'jid="olga@example.org" affiliation="outcast"', 'cancel/not-allowed'],
  ['an admin bans an admin', ADMIN, 'jid="adam@example.org" affiliation="none"', 'cancel/not-allowed'],
  ['an admin makes an admin', ADMIN, 'jid="mia@example.org" affiliation="admin"', 'auth/forbidden'],
  ['an admin makes an owner', ADMIN, 'jid="mia@example.org" affiliation="owner"', 'auth/forbidden'],
  ['an admin makes a member', ADMIN, 'jid="alice@example.org" affiliation="member"', 'result'],
  ['an owner makes an owner', OWNER, 'jid="alice@example.org" affiliation="owner"', 'result'],
  ['the last owner gives up', OWNER, 'jid="olga@example.org" affiliation="admin"', 'cancel/conflict'],
  [
    'the last owner is nobody any longer',
    OWNER,
    'jid="olga@example.org" affiliation="none"',
    'cancel/conflict',
  ],
  [
    'an owner of the gateway unmakes the last owner',
    BOSS,
    'jid="olga@example.org" affiliation="none"',
    'result',
  ],
  ['an owner bans itself', OWNER, 'jid="olga@example.org" affiliation="outcast"', 'cancel/conflict'],
  [
    'an owner unmakes an owner of the gateway',
    OWNER,
    'jid="boss@example.org" affiliation="none"',
    'cancel/not-allowed',
  ],
  [
    'an owner of the gateway unmakes itself',
    BOSS,
    'jid="boss@example.org" affiliation="none"',
    'cancel/not-allowed',
  ],
  ['an address is none', ADMIN, 'jid="a@@b" affiliation="outcast"', 'modify/jid-malformed'],
  ['there is no such affiliation', ADMIN, 'jid="eve@example.org" affiliation="king"', 'modify/bad-request'],
  ['there is no such role', ADMIN, 'nick="Alice" role="king"', 'modify/bad-request'],
  [
    'role and affiliation at once',
    ADMIN,
    'nick="Alice" role="none" affiliation="none"',
    'modify/bad-request',
  ],
  ['a role without nick', ADMIN, 'jid="alice@example.org" role="none"', 'modify/bad-request'],
  ['nobody is meant', ADMIN, 'affiliation="outcast"', 'modify/bad-request'],
  ['an identity is made a member', OWNER, `jid="${RITA_JID}" affiliation="member"`, 'cancel/not-allowed'],
])('%s: %s sets %s and gets %s', (_case, from, attributes, expected) => {
  expect(set(room(), from, `<item ${attributes}/>`)).toBe(expected)
})

describe('bans', () => {
  test('take all sessions of the account out under every nick, and keep it out', () => {
    const h = room()
    h.join(ALICE2, 'Alice at her desk')
    h.clear()
    expect(
      set(h, ADMIN, '<item jid="alice@example.org" affiliation="outcast"><reason>rude</reason></item>'),
    ).toBe('result')
    for (const own of [ALICE, ALICE2]) {
      const seen = h.take(own).find((stanza) => codes(stanza).includes(110)) as Element
      expect([codes(seen), item(seen)?.affiliation]).toEqual([[110, 301], 'outcast'])
      h.join(own, 'Alice')
      expect(errorOf(h.takeOne(own))).toEqual({ error: 'auth/forbidden', by: ROOM, id: 'join' })
    }
    expect(list(h, ADMIN, 'affiliation="outcast"')).toEqual([
      { affiliation: 'outcast', jid: 'alice@example.org' },
    ])
  })

  test('are stored before anybody hears of them, and not made when they cannot be', () => {
    const h = room()
    h.saving = 'hold'
    h.send(
      ADMIN,
      `<iq type="set" id="s1"><query xmlns="${NS.mucAdmin}"><item jid="alice@example.org" affiliation="outcast"/></query></iq>`,
    )
    expect([h.sent.size, nicks(h).includes('Alice')]).toEqual([0, true])
    h.finishSave('fail')
    expect(errorOf(h.takeOne(ADMIN)).error).toBe('wait/internal-server-error')
    expect(nicks(h)).toContain('Alice')
    expect(list(h, ADMIN, 'affiliation="outcast"')).toEqual([])
  })

  test('of a domain keep all its accounts out', () => {
    const h = room()
    set(h, OWNER, '<item jid="spam.example" affiliation="outcast"/>')
    h.join('bot@spam.example/1', 'Bot')
    expect(errorOf(h.takeOne('bot@spam.example/1')).error).toBe('auth/forbidden')
  })

  test('can be taken back', () => {
    const h = room()
    set(h, ADMIN, '<item jid="alice@example.org" affiliation="outcast"/>')
    set(h, ADMIN, '<item jid="alice@example.org" affiliation="none"/>')
    h.join(ALICE, 'Alice')
    expect(nicks(h)).toContain('Alice')
    expect(h.saved.at(-1)?.write).toEqual({ records: [], forgotten: ['alice@example.org'] })
  })
})

test('several items are made all or none', () => {
  const h = room()
  const items = '<item nick="Alice" role="none"/><item jid="olga@example.org" affiliation="none"/>'
  expect(set(h, ADMIN, items)).toBe('cancel/not-allowed')
  expect([nicks(h).includes('Alice'), h.saved]).toEqual([true, []])
  const good = '<item nick="Alice" role="none"/><item jid="eve@example.org" affiliation="member"/>'
  expect(set(h, ADMIN, good)).toBe('result')
  expect(nicks(h)).not.toContain('Alice')
  expect(h.saved.at(-1)?.write.records).toEqual([record('eve@example.org', 'member')])
})

test('two owners cannot unmake each other at the same moment', () => {
  const h = room({
    state: { ...STATE, affiliations: [...STATE.affiliations, record('otto@example.org', 'owner')] },
  })
  const otto = 'otto@example.org/x'
  h.saving = 'hold'
  const unmake = (from: string, who: string) =>
    h.send(
      from,
      `<iq type="set" id="s1"><query xmlns="${NS.mucAdmin}"><item jid="${who}" affiliation="none"/></query></iq>`,
    )
  unmake(OWNER, 'otto@example.org')
  unmake(otto, 'olga@example.org')
  h.finishSave('store')
  expect([outcomeIn(h, OWNER), outcomeIn(h, otto)]).toEqual(['result', 'auth/forbidden'])
})

test('a new affiliation brings its role, and the sight of addresses', () => {
  const h = room()
  expect(set(h, OWNER, '<item jid="alice@example.org" affiliation="admin"/>')).toBe('result')
  const seen = h.take(ALICE)
  expect(item(seen[0] as Element)).toMatchObject({ affiliation: 'admin', role: 'moderator' })
  expect(codes(seen[0] as Element)).toEqual([110])
  expect(seen.slice(1).map((stanza) => item(stanza)?.jid)).toEqual([
    OWNER,
    ADMIN,
    MOD,
    MEMBER,
    BOSS,
    RITA_JID,
  ])
  expect(item(h.takeOne(MEMBER))).toMatchObject({ affiliation: 'admin', role: 'moderator' })
})

test('those who see addresses hear of a change that is about somebody absent', () => {
  const h = room()
  set(h, ADMIN, '<item jid="eve@example.org" affiliation="member"/>')
  expect(item(h.takeOne(OWNER))).toEqual({ affiliation: 'member', jid: 'eve@example.org', role: 'none' })
  expect(h.take(ALICE)).toEqual([])
})

test('a change that changes nothing is answered, stored and told by nobody', () => {
  const h = room()
  expect(set(h, ADMIN, '<item jid="mia@example.org" affiliation="member"/>')).toBe('result')
  expect(set(h, MOD, '<item nick="Alice" role="participant"/>')).toBe('result')
  expect([h.saved, h.take(MEMBER), h.take(ALICE)]).toEqual([[], [], []])
})

describe('lists', () => {
  test.each([
    ['owners', ADMIN, 'affiliation="owner"', ['boss@example.org', 'olga@example.org']],
    ['admins', ADMIN, 'affiliation="admin"', ['adam@example.org']],
    ['members', ADMIN, 'affiliation="member"', ['mia@example.org']],
    ['nobody in particular', ADMIN, 'affiliation="none"', []],
    ['moderators', MOD, 'role="moderator"', [OWNER, ADMIN, MOD, BOSS]],
    ['participants', MOD, 'role="participant"', [MEMBER, ALICE, RITA_JID]],
  ])('of %s are true', (_case, from, attributes, expected) => {
    expect((list(room(), from, attributes) as { jid: string }[]).map(({ jid }) => jid)).toEqual(expected)
  })

  test.each([
    [ALICE, 'affiliation="owner"'],
    [MEMBER, 'affiliation="member"'],
    [MOD, 'affiliation="outcast"'],
    [ALICE, 'role="moderator"'],
    ['eve@example.org/x', 'affiliation="member"'],
  ])('are not for %s: %s', (from, attributes) => {
    expect(list(room(), from, attributes)).toBe('auth/forbidden')
  })

  test('of members are for members where only they come in, unless owners say otherwise', () => {
    const closed = room({ state: { ...STATE, settings: { isMembersOnly: true } } })
    expect(list(closed, MEMBER, 'affiliation="member"')).toHaveLength(1)
    expect(list(closed, 'mia@example.org/elsewhere', 'affiliation="owner"')).toHaveLength(2)
    expect(list(closed, 'eve@example.org/x', 'affiliation="member"')).toBe('auth/forbidden')
    const settings = { isMembersOnly: true, memberListRoles: ['moderator'] as const }
    expect(list(room({ state: { ...STATE, settings } }), MEMBER, 'affiliation="member"')).toBe(
      'auth/forbidden',
    )
  })

  test('are asked for one at a time and by name', () => {
    for (const bad of ['', 'affiliation="owner" role="moderator"', 'affiliation="king"'])
      expect(list(room(), OWNER, bad)).toBe('modify/bad-request')
  })
})

describe('participants of the lobby', () => {
  const say = (h: RoomHarness, networkId: string) =>
    h.step({
      kind: 'remote-said',
      occupant: { id: RITA, nick: 'Rita' },
      body: 'hello',
      files: [],
      sentAtMs: h.nowMs,
      networkId,
    })

  test('are muted by a kick: gone with 307, not heard, and told to be muted here alone', () => {
    const h = room()
    expect(set(h, MOD, '<item nick="Rita" role="none"><reason>noise</reason></item>')).toBe('result')
    const seen = h.takeOne(ALICE)
    expect([seen.attrs.from, seen.attrs.type, codes(seen)]).toEqual([`${ROOM}/Rita`, 'unavailable', [307]])
    expect(seen.getChildText('status')).toContain('at this gateway only')
    h.clear()
    say(h, '1')
    h.step({ kind: 'remote-typing', id: RITA })
    h.step({ kind: 'remote-renamed', id: RITA, nick: 'Ritta' })
    expect([h.sent.size, h.archive.entries]).toEqual([0, []])
  })

  test('come back from a kick when they leave the lobby and enter again', () => {
    const h = room()
    set(h, MOD, '<item nick="Rita" role="none"/>')
    h.step({ kind: 'remote-entered', occupant: { id: RITA, nick: 'Rita' } })
    expect(nicks(h)).not.toContain('Rita')
    h.step({ kind: 'remote-left', id: RITA })
    h.step({ kind: 'remote-entered', occupant: { id: RITA, nick: 'Rita' } })
    expect(nicks(h)).toContain('Rita')
  })

  test('are banned by identity: listed, kept, and out however often they enter', () => {
    const h = room()
    expect(set(h, ADMIN, '<item nick="Rita" affiliation="outcast"/>')).toBe('result')
    expect(codes(h.takeOne(ALICE))).toEqual([301])
    expect(list(h, ADMIN, 'affiliation="outcast"')).toEqual([{ affiliation: 'outcast', jid: RITA_JID }])
    expect(h.saved.at(-1)?.write.records).toEqual([record(RITA_JID, 'outcast')])
    h.clear()
    h.step({ kind: 'remote-left', id: RITA })
    say(h, '1')
    h.step({ kind: 'remote-entered', occupant: { id: RITA, nick: 'Rita' } })
    say(h, '2')
    expect([h.sent.size, h.archive.entries, nicks(h).includes('Rita')]).toEqual([0, [], false])
  })

  test('are shown again when the ban is taken back', () => {
    const h = room()
    set(h, ADMIN, '<item nick="Rita" affiliation="outcast"/>')
    h.clear()
    expect(set(h, ADMIN, `<item jid="${RITA_JID}" affiliation="none"/>`)).toBe('result')
    expect(h.takeOne(ALICE).attrs).toMatchObject({ from: `${ROOM}/Rita` })
    say(h, '1')
    expect(h.takeOne(ALICE).getChildText('body')).toBe('hello')
  })

  test('without voice are shown and not heard', () => {
    const h = room()
    expect(set(h, MOD, '<item nick="Rita" role="visitor"/>')).toBe('result')
    expect(item(h.takeOne(ALICE))?.role).toBe('visitor')
    say(h, '1')
    expect(h.archive.entries).toEqual([])
    set(h, MOD, '<item nick="Rita" role="participant"/>')
    say(h, '2')
    expect(h.archive.entries).toHaveLength(1)
  })
})
