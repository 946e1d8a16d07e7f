/** The folder that holds all state of a gateway. */
import { mkdirSync } from 'node:fs'
import { GatewayError } from '../util/errors.ts'

/** For its owner alone: it holds keys, passwords and messages. Throws DATA_UNUSABLE. */
export function makeDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new GatewayError('DATA_UNUSABLE', `data: ${(cause as Error).message}`, { cause })
  }
}
