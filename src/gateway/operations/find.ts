/** Networks, lobbies and rooms that operations name. */
import type { RoomRow } from '../../archive/store.ts'
import type { LobbyInfo } from '../../lobby/lobby.ts'
import type { LobbyNetwork } from '../../lobby/network.ts'
import { GatewayError } from '../../util/errors.ts'
import type { LobbyId } from '../../util/ids.ts'
import type { OperationContext } from './operation.ts'

/** The network that is meant when none is named. Throws `NO_NETWORK`. */
export function firstNetwork({ networks }: OperationContext): LobbyNetwork {
  const network = networks.values().next().value
  if (!network)
    throw new GatewayError(
      'NO_NETWORK',
      'no lobby network is turned on: retroshare is null in the configuration',
    )
  return network
}

/** A lobby's id, which need not be known here. Throws `BAD_LOBBY_ID`. */
export function lobbyId(text: string): LobbyId {
  const id = text.toLowerCase()
  if (!/^[0-9a-f]{16}$/.test(id))
    throw new GatewayError(
      'BAD_LOBBY_ID',
      `expected a lobby id of 16 hex digits, not ${id}; \`foyer lobby list\` shows all`,
    )
  return id as LobbyId
}

/** A lobby that is visible or joined, and its network. Throws `NO_SUCH_LOBBY`. */
export function findLobby(
  { networks }: OperationContext,
  id: string,
): { readonly network: LobbyNetwork; readonly lobby: LobbyInfo } {
  for (const network of networks.values()) {
    const lobby = network.lobby(id.toLowerCase() as LobbyId)
    if (lobby) return { network, lobby }
  }
  throw new GatewayError(
    'NO_SUCH_LOBBY',
    `no lobby ${id} is visible or joined; \`foyer lobby list\` shows all`,
  )
}

/** A room on record, by its address or the part before the @. Throws `NO_SUCH_ROOM`. */
export function findRoom({ rooms }: OperationContext, wanted: string): RoomRow {
  const row = rooms.row(wanted.split('@')[0] ?? wanted)
  if (row) return row
  throw new GatewayError('NO_SUCH_ROOM', `there is no room ${wanted}; \`foyer lobby list\` shows all`)
}
