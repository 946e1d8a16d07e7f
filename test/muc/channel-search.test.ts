// Search for rooms by words: XEP-0433.
import fc from 'fast-check'
import { parse } from 'ltx'
import { describe, expect, test } from 'vitest'
import { answerSearch, type FoundRoom } from '../../src/muc/channel-search.ts'
import { NS } from '../../src/stanza/ns.ts'
import type { Element } from '../../src/stanza/xml.ts'
import { errorOf } from './room-harness.ts'

const room = (address: string, name: string, description = '', occupants = 1): FoundRoom => ({
  address: `${address}@lobbies.test`,
  name,
  description,
  occupants,
  isOpen: true,
  showsAddresses: false,
})
const ROOMS = [
  room('tea', 'Tea time', 'Green and BLACK', 5),
  room('coffee', 'Coffee', 'Black, never green', 9),
  room('den', 'Das Café', '', 0),
]

function search(fields: Record<string, string | readonly string[]>, set = '', rooms = ROOMS): Element {
  const form = Object.entries({ FORM_TYPE: NS.searchParams, ...fields })
    .map(
      ([name, values]) =>
        `<field var="${name}">${[values]
          .flat()
          .map((value) => `<value>${value}</value>`)
          .join('')}</field>`,
    )
    .join('')
  return ask(`<x xmlns="jabber:x:data" type="submit">${form}</x>${set}`, rooms)
}

function ask(content: string, rooms: readonly FoundRoom[] = ROOMS): Element {
  const iq = parse(
    `<iq type="get" id="s" from="ann@test/a" to="lobbies.test"><search xmlns="${NS.search}">${content}</search></iq>`,
  ) as unknown as Element
  return answerSearch(iq, iq.getChildElements()[0] as Element, rooms)
}

const found = (reply: Element): string[] =>
  reply
    .getChild('result', NS.search)
    ?.getChildren('item')
    .map((item) => String(item.attrs.address).replace('@lobbies.test', '')) ?? [errorOf(reply).error]
const detailOf = (reply: Element): string | undefined =>
  reply
    .getChild('error')
    ?.getChildElements()
    .find((child) => child.getNS() === NS.searchError)
    ?.getName()

describe('a search for rooms', () => {
  test('offers a form with all fields that it understands and their defaults', () => {
    const form = ask('').getChild('search', NS.search)?.getChild('x', NS.dataForms)
    expect(form?.getChildren('field').map((field) => [field.attrs.var, field.getChildText('value')])).toEqual(
      [
        ['FORM_TYPE', NS.searchParams],
        ['q', null],
        ['all', 'false'],
        ['sinname', 'true'],
        ['sindescription', 'true'],
        ['sinaddr', 'true'],
        ['min_users', '0'],
        ['types', 'xep-0045'],
        ['key', `{${NS.searchOrder}}nusers`],
      ],
    )
  })

  test.each<[Record<string, string | readonly string[]>, string[]]>([
    [{ q: 'tea' }, ['tea']],
    [{ q: 'GREEN black' }, ['coffee', 'tea']],
    [{ q: 'green', key: `{${NS.searchOrder}}address` }, ['coffee', 'tea']],
    [{ q: 'green', sindescription: 'false' }, []],
    [{ q: 'café' }, ['den']],
    [{ q: 'cafe\u0301' }, ['den']],
    [{ q: 'den' }, ['den']],
    [{ q: 'den', sinaddr: '0' }, []],
    [{ q: 'den', sinaddress: '0' }, []],
    [{ all: 'true' }, ['coffee', 'tea', 'den']],
    [{ all: '1', min_users: '6' }, ['coffee']],
    [{ all: 'true', types: ['xep-0369'] }, []],
    [{ all: 'true', types: ['xep-0369', 'xep-0045'] }, ['coffee', 'tea', 'den']],
    [{ all: 'true', unknown: 'field' }, ['coffee', 'tea', 'den']],
  ])('for %j finds %j', (fields, expected) => {
    expect(found(search(fields))).toEqual(expected)
  })

  test.each([
    [{}, 'cancel/bad-request', 'no-search-conditions'],
    [{ q: ' ' }, 'modify/bad-request', 'invalid-search-terms'],
    [{ q: 'a '.repeat(17) }, 'modify/bad-request', 'invalid-search-terms'],
    [{ q: 'tea', all: 'true' }, 'modify/bad-request', 'conflicting-fields'],
    [{ q: 'tea', key: 'size' }, 'modify/feature-not-implemented', 'invalid-sort-key'],
    [{ all: 'perhaps' }, 'modify/bad-request', undefined],
    [{ all: 'true', min_users: '-1' }, 'modify/bad-request', undefined],
    [{ q: 'tea', FORM_TYPE: 'other' }, 'modify/bad-request', undefined],
  ])('refuses %j with %s and %s', (fields, error, detail) => {
    const reply = search(fields as Record<string, string>)
    expect([errorOf(reply).error, detailOf(reply)]).toEqual([error, detail])
    expect(reply.attrs).toMatchObject({ id: 's', from: 'lobbies.test' })
  })

  test('tells what a room is', () => {
    const item = search({ q: 'coffee' }).getChild('result')?.getChild('item')
    expect(item?.getChildElements().map((child) => [child.getName(), child.getText()])).toEqual([
      ['name', 'Coffee'],
      ['description', 'Black, never green'],
      ['nusers', '9'],
      ['service-type', 'xep-0045'],
      ['is-open', 'true'],
      ['anonymity-mode', 'muc_semianonymous'],
    ])
  })

  test('in either order, pages put together are all rooms, once', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-d]{1,4}$/), fc.nat(3)), {
          selector: ([name]) => name,
          maxLength: 20,
        }),
        fc.constantFrom('nusers', 'address'),
        fc.integer({ min: 1, max: 5 }),
        (rows, order, max) => {
          const rooms = rows.map(([name, occupants]) => room(name, name, '', occupants))
          const all: string[] = []
          let after = ''
          for (let page = 0; page < 30; page++) {
            const reply = search(
              { all: 'true', key: `{${NS.searchOrder}}${order}` },
              `<set xmlns="${NS.rsm}"><max>${max}</max>${after}</set>`,
              rooms,
            )
            const items = found(reply)
            if (items.length === 0) break
            all.push(...items)
            after = `<after>${reply.getChild('result')?.getChild('set')?.getChildText('last')}</after>`
          }
          const sorted = [...rows].sort((a, b) =>
            order === 'nusers' && a[1] !== b[1] ? b[1] - a[1] : a[0] < b[0] ? -1 : 1,
          )
          expect(all).toEqual(sorted.map(([name]) => name))
        },
      ),
      { numRuns: 100 },
    )
  })
})
