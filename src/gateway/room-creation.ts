/** How rooms come to be: found with a lobby, or made by joining an address that does not exist. XEP-0045 §10.1. */
import type { RoomRow } from '../archive/store.ts'
import { parseRoomLocalpart, roomLocalpart } from '../bridge/room-address.ts'
import { networkPolicy } from '../bridge/to-lobby.ts'
import type { LobbyInfo } from '../lobby/lobby.ts'
import type { LobbyNetwork, LobbySpec } from '../lobby/network.ts'
import { parseIdentityLocalpart } from '../muc/identity-address.ts'
import type { LobbyWishes } from '../muc/room-state.ts'
import { type Jid, unescapeLocal } from '../stanza/jid.ts'
import type { StanzaError } from '../stanza/stanza-error.ts'
import { GatewayError } from '../util/errors.ts'
import type { NetworkId } from '../util/ids.ts'

export const NO_MORE_LOBBIES: StanzaError = {
  type: 'wait',
  condition: 'resource-constraint',
  text: 'This gateway has as many rooms as it can keep.',
}

export const ADDRESS_TAKEN: StanzaError = {
  type: 'cancel',
  condition: 'conflict',
  text: 'Somebody was faster: this address is taken.',
}

/** The room of a lobby that was found. */
export const foundRoom = (network: NetworkId, lobby: LobbyInfo, nowMs: number): RoomRow => ({
  localpart: roomLocalpart(lobby),
  network,
  lobby: lobby.id,
  name: lobby.name,
  createdBy: null,
  subject: lobby.topic,
  createdAtMs: nowMs,
})

const NOT_ALLOWED: StanzaError = {
  type: 'cancel',
  condition: 'not-allowed',
  text: 'There is no such room, and only operators make rooms here.',
}

/**
 * Why a room cannot be made by joining `to`, or undefined. `isKnown`: a room of this name is on record; `isAllowed`:
 * whoever joins may make rooms (XEP-0045 §10.1.1); `isFull`: asked last, as it makes room.
 */
export function refusesCreation(
  to: Jid,
  network: LobbyNetwork | undefined,
  {
    isKnown,
    isAllowed,
    isFull,
  }: { readonly isKnown: boolean; readonly isAllowed: boolean; readonly isFull: () => boolean },
): StanzaError | undefined {
  if (isKnown || parseRoomLocalpart(to.local))
    return { type: 'cancel', condition: 'item-not-found', text: 'This lobby cannot be seen from here now.' }
  if (parseIdentityLocalpart(to.local))
    return { type: 'cancel', condition: 'item-not-found', text: 'This is the address of an identity.' }
  if (!network) return { type: 'cancel', condition: 'not-allowed', text: 'No lobby network is turned on.' }
  if (!isAllowed) return NOT_ALLOWED
  if (to.resource === '')
    return {
      type: 'modify',
      condition: 'jid-malformed',
      text: 'Join with a nickname: room@service/nickname.',
    }
  const policy = networkPolicy(network.limits)
  return policy.refusesNick(policy.fittingNick(to.resource)) ?? (isFull() ? NO_MORE_LOBBIES : undefined)
}

/** A room that `from` makes by joining `to`, and the lobby that it will have. Neither is on record yet. */
export function plannedRoom(
  network: LobbyNetwork,
  { from, to, nowMs }: { readonly from: Jid; readonly to: Jid; readonly nowMs: number },
): { readonly row: RoomRow; readonly lobby: LobbyInfo } {
  const id = network.newLobbyId()
  const name = unescapeLocal(to.local)
  return {
    row: {
      localpart: to.local,
      network: network.id,
      lobby: id,
      name,
      createdBy: from.bare,
      subject: '',
      createdAtMs: nowMs,
    },
    lobby: {
      id,
      network: network.id,
      name,
      topic: '',
      isPrivate: false,
      isSigned: false,
      isJoined: false,
      isOwn: true,
      isHeard: true,
      participants: 0,
    },
  }
}

/** The lobby of a room made here, as it was made or shall be; undefined for a lobby that was found. */
export const remadeLobby = (
  network: LobbyNetwork,
  row: RoomRow,
  wishes: LobbyWishes | undefined,
): LobbyInfo | undefined =>
  row.createdBy === null
    ? undefined
    : makeLobby(network, {
        isPrivate: wishes?.isPrivate ?? false,
        isSigned: wishes?.isSigned ?? false,
        id: row.lobby,
        name: row.name,
        topic: row.subject,
      })

/** A lobby, or undefined when the network takes no more. */
function makeLobby(network: LobbyNetwork, spec: LobbySpec): LobbyInfo | undefined {
  try {
    return network.create(spec)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
