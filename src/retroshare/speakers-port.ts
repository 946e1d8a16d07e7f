/** What the speakers of a node are told, and what they need of the rest of it. */
import type { LobbyCommand } from '../lobby/lobby.ts'
import type { LobbyId, SpeakerId } from '../util/ids.ts'
import type { HeldIdentitiesPort } from './held-identities.ts'
import type { GxsIdentity } from './identity/gxs-identity.ts'
import type { RouterEvent } from './routing/router-port.ts'

/** The commands of a lobby of this kind. */
export type Command<K extends LobbyCommand['kind']> = Extract<LobbyCommand, { kind: K }>

/**
 * Whether identities are linked to the profile of this node: `anonymous` where a lobby demands it, `linked` everywhere,
 * `never` nowhere, so that nobody speaks where it is demanded.
 */
export type Linking = 'anonymous' | 'linked' | 'never'

/** What the speakers need of the rest of the node. */
export interface SpeakersPort extends HeldIdentitiesPort {
  now(): number
  /** The identity of a holder, made or changed if need be; `isLinked`: owned by the profile of this node. */
  ensure(holder: SpeakerId, nick: string, isKept: boolean, isLinked: boolean): Promise<GxsIdentity>
  /** `signed`: only linked identities may speak; undefined when the lobby is not known (yet). */
  lobbyKind(lobby: LobbyId): 'open' | 'signed' | undefined
  linking(lobby: LobbyId): Linking
  /** A friend that takes part in the lobby is connected. */
  isHeard(lobby: LobbyId): boolean
  dispatch(event: RouterEvent): void
  refuse(said: Command<'say'>, code: string, text: string): void
  /** An identity is new or changed: friends should be told. */
  onIdentity(identity: GxsIdentity): void
  onFailed(speaker: SpeakerId, error: unknown): void
}
