/** What can be asked of a running gateway, by the command line and by ad-hoc commands (XEP-0050) alike. */
import type { Archive } from '../../archive/archive.ts'
import type { FileStore } from '../../archive/file-store.ts'
import type { LogLevel } from '../../config.ts'
import type { LobbyNetwork } from '../../lobby/network.ts'
import { GatewayError } from '../../util/errors.ts'
import type { NetworkId } from '../../util/ids.ts'
import type { AccountStore } from '../../xmpp/account-port.ts'
import type { BackupReport } from '../backup.ts'
import type { Listing } from '../listings.ts'
import type { Rooms } from '../rooms.ts'
import type { GatewayStatus } from '../status.ts'
import type { Traces } from '../traces.ts'

/** What operations work on. */
export interface OperationContext {
  readonly networks: ReadonlyMap<NetworkId, LobbyNetwork>
  readonly rooms: Rooms
  readonly archive: Archive
  /** Pictures of lobbies, and what users uploaded. */
  readonly files: readonly FileStore[]
  readonly accounts: AccountStore
  /** There is an embedded server, and so somebody who can use accounts. */
  readonly hasServer: boolean
  /** Ends the sessions of an account (localpart), with a text for its user. */
  endSessions(account: string, text: string): void
  /** Messages older than this are pruned; 0 keeps all. */
  retentionMs(): number
  status(): Promise<GatewayStatus>
  readonly traces: Traces
  setLogLevel(level: LogLevel): void
  /** Copies all state to this folder (absolute), which is made. */
  backup(folder: string): Promise<BackupReport>
  nowMs(): number
  /** What the presence map shows has changed without an update of a network. */
  onChange(): void
}

export interface Choice {
  readonly value: string
  readonly label: string
}

/** What an operation is told. Of kind `flag` is a boolean; all else is text, which may be long or secret. */
export interface Parameter {
  readonly name: string
  /** For people. */
  readonly label: string
  readonly kind: 'text' | 'lines' | 'secret' | 'flag'
  readonly isRequired?: boolean
  /** What there is to choose from now. */
  choices?(context: OperationContext): readonly Choice[] | Promise<readonly Choice[]>
  /** Something else than the choices makes sense too. */
  readonly isOpen?: boolean
}

/** Arguments by name: what was left out, or is an empty text but no secret, is not there. */
export type Args = Readonly<Record<string, string | boolean>>

/** A value as people see it. */
export interface Shown {
  /** In one line, what came of it. */
  readonly note?: string
  readonly listing?: Listing
  readonly lines?: { readonly label: string; readonly lines: readonly string[] }
}

export interface Operation<V = unknown> {
  /** What it does, for people. */
  readonly title: string
  readonly parameters?: readonly Parameter[]
  /** Said before it is done, where nothing brings back what goes. */
  readonly warning?: string
  /** For programs on this machine: the admin socket alone has it. */
  readonly isLocal?: boolean
  /** Whether it makes sense here; without it, it does. */
  isOffered?(context: OperationContext): boolean
  /** Rejects with a `GatewayError` whose message is meant for the operator. */
  run(context: OperationContext, args: Args): Promise<V>
  /** The value for people; without it they are told that it is done. */
  show?(value: V, context: OperationContext): Shown
}

/** An operation whose `show` is for what its `run` gives. */
export const operation = <V>(parts: Operation<V>): Operation<V> => parts

/** The arguments as the operation takes them. Throws `ADMIN_REQUEST` for what is missing, unknown or of the wrong kind. */
export function readArgs(
  { parameters = [] }: Pick<Operation, 'parameters'>,
  given: Readonly<Record<string, unknown>>,
): Args {
  const unknown = Object.keys(given).find((name) => !parameters.some((parameter) => parameter.name === name))
  if (unknown !== undefined) throw new GatewayError('ADMIN_REQUEST', `there is no argument ${unknown}`)
  const args: Record<string, string | boolean> = {}
  for (const { name, kind, isRequired } of parameters) {
    const value = given[name] ?? undefined
    if (value !== undefined && typeof value !== (kind === 'flag' ? 'boolean' : 'string'))
      throw new GatewayError('ADMIN_REQUEST', `${name} is of the wrong type`)
    const read = typeof value === 'string' && kind !== 'secret' ? value.trim() : (value as string | boolean)
    if (read !== undefined && (read !== '' || kind === 'secret')) args[name] = read
    else if (isRequired) throw new GatewayError('ADMIN_REQUEST', `${name} is missing or empty`)
  }
  return args
}

/** An argument that is text; empty when it was left out. */
export const textOf = (args: Args, name: string): string => String(args[name] ?? '')
