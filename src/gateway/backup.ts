/** A copy of all state while the gateway runs: the copy is a data folder itself, and starts as one. */
import { cp, mkdir, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { StoreLocation } from '../archive/open-store.ts'
import type { Store } from '../archive/store.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import { GatewayError } from '../util/errors.ts'

/** What was copied. */
export interface BackupReport {
  readonly files: number
  readonly bytes: number
  /** The database is in it; false where it has backups of its own. */
  readonly hasDatabase: boolean
}

export interface BackupSources {
  /** The data folder. */
  readonly data: string
  readonly location: StoreLocation
  readonly store: Pick<Store, 'copyTo'>
  readonly networks: ReadonlyMap<string, Pick<LobbyNetwork, 'flush'>>
}

/**
 * Copies to `folder`, which is made, or empty. The database first: files that it names are there longer than it does.
 * Rejects with BACKUP_REFUSED, or ARCHIVE_FAILED.
 */
export async function backUp(folder: string, sources: BackupSources): Promise<BackupReport> {
  const { data, location, store, networks } = sources
  if (`${folder}${sep}`.startsWith(`${data}${sep}`))
    throw new GatewayError('BACKUP_REFUSED', `${folder} is in the data folder: choose another place`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if ((await readdir(folder)).length > 0)
      throw new GatewayError('BACKUP_REFUSED', `${folder} is not empty: name a new folder`)
    for (const network of networks.values()) await network.flush()
    const file = location.kind === 'sqlite' ? location.file : undefined
    if (file !== undefined && store.copyTo) {
      const copy = join(folder, placeOf(file, data))
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 })
      await store.copyTo(copy)
    }
    const isDatabase = (path: string): boolean => file !== undefined && path.startsWith(file)
    await cp(data, folder, {
      recursive: true,
      preserveTimestamps: true,
      filter: async (path) => path === data || (!isDatabase(path) && (await isKept(path))),
    })
    return { ...(await sizeOf(folder)), hasDatabase: file !== undefined }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('BACKUP_REFUSED', `${folder}: ${(cause as Error).message}`, { cause })
  }
}

/** Where the database is in the copy: as in the data folder, or at its top when it is elsewhere. */
function placeOf(file: string, data: string): string {
  const place = relative(data, file)
  return place.startsWith('..') ? basename(file) : place
}

/** Neither sockets nor what is being written; a file that has gone meanwhile is not kept either. */
async function isKept(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && (found.isDirectory() || (found.isFile() && !/\.(tmp|part)$/.test(path)))
}

async function sizeOf(folder: string): Promise<{ files: number; bytes: number }> {
  const total = { files: 0, bytes: 0 }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    total.files += 1
    total.bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size
  }
  return total
}
