// One network: this node, its friends, lobbies, what friends invite to, and who is banned.
import { h } from '/lib/preact/preact.mjs'
import { Action } from './actions.js'
import { State, Table, Time } from './table.js'
import { clockSkew } from './words.js'

/** `act` is null for who may have nothing done. */
export const Network = ({ network, act }) => {
  const actions = act ? ['Actions'] : []
  return [
    h(OwnNode, network),
    h(Friends, { network, act, actions }),
    h(Lobbies, { network, act, actions }),
    h(Invitations, { network, act, actions }),
    h(Banned, { network, act, actions }),
  ]
}

const OwnNode = ({ self: { name, id, address } }) =>
  h('p', {}, [
    'This node is ',
    h('b', {}, h('bdi', {}, name)),
    ', ',
    h('code', {}, id),
    ', at ',
    h('code', {}, address),
    '.',
  ])

const Friends = ({ network: { friends, isFound }, act, actions }) => [
  h(Table, {
    caption: 'Friends',
    headings: ['Friend', 'State', 'Since', 'Round trip', 'Clock', 'Address', 'Version', 'Id', ...actions],
    items: friends,
    row: (friend) => ({
      key: friend.id,
      id: `friend-${friend.id}`,
      cells: [
        h(Friend, { friend }),
        h(FriendState, { friend }),
        h(Time, { at: friend.since }),
        friend.rttMs === null ? null : `${Math.round(friend.rttMs)} ms`,
        clockSkew(friend.clockOffsetMs),
        friend.address,
        friend.version,
        h('code', {}, friend.id),
        ...(act ? [h(FriendActions, { friend, act })] : []),
      ],
    }),
  }),
  friends.length === 0 && !isFound
    ? h('p', {}, ['No friend. Befriend a node with ', h('code', {}, 'foyer friend add'), '.'])
    : null,
]

/** Without a picture its place shows a letter. */
const Friend = ({ friend: { name, avatar } }) => [
  h(
    'span',
    { class: 'avatar' },
    avatar === null
      ? h('span', { 'aria-hidden': 'true' }, [...name][0])
      : h('img', { src: avatar, width: 24, height: 24, alt: `Picture of ${name}` }),
  ),
  name,
]

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
      question: `Remove ${name} from the friends of this node? All locations of the profile go.`,
    }),
  ])

function Lobbies({ network: { lobbies, friends }, act, actions }) {
  const nameOf = new Map(friends.map(({ id, name }) => [id, name]))
  return h(Table, {
    caption: 'Lobbies',
    headings: ['Lobby', 'State', 'People', 'Topic', 'Friends in it', 'Room', ...actions],
    items: lobbies,
    row: (lobby) => ({
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
    }),
  })
}

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

const Invitations = ({ network: { invitations }, act, actions }) =>
  h(Table, {
    caption: 'Invitations',
    headings: ['Lobby', 'Kind', 'Invited by', 'Room', ...actions],
    items: invitations,
    row: (invitation) => ({
      key: invitation.id,
      cells: [
        invitation.name,
        invitation.private ? 'private' : 'public',
        invitation.invitedBy.map(({ name }) => name).join(', '),
        h('code', {}, invitation.room),
        ...(act ? [h(InvitationActions, { invitation, act })] : []),
      ],
    }),
  })

const InvitationActions = ({ invitation: { id, name }, act }) =>
  h('span', { class: 'actions' }, [
    h(Action, { act, label: 'Accept', about: name, command: 'lobby join', args: { id } }),
    h(Action, { act, label: 'Decline', about: name, command: 'lobby decline', args: { id } }),
  ])

/** Nothing of them comes here, so that they have no name any more. */
const Banned = ({ network: { banned }, act, actions }) =>
  h(Table, {
    caption: 'Banned identities',
    headings: ['Identity', ...actions],
    items: banned,
    row: (id) => ({
      key: id,
      cells: [
        h('code', {}, id),
        ...(act
          ? [h(Action, { act, label: 'Lift ban', about: id, command: 'identity unban', args: { id } })]
          : []),
      ],
    }),
  })
