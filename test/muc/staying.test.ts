// Who stays in the lobby while away, and hears of mentions: XEP-0045 §7.10, XEP-0452, XEP-0372.
import { describe, expect, test } from 'vitest'
import { namesNick } from '../../src/muc/mentions.ts'
import { occupantsOf } from '../../src/muc/occupant-view.ts'
import type { AffiliationRecord, RoomSettings } from '../../src/muc/room-state.ts'
import { unkeptStays } from '../../src/muc/staying.ts'
import { NS } from '../../src/stanza/ns.ts'
import { errorOf, participant, ROOM, RoomHarness } from './room-harness.ts'

const BOSS = 'boss@example.org/desk'
const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/x'
const account = 'alice@example.org'

const field = (name: string, value: string): string => `<field var="${name}"><value>${value}</value></field>`
const register = (h: RoomHarness, from: string, inside: string): string => {
  h.clear()
  h.send(from, `<iq type="set" id="r1"><query xmlns="${NS.register}">${inside}</query></iq>`)
  const reply = h.takeOne(from)
  return reply.attrs.type === 'result' ? 'result' : errorOf(reply).error
}
const form = (nick: string, stay?: string): string =>
  `<x xmlns="${NS.dataForms}" type="submit">${field('FORM_TYPE', NS.mucRegister)}${field('muc#register_roomnick', nick)}${stay === undefined ? '' : field('foyer#stay', stay)}</x>`
const leave = (h: RoomHarness, from: string, nick: string): void => {
  h.send(from, `<presence type="unavailable" to="${ROOM}/${nick}"/>`)
}

function room(settings: RoomSettings = {}, affiliations: AffiliationRecord[] = []): RoomHarness {
  const h = new RoomHarness({ state: { settings, affiliations, tombstone: null, lobby: null } })
  h.join(BOSS, 'Boss')
  return h
}

/** Alice was here, asked to stay, and left. */
function withAliceAway(settings: RoomSettings = {}): RoomHarness {
  const h = room(settings)
  h.join(ALICE, 'Alice')
  expect(register(h, ALICE, form('Alice', '1'))).toBe('result')
  leave(h, ALICE, 'Alice')
  return h
}

describe('a place in the lobby', () => {
  test('is kept when its holder leaves: the lobby hears nothing, the room sees her go', () => {
    const h = withAliceAway()
    expect(h.takeLobby()).toEqual([{ kind: 'local-away', account, nick: 'Alice' }])
    expect(h.takeOne(BOSS).attrs).toMatchObject({ type: 'unavailable', from: `${ROOM}/Alice` })
    expect(h.saved.at(-1)?.write.records).toMatchObject([
      { address: account, nick: 'Alice', isStaying: true },
    ])
    expect(occupantsOf(h.room).filter(({ isAway }) => isAway)).toMatchObject([{ nick: 'Alice', sessions: 0 }])
  })

  test('is not kept for who did not ask for it', () => {
    const h = room()
    h.join(ALICE, 'Alice')
    register(h, ALICE, form('Alice'))
    leave(h, ALICE, 'Alice')
    expect(h.takeLobby()).toEqual([{ kind: 'local-left', account, nick: 'Alice' }])
  })

  test('goes on with its holder, who is told of nothing else', () => {
    const h = withAliceAway()
    h.clear()
    h.join('alice@example.org/desk', 'Alice')
    expect(h.takeLobby()).toEqual([{ kind: 'local-entered', account, nick: 'Alice' }])
    expect(h.room.away.size).toBe(0)
  })

  test('is given up for another nick while its holder is here under that one, and taken again after', () => {
    const h = withAliceAway()
    h.clear()
    h.join(ALICE, 'Al')
    expect(h.takeLobby()).toEqual([
      { kind: 'local-entered', account, nick: 'Al' },
      { kind: 'local-left', account, nick: 'Alice' },
    ])
    leave(h, ALICE, 'Al')
    expect(h.takeLobby()).toEqual([
      { kind: 'local-left', account, nick: 'Al' },
      { kind: 'local-entered', account, nick: 'Alice' },
    ])
  })

  test('moves to another nick that is registered', () => {
    const h = withAliceAway()
    expect(register(h, ALICE, form('Al'))).toBe('result')
    expect(h.takeLobby()).toEqual([
      { kind: 'local-left', account, nick: 'Alice' },
      { kind: 'local-entered', account, nick: 'Al' },
    ])
  })

  test('is taken when the room is loaded, before anybody joins', () => {
    const records = [
      { address: account, affiliation: 'none' as const, reason: '', nick: 'Alice', isStaying: true },
    ]
    const h = new RoomHarness({
      state: { settings: {}, affiliations: records, tombstone: null, lobby: null },
    })
    h.step({ kind: 'loaded' })
    expect(h.takeLobby()).toEqual([{ kind: 'local-entered', account, nick: 'Alice' }])
    h.send(ALICE, `<iq type="get" id="g"><query xmlns="${NS.register}"/></iq>`)
    const offered = h.takeOne(ALICE).getChild('query')?.getChild('x', NS.dataForms)
    expect(offered?.getChildByAttr('var', 'foyer#stay')?.getChildText('value')).toBe('1')
    h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Alice' } })
    h.join(BOSS, 'Boss')
    expect([...h.room.occupants.keys()][0]).toMatch(/^Alice \([0-9a-f]{4}\)$/)
  })

  test.each([
    ['it is given back', (h: RoomHarness) => expect(register(h, ALICE, '<remove/>')).toBe('result')],
    ['it is asked for no longer', (h: RoomHarness) => register(h, ALICE, form('Alice', '0'))],
    [
      'its holder is banned',
      (h: RoomHarness) => {
        h.clear()
        h.send(
          BOSS,
          `<iq type="set" id="b"><query xmlns="${NS.mucAdmin}"><item jid="${account}" affiliation="outcast"/></query></iq>`,
        )
      },
    ],
  ])('ends when %s', (_why, act) => {
    const h = withAliceAway()
    act(h)
    expect(h.takeLobby()).toContainEqual({ kind: 'local-left', account, nick: 'Alice' })
    expect(h.room.away.size).toBe(0)
  })

  test('ends when only members may be here and its holder is none', () => {
    const h = withAliceAway()
    h.clear()
    h.step({ kind: 'described', description: { ...h.room.description, isMembersOnly: true } })
    expect(h.takeLobby()).toContainEqual({ kind: 'local-left', account, nick: 'Alice' })
  })

  test('stays when an admin makes its holder a member', () => {
    const h = withAliceAway()
    h.clear()
    h.send(
      BOSS,
      `<iq type="set" id="m"><query xmlns="${NS.mucAdmin}"><item jid="${account}" affiliation="member"/></query></iq>`,
    )
    expect(h.saved.at(-1)?.write.records).toMatchObject([{ affiliation: 'member', isStaying: true }])
    expect(h.takeLobby()).toEqual([])
  })

  test('keeps a room that would end when everybody has left', () => {
    const h = withAliceAway({ isPersistent: false })
    leave(h, BOSS, 'Boss')
    expect(h.closed).toEqual([])
    register(h, ALICE, '<remove/>')
    expect(h.closed).toHaveLength(1)
  })

  test('is not for who has not given the password, for guests, or said unclearly', () => {
    expect(register(room({ password: 'x' }), ALICE, form('Alice', '1'))).toBe('auth/not-authorized')
    expect(register(room(), ALICE, form('Alice', 'maybe'))).toBe('modify/bad-request')
    const refusesRegistration = () => ({ type: 'cancel', condition: 'not-allowed', text: 'no' }) as const
    expect(register(new RoomHarness({ policy: { refusesRegistration } }), ALICE, form('Alice', '1'))).toBe(
      'cancel/not-allowed',
    )
  })

  test('is for a hundred in a room', () => {
    const records = Array.from({ length: 100 }, (_, i) => ({
      address: `u${i}@example.org`,
      affiliation: 'none' as const,
      reason: '',
      nick: `n${i}`,
      isStaying: true,
    }))
    const h = room({}, records)
    expect(register(h, ALICE, form('Alice', '1'))).toBe('wait/resource-constraint')
    expect(register(h, ALICE, form('Alice'))).toBe('result')
  })
})

describe('who is configured to stay', () => {
  const stays = (nick = 'Alice'): ReadonlyMap<string, string> => new Map([[account, nick]])
  const configure = (h: RoomHarness, to: ReadonlyMap<string, string>) =>
    h.step({ kind: 'described', description: { ...h.room.description, stays: to } })
  const configured = (affiliations: AffiliationRecord[] = []): RoomHarness => {
    const h = room({}, affiliations)
    configure(h, stays())
    return h
  }
  const chosen = (over: Partial<AffiliationRecord>): AffiliationRecord[] => [
    { address: account, affiliation: 'none', reason: '', nick: 'Al', ...over },
  ]
  const offered = (h: RoomHarness): readonly (string | null | undefined)[] => {
    h.clear()
    h.send(ALICE, `<iq type="get" id="g"><query xmlns="${NS.register}"/></iq>`)
    const query = h.takeOne(ALICE).getChild('query')
    const form = query?.getChild('x', NS.dataForms)
    return [query?.getChildText('username'), form?.getChildByAttr('var', 'foyer#stay')?.getChildText('value')]
  }

  test('is in the lobby without having come, and out when it is configured no longer', () => {
    const h = configured()
    expect(h.takeLobby()).toContainEqual({ kind: 'local-entered', account, nick: 'Alice' })
    expect(offered(h)).toEqual(['Alice', '1'])
    h.say(BOSS, 'alice: tea?', 'm7')
    expect(h.mentions).toHaveLength(1)
    configure(h, new Map())
    expect(h.takeLobby()).toContainEqual({ kind: 'local-left', account, nick: 'Alice' })
    expect(offered(h)).toEqual(['', '0'])
    expect(h.saved).toEqual([])
  })

  test('comes and goes under the nick, which nobody else can have', () => {
    const h = configured()
    h.join(ALICE, 'Alice')
    leave(h, ALICE, 'Alice')
    expect(h.takeLobby().at(-1)).toEqual({ kind: 'local-away', account, nick: 'Alice' })
    expect(register(h, BOB, form('Alice'))).toBe('cancel/conflict')
  })

  test('moves when another nick is configured', () => {
    const h = configured()
    h.takeLobby()
    configure(h, stays('Al'))
    expect(h.takeLobby()).toEqual([
      { kind: 'local-left', account, nick: 'Alice' },
      { kind: 'local-entered', account, nick: 'Al' },
    ])
    expect(register(h, BOB, form('Alice'))).toBe('result')
  })

  test('has the nick that it registered itself, and stays under that one', () => {
    const h = configured(chosen({}))
    expect(h.takeLobby()).toContainEqual({ kind: 'local-entered', account, nick: 'Al' })
  })

  test.each([
    ['by the form', form('Alice', '0')],
    ['by taking back what is registered', '<remove/>'],
  ])('may decline %s, and that is kept', (_how, request) => {
    const h = configured()
    expect(register(h, ALICE, request)).toBe('result')
    expect(h.room.away.size).toBe(0)
    const records = h.saved.at(-1)?.write.records ?? []
    expect(records).toMatchObject([{ address: account, isStaying: false }])
    expect(configured([...records]).room.staying.size).toBe(0)
  })

  test('and chose so before, or confirms it, stays when the configuration says so no longer', () => {
    const before = configured(chosen({ isStaying: true }))
    configure(before, new Map())
    expect([...before.room.away.keys()]).toEqual([account])
    const confirmed = configured()
    expect(register(confirmed, ALICE, form('Alice', '1'))).toBe('result')
    configure(confirmed, new Map())
    expect([...confirmed.room.away.keys()]).toEqual([account])
  })

  test('who registers a nick and says nothing of staying goes by the configuration', () => {
    const h = configured()
    expect(register(h, ALICE, '<username>Al</username>')).toBe('result')
    expect(h.room.staying.get(account)).toBe('Al')
    configure(h, new Map())
    expect(h.room.staying.size).toBe(0)
    expect(offered(h)).toEqual(['Al', '0'])
  })

  test('under a nick that is somebody else’s stays as soon as there is another, and the form as offered is no refusal', () => {
    const bob = { address: 'bob@example.org', affiliation: 'none', reason: '', nick: 'Alice' } as const
    const h = configured([bob])
    expect(h.room.staying.size).toBe(0)
    expect(register(h, ALICE, form('Al', offered(h)[1] ?? ''))).toBe('result')
    expect(h.room.staying.get(account)).toBe('Al')
  })

  test('gets the nick from a participant of the lobby, and waits for a user who has it', () => {
    const h = room()
    h.step({ kind: 'remote-entered', occupant: { id: participant('r'), nick: 'Alice' } })
    configure(h, stays())
    expect([...h.room.participants.values()][0]?.nick).toMatch(/^Alice \([0-9a-f]{4}\)$/)
    expect(h.room.away.size).toBe(1)
    const taken = room()
    taken.join(BOB, 'Alice')
    configure(taken, stays())
    expect(taken.room.away.size).toBe(0)
    leave(taken, BOB, 'Alice')
    expect([...taken.room.away.keys()]).toEqual([account])
  })

  test('does not stay, and it is told why, while banned or while the nick is registered by somebody else', () => {
    const banned = configured(chosen({ nick: '', affiliation: 'outcast' }))
    expect(banned.room.away.size).toBe(0)
    expect(unkeptStays(banned.room)).toMatchObject([{ account }])
    const taken = configured([{ address: 'bob@example.org', affiliation: 'none', reason: '', nick: 'Alice' }])
    expect(taken.room.away.size).toBe(0)
    expect(unkeptStays(taken.room)).toEqual([{ account, reason: 'Alice belongs to somebody else' }])
    expect(register(taken, BOB, '<remove/>')).toBe('result')
    expect([...taken.room.away.keys()]).toEqual([account])
    expect(unkeptStays(taken.room)).toEqual([])
  })

  test('keeps its refusal when an admin changes how it stands', () => {
    const h = configured(chosen({ nick: '', isStaying: false }))
    const set = (affiliation: string) =>
      h.send(
        BOSS,
        `<iq type="set" id="m"><query xmlns="${NS.mucAdmin}"><item jid="${account}" affiliation="${affiliation}"/></query></iq>`,
      )
    set('member')
    set('none')
    expect(h.room.staying.size).toBe(0)
    expect(h.room.affiliations.get(account)?.isStaying).toBe(false)
  })
})

describe('a mention', () => {
  test('by somebody in the room is forwarded, with who said it, when and where it is archived', () => {
    const h = withAliceAway()
    h.say(BOSS, 'alice: tea?', 'm7')
    const [mention, ...more] = h.mentions
    expect([mention?.account, more]).toEqual([account, []])
    const stanza = mention?.stanza
    expect(stanza?.attrs).toMatchObject({ from: ROOM, to: account })
    expect(stanza?.getChildText('body')).toBe('Boss mentioned you in Cats: alice: tea?')
    const forwarded = stanza?.getChild('mentions', NS.mentions)?.getChild('forwarded', NS.forward)
    expect(forwarded?.getChild('delay', NS.delay)?.attrs.stamp).toBe('2026-11-21T12:00:00.000Z')
    const message = forwarded?.getChild('message', NS.client)
    expect(message?.attrs).toMatchObject({ from: `${ROOM}/Boss`, type: 'groupchat', id: 'm7' })
    expect(message?.getChildText('body')).toBe('alice: tea?')
    expect(message?.getChild('stanza-id')?.attrs.id).toBe(h.archive.entries.at(-1)?.id)
  })

  test('from the lobby is forwarded once, also when it is said twice', () => {
    const h = withAliceAway()
    const occupant = { id: participant('z'), nick: 'Zoe' }
    const said = { kind: 'remote-said', occupant, body: 'where is Alice?', files: [], sentAtMs: 0 } as const
    h.step({ ...said, networkId: 'n1' })
    h.step({ ...said, networkId: 'n1' })
    expect(h.mentions.map(({ stanza }) => stanza.getChildText('body'))).toEqual([
      'Zoe mentioned you in Cats: where is Alice?',
    ])
  })

  test.each([`xmpp:${account}`, `xmpp:${ROOM}/Alice`])('by reference to %s is forwarded', (uri) => {
    const h = withAliceAway()
    h.say(BOSS, 'you there', 'm1', `<reference xmlns="${NS.reference}" type="mention" uri="${uri}"/>`)
    h.say(BOSS, 'and you', 'm2', `<reference xmlns="${NS.reference}" type="data" uri="${uri}"/>`)
    expect(h.mentions).toHaveLength(1)
  })

  test('is not forwarded to who is here, to who did not ask, or when owners do not want it', () => {
    const h = withAliceAway()
    h.join(BOB, 'Bob')
    register(h, BOB, form('Bob'))
    leave(h, BOB, 'Bob')
    h.join(ALICE, 'Alice')
    h.say(BOSS, 'Alice and Bob')
    expect(h.mentions).toEqual([])
    const quiet = withAliceAway({ forwardsMentions: false })
    quiet.say(BOSS, 'Alice')
    expect(quiet.mentions).toEqual([])
  })

  test('that is not archived, or that corrects an earlier one, is not forwarded', () => {
    const h = withAliceAway()
    h.say(BOSS, 'Alice!', 'm1', `<no-store xmlns="${NS.hints}"/>`)
    h.say(BOSS, 'nobody', 'm2')
    h.say(BOSS, 'Alice', 'm3', `<replace xmlns="${NS.correction}" id="m2"/>`)
    expect(h.mentions).toEqual([])
  })

  test.each([
    ['Ann', 'ann: hi', true],
    ['Ann', 'hi, (ANN)!', true],
    ['Ann', 'Anna and Joann', false],
    ['Ann', 'Annäh ann', true],
    ['Ann', 'ann_1', false],
    ['Ånn ☂', 'x ånn ☂?', true],
    ['𝒜nn', 'a𝒜nn 𝒜nn𝒜', false],
    ['Ann', '', false],
  ])('of %s in "%s": %s', (nick, body, isNamed) => {
    expect(namesNick(body, nick)).toBe(isNamed)
  })
})

describe('when the operator leaves the lobby', () => {
  test('everybody is put out and told why, and kept places are given up until somebody enters', () => {
    const h = withAliceAway()
    h.join(BOB, 'Bob')
    h.clear()
    h.takeLobby()
    h.step({ kind: 'withdrawn' })
    const out = h.take(BOB).find((stanza) => stanza.attrs.from === `${ROOM}/Bob`)
    expect(out?.attrs.type).toBe('unavailable')
    expect(String(out)).toContain('<status code="307"/>')
    expect(String(out)).toContain('<reason>This gateway has left the lobby.')
    expect(h.room.sessions.size).toBe(0)
    const left = h.takeLobby()
    expect(left.filter(({ kind }) => kind === 'local-left')).toHaveLength(3)
    expect(left).toContainEqual({ kind: 'local-left', account, nick: 'Alice' })
    h.step({ kind: 'loaded' })
    expect(h.takeLobby()).toEqual([])
    h.join(BOB, 'Bob')
    expect(h.takeLobby()).toContainEqual({ kind: 'local-entered', account, nick: 'Alice' })
  })
})
