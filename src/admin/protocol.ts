/** The admin socket's protocol: one JSON request on a line, one JSON reply on a line, then the end. */
import { join } from 'node:path'

/** Path of the admin socket in a data folder. */
export const adminSocket = (data: string): string => join(data, 'admin.sock')

export interface AdminRequest {
  /** Words of the command, for example `lobby create`. */
  readonly command: string
  readonly args: Readonly<Record<string, unknown>>
}

/** `code` is a stable error code (docs/errors.md). */
export type AdminReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** A request or reply longer than this ends the connection. */
export const MAX_ADMIN_LINE_BYTES = 16 * 1024 * 1024

/** A parsed request; undefined when the line is not one. */
export function parseRequest(line: string): AdminRequest | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { command, args } = value as Record<string, unknown>
  if (typeof command !== 'string' || typeof args !== 'object' || args === null) return undefined
  return { command, args: args as Record<string, unknown> }
}
