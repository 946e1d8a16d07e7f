// The archive of a room: XEP-0313 with #extended, XEP-0059.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf, participant, ROOM, RoomHarness, START_MS } from './room-harness.ts'

const ALICE = 'alice@example.org/phone'
const BOB = 'bob@example.org/desk'
const BOSS = 'boss@example.org/desk'
const EVE = 'eve@example.org/x'

/** A room with `count` messages, one a second, of Alice and Bob in turn. */
const withMessages = (count: number): RoomHarness => {
  const h = new RoomHarness()
  h.join(ALICE, 'Alice')
  h.join(BOB, 'Bob')
  for (let i = 0; i < count; i++) {
    h.say(i % 2 ? BOB : ALICE, `message ${i}`, `m${i}`)
    h.advance(1000)
  }
  h.clear()
  return h
}
const idAt = (h: RoomHarness, index: number): string => h.archive.entries[index]?.id ?? 'none'

const form = (
  fields: Record<string, string | string[]>,
  formType: string = NS.mam,
  type = 'submit',
): string =>
  `<x xmlns="${NS.dataForms}" type="${type}"><field var="FORM_TYPE"><value>${formType}</value></field>` +
  Object.entries(fields)
    .map(
      ([name, values]) =>
        `<field var="${name}">${[values]
          .flat()
          .map((value) => `<value>${value}</value>`)
          .join('')}</field>`,
    )
    .join('') +
  '</x>'
const rsm = (inside: string): string => `<set xmlns="${NS.rsm}">${inside}</set>`

const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext'

interface Page {
  readonly results: readonly Element[]
  readonly bodies: readonly (string | null | undefined)[]
  readonly fin: Element | undefined
  readonly set: Element | undefined
  readonly reply: Element
}
const query = (h: RoomHarness, inside: string, from = EVE, type = 'set'): Page => {
  h.send(from, `<iq type="${type}" id="q"><query xmlns="${NS.mam}" queryid="f&amp;1">${inside}</query></iq>`)
  const stanzas = h.take(from)
  const reply = stanzas.at(-1) as Element
  expect(reply.attrs).toMatchObject({ id: 'q', from: ROOM, to: from })
  const results = stanzas.slice(0, -1).map((stanza) => stanza.getChild('result', NS.mam) as Element)
  const fin = reply.getChild('fin', NS.mam)
  return {
    results,
    bodies: results.map((result) => result.getChild('forwarded')?.getChild('message')?.getChildText('body')),
    fin,
    set: fin?.getChild('set', NS.rsm),
    reply,
  }
}
const numbers = (page: Page): number[] => page.bodies.map((body) => Number(body?.split(' ')[1]))

describe('a query', () => {
  test('without form and set gives messages as they were, from the room, to strangers too', () => {
    const h = withMessages(3)
    const page = query(h, '')
    expect(numbers(page)).toEqual([0, 1, 2])
    const result = page.results[1]
    expect(result?.attrs).toMatchObject({ id: idAt(h, 1), queryid: 'f&1' })
    const forwarded = result?.getChild('forwarded', NS.forward)
    expect(forwarded?.getChild('delay', NS.delay)?.attrs.stamp).toBe(new Date(START_MS + 1000).toISOString())
    const message = forwarded?.getChild('message', NS.client)
    expect(message?.attrs).toEqual({
      xmlns: NS.client,
      from: `${ROOM}/Bob`,
      type: 'groupchat',
      id: 'm1',
    })
    expect(message?.getChild('stanza-id', NS.sid)?.attrs).toMatchObject({ by: ROOM, id: idAt(h, 1) })
    expect(message?.getChild('occupant-id', NS.occupantId)).toBeDefined()
    expect(page.fin?.attrs).toMatchObject({ complete: 'true', stable: 'true' })
    expect(page.set?.getChild('first')?.attrs.index).toBe('0')
    expect(['first', 'last', 'count'].map((name) => page.set?.getChildText(name))).toEqual([
      idAt(h, 0),
      idAt(h, 2),
      '3',
    ])
  })

  test('of an empty archive is complete and counts 0', () => {
    const page = query(new RoomHarness(), '')
    expect([page.results.length, page.fin?.attrs.complete, page.set?.toString()]).toEqual([
      0,
      'true',
      `<set xmlns="${NS.rsm}"><count>0</count></set>`,
    ])
  })

  test('gives 100 at most, whatever is asked for', () => {
    const page = query(withMessages(130), rsm('<max>2000</max><before/>'))
    expect(numbers(page)).toEqual(Array.from({ length: 100 }, (_, i) => i + 30))
    expect([page.fin?.attrs.complete, page.set?.getChild('first')?.attrs.index]).toEqual([undefined, '30'])
  })

  test('with max 0 only counts', () => {
    const page = query(withMessages(5), rsm('<max>0</max>'))
    expect([page.results.length, page.set?.getChildText('count'), page.fin?.attrs.complete]).toEqual([
      0,
      '5',
      undefined,
    ])
  })

  test('is not answered in the way of live messages', () => {
    const h = withMessages(1)
    const effects = h.send(EVE, `<iq type="set" id="q"><query xmlns="${NS.mam}"/></iq>`)
    expect(effects).toMatchObject([{ kind: 'query', isOrdered: false }])
  })

  const at = (second: number, format = 'ms') => {
    const text = new Date(START_MS + 1000 * second).toISOString()
    return format === 'ms' ? text : text.replace('.000Z', format)
  }
  test.each([
    ['start with milliseconds', { start: at(3) }, '', [3, 4]],
    ['start without', { start: at(3, 'Z') }, '', [3, 4]],
    ['start with an offset', { start: at(3, '+00:00') }, '', [3, 4]],
    ['end', { end: at(1, 'Z') }, '', [0, 1]],
    ['start and end', { start: at(1), end: at(2) }, '', [1, 2]],
    ['start with the last page', { start: at(1) }, rsm('<max>2</max><before/>'), [3, 4]],
    ['an occupant', { with: `${ROOM}/Bob` }, '', [1, 3]],
    ['the room itself, which is everybody', { with: ROOM }, '', [0, 1, 2, 3, 4]],
    ['a nick that is not there', { with: `${ROOM}/Zoe` }, '', []],
    ['a real address, asked by a stranger', { with: 'bob@example.org' }, '', []],
    ['a field without value', { start: '' }, '', [0, 1, 2, 3, 4]],
  ])('honours %s', (_, fields, set, expected) => {
    expect(numbers(query(withMessages(5), form(fields as Record<string, string>) + set))).toEqual(expected)
  })

  test('for a real address is honoured for owners', () => {
    expect(numbers(query(withMessages(4), form({ with: 'bob@example.org/any' }), BOSS))).toEqual([1, 3])
  })

  test('honours after-id, before-id and ids', () => {
    const h = withMessages(6)
    expect(numbers(query(h, form({ 'after-id': idAt(h, 1), 'before-id': idAt(h, 4) })))).toEqual([2, 3])
    expect(numbers(query(h, form({ ids: [idAt(h, 5), idAt(h, 2)] })))).toEqual([2, 5])
    const paged = query(h, form({ 'after-id': idAt(h, 0) }) + rsm(`<max>2</max><after>${idAt(h, 2)}</after>`))
    expect(numbers(paged)).toEqual([3, 4])
    const back = query(
      h,
      form({ 'before-id': idAt(h, 4) }) + rsm(`<max>2</max><before>${idAt(h, 5)}</before>`),
    )
    expect(numbers(back)).toEqual([2, 3])
    expect(back.set?.getChild('count')).toBeUndefined()
  })

  test('for words gives messages that have them, with the other filters, and counts nothing', () => {
    const h = withMessages(20)
    expect(numbers(query(h, form({ [FULLTEXT]: '7 MESSAGE' })))).toEqual([7])
    const page = query(h, form({ [FULLTEXT]: 'message', with: `${ROOM}/Bob` }) + rsm('<max>2</max><before/>'))
    expect(numbers(page)).toEqual([17, 19])
    expect([page.set?.getChildText('count'), page.fin?.attrs.complete]).toEqual([null, undefined])
    expect(numbers(query(h, form({ [FULLTEXT]: '' }) + rsm('<max>1</max>')))).toEqual([0])
  })

  test('for who has left gives what was said under that nick, for who is there what they said under any', () => {
    const h = withMessages(4)
    h.send(BOB, `<presence to="${ROOM}/Robert"/>`)
    h.say(BOB, 'message 4', 'm4')
    const of = (nick: string): number[] => numbers(query(h, form({ with: `${ROOM}/${nick}` })))
    expect([of('Robert'), of('Bob')]).toEqual([
      [1, 3, 4],
      [1, 3],
    ])
    h.send(BOB, `<presence type="unavailable" to="${ROOM}/Robert"/>`)
    expect([of('Robert'), of('Bob')]).toEqual([[4], [1, 3]])
  })

  test('flips the order within a page and not the page', () => {
    const page = query(withMessages(5), `${rsm('<max>2</max><before/>')}<flip-page/>`)
    expect(numbers(page)).toEqual([4, 3])
    expect(page.set?.getChild('first')?.attrs.index).toBe('3')
  })
})

describe('a query that cannot be honoured', () => {
  const unknown = '1000000000000000'
  test.each([
    ['a FORM_TYPE of something else', form({}, 'urn:other'), 'modify/bad-request'],
    ['a form that is not submitted', form({}, NS.mam, 'form'), 'modify/bad-request'],
    ['a start that is no time', form({ start: 'yesterday' }), 'modify/bad-request'],
    ['an end on a day that is none', form({ end: '2026-02-30T00:00:00Z' }), 'modify/bad-request'],
    [
      'two values of one field',
      form({ start: ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'] }),
      'modify/bad-request',
    ],
    ['a with that is no address', form({ with: '@@' }), 'modify/bad-request'],
    ['a field that is not known', form({ 'include-groupchat': 'true' }), 'cancel/feature-not-implemented'],
    ['a max that is no number', rsm('<max>many</max>'), 'modify/bad-request'],
    ['an empty after', rsm('<after/>'), 'modify/bad-request'],
    ['a search of many characters', form({ [FULLTEXT]: 'x'.repeat(501) }), 'modify/bad-request'],
    ['a search for many words', form({ [FULLTEXT]: 'a-b '.repeat(6) }), 'modify/bad-request'],
    ['a page by index', rsm('<max>1</max><index>2</index>'), 'cancel/feature-not-implemented'],
    ['an after that is not there', rsm(`<after>${unknown}</after>`), 'cancel/item-not-found'],
    ['a before that is no id', rsm('<before>nope</before>'), 'cancel/item-not-found'],
    ['an after that is no id', rsm('<after>nope</after>'), 'cancel/item-not-found'],
    ['an after-id that is no id', form({ 'after-id': 'x' }), 'cancel/item-not-found'],
    ['an id that is not there', form({ ids: [unknown] }), 'cancel/item-not-found'],
    ['an id that is none', form({ ids: ['x', 'y'] }), 'cancel/item-not-found'],
    [
      'more ids than a page has',
      form({ ids: Array.from({ length: 101 }, (_, i) => String(10 ** 15 + i)) }),
      'modify/bad-request',
    ],
  ])('%s', (_, inside, expected) => {
    const { reply } = query(withMessages(2), inside)
    expect(errorOf(reply)).toMatchObject({ error: expected, by: ROOM })
  })

  test('a query for a node is refused', () => {
    const h = withMessages(1)
    h.send(EVE, `<iq type="set" id="q"><query xmlns="${NS.mam}" node="x"/></iq>`)
    expect(errorOf(h.takeOne(EVE))).toEqual({ error: 'cancel/item-not-found', by: ROOM, id: 'q' })
  })

  test('a search that must wait too long says so', () => {
    const h = withMessages(1)
    h.archive.mode = 'busy'
    expect(errorOf(query(h, form({ [FULLTEXT]: 'x' })).reply).error).toBe('wait/resource-constraint')
  })

  test('an archive out of order says so', () => {
    const h = withMessages(1)
    h.archive.mode = 'fail'
    expect(errorOf(query(h, '').reply).error).toBe('wait/internal-server-error')
    h.send(EVE, `<iq type="get" id="m"><metadata xmlns="${NS.mam}"/></iq>`)
    expect(errorOf(h.takeOne(EVE)).error).toBe('wait/internal-server-error')
  })
})

test('the form names every field and leaves ids open', () => {
  const { reply } = query(new RoomHarness(), '', EVE, 'get')
  const x = reply.getChild('query', NS.mam)?.getChild('x', NS.dataForms)
  expect(x?.getChildren('field').map((field) => [field.attrs.var, field.attrs.type])).toEqual([
    ['FORM_TYPE', 'hidden'],
    ['with', 'jid-single'],
    ['start', 'text-single'],
    ['end', 'text-single'],
    ['before-id', 'text-single'],
    ['after-id', 'text-single'],
    ['ids', 'list-multi'],
    ['{urn:xmpp:fulltext:0}fulltext', 'text-single'],
  ])
  expect(x?.getChildByAttr('var', 'ids')?.getChild('validate')?.getChild('open')).toBeDefined()
})

test('metadata are the ends of the archive, and nothing when it is empty', () => {
  const metadata = (h: RoomHarness) => {
    h.send(EVE, `<iq type="get" id="m"><metadata xmlns="${NS.mam}"/></iq>`)
    return h.takeOne(EVE).getChild('metadata', NS.mam)
  }
  expect(metadata(new RoomHarness())?.children).toEqual([])
  const h = withMessages(3)
  expect(
    metadata(h)
      ?.getChildElements()
      .map((child) => [child.name, child.attrs]),
  ).toEqual([
    ['start', { id: idAt(h, 0), timestamp: new Date(START_MS).toISOString() }],
    ['end', { id: idAt(h, 2), timestamp: new Date(START_MS + 2000).toISOString() }],
  ])
})

test('private messages are not in the archive, messages of the lobby are, once', () => {
  const h = withMessages(0)
  h.send(ALICE, `<message type="chat" to="${ROOM}/Bob"><body>psst</body></message>`)
  const said = {
    kind: 'remote-said',
    occupant: { id: participant('rs'), nick: 'Rita' },
    body: 'from afar',
    files: [],
    sentAtMs: START_MS,
    networkId: 'n1',
  } as const
  h.step(said)
  h.step(said)
  expect(query(h, '').bodies).toEqual(['from afar'])
})

test('pages forwards and backwards through any archive cover it once and in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (count, max, isBack) => {
        const h = withMessages(count)
        const seen: number[] = []
        let edge = isBack ? '<before/>' : ''
        for (;;) {
          const page = query(h, rsm(`<max>${max}</max>${edge}`))
          expect(page.results.length).toBeLessThanOrEqual(max)
          if (isBack) seen.unshift(...numbers(page))
          else seen.push(...numbers(page))
          expect(page.set?.getChildText('count')).toBe(String(count))
          if (page.fin?.attrs.complete === 'true') break
          edge = isBack
            ? `<before>${page.set?.getChildText('first')}</before>`
            : `<after>${page.set?.getChildText('last')}</after>`
        }
        expect(seen).toEqual(Array.from({ length: count }, (_, i) => i))
      },
    ),
    { numRuns: 60 },
  )
})
