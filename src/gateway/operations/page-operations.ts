/** What operators have done from the presence map, and what they are told of it (docs/operating.md). */
import type { Logger } from 'pino'
import { answer } from '../../admin/answer.ts'
import type { AdminReply } from '../../admin/protocol.ts'
import { GatewayError } from '../../util/errors.ts'
import type { OperationContext } from './operation.ts'
import { logOperation, type OperationName, runOperation } from './operations.ts'

/** What the page has buttons for. The token is with whoever reads metrics, too: accounts and history are not for it. */
const PAGE_OPERATIONS: ReadonlySet<string> = new Set<OperationName>([
  'friend add',
  'friend remove',
  'friend ignore',
  'friend heed',
  'identity ban',
  'identity unban',
  'lobby create',
  'lobby join',
  'lobby leave',
  'lobby decline',
  'room kick',
  'room mute',
  'room unmute',
])

/** The reply to a request of somebody who has shown the token. Never rejects. */
export const pageReply = (context: OperationContext, log: Logger, request: string): Promise<AdminReply> =>
  answer(request, log, async (command, args) => {
    if (!PAGE_OPERATIONS.has(command))
      throw new GatewayError('ADMIN_REQUEST', `${command} is not for the page; use the command line`)
    logOperation(log, 'http', command, args)
    return runOperation(context, command, args)
  })
