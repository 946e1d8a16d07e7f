/** Operations on lobbies: what is joined, made, left, named, and what friends invite to. */
import { parseFriendLocalpart } from '../../bridge/friend-address.ts'
import type { LobbyInfo } from '../../lobby/lobby.ts'
import { normalizeLocal } from '../../stanza/jid.ts'
import { GatewayError } from '../../util/errors.ts'
import type { NetworkId } from '../../util/ids.ts'
import { invitationListing, lobbyListing } from '../listings.ts'
import { invitationViews, lobbyView } from '../map.ts'
import type { InvitationView } from '../status.ts'
import { findLobby, firstNetwork, lobbyId } from './find.ts'
import { type Args, type Choice, type OperationContext, operation, textOf } from './operation.ts'

const lobbiesOf = ({ networks }: OperationContext, isWanted: (lobby: LobbyInfo) => boolean): Choice[] =>
  [...networks.values()].flatMap((network) =>
    network
      .snapshot()
      .lobbies.filter(isWanted)
      .map(({ id, name }) => ({ value: id, label: `${name} (${id})` })),
  )

const allInvitations = ({ networks, rooms }: OperationContext): InvitationView[] =>
  [...networks.values()].flatMap((network) => invitationViews(network, network.snapshot().invitations, rooms))

const ID = { name: 'id', label: 'Lobby', kind: 'text', isRequired: true } as const
const NOT_JOINED = (context: OperationContext) => lobbiesOf(context, (lobby) => !lobby.isJoined)
const JOINED = (context: OperationContext) => lobbiesOf(context, (lobby) => lobby.isJoined)

export const LOBBY_OPERATIONS = {
  'lobby list': operation({
    title: 'List lobbies',
    run: async ({ networks, rooms }) =>
      [...networks.values()].flatMap((network) =>
        network.snapshot().lobbies.map((lobby) => lobbyView(lobby, rooms.addressOf(lobby.id))),
      ),
    show: (lobbies) => ({ listing: lobbyListing(lobbies) }),
  }),
  'lobby invites': operation({
    title: 'List lobbies that friends invite to',
    run: async (context) => allInvitations(context),
    show: (invitations) => ({ listing: invitationListing(invitations) }),
  }),
  'lobby create': operation({
    title: 'Make a lobby',
    parameters: [
      { name: 'name', label: 'Name', kind: 'text', isRequired: true },
      { name: 'topic', label: 'Topic', kind: 'text' },
      { name: 'private', label: 'Not listed to strangers', kind: 'flag' },
      { name: 'signed', label: 'Only linked identities speak', kind: 'flag' },
      {
        name: 'network',
        label: 'Network',
        kind: 'text',
        choices: ({ networks }) => [...networks.keys()].map((id) => ({ value: id, label: id })),
      },
    ],
    run: createLobby,
    show: (id, { rooms }) => ({ note: `Lobby ${id} is made; its room is ${rooms.addressOf(id)}.` }),
  }),
  'lobby join': operation({
    title: 'Join a lobby, or accept an invitation',
    parameters: [{ ...ID, choices: NOT_JOINED, isOpen: true }],
    run: async (context, args) => {
      // A lobby not seen yet is joined as soon as it is.
      const network = firstNetwork(context)
      network.send({ kind: 'join', lobby: lobbyId(textOf(args, 'id')) })
      await network.flush()
    },
  }),
  'lobby leave': operation({
    title: 'Leave a lobby',
    warning: 'All who are in its room are put out of it.',
    parameters: [{ ...ID, choices: JOINED }],
    run: async (context, args) => {
      const { network, lobby } = findLobby(context, textOf(args, 'id'))
      context.rooms.withdraw(lobby.id)
      network.send({ kind: 'leave', lobby: lobby.id })
      await network.flush()
    },
  }),
  'lobby decline': operation({
    title: 'Decline an invitation to a lobby',
    parameters: [
      {
        ...ID,
        choices: (context) =>
          allInvitations(context).map(({ id, name }) => ({ value: id, label: `${name} (${id})` })),
      },
    ],
    run: declineLobby,
  }),
  'lobby alias': operation({
    title: "Give a lobby's room a short name",
    parameters: [
      { ...ID, choices: (context) => lobbiesOf(context, () => true) },
      { name: 'alias', label: 'Short name, the part before the @', kind: 'text', isRequired: true },
    ],
    run: aliasLobby,
  }),
} as const

async function createLobby(context: OperationContext, args: Args) {
  const wanted = textOf(args, 'network')
  const network = wanted === '' ? firstNetwork(context) : context.networks.get(wanted as NetworkId)
  if (!network)
    throw new GatewayError(
      'NO_NETWORK',
      `there is no network ${wanted} here, only: ${[...context.networks.keys()].join(', ') || 'none'}`,
    )
  const { id } = network.create({
    name: textOf(args, 'name'),
    topic: textOf(args, 'topic'),
    isPrivate: args.private === true,
    isSigned: args.signed === true,
  })
  await network.flush()
  return id
}

async function declineLobby(context: OperationContext, args: Args): Promise<void> {
  const id = lobbyId(textOf(args, 'id'))
  for (const network of context.networks.values())
    if (network.snapshot().invitations.some(({ lobby }) => lobby.id === id)) {
      network.send({ kind: 'decline', lobby: id })
      context.onChange()
      return
    }
  throw new GatewayError(
    'NO_SUCH_INVITATION',
    `nobody invites to lobby ${id}; \`foyer lobby invites\` shows all`,
  )
}

async function aliasLobby(context: OperationContext, args: Args): Promise<void> {
  const { lobby } = findLobby(context, textOf(args, 'id'))
  const wanted = textOf(args, 'alias')
  const alias = normalizeLocal(wanted)
  const row = context.rooms.rowOf(lobby.id)
  if (alias === undefined || parseFriendLocalpart(alias))
    throw new GatewayError(
      'BAD_NAME',
      `${wanted} cannot be part of an address: choose a name without blanks and any of " & ' / : < > @`,
    )
  if (!row || !(await context.rooms.alias(row, alias)))
    throw new GatewayError('NAME_TAKEN', `${alias} is the name of another room: choose another`)
}
