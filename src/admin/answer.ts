/** One request of an operator carried out, and the reply to it, on whichever way it came. */
import type { Logger } from 'pino'
import { GatewayError } from '../util/errors.ts'
import { type AdminReply, parseRequest } from './protocol.ts'

/** Carries a command out. A thrown `GatewayError` is told to the caller with its code; others are bugs. */
export type AdminHandler = (command: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>

/** The reply to a request, which is JSON. Never rejects. */
export async function answer(line: string, log: Logger, handle: AdminHandler): Promise<AdminReply> {
  const request = parseRequest(line)
  if (!request)
    return { ok: false, code: 'ADMIN_REQUEST', message: 'expected one line of JSON: {command, args}' }
  const { command, args } = request
  try {
    return { ok: true, value: (await handle(command, args)) ?? null }
  } catch (error) {
    if (error instanceof GatewayError) return { ok: false, code: error.code, message: error.message }
    log.error({ code: 'INTERNAL', command, err: error }, 'command failed')
    return { ok: false, code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) }
  }
}
