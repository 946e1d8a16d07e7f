/** Commands by which the operator bars identities and friends: what of them is taken is decided by the network. */
import type { LobbyNetwork } from '../lobby/network.ts'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, ParticipantId } from '../util/ids.ts'
import type { CommandContext } from './commands.ts'
import type { IdentityView } from './status.ts'

type Args = Readonly<Record<string, unknown>>

export const BAR_COMMANDS = {
  'identity list': async (context: CommandContext) =>
    [...context.networks.values()].flatMap((network) => identities(network)),
  'identity ban': async (context: CommandContext, args: Args) => {
    const participant = identityId(args)
    for (const network of context.networks.values()) network.send({ kind: 'ban', participant })
  },
  'identity unban': async (context: CommandContext, args: Args) => {
    const participant = identityId(args)
    const networks = [...context.networks.values()].filter((network) =>
      network.snapshot().barred.banned.includes(participant),
    )
    if (networks.length === 0)
      throw new GatewayError('NOT_BANNED', `${participant} is not banned; \`foyer identity list\` shows all`)
    for (const network of networks) network.send({ kind: 'unban', participant })
  },
  'friend ignore': async (context: CommandContext, args: Args) => {
    const { network, friend } = friendOf(context, args)
    network.send({ kind: 'ignore', friend })
    context.onChange()
  },
  'friend heed': async (context: CommandContext, args: Args) => {
    const { network, friend } = friendOf(context, args)
    network.send({ kind: 'heed', friend })
    context.onChange()
  },
  'friend ignored': async (context: CommandContext) =>
    [...context.networks.values()].flatMap((network) => network.snapshot().barred.ignored),
} as const

/** Who takes part in joined lobbies, but our own, and who is banned. */
function identities(network: LobbyNetwork): IdentityView[] {
  const { lobbies, barred } = network.snapshot()
  const present = new Map<ParticipantId, IdentityView>()
  for (const lobby of lobbies)
    for (const { id, nick, speaker } of lobby.members) {
      if (speaker !== null) continue
      const before = present.get(id)?.lobbies ?? []
      present.set(id, { id, nick, lobbies: [...before, lobby.id], banned: false })
    }
  for (const id of barred.banned) present.set(id, { id, nick: null, lobbies: [], banned: true })
  return [...present.values()]
}

function identityId({ id }: Args): ParticipantId {
  const wanted = String(id ?? '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(wanted))
    throw new GatewayError('BAD_IDENTITY_ID', `expected 32 hex digits, not ${wanted}`)
  return wanted as ParticipantId
}

function friendOf(context: CommandContext, { id }: Args): { network: LobbyNetwork; friend: FriendId } {
  const friend = String(id ?? '').toLowerCase() as FriendId
  for (const network of context.networks.values()) if (network.friend(friend)) return { network, friend }
  throw new GatewayError('NO_SUCH_FRIEND', `there is no friend ${friend}; \`foyer friend list\` shows all`)
}
