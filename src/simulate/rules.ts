/** By which rules a simulated node takes part: those of this program, or others that take the same events. */
import { stepRouter } from '../retroshare/routing/router.ts'
import type { RouterEffect, RouterEnv, RouterEvent } from '../retroshare/routing/router-port.ts'
import { createRouter } from '../retroshare/routing/state.ts'
import type { FriendId, LobbyId, NetworkId } from '../util/ids.ts'

/** One node's state and what it does. */
export interface NodeRules {
  step(event: RouterEvent, env: RouterEnv): RouterEffect[]
  /** Some friend lists the lobby, or has invited this node. */
  canJoin(lobby: LobbyId): boolean
  /** Participants of a joined lobby, without this node's own speaker. */
  others(lobby: LobbyId): number
}

/** The lobby router as it is. */
export function foyerRules(self: FriendId): NodeRules {
  const router = createRouter({ network: 'retroshare' as NetworkId, self })
  return {
    step: (event, env) => stepRouter(router, event, env),
    canJoin: (lobby) => router.directory.get(lobby) !== undefined || router.invitations.has(lobby),
    others: (lobby) => router.lobbies.get(lobby)?.participants.size ?? 0,
  }
}
