/** Puts the ad-hoc commands of the service together. */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { AdHoc } from '../admin/ad-hoc.ts'
import type { Element } from '../stanza/xml.ts'
import { adHocCommands } from './ad-hoc-commands.ts'
import type { OperationContext } from './operations/operation.ts'
import { logOperation } from './operations/operations.ts'
import { stayCommands } from './stay-commands.ts'

export interface CreateAdHocOptions {
  /** Domain of the MUC service. */
  readonly domain: string
  readonly context: OperationContext
  readonly log: Logger
  admins(): readonly string[]
  send(to: string, stanza: Element): void
}

export function createAdHoc({ domain, context, log, admins, send }: CreateAdHocOptions): AdHoc {
  return new AdHoc({
    domain,
    commands: adHocCommands({
      context,
      forUsers: stayCommands({ domain, rooms: context.rooms }),
      admins,
      onRun: (operation, operator, args) => logOperation(log, operator, operation, args),
    }),
    log,
    send,
    nowMs: context.nowMs,
    newId: randomUUID,
  })
}
