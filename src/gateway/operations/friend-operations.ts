/** Operations on friend nodes, and this node's own invitation. */
import type { LobbyNetwork } from '../../lobby/network.ts'
import { GatewayError } from '../../util/errors.ts'
import type { FriendId } from '../../util/ids.ts'
import { friendListing } from '../listings.ts'
import { friendView } from '../map.ts'
import { firstNetwork } from './find.ts'
import { type Args, type Choice, type OperationContext, operation, textOf } from './operation.ts'

const friendsOf = (context: OperationContext, isWanted: (id: FriendId) => boolean): Choice[] =>
  [...context.networks.values()].flatMap((network) =>
    network
      .snapshot()
      .friends.filter(({ id }) => isWanted(id))
      .map(({ id, name }) => ({ value: id, label: name })),
  )

const ignoredFriends = ({ networks }: OperationContext): FriendId[] =>
  [...networks.values()].flatMap((network) => network.snapshot().barred.ignored)

const ID = { name: 'id', label: 'Friend', kind: 'text', isRequired: true } as const
const ANY_FRIEND = { ...ID, choices: (context: OperationContext) => friendsOf(context, () => true) }

function findFriend(context: OperationContext, args: Args): { network: LobbyNetwork; friend: FriendId } {
  const friend = textOf(args, 'id').toLowerCase() as FriendId
  for (const network of context.networks.values()) if (network.friend(friend)) return { network, friend }
  throw noSuchFriend(friend)
}

const noSuchFriend = (id: FriendId): GatewayError =>
  new GatewayError('NO_SUCH_FRIEND', `there is no friend ${id}; \`foyer friend list\` shows all`)

export const FRIEND_OPERATIONS = {
  invite: operation({
    title: "Show this node's invitation for friends",
    parameters: [{ name: 'long', label: 'The full certificate, not the short form', kind: 'flag' }],
    run: async (context, args) => firstNetwork(context).invite(args.long === true ? 'long' : 'short'),
    show: (invite) => ({ lines: { label: 'Invitation', lines: [invite] } }),
  }),
  'friend add': operation({
    title: 'Add a friend',
    parameters: [
      { name: 'invite', label: 'Invitation, in any form of the network', kind: 'lines', isRequired: true },
    ],
    run: async (context, args) => friendView(await firstNetwork(context).addFriend(textOf(args, 'invite'))),
    show: ({ id, name }) => ({ note: `${name} (${id}) is a friend now, once you are one there too.` }),
  }),
  'friend list': operation({
    title: 'List friends',
    run: async ({ networks }) =>
      [...networks.values()].flatMap((network) => network.snapshot().friends.map(friendView)),
    show: (friends, context) => ({ listing: friendListing(friends, ignoredFriends(context)) }),
  }),
  'friend remove': operation({
    title: 'Remove a friend',
    parameters: [ANY_FRIEND],
    warning: "All locations of the friend's profile go. To be friends again you need a new invitation.",
    run: async (context, args) => {
      const id = textOf(args, 'id').toLowerCase() as FriendId
      for (const network of context.networks.values()) if (await network.removeFriend(id)) return
      throw noSuchFriend(id)
    },
  }),
  'friend ignore': operation({
    title: "Ignore a friend's lobbies",
    parameters: [
      {
        ...ID,
        choices: (context) => {
          const ignored = ignoredFriends(context)
          return friendsOf(context, (id) => !ignored.includes(id))
        },
      },
    ],
    run: async (context, args) => {
      const { network, friend } = findFriend(context, args)
      network.send({ kind: 'ignore', friend })
      context.onChange()
    },
  }),
  'friend heed': operation({
    title: "Heed an ignored friend's lobbies again",
    parameters: [
      {
        ...ID,
        choices: (context) => {
          const ignored = ignoredFriends(context)
          return friendsOf(context, (id) => ignored.includes(id))
        },
      },
    ],
    run: async (context, args) => {
      const { network, friend } = findFriend(context, args)
      network.send({ kind: 'heed', friend })
      context.onChange()
    },
  }),
  'friend ignored': operation({
    title: 'List ignored friends',
    isLocal: true,
    run: async (context) => ignoredFriends(context),
  }),
} as const
