/** Folders that hold state of a gateway: its own, and copies of it. */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'

/** For its owner alone: it holds keys, passwords and messages. Throws DATA_UNUSABLE. */
export function makeDataFolder(path: string): void {
  try {
    makeFolders(path)
  } catch (cause) {
    throw new GatewayError('DATA_UNUSABLE', `data: ${path}: ${refusalOf(cause)}`, { cause })
  }
}

/**
 * Makes a folder and those above it, for their owner alone, unless they are there. Throws the error of the file system.
 * What Node.js has for this never ends where folders cannot be made without a reason, as below /proc.
 */
export function makeFolders(path: string): void {
  if (!existsSync(dirname(path))) makeFolders(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}
