// Messages that are corrected, taken back by their author, or by a moderator: XEP-0308, XEP-0424, XEP-0425.
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import { type Element, serialize } from '../../src/stanza/xml.ts'
import { errorOf, participant, ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/desk'
const BOSS = 'boss@example.org/desk'
const LATE = 'late@example.org/x'

const room = (): RoomHarness => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  h.join(BOSS, 'Boss')
  h.clear()
  return h
}
const groupchat = (h: RoomHarness, from: string, id: string, inside: string) =>
  h.send(from, `<message type="groupchat" id="${id}">${inside}</message>`)
const fallback = '<body>/me took a message back.</body>'
const retract = (id: string): string => `<retract xmlns="${NS.retraction}" id="${id}"/>${fallback}`
const replace = (id: string, body: string): string =>
  `<body>${body}</body><replace xmlns="${NS.correction}" id="${id}"/>`
const archiveId = (h: RoomHarness, index: number): string => h.archive.entries[index]?.id ?? 'none'
const kinds = (h: RoomHarness): string[] => h.archive.entries.map((entry) => entry.kind)
const occupantIdOf = (h: RoomHarness, nick: string): string => h.room.occupants.get(nick)?.occupantId ?? ''

/** All that a client sees of the archive: results of a query, and the history of a join. */
const shown = (h: RoomHarness): { readonly mam: Element[]; readonly history: Element[] } => {
  h.send(LATE, `<iq type="set" id="q"><query xmlns="${NS.mam}"/></iq>`)
  const mam = h
    .take(LATE)
    .slice(0, -1)
    .map((each) => each.getChild('result')?.getChild('forwarded')?.getChild('message') as Element)
  h.join(LATE, 'Late', '', '')
  const history = h.take(LATE).filter((each) => each.name === 'message' && each.getChild('delay'))
  h.send(LATE, `<presence type="unavailable" to="${ROOM}/Late"/>`)
  h.clear()
  return { mam, history }
}

describe('a message that its author takes back', () => {
  test('is a tombstone in the archive and in the history, and the retraction follows it', () => {
    const h = room()
    h.say(ALICE, 'secret', 'm1', '<thread>t</thread><x xmlns="jabber:x:oob"><url>http://secret/</url></x>')
    const id = archiveId(h, 0)
    h.clear()
    h.advance(5000)
    groupchat(h, ALICE, 'r1', retract(id))
    for (const who of [ALICE, BOB, BOSS]) {
      const message = h.takeOne(who)
      expect(message.attrs).toMatchObject({ id: 'r1', from: `${ROOM}/Alice` })
      expect(message.getChild('retract', NS.retraction)?.attrs.id).toBe(id)
    }
    expect(kinds(h)).toEqual(['retracted', 'retraction'])
    const { mam, history } = shown(h)
    for (const [tombstone, retraction] of [mam, history]) {
      expect(serialize(tombstone as Element)).not.toContain('secret')
      expect(tombstone?.attrs).toMatchObject({ id: 'm1', from: `${ROOM}/Alice`, type: 'groupchat' })
      expect(tombstone?.getChild('retracted', NS.retraction)?.attrs).toMatchObject({
        id: 'r1',
        stamp: new Date(START_MS + 5000).toISOString(),
      })
      expect(tombstone?.getChild('stanza-id', NS.sid)?.attrs).toMatchObject({ by: ROOM, id })
      expect(tombstone?.getChild('occupant-id', NS.occupantId)?.attrs.id).toBe(occupantIdOf(h, 'Alice'))
      expect(retraction?.getChild('retract', NS.retraction)?.attrs.id).toBe(id)
    }
    expect([mam.length, history.length]).toEqual([2, 2])
  })

  test('goes with all its corrections, whichever of them is named', () => {
    for (const named of [0, 1, 2]) {
      const h = room()
      h.say(ALICE, 'secret one', 'm1')
      groupchat(h, ALICE, 'm2', replace('m1', 'secret two'))
      groupchat(h, ALICE, 'm3', replace('m1', 'secret three'))
      h.say(ALICE, 'public', 'm4')
      groupchat(h, ALICE, 'r1', retract(archiveId(h, named)))
      expect(kinds(h)).toEqual(['retracted', 'retracted', 'retracted', 'message', 'retraction'])
      expect(h.archive.entries.map((entry) => entry.xml).join()).not.toContain('secret')
    }
  })

  test.each([
    ['by its own id', () => retract('m1')],
    [
      'in the older form',
      (h: RoomHarness) =>
        `<apply-to xmlns="${NS.fasten}" id="${archiveId(h, 0)}"><retract xmlns="${NS.oldRetraction}"/></apply-to>`,
    ],
    ['with a wish not to store it', () => `${retract('m1')}<no-store xmlns="${NS.hints}"/>`],
  ])('may be named %s', (_, make) => {
    const h = room()
    h.say(BOB, 'of Bob', 'm1')
    h.say(ALICE, 'of Alice', 'm1')
    h.say(BOB, 'again', 'm1')
    const target = make(h)
    groupchat(h, BOB, 'r1', target)
    expect(h.archive.entries.map((entry) => [entry.kind, entry.body])).toEqual(
      target.includes('apply-to')
        ? [
            ['retracted', null],
            ['message', 'of Alice'],
            ['message', 'again'],
            ['retraction', null],
          ]
        : [
            ['message', 'of Bob'],
            ['message', 'of Alice'],
            ['retracted', null],
            ['retraction', null],
          ],
    )
  })

  test('cannot be taken back by another, not even by a moderator in this way', () => {
    const h = room()
    h.say(ALICE, 'mine', 'm1')
    h.clear()
    for (const who of [BOB, BOSS]) {
      groupchat(h, who, 'r1', retract(archiveId(h, 0)))
      expect(errorOf(h.takeOne(who))).toEqual({ error: 'auth/forbidden', by: ROOM, id: 'r1' })
    }
    expect(kinds(h)).toEqual(['message'])
    expect(h.takeLobby()).toEqual([])
    expect(h.sent.size).toBe(0)
  })

  test('is told to the lobby and not quoted there any more', () => {
    const h = room()
    h.say(ALICE, 'first words', 'm1')
    const id = archiveId(h, 0)
    h.takeLobby()
    groupchat(h, ALICE, 'r1', retract(id))
    expect(h.takeLobby()).toMatchObject([
      { kind: 'local-said', nick: 'Alice', manner: { kind: 'retraction' } },
    ])
    for (const named of [id, 'm1'])
      groupchat(
        h,
        BOB,
        'x',
        `<reactions xmlns="${NS.reactions}" id="${named}"><reaction>👍</reaction></reactions>`,
      )
    expect(h.takeLobby()).toMatchObject([
      { manner: { kind: 'reaction', to: { nick: 'Alice', excerpt: '' } } },
      { manner: { kind: 'reaction', to: { nick: 'Alice', excerpt: '' } } },
    ])
  })

  test('stays whole when the retraction cannot be stored', () => {
    const h = room()
    h.say(ALICE, 'words', 'm1')
    h.clear()
    h.archive.mode = 'fail'
    groupchat(h, ALICE, 'r1', retract('m1'))
    expect(errorOf(h.takeOne(ALICE))).toMatchObject({ error: 'wait/resource-constraint', id: 'r1' })
    expect(h.sent.size).toBe(0)
    h.archive.mode = 'store'
    expect(kinds(h)).toEqual(['message'])
  })

  test('that is not in the archive is for clients to judge', () => {
    const h = room()
    for (const id of ['1000000000000000', 'unheard-of']) {
      groupchat(h, ALICE, 'r1', retract(id))
      expect(h.take(BOB)).toHaveLength(1)
    }
    expect(kinds(h)).toEqual(['message', 'message'])
  })

  test('keeps its place and its archive id before what is said while it is looked up', () => {
    const h = room()
    h.say(ALICE, 'words', 'm1')
    h.clear()
    h.archive.mode = 'hold'
    groupchat(h, ALICE, 'r1', retract('m1'))
    h.say(ALICE, 'later', 'm2')
    expect(h.sent.size).toBe(0)
    h.release()
    expect(h.take(BOB).map((each) => each.attrs.id)).toEqual(['r1', 'm2'])
    const ids = h.archive.entries.map((entry) => entry.id)
    expect(ids).toEqual([...ids].sort())
  })

  test('is told by who has left before the archive answered', () => {
    const h = room()
    h.say(ALICE, 'words', 'm1')
    h.clear()
    h.archive.mode = 'hold'
    groupchat(h, ALICE, 'r1', retract('m1'))
    h.step({ kind: 'session-ended', session: ALICE })
    h.release()
    expect(h.take(BOB).map((each) => [each.name, each.attrs.id ?? each.attrs.type])).toEqual([
      ['message', 'r1'],
      ['presence', 'unavailable'],
    ])
    expect(kinds(h)).toEqual(['retracted', 'retraction'])
  })
})

describe('a correction', () => {
  test('is archived as sent, after the message, and knows the first one', () => {
    const h = room()
    h.say(ALICE, 'teh', 'm1')
    groupchat(h, ALICE, 'm2', replace('m1', 'the'))
    groupchat(h, ALICE, 'm3', replace('m2', 'The'))
    expect(h.archive.entries.map(({ body, corrects }) => [body, corrects])).toEqual([
      ['teh', undefined],
      ['the', archiveId(h, 0)],
      ['The', archiveId(h, 0)],
    ])
    const { mam, history } = shown(h)
    for (const messages of [mam, history])
      expect(messages.map((each) => [each.attrs.id, each.getChild('replace')?.attrs.id])).toEqual([
        ['m1', undefined],
        ['m2', 'm1'],
        ['m3', 'm2'],
      ])
  })

  test("of another's message is refused", () => {
    const h = room()
    h.say(ALICE, 'hers', 'a1')
    h.clear()
    groupchat(h, BOB, 'b1', replace('a1', 'his'))
    expect(errorOf(h.takeOne(BOB))).toEqual({ error: 'auth/forbidden', by: ROOM, id: 'b1' })
    expect([kinds(h), h.takeLobby(), h.sent.size]).toEqual([['message'], [], 0])
  })

  test('of what was taken back is refused, or it would be there again', () => {
    const h = room()
    h.say(ALICE, 'words', 'm1')
    groupchat(h, ALICE, 'r1', retract('m1'))
    h.clear()
    groupchat(h, ALICE, 'm2', replace('m1', 'words again'))
    expect(errorOf(h.takeOne(ALICE)).error).toBe('cancel/not-acceptable')
    expect(kinds(h)).toEqual(['retracted', 'retraction'])
  })

  test('of a message that nobody knows any more is passed on', () => {
    const h = room()
    groupchat(h, ALICE, 'm2', replace('before-all-this', 'better'))
    expect(h.take(BOB)).toHaveLength(1)
    expect(h.archive.entries).toMatchObject([{ kind: 'message', body: 'better' }])
    expect(h.archive.entries[0]).not.toHaveProperty('corrects')
  })
})

describe('moderation', () => {
  const reason = (text: string): string => (text === '' ? '' : `<reason>${text}</reason>`)
  const forms: [string, (id: string, why?: string) => string][] = [
    [
      'now',
      (id, why = '') =>
        `<moderate xmlns="${NS.moderation}" id="${id}"><retract xmlns="${NS.retraction}"/>${reason(why)}</moderate>`,
    ],
    [
      'older',
      (id, why = '') =>
        `<apply-to xmlns="${NS.fasten}" id="${id}"><moderate xmlns="${NS.oldModeration}">` +
        `<retract xmlns="${NS.oldRetraction}"/>${reason(why)}</moderate></apply-to>`,
    ],
  ]
  const [, now] = forms[0] as (typeof forms)[number]
  const ask = (h: RoomHarness, from: string, payload: string) =>
    h.send(from, `<iq type="set" id="q">${payload}</iq>`)

  test.each(forms)('takes back a message of the lobby or of the room, asked as clients do %s', (_, make) => {
    const h = room()
    const said = {
      kind: 'remote-said',
      occupant: { id: participant('rs'), nick: 'Rita' },
      body: 'spam from afar',
      files: [],
      sentAtMs: START_MS,
      networkId: 'n1',
    } as const
    h.step(said)
    h.say(ALICE, 'spam from here', 'm1')
    h.clear()
    for (const index of [0, 1]) {
      const id = archiveId(h, index)
      ask(h, BOSS, make(id, 'Spam &amp; ham'))
      const [notice, result] = h.take(BOSS)
      expect(result?.attrs).toMatchObject({ type: 'result', id: 'q', from: ROOM })
      expect(notice?.attrs).toMatchObject({ from: ROOM, type: 'groupchat', to: BOSS })
      const retraction = notice?.getChild('retract', NS.retraction)
      expect(retraction?.attrs.id).toBe(id)
      expect(retraction?.getChildText('reason')).toBe('Spam & ham')
      const moderated = retraction?.getChild('moderated', NS.moderation)
      expect(moderated?.attrs.by).toBe(`${ROOM}/Boss`)
      expect(moderated?.getChild('occupant-id', NS.occupantId)?.attrs.id).toBe(occupantIdOf(h, 'Boss'))
      const old = notice?.getChild('apply-to', NS.fasten)
      expect(old?.attrs.id).toBe(id)
      expect(
        old?.getChild('moderated', NS.oldModeration)?.getChild('retract', NS.oldRetraction),
      ).toBeDefined()
      expect(notice?.getChildText('body')).toContain('in the lobby it stays')
      expect(notice?.getChild('fallback', NS.fallback)?.attrs.for).toBe(NS.retraction)
      expect(h.take(ALICE).map(String)).toEqual([String(notice).replace(BOSS, ALICE)])
    }
    expect(h.takeLobby()).toEqual([])
    expect(kinds(h)).toEqual(['retracted', 'retracted', 'retraction', 'retraction'])
    h.step(said)
    expect(kinds(h)).toHaveLength(4)
    const { mam, history } = shown(h)
    expect([...mam, ...history].map(serialize).join()).not.toContain('spam from')
    for (const [tombstone] of [mam, history]) {
      expect(tombstone?.attrs).toMatchObject({ id: 'n1', from: `${ROOM}/Rita` })
      const mark = tombstone?.getChild('retracted', NS.retraction)
      expect(mark?.attrs.stamp).toBe(new Date(START_MS).toISOString())
      expect(mark?.getChild('moderated', NS.moderation)?.attrs.by).toBe(`${ROOM}/Boss`)
      expect(mark?.getChildText('reason')).toBe('Spam & ham')
      expect(
        tombstone?.getChild('moderated', NS.oldModeration)?.getChild('retracted', NS.oldRetraction),
      ).toBeDefined()
    }
  })

  test('takes the corrections with it, and twice is as good as once', () => {
    const h = room()
    h.say(ALICE, 'spam', 'm1')
    groupchat(h, ALICE, 'm2', replace('m1', 'more spam'))
    h.clear()
    ask(h, BOSS, now(archiveId(h, 1)))
    expect(kinds(h)).toEqual(['retracted', 'retracted', 'retraction'])
    h.clear()
    ask(h, BOSS, now(archiveId(h, 0)))
    expect(h.takeOne(BOSS).attrs).toMatchObject({ type: 'result', id: 'q' })
    expect([kinds(h).length, h.sent.size]).toEqual([3, 0])
  })

  test.each([
    ['an occupant without the role', ALICE, (h: RoomHarness) => now(archiveId(h, 0)), 'auth/forbidden'],
    ['somebody outside', 'boss@example.org/else', (h: RoomHarness) => now(archiveId(h, 0)), 'auth/forbidden'],
    ['an id that is not there', BOSS, () => now('1000000000000000'), 'cancel/item-not-found'],
    ['an id that is none', BOSS, () => now('m1'), 'cancel/item-not-found'],
    ['a subject', BOSS, (h: RoomHarness) => now(archiveId(h, 1)), 'cancel/not-allowed'],
    ['no id', BOSS, () => now('').replace(' id=""', ''), 'modify/bad-request'],
    ['something else', BOSS, () => `<moderate xmlns="${NS.moderation}" id="1"/>`, 'modify/bad-request'],
    [
      'a fastening of another kind',
      BOSS,
      () => `<apply-to xmlns="${NS.fasten}" id="1"/>`,
      'modify/bad-request',
    ],
    [
      'a long reason',
      BOSS,
      (h: RoomHarness) => now(archiveId(h, 0), 'x'.repeat(1001)),
      'modify/policy-violation',
    ],
  ])('is refused for %s', (_, from, payload, expected) => {
    const h = room()
    h.say(ALICE, 'words', 'm1')
    groupchat(h, BOSS, 's1', '<subject>News</subject>')
    h.clear()
    ask(h, from, payload(h))
    expect(errorOf(h.takeOne(from))).toEqual({ error: expected, by: ROOM, id: 'q' })
    expect([kinds(h), h.sent.size]).toEqual([['message', 'subject'], 0])
  })

  test('cannot be claimed by an occupant: such parts are cut, and take nothing back', () => {
    const h = room()
    h.say(BOB, 'words', 'm1')
    h.clear()
    const id = archiveId(h, 0)
    const by = `by="${ROOM}/Boss"`
    for (const forged of [
      `<retract xmlns="${NS.retraction}" id="${id}"><moderated xmlns="${NS.moderation}" ${by}/></retract>`,
      `<apply-to xmlns="${NS.fasten}" id="${id}"><moderated xmlns="${NS.oldModeration}" ${by}>` +
        `<retract xmlns="${NS.oldRetraction}"/></moderated></apply-to>`,
      `<moderated xmlns="${NS.oldModeration}" ${by}/>`,
    ])
      for (const who of [ALICE, BOB]) {
        groupchat(h, who, 'f1', `<body>hm</body>${forged}`)
        expect(h.take(BOSS).map((each) => each.getChildElements().map((child) => child.name))).toEqual([
          ['body', 'stanza-id', 'occupant-id'],
        ])
      }
    expect(new Set(kinds(h))).toEqual(new Set(['message']))
  })

  test('that cannot be stored is answered with an error and changes nothing', () => {
    const h = room()
    h.say(ALICE, 'words', 'm1')
    h.clear()
    h.archive.mode = 'fail'
    ask(h, BOSS, now(archiveId(h, 0)))
    expect(errorOf(h.takeOne(BOSS)).error).toBe('wait/resource-constraint')
    expect(h.sent.size).toBe(0)
  })
})
