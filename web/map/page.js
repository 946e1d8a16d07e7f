// The page: what is wrong, the whole at a glance, then networks and rooms in tables.
import { h } from '/lib/preact/preact.mjs'
import { OperatorForms } from './actions.js'
import { Graph } from './graph.js'
import { Network } from './network.js'
import { Paged } from './paged.js'
import { Plot } from './plot.js'
import { Room } from './room.js'
import { plural, size } from './words.js'
import { wrong } from './wrong.js'

/** Lines of a plot: more could not be told apart. */
const MAX_LINES = 6
/** Rooms that are drawn before somebody asks for more. */
const STEP = 10

/** `found` is the part of `map` that was searched for; `act` has something done, null for who may not. */
export function Page({ map, found, act, roundTrips }) {
  const sentences = wrong(map)
  return [
    h(Wrong, { sentences }),
    h(Summary, { map, sentences }),
    h('section', { class: 'plots', 'aria-label': 'Plots' }, [
      h(Plot, { title: 'Messages in an hour', unit: '', series: messageSeries(map) }),
      h(Plot, {
        title: 'Round trip to friends since this page was opened',
        unit: ' ms',
        series: { ...roundTrips, lines: roundTrips.lines.slice(0, MAX_LINES) },
      }),
    ]),
    act && h(OperatorForms, { act }),
    ...found.networks
      .map((network) => inUseFirst(network))
      .map((network) =>
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
      h(Paged, {
        items: found.rooms,
        step: STEP,
        what: 'rooms',
        draw: (rooms) => rooms.map((room) => h(Room, { key: room.jid, room, startedAt: map.startedAt, act })),
      }),
    ]),
  ]
}

/** Friends that are online and lobbies that are joined come first, in picture and tables alike. */
const inUseFirst = (network) => ({
  ...network,
  friends: truthFirst(network.friends, ({ online }) => online),
  lobbies: truthFirst(network.lobbies, ({ joined }) => joined),
})

const truthFirst = (items, isFirst) => [...items.filter(isFirst), ...items.filter((item) => !isFirst(item))]

/** The place is there before the first problem is, or screen readers would not tell of it. */
const Wrong = ({ sentences }) =>
  h('div', { role: 'alert' }, [
    sentences.length === 0
      ? null
      : h('div', { class: 'problems' }, [
          h('h2', {}, 'What is wrong'),
          h(
            'ul',
            {},
            sentences.map((sentence) => h('li', { key: sentence }, sentence)),
          ),
        ]),
  ])

function Summary({ map, sentences }) {
  const friends = map.networks.flatMap((network) => network.friends)
  const lobbies = map.networks.flatMap((network) => network.lobbies)
  const sum = (number) => map.rooms.reduce((total, room) => total + number(room), 0)
  const online = friends.filter((friend) => friend.online).length
  const joined = lobbies.filter((lobby) => lobby.joined).length
  const here = sum(({ occupants }) => occupants.filter(({ side }) => side === 'local').length)
  const gaps = sum(({ gaps: { count, since } }) => count + (since === null ? 0 : 1))
  const numbers = [
    [`${online} of ${friends.length}`, 'friends online'],
    [`${joined} of ${lobbies.length}`, 'lobbies joined'],
    [map.rooms.length, `${plural(map.rooms.length, 'room')} open`],
    [here, 'occupants by XMPP'],
    [sum(({ occupants }) => occupants.length) - here, 'occupants from lobbies'],
    [map.archive?.messages.toLocaleString() ?? '–', 'messages archived'],
    [map.archive === null ? '–' : size(map.archive.bytes), 'archive'],
    [gaps, `${plural(gaps, 'gap')} in histories`],
    [sentences.length === 0 ? 'none' : sentences.length, plural(sentences.length, 'problem')],
  ]
  return h(
    'dl',
    { class: 'summary' },
    // By place: words change with their number.
    numbers.map(([number, word], i) => h('div', { key: i }, [h('dt', {}, word), h('dd', {}, number)])),
  )
}

const HOUR_SEC = 3600

/** All rooms together, and the busiest. The last hour is the one that is going on; before the start nothing is known. */
function messageSeries({ at, startedAt, rooms }) {
  const hours = rooms[0]?.messagesByHour.length ?? 0
  const now = Math.floor(Date.parse(at) / 1000 / HOUR_SEC) * HOUR_SEC
  const times = Array.from({ length: hours }, (_, i) => now - (hours - 1 - i) * HOUR_SEC)
  const startSec = Date.parse(startedAt) / 1000
  const known = (values) => values.map((value, i) => (times[i] + HOUR_SEC > startSec ? value : null))
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
  const busy = rooms
    .map(({ name, messagesByHour }) => ({ name, values: messagesByHour, total: sum(messagesByHour) }))
    .filter(({ total }) => total > 0)
    .sort((a, b) => b.total - a.total)
  const all = times.map((_, i) => sum(busy.map(({ values }) => values[i])))
  const busiest = busy.slice(0, MAX_LINES - 1)
  const lines = busy.length > 1 ? [{ name: 'all rooms', values: all }, ...busiest] : busiest
  return { times, lines: lines.map(({ name, values }) => ({ name, values: known(values) })) }
}
