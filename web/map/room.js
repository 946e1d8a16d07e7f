// One room: who is in it, and who that is in the lobby.
import { h } from '/lib/preact/preact.mjs'
import { Action } from './actions.js'
import { State, Table } from './table.js'
import { clock, count } from './words.js'

export function Room({ room, act }) {
  const { name, jid, lobby, occupants, gaps } = room
  const messages = room.messagesByHour.reduce((sum, number) => sum + number, 0)
  const facts = [
    lobby === null ? 'no lobby' : ['lobby ', h('code', {}, lobby)],
    `${count(messages, 'message')} in the last day`,
    gaps.count === 0
      ? null
      : `${count(gaps.count, 'gap')} in the history, the last until ${clock(gaps.latest.to)}`,
    gaps.since === null ? null : h('strong', {}, `not heard since ${clock(gaps.since)}`),
  ].filter((fact) => fact !== null)
  return h('article', {}, [
    h('h3', {}, [name, ' ', h('code', {}, jid)]),
    h(
      'p',
      {},
      facts.flatMap((fact, i) => (i === 0 ? fact : [', ', fact])),
    ),
    h(Table, {
      caption: `Occupants of ${name}`,
      headings: [
        'Occupant',
        'Where',
        'Identity in the network',
        'Since',
        'Last seen',
        ...(act ? ['Actions'] : []),
      ],
      rows: occupants.map((occupant) => ({
        key: occupant.occupantId,
        cells: [
          occupant.nick,
          h(Where, { occupant }),
          occupant.identity === null ? 'none yet' : h('code', {}, occupant.identity),
          clock(occupant.since),
          occupant.lastSeen === null ? null : clock(occupant.lastSeen),
          ...(act ? [occupant.side === 'remote' ? h(Ban, { occupant, act }) : null] : []),
        ],
      })),
    }),
    occupants.length === 0 ? h('p', {}, 'Nobody is in it.') : null,
  ])
}

function Where({ occupant: { side, muted, away } }) {
  if (away) return h(State, { kind: 'busy' }, 'by XMPP, away')
  if (side === 'local') return h(State, { kind: 'good' }, 'by XMPP')
  return h(State, { kind: muted ? 'off' : 'remote' }, muted ? 'in the lobby, muted here' : 'in the lobby')
}

/** In all lobbies, and for this gateway alone: the network goes on without us. */
const Ban = ({ occupant: { nick, identity }, act }) =>
  h(Action, {
    act,
    label: 'Ban',
    about: nick,
    command: 'identity ban',
    args: { id: identity },
    question: `Take nothing of ${nick} in any lobby of this gateway? Others go on hearing it.`,
  })
