/** A copy of all state while the gateway runs: the copy is a data folder itself, and starts as one. */
import { cp, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { StoreLocation } from '../archive/open-store.ts'
import type { Store } from '../archive/store.ts'
import type { LobbyNetwork } from '../lobby/network.ts'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'
import { makeFolders } from './data-folder.ts'

/** What was copied. */
export interface BackupReport {
  readonly files: number
  readonly bytes: number
  /** Where the database is, relative to the folder; null when it is not in it, as it has backups of its own. */
  readonly database: string | null
  /** The database was not in the data folder: `archive.url` leads to the original until it is changed. */
  readonly isDatabaseMoved: boolean
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
 * Where links lead is copied, not the links. Rejects with BACKUP_REFUSED, or ARCHIVE_FAILED.
 */
export async function backUp(folder: string, sources: BackupSources): Promise<BackupReport> {
  const { location, store, networks } = sources
  if (isWithin(folder, sources.data)) throw inside(folder)
  try {
    const data = await realpath(sources.data)
    makeFolders(folder)
    const target = await realpath(folder)
    if (isWithin(target, data)) throw inside(folder)
    if ((await readdir(target)).length > 0)
      throw new GatewayError('BACKUP_REFUSED', `${folder} is not empty: name a new folder`)
    for (const network of networks.values()) await network.flush()
    const file = location.kind === 'sqlite' && store.copyTo ? location.file : null
    const isMoved = file !== null && !isWithin(file, sources.data)
    const database = file && (isMoved ? basename(file) : relative(sources.data, file))
    if (database !== null) {
      const copy = join(target, database)
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 })
      await store.copyTo?.(copy)
    }
    const original = file && (await realpath(file))
    // Opened by this process, the database would lose its locks; and what is in the place of its copy must not replace it.
    const isDatabase = (path: string, real: string): boolean =>
      database !== null && (path.startsWith(join(data, database)) || real.startsWith(String(original)))
    await cp(data, target, {
      recursive: true,
      dereference: true,
      preserveTimestamps: true,
      filter: (path) => path === data || isKept(path, target, isDatabase),
    })
    return { ...(await sizeOf(target)), database, isDatabaseMoved: isMoved }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('BACKUP_REFUSED', `the gateway cannot write ${folder}: ${refusalOf(cause)}`, {
      cause,
    })
  }
}

const inside = (folder: string): GatewayError =>
  new GatewayError('BACKUP_REFUSED', `${folder} is in the data folder: choose another place`)

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/**
 * Neither sockets nor what is being written; a file that has gone meanwhile is not kept either. Throws BACKUP_REFUSED
 * for a link that leads nowhere, or would never end.
 */
async function isKept(
  path: string,
  target: string,
  isDatabase: (path: string, real: string) => boolean,
): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found) {
    if ((await lstat(path).catch(() => undefined))?.isSymbolicLink())
      throw new GatewayError('BACKUP_REFUSED', `${path} is a link that leads nowhere: mend or remove it`)
    return false
  }
  if (!found.isDirectory() && (!found.isFile() || /\.(tmp|part)$/.test(path))) return false
  const real = await realpath(path)
  if (found.isDirectory()) {
    if (isWithin(target, real)) throw inside(target)
    if (isWithin(await realpath(dirname(path)), real))
      throw new GatewayError('BACKUP_REFUSED', `${path} leads to a folder that it is in: remove it`)
  }
  return !isDatabase(path, real)
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
