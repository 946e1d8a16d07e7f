/** Files that only their owner may read, replaced in one step: a reader finds the old or the new content, whole. */
import { chmod, mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the folder (mode 0700, also when it was there before) and its parents. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/**
 * Writes `content` (mode 0600) beside `path`, then renames it. With `isDurable` it is on the disk when this resolves.
 * One writer per path at a time. Rejects with the error of the file system.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  isDurable: boolean,
): Promise<void> {
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(content)
    if (isDurable) await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  if (isDurable) await syncFolder(dirname(path))
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
