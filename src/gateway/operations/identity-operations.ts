/** Operations on identities of the networks: who takes part, and of whom nothing is taken. */
import type { LobbyNetwork } from '../../lobby/network.ts'
import { GatewayError } from '../../util/errors.ts'
import type { ParticipantId } from '../../util/ids.ts'
import { identityListing } from '../listings.ts'
import type { IdentityView } from '../status.ts'
import { type Args, type Choice, type OperationContext, operation, textOf } from './operation.ts'

const allIdentities = ({ networks }: OperationContext): IdentityView[] =>
  [...networks.values()].flatMap((network) => identitiesOf(network))

/** Who takes part in joined lobbies, but our own, and who is banned. */
function identitiesOf(network: LobbyNetwork): IdentityView[] {
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

const choose = (context: OperationContext, isBanned: boolean): Choice[] =>
  allIdentities(context)
    .filter(({ banned }) => banned === isBanned)
    .map(({ id, nick }) => ({ value: id, label: nick === null ? id : `${nick} (${id})` }))

const ID = { name: 'id', label: 'Identity', kind: 'text', isRequired: true } as const

function identityId(args: Args): ParticipantId {
  const wanted = textOf(args, 'id').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(wanted))
    throw new GatewayError(
      'BAD_IDENTITY_ID',
      `expected an identity id of 32 hex digits, not ${wanted}; \`foyer identity list\` shows all`,
    )
  return wanted as ParticipantId
}

export const IDENTITY_OPERATIONS = {
  'identity list': operation({
    title: 'List identities in lobbies, and banned ones',
    run: async (context) => allIdentities(context),
    show: (identities) => ({ listing: identityListing(identities) }),
  }),
  'identity ban': operation({
    title: 'Ban an identity from all lobbies, for this node',
    parameters: [{ ...ID, choices: (context) => choose(context, false), isOpen: true }],
    run: async (context, args) => {
      const participant = identityId(args)
      for (const network of context.networks.values()) network.send({ kind: 'ban', participant })
    },
  }),
  'identity unban': operation({
    title: 'Lift the ban of an identity',
    parameters: [{ ...ID, choices: (context) => choose(context, true) }],
    run: async (context, args) => {
      const participant = identityId(args)
      const networks = [...context.networks.values()].filter((network) =>
        network.snapshot().barred.banned.includes(participant),
      )
      if (networks.length === 0)
        throw new GatewayError(
          'NOT_BANNED',
          `${participant} is not banned; \`foyer identity list\` shows all`,
        )
      for (const network of networks) network.send({ kind: 'unban', participant })
    },
  }),
} as const
