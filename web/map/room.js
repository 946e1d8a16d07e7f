// One room: who is in it, and who that is in the lobby.
import { h } from '/lib/preact/preact.mjs'
import { Action } from './actions.js'
import { State, Table, Time } from './table.js'
import { clock, count } from './words.js'

const HEADINGS = ['Occupant', 'Where', 'Identity in the network', 'Since', 'Last seen']

/** `startedAt`: since when messages are counted. */
export function Room({ room, startedAt, act }) {
  const { name, jid, occupants } = room
  return h('article', {}, [
    h('h3', {}, [h('bdi', {}, name), ' ', h('code', {}, jid)]),
    h(Facts, { room, startedAt }),
    h(Table, {
      caption: `Occupants of ${name}`,
      headings: act ? [...HEADINGS, 'Actions'] : HEADINGS,
      items: occupants,
      row: (occupant) => ({
        // One account may be here twice.
        key: `${occupant.occupantId} ${occupant.nick}`,
        cells: [
          occupant.nick,
          h(Where, { occupant }),
          occupant.identity === null ? 'none yet' : h('code', {}, occupant.identity),
          h(Time, { at: occupant.since }),
          occupant.lastSeen === null ? null : h(Time, { at: occupant.lastSeen }),
          ...(act ? [h(OccupantActions, { room, occupant, act })] : []),
        ],
      }),
    }),
    occupants.length === 0 ? h('p', {}, 'Nobody is in it.') : null,
  ])
}

const DAY_MS = 86_400_000

function Facts({ room: { lobby, gaps, messagesByHour }, startedAt }) {
  const messages = messagesByHour.reduce((sum, number) => sum + number, 0)
  const isFresh = Date.now() - Date.parse(startedAt) < DAY_MS
  const facts = [
    lobby === null ? 'no lobby' : ['lobby ', h('code', {}, lobby)],
    `${count(messages, 'message')} ${isFresh ? `since ${clock(startedAt)}` : 'in the last day'}`,
    gaps.count > 0 && [
      `${count(gaps.count, 'gap')} in the history, the last until `,
      h(Time, { at: gaps.latest.to }),
    ],
    gaps.since !== null && h('strong', {}, ['not heard since ', h(Time, { at: gaps.since })]),
  ].filter(Boolean)
  return h(
    'p',
    {},
    facts.flatMap((fact, i) => (i === 0 ? fact : [', ', fact])),
  )
}

function Where({ occupant: { side, muted, away } }) {
  if (away) return h(State, { kind: 'busy' }, 'by XMPP, away')
  if (side === 'local') return h(State, { kind: 'good' }, 'by XMPP')
  return h(State, { kind: muted ? 'off' : 'remote' }, muted ? 'in the lobby, muted here' : 'in the lobby')
}

/** Who is in the lobby can be muted in this room, or banned in all; by XMPP, put out. Nothing of it leaves this gateway. */
function OccupantActions({ room, occupant, act }) {
  const { side, nick, identity, muted, away } = occupant
  const about = `${nick} in ${room.name}`
  if (away) return null
  if (side === 'local')
    return h(Action, {
      act,
      label: 'Kick',
      about,
      command: 'room kick',
      args: { room: room.jid, nick },
      question: `Put ${nick} out of ${room.name}? Whoever is kicked may come in again.`,
    })
  return h('span', { class: 'actions' }, [
    h(Action, {
      act,
      label: muted ? 'Unmute' : 'Mute',
      about,
      command: muted ? 'room unmute' : 'room mute',
      args: { room: room.jid, who: identity },
    }),
    h(Action, {
      act,
      label: 'Ban',
      about: nick,
      command: 'identity ban',
      args: { id: identity },
      question: `Take nothing of ${nick} in any lobby of this gateway? Others go on hearing it.`,
    }),
  ])
}
