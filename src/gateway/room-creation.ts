/** Making a room by joining an address that does not exist: who may not, and the lobby behind it. XEP-0045 §10.1. */
import { parseRoomLocalpart } from '../bridge/room-address.ts'
import { networkPolicy } from '../bridge/to-lobby.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import type { LobbyNetwork, LobbySpec } from '../lobby/network.ts'
import type { Jid } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { GatewayError } from '../util/errors.ts'

export const NO_MORE_LOBBIES: StanzaError = {
  type: 'wait',
  condition: 'resource-constraint',
  text: 'This gateway has as many rooms as it can keep.',
}

/** Why nobody can make a room by joining `to`, or undefined. `isKnown`: a room of this name is on record. */
export function refusesCreation(
  to: Jid,
  network: LobbyNetwork | undefined,
  { isKnown, isFull }: { readonly isKnown: boolean; readonly isFull: boolean },
): StanzaError | undefined {
  if (isKnown || parseRoomLocalpart(to.local))
    return { type: 'cancel', condition: 'item-not-found', text: 'This lobby cannot be seen from here now.' }
  if (!network) return { type: 'cancel', condition: 'not-allowed', text: 'No lobby network is turned on.' }
  if (to.resource === '')
    return {
      type: 'modify',
      condition: 'jid-malformed',
      text: 'Join with a nickname: room@service/nickname.',
    }
  return networkPolicy(network.limits).refusesNick(to.resource) ?? (isFull ? NO_MORE_LOBBIES : undefined)
}

/** A public lobby, or undefined when the network takes no more. */
export function makeLobby(
  network: LobbyNetwork,
  spec: Pick<LobbySpec, 'id' | 'name' | 'topic'>,
): LobbyInfo | undefined {
  try {
    return network.create({ ...spec, isPrivate: false, isSigned: false })
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
