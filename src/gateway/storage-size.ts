/** How much is stored and how much more fits: read now and then, for the presence map, which is made often. */
import { statfs } from 'node:fs/promises'
import type { Archive } from '../archive/archive.ts'
import type { PresenceMap } from './status.ts'

/** What the map shows of it. */
export type StorageSizeView = Pick<PresenceMap, 'archive' | 'diskFreeBytes'>

const READ_EVERY_MS = 10_000

export interface StorageSizeSources {
  readonly archive: Pick<Archive, 'stats'>
  /** The data folder. */
  readonly data: string
  nowMs(): number
  /** Something else than before was read. */
  onChange(): void
}

/** Bytes that may still be written to the file system of a folder; null when that cannot be told. */
export async function freeBytes(folder: string): Promise<number | null> {
  const disk = await statfs(folder).catch(() => null)
  return disk && disk.bavail * disk.bsize
}

export class StorageSize {
  readonly #sources: StorageSizeSources
  #view: StorageSizeView = { archive: null, diskFreeBytes: null }
  #readAtMs = Number.NEGATIVE_INFINITY

  constructor(sources: StorageSizeSources) {
    this.#sources = sources
    this.#keepFresh()
  }

  /** What was read last. Reads anew, for the next who asks, when that is a while ago. */
  get view(): StorageSizeView {
    this.#keepFresh()
    return this.#view
  }

  #keepFresh(): void {
    const nowMs = this.#sources.nowMs()
    if (nowMs - this.#readAtMs < READ_EVERY_MS) return
    this.#readAtMs = nowMs
    void this.#read()
  }

  async #read(): Promise<void> {
    const { archive, data, onChange } = this.#sources
    const view: StorageSizeView = {
      archive: await archive.stats().catch(() => null),
      diskFreeBytes: await freeBytes(data),
    }
    const isNews = JSON.stringify(view.archive) !== JSON.stringify(this.#view.archive)
    this.#view = view
    if (isNews) onChange()
  }
}
