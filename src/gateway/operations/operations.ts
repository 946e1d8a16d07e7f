/** The table of all operations: the admin socket, and so the command line, and ad-hoc commands take them from here. */
import type { Logger } from 'pino'
import { GatewayError } from '../../util/errors.ts'
import { statusLines } from '../listings.ts'
import { ARCHIVE_OPERATIONS } from './archive-operations.ts'
import { FRIEND_OPERATIONS } from './friend-operations.ts'
import { GATEWAY_OPERATIONS } from './gateway-operations.ts'
import { IDENTITY_OPERATIONS } from './identity-operations.ts'
import { LOBBY_OPERATIONS } from './lobby-operations.ts'
import { type Operation, type OperationContext, operation, readArgs } from './operation.ts'
import { ROOM_OPERATIONS } from './room-operations.ts'
import { USER_OPERATIONS } from './user-operations.ts'

/** By the words of the command line. */
export const OPERATIONS = {
  status: operation({
    title: 'Show what the gateway is doing',
    run: (context) => context.status(),
    show: (status) => ({ lines: { label: 'Status', lines: statusLines(status) } }),
  }),
  ...FRIEND_OPERATIONS,
  ...IDENTITY_OPERATIONS,
  ...LOBBY_OPERATIONS,
  ...ROOM_OPERATIONS,
  ...USER_OPERATIONS,
  ...ARCHIVE_OPERATIONS,
  ...GATEWAY_OPERATIONS,
} as const

/** `status`, `friend add`: the words of the command line. */
export type OperationName = keyof typeof OPERATIONS

/** Operations that only tell something: the log does not have them. `trace` has a line of its own. */
const ONLY_TELL: ReadonlySet<string> = new Set<OperationName>([
  'status',
  'invite',
  'friend list',
  'friend ignored',
  'identity list',
  'lobby list',
  'lobby invites',
  'room who',
  'user list',
  'archive export',
  'trace',
])
/** Characters of an argument that the log has. */
const MAX_LOGGED = 100

/** All operations by name. */
export const operations: ReadonlyMap<string, Operation> = new Map(Object.entries<Operation>(OPERATIONS))

/** Carries out what the admin socket asks for; rejects with a `GatewayError` whose message is meant for the operator. */
export async function runOperation(
  context: OperationContext,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const found = operations.get(name)
  if (!found) throw new GatewayError('ADMIN_REQUEST', `there is no command ${name}`)
  return found.run(context, readArgs(found, args))
}

/** Says in the log who has what done, to whom or what: with all that was given but secrets and what has many lines. */
export function logOperation(
  log: Logger,
  operator: string,
  name: string,
  given: Readonly<Record<string, unknown>>,
): void {
  const found = operations.get(name)
  if (!found || ONLY_TELL.has(name)) return
  const args: Record<string, string | true> = {}
  for (const { name: key, kind } of found.parameters ?? []) {
    const value = given[key]
    if (kind === 'flag' && value === true) args[key] = value
    if (kind === 'text' && typeof value === 'string' && value !== '') args[key] = value.slice(0, MAX_LOGGED)
  }
  log.info({ operation: name, ...args, operator }, 'operator command')
}
