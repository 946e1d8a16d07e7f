// One network: this node, its friends, lobbies, and what friends invite to.
import { h } from '/lib/preact/preact.mjs'
import { Action } from './actions.js'
import { State, Table } from './table.js'
import { clock, clockSkew } from './words.js'

export function Network({ network, act }) {
  const { self, friends, lobbies, invitations } = network
  const actions = act ? ['Actions'] : []
  const nameOf = new Map(friends.map(({ id, name }) => [id, name]))
  return [
    h('p', {}, [
      'This node is ',
      h('b', {}, self.name),
      ', ',
      h('code', {}, self.id),
      ', at ',
      h('code', {}, self.address),
      '.',
    ]),
    h(Table, {
      caption: 'Friends',
      headings: ['Friend', 'State', 'Since', 'Round trip', 'Clock', 'Address', 'Version', ...actions],
      rows: friends.map((friend) => ({
        key: friend.id,
        id: `friend-${friend.id}`,
        cells: [
          h(Friend, { friend }),
          h(FriendState, { friend }),
          clock(friend.since),
          friend.rttMs === null ? null : `${Math.round(friend.rttMs)} ms`,
          clockSkew(friend.clockOffsetMs),
          friend.address,
          friend.version,
          ...(act ? [h(FriendActions, { friend, act })] : []),
        ],
      })),
    }),
    friends.length === 0
      ? h('p', {}, ['No friend. Befriend a node with ', h('code', {}, 'foyer friend add'), '.'])
      : null,
    h(Table, {
      caption: 'Lobbies',
      headings: ['Lobby', 'State', 'People', 'Topic', 'Friends in it', 'Room', ...actions],
      rows: lobbies.map((lobby) => ({
        key: lobby.id,
        id: `lobby-${lobby.id}`,
        cells: [
          lobby.name,
          h(State, { kind: lobby.joined ? 'good' : 'off' }, [
            lobby.joined ? 'joined' : 'seen',
            lobby.private ? ', private' : '',
          ]),
          String(lobby.participants),
          lobby.topic,
          lobby.friends.map((id) => nameOf.get(id) ?? id).join(', '),
          h('code', {}, lobby.room),
          ...(act ? [h(LobbyActions, { lobby, act })] : []),
        ],
      })),
    }),
    h(Table, {
      caption: 'Invitations',
      headings: ['Lobby', 'Kind', 'Invited by', 'Room', ...actions],
      rows: invitations.map((invitation) => ({
        key: invitation.id,
        cells: [
          invitation.name,
          invitation.private ? 'private' : 'public',
          invitation.invitedBy.map(({ name }) => name).join(', '),
          h('code', {}, invitation.room),
          ...(act ? [h(InvitationActions, { invitation, act })] : []),
        ],
      })),
    }),
  ]
}

/** Without a picture its place shows a letter. */
const Friend = ({ friend: { name, avatar, id } }) =>
  h('span', { title: id }, [
    h(
      'span',
      { class: 'avatar' },
      avatar === null
        ? h('span', { 'aria-hidden': 'true' }, [...name][0])
        : h('img', { src: avatar, width: 24, height: 24, alt: `Picture of ${name}` }),
    ),
    name,
  ])

function FriendState({ friend }) {
  if (friend.ignored) return h(State, { kind: 'off' }, 'ignored')
  if (!friend.online) return h(State, { kind: 'bad' }, 'offline')
  return h(
    State,
    { kind: friend.status === 'away' || friend.status === 'busy' ? 'busy' : 'good' },
    friend.status ?? 'online',
  )
}

const FriendActions = ({ friend: { id, name, ignored }, act }) =>
  h('span', { class: 'actions' }, [
    h(Action, {
      act,
      label: ignored ? 'Heed' : 'Ignore',
      about: name,
      command: ignored ? 'friend heed' : 'friend ignore',
      args: { id },
    }),
    h(Action, {
      act,
      label: 'Remove',
      about: name,
      command: 'friend remove',
      args: { id },
      question: `Remove ${name} from the friends of this node?`,
    }),
  ])

const LobbyActions = ({ lobby: { id, name, joined }, act }) =>
  joined
    ? h(Action, {
        act,
        label: 'Leave',
        about: name,
        command: 'lobby leave',
        args: { id },
        question: `Leave ${name}? All who are in its room are put out of it.`,
      })
    : h(Action, { act, label: 'Join', about: name, command: 'lobby join', args: { id } })

const InvitationActions = ({ invitation: { id, name }, act }) =>
  h('span', { class: 'actions' }, [
    h(Action, { act, label: 'Accept', about: name, command: 'lobby join', args: { id } }),
    h(Action, { act, label: 'Decline', about: name, command: 'lobby decline', args: { id } }),
  ])
