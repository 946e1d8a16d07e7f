// Versions of affiliations (XEP-0463): who gets which lists, what changed since, and what is forgotten.
import { describe, expect, test } from 'vitest'
import { MAX_AFFILIATION_ITEMS, MAX_AFFILIATION_VERSIONS } from '../../src/muc/limits.ts'
import type { AffiliationRecord, RoomSettings } from '../../src/muc/room-state.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { ROOM, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'

const record = (address: string, affiliation: AffiliationRecord['affiliation']): AffiliationRecord => ({
  address,
  affiliation,
  reason: '',
  nick: '',
})
const room = (affiliations: AffiliationRecord[] = [], settings: RoomSettings = {}): RoomHarness =>
  new RoomHarness({ state: { settings, affiliations, tombstone: null, lobby: null } })

interface Told {
  readonly since: string | undefined
  readonly until: string
  readonly items: Readonly<Record<string, string>>
}
const mavOf = (stanza: Element): Element | undefined =>
  stanza.getChild('x', NS.mucUser)?.getChild('mav', NS.affiliationVersions)
/** What a session was told of the lists. */
function told(h: RoomHarness, to: string): Told[] {
  return h.take(to).flatMap((stanza) => {
    const mav = stanza.name === 'message' ? mavOf(stanza) : undefined
    if (!mav) return []
    const items = stanza.getChild('x', NS.mucUser)?.getChildren('item') ?? []
    return [
      {
        since: mav.attrs.since,
        until: String(mav.attrs.until),
        items: Object.fromEntries(items.map(({ attrs }) => [String(attrs.jid), String(attrs.affiliation)])),
      },
    ]
  })
}
/** Joins, or joins again, and returns what was told and the version in the answer. */
function ask(h: RoomHarness, from: string, nick: string, since?: string) {
  h.clear()
  const mav = `<mav xmlns="${NS.affiliationVersions}"${since === undefined ? '' : ` since="${since}"`}/>`
  h.send(from, `<presence to="${ROOM}/${nick}" id="j"><x xmlns="${NS.muc}">${mav}</x></presence>`)
  const stanzas = h.sent.get(from) ?? []
  const self = stanzas.findLast((stanza) => stanza.name === 'presence') as Element
  return { until: mavOf(self)?.attrs.until as string | undefined, lists: told(h, from) }
}
const set = (h: RoomHarness, items: Readonly<Record<string, string>>): void => {
  h.clear()
  const inside = Object.entries(items).map(
    ([jid, affiliation]) => `<item jid="${jid}" affiliation="${affiliation}"/>`,
  )
  h.send(BOSS, `<iq type="set" id="a"><query xmlns="${NS.mucAdmin}">${inside.join('')}</query></iq>`)
}

describe('the lists of affiliations', () => {
  test('are all told to admins, without the outcasts to members of a room for members', () => {
    const kept = [record('alice@example.org', 'member'), record('evil@example.org', 'outcast')]
    const h = room(kept, { isMembersOnly: true })
    const { until, lists } = ask(h, BOSS, 'Boss')
    expect(lists).toEqual([
      {
        since: undefined,
        until,
        items: { 'alice@example.org': 'member', 'boss@example.org': 'owner', 'evil@example.org': 'outcast' },
      },
    ])
    const member = ask(h, ALICE, 'Alice')
    expect(member.lists[0]?.items).toEqual({ 'alice@example.org': 'member', 'boss@example.org': 'owner' })
    expect(member.until).not.toBe(until)
    set(h, { 'worse@example.org': 'outcast' })
    expect(told(h, BOSS)).toMatchObject([{ since: until, items: { 'worse@example.org': 'outcast' } }])
    expect(told(h, ALICE)).toEqual([])
  })

  test('have the same version after a restart, and another one in another room', () => {
    const kept = [record('alice@example.org', 'member')]
    const { until } = ask(room(kept), BOSS, 'Boss')
    expect(ask(room(kept), BOSS, 'Boss', until)).toEqual({ until, lists: [] })
    const other = room(kept)
    other.room.identity.occupantKey.fill(8)
    expect(ask(other, BOSS, 'Boss').until).not.toBe(until)
  })

  test('are told as the sum of what has changed, also to who was not there', () => {
    const h = room()
    const { until } = ask(h, BOSS, 'Boss')
    set(h, { 'a@example.org': 'member', 'b@example.org': 'member' })
    const [first] = told(h, BOSS)
    set(h, { 'a@example.org': 'admin', 'c@example.org': 'outcast' })
    set(h, { 'b@example.org': 'none' })
    const last = told(h, BOSS).at(-1)
    h.send(BOSS, '<presence type="unavailable"/>')
    expect(ask(h, BOSS, 'Boss', until).lists).toEqual([
      {
        since: until,
        until: last?.until,
        items: { 'a@example.org': 'admin', 'b@example.org': 'none', 'c@example.org': 'outcast' },
      },
    ])
    expect(ask(h, BOSS, 'Boss', first?.until).lists[0]?.items).toEqual({
      'a@example.org': 'admin',
      'b@example.org': 'none',
      'c@example.org': 'outcast',
    })
  })

  test('that are as they were have the version that they had', () => {
    const h = room()
    const { until } = ask(h, BOSS, 'Boss')
    set(h, { 'a@example.org': 'member' })
    set(h, { 'a@example.org': 'none' })
    expect(told(h, BOSS)).toMatchObject([{ until }])
    expect(ask(h, BOSS, 'Boss', until).lists).toEqual([])
  })

  test('change with who owns all rooms', () => {
    const h = room()
    const { until } = ask(h, BOSS, 'Boss')
    h.clear()
    const owners = ['boss@example.org', 'root@example.org']
    h.step({ kind: 'described', description: { ...h.room.description, owners } })
    expect(told(h, BOSS)).toMatchObject([{ since: until, items: { 'root@example.org': 'owner' } }])
  })

  test('of long ago, and great changes, are told anew', () => {
    const h = room()
    const { until } = ask(h, BOSS, 'Boss')
    for (let n = 0; n < MAX_AFFILIATION_VERSIONS; n++) set(h, { [`u${n}@example.org`]: 'member' })
    expect(ask(h, BOSS, 'Boss', until).lists[0]?.since).toBe(until)
    set(h, { 'last@example.org': 'member' })
    const fresh = ask(h, BOSS, 'Boss', until)
    expect(fresh.lists[0]?.since).toBeUndefined()
    const owners = [
      'boss@example.org',
      ...Array.from({ length: MAX_AFFILIATION_ITEMS + 1 }, (_, n) => `o${n}@x.org`),
    ]
    h.step({ kind: 'described', description: { ...h.room.description, owners } })
    expect(ask(h, BOSS, 'Boss', fresh.until).lists[0]?.since).toBeUndefined()
  })

  test('that are long come in several messages, each from where the one before ended', () => {
    const kept = Array.from({ length: 2 * MAX_AFFILIATION_ITEMS }, (_, n) =>
      record(`u${n}@example.org`, 'member'),
    )
    const { until, lists } = ask(room(kept), BOSS, 'Boss')
    expect(lists.map(({ items }) => Object.keys(items).length)).toEqual([
      MAX_AFFILIATION_ITEMS,
      MAX_AFFILIATION_ITEMS,
      1,
    ])
    expect(lists.map(({ since }) => since)).toEqual([undefined, lists[0]?.until, lists[1]?.until])
    expect(lists.at(-1)?.until).toBe(until)
  })

  test('are told whole to who may read more of them than before, or less', () => {
    const kept = [record('alice@example.org', 'member'), record('mallory@example.org', 'outcast')]
    const h = room(kept, { isMembersOnly: true })
    const boss = ask(h, BOSS, 'Boss')
    const { lists } = ask(h, ALICE, 'Alice')
    expect(lists[0]?.items).not.toHaveProperty('mallory@example.org')
    set(h, { 'alice@example.org': 'admin' })
    const [promoted, ...more] = told(h, ALICE)
    expect(more).toEqual([])
    expect(promoted).toMatchObject({ since: undefined, items: { 'mallory@example.org': 'outcast' } })
    expect(promoted?.until).toBe(told(h, BOSS)[0]?.until)
    expect(promoted?.until).not.toBe(boss.until)
    set(h, { 'bob@example.org': 'member' })
    expect(told(h, ALICE)).toMatchObject([{ since: promoted?.until, items: { 'bob@example.org': 'member' } }])
    set(h, { 'alice@example.org': 'member' })
    const demoted = told(h, ALICE)
    expect(demoted).toMatchObject([{ since: undefined }])
    expect(demoted[0]?.items).not.toHaveProperty('mallory@example.org')
  })

  test('are not for who lost the right to read them, and its own presence no longer names a version', () => {
    const h = room([record('alice@example.org', 'admin')])
    h.join(BOSS, 'Boss')
    expect(ask(h, ALICE, 'Alice').until).toBeDefined()
    set(h, { 'alice@example.org': 'none' })
    const got = h.sent.get(ALICE) ?? []
    expect(got.filter((stanza) => stanza.name === 'message')).toEqual([])
    expect(got.some((stanza) => stanza.name === 'presence' && !mavOf(stanza))).toBe(true)
  })

  test('are told no longer to a client that joins again without asking', () => {
    const h = room()
    ask(h, BOSS, 'Boss')
    h.join(BOSS, 'Boss')
    set(h, { 'a@example.org': 'member' })
    expect(told(h, BOSS)).toEqual([])
  })
})
