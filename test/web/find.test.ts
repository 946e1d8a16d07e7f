// What the search box of the map finds, and the samples that its plot keeps.
import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript of the page
import { find } from '../../web/map/find.js'
// @ts-expect-error: plain JavaScript of the page
import { RoundTrips } from '../../web/map/round-trips.js'

const occupant = (nick: string, identity: string | null) => ({
  nick,
  identity,
  occupantId: `occupant-${nick}`,
})
const MAP = {
  networks: [
    {
      friends: [
        { name: 'Alice', id: 'aa11', address: '192.0.2.1:1', version: 'RetroShare 0.6', rttMs: 5 },
        { name: 'Bob', id: 'bb22', address: null, version: null, rttMs: null },
      ],
      lobbies: [{ name: 'Garden', topic: 'Roses', id: 'cc33', room: 'garden.cc33@lobbies.localhost' }],
      invitations: [],
      banned: ['ee55'],
    },
  ],
  rooms: [
    {
      name: 'Garden',
      jid: 'garden.cc33@lobbies.localhost',
      lobby: 'cc33',
      occupants: [occupant('Nora', 'dd44'), occupant('Guest', null)],
    },
  ],
}
type Found = typeof MAP
const names = (question: string): string[] => {
  const { networks, rooms } = find(MAP, question) as Found
  return [
    ...networks.flatMap(({ friends, lobbies }) => [...friends, ...lobbies].map(({ name }) => name)),
    ...rooms.flatMap((room) => room.occupants.map(({ nick }) => nick)),
  ]
}

test.each([
  ['', ['Alice', 'Bob', 'Garden', 'Nora', 'Guest']],
  ['  ', ['Alice', 'Bob', 'Garden', 'Nora', 'Guest']],
  ['ALICE', ['Alice']],
  ['bb22', ['Bob']],
  ['rose', ['Garden']],
  ['garden.cc33@', ['Garden', 'Nora', 'Guest']],
  ['dd44', ['Nora']],
  ['garden nora', ['Nora']],
  ['alice garden', []],
  ['null', []],
])('“%s” finds %j', (question, found) => {
  expect(names(question)).toEqual(found)
})

const at = (sec: number, ...friends: { id: string; name: string; rttMs: number | null }[]) => ({
  at: new Date(sec * 1000).toISOString(),
  networks: [{ friends }],
})

test('round trips are kept by friend, with holes where nothing was measured', () => {
  const trips = new RoundTrips()
  trips.add(at(100, { id: 'a', name: 'Alice', rttMs: 7 }))
  trips.add(at(103, { id: 'a', name: 'Alice', rttMs: 99 }))
  trips.add(at(105, { id: 'a', name: 'Alice', rttMs: null }, { id: 'b', name: 'Bob', rttMs: 3 }))
  trips.add(at(110, { id: 'b', name: 'Bob', rttMs: 4 }, { id: 'c', name: 'never there', rttMs: null }))
  expect(trips.series).toEqual({
    times: [100, 105, 110],
    lines: [
      { name: 'Alice', values: [7, null, null] },
      { name: 'Bob', values: [null, 3, 4] },
    ],
  })
})

test('an hour of round trips is kept', () => {
  const trips = new RoundTrips()
  for (let i = 0; i < 1000; i++) trips.add(at(1000 + 5 * i, { id: 'a', name: 'Alice', rttMs: i }))
  const { times, lines } = trips.series
  expect([times.length, times[0], times.at(-1)]).toEqual([720, 2400, 5995])
  expect([lines[0].values.length, lines[0].values[0], lines[0].values.at(-1)]).toEqual([720, 280, 999])
})
