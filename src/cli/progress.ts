/** How far a slow command is, on standard error: what it puts out stays as it is. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Io } from './common.ts'

/** Between two lines; what is done before the first one was quick. */
const PROGRESS_MS = 2_000

/** The outcome of `work`, with a line of `tell` every two seconds until it is there. */
export async function withProgress<T>(
  io: Pick<Io, 'err'>,
  tell: () => string | Promise<string>,
  work: Promise<T>,
): Promise<T> {
  let isOver = false
  let isTelling = false
  const timer = setInterval(async () => {
    if (isTelling) return
    isTelling = true
    const line = await tell()
    isTelling = false
    if (!isOver) io.err(line)
  }, PROGRESS_MS)
  try {
    return await work
  } finally {
    isOver = true
    clearInterval(timer)
  }
}

/** Bytes of all files below a folder, as far as they can be seen; what comes and goes meanwhile may be missed. */
export async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const found = await stat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => undefined)
      return found?.size ?? 0
    })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
