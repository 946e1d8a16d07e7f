/** The table of all operations: the admin socket, and so the command line, and ad-hoc commands take them from here. */
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
