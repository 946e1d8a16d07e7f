/** What a RetroShare node needs of the world. */
import type { Logger } from 'pino'
import type { LobbyUpdate } from '../lobby/lobby.ts'
import type { LobbyId } from '../util/ids.ts'
import type { Timings } from './peer/timings.ts'
import type { Linking } from './speakers-port.ts'
import type { Endpoint } from './wire/invite.ts'

export interface NodeOptions {
  /** Everything that this node keeps is in this folder, mode 0700. */
  readonly dir: string
  /** Of profile and location when they are made, at the first start. */
  readonly name: string
  /** Port 0 takes any. */
  readonly listen: Endpoint
  /** What invites say; null for what is listened on. */
  readonly advertise: Endpoint | null
  /** Whether identities are linked to the profile, by lobby. */
  readonly linking?: (lobby: LobbyId) => Linking
  readonly log: Logger
  readonly onUpdate: (update: LobbyUpdate) => void
  /** Software version told to friends. */
  readonly version: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly randomBytes: (count: number) => Uint8Array
  readonly timings?: Partial<Timings>
  /** RSA bits of a profile that is made. */
  readonly profileBits?: number
}
