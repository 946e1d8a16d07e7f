/** The address of the HTTP listener on its own machine. */
import type { Endpoint } from '../config.ts'

/** Where clients on the same machine find the HTTP listener; undefined while its port is not known. */
export function ownUrl({ host, port }: Endpoint, bound: number | undefined): string | undefined {
  const at = bound ?? port
  return at === 0 ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${at}`
}
