/** How much the embedded server has to do, for metrics. */
import type { ClientConnection } from './client-connection.ts'
import type { SessionTable } from './session-table.ts'

export interface ServerLoad {
  /** Sessions that are bound, those that sleep included. */
  readonly sessions: number
  /** What waits for clients that read too slowly, about. */
  readonly waitingBytes: number
}

/** Looks at each connection: for who asks now and then. */
export function loadOf(sessions: SessionTable, connections: Iterable<ClientConnection>): ServerLoad {
  let waitingBytes = 0
  for (const connection of connections) waitingBytes += connection.waitingBytes
  return { sessions: sessions.size, waitingBytes }
}
