// The page: what is wrong, the whole at a glance, then networks and rooms in tables.
import { h } from '/lib/preact/preact.mjs'
import { OperatorForms } from './actions.js'
import { Graph } from './graph.js'
import { Network } from './network.js'
import { Plot } from './plot.js'
import { Room } from './room.js'
import { count } from './words.js'

/** Lines of a plot: more could not be told apart. */
const MAX_LINES = 6

/** `found` is the part of `map` that was searched for; `act` has something done, null for who may not. */
export function Page({ map, found, act, roundTrips }) {
  return [
    h(Problems, { problems: map.problems }),
    h(Summary, { map }),
    h('section', { class: 'plots', 'aria-label': 'Plots' }, [
      h(Plot, { title: 'Messages in an hour', unit: '', series: messageSeries(map) }),
      h(Plot, {
        title: 'Round trip to friends since this page was opened',
        unit: ' ms',
        series: { ...roundTrips, lines: roundTrips.lines.slice(0, MAX_LINES) },
      }),
    ]),
    h(OperatorForms, { act }),
    ...found.networks.map((network) =>
      h('section', { key: network.id }, [
        h('h2', {}, `Network ${network.id}`),
        h(Graph, { network }),
        h(Network, { network, act }),
      ]),
    ),
    h('section', {}, [
      h('h2', {}, 'Rooms'),
      found.rooms.length === 0
        ? h('p', {}, found === map ? 'No room is open.' : 'Nothing found here.')
        : null,
      ...found.rooms.map((room) => h(Room, { key: room.jid, room, act })),
    ]),
  ]
}

/** The place is there before the first problem is, or screen readers would not tell of it. */
const Problems = ({ problems }) =>
  h('div', { role: 'alert' }, [
    problems.length === 0
      ? null
      : h('div', { class: 'problems' }, [
          h('h2', {}, 'What is wrong'),
          h(
            'ul',
            {},
            problems.map((problem) => h('li', { key: problem }, problem)),
          ),
        ]),
  ])

function Summary({ map }) {
  const friends = map.networks.flatMap((network) => network.friends)
  const lobbies = map.networks.flatMap((network) => network.lobbies)
  const occupants = map.rooms.flatMap((room) => room.occupants)
  const online = friends.filter((friend) => friend.online).length
  const joined = lobbies.filter((lobby) => lobby.joined).length
  const here = occupants.filter((occupant) => occupant.side === 'local').length
  const numbers = [
    [`${online} of ${friends.length}`, 'friends online'],
    [`${joined} of ${lobbies.length}`, 'lobbies joined'],
    [map.rooms.length, 'rooms open'],
    [here, 'occupants by XMPP'],
    [occupants.length - here, 'occupants from lobbies'],
    [
      map.problems.length === 0 ? 'none' : map.problems.length,
      count(map.problems.length, 'problem').replace(/^\d+ /, ''),
    ],
  ]
  return h(
    'dl',
    { class: 'summary' },
    numbers.map(([number, word]) => h('div', { key: word }, [h('dt', {}, word), h('dd', {}, number)])),
  )
}

const HOUR_SEC = 3600

/** All rooms together, and the busiest. The last hour is the one that is going on. */
function messageSeries({ at, rooms }) {
  const hours = rooms[0]?.messagesByHour.length ?? 0
  const now = Math.floor(Date.parse(at) / 1000 / HOUR_SEC) * HOUR_SEC
  const times = Array.from({ length: hours }, (_, i) => now - (hours - 1 - i) * HOUR_SEC)
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
  const busiest = rooms
    .map(({ name, messagesByHour }) => ({ name, values: messagesByHour }))
    .filter(({ values }) => sum(values) > 0)
    .sort((a, b) => sum(b.values) - sum(a.values))
    .slice(0, MAX_LINES - 1)
  const all = times.map((_, i) => sum(rooms.map(({ messagesByHour }) => messagesByHour[i])))
  return { times, lines: busiest.length > 1 ? [{ name: 'all rooms', values: all }, ...busiest] : busiest }
}
