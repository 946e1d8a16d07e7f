/** Writes behind: files are replaced or removed one after another, the last content of a path winning. */
import { rm } from 'node:fs/promises'
import { replaceFile } from './private-file.ts'

/** Holds at most one entry per path, so the paths in use bound it. */
export class FileQueue {
  readonly #isDurable: boolean
  readonly #onError: (path: string, cause: unknown) => void
  readonly #pending = new Map<string, string | Uint8Array | null>()
  #running: Promise<void> | undefined

  /** `isDurable`: see `replaceFile`. A file that cannot be written is told to `onError` and given up. */
  constructor(isDurable: boolean, onError: (path: string, cause: unknown) => void) {
    this.#isDurable = isDurable
    this.#onError = onError
  }

  /** Replaces the file, or removes it with `null`. Resolves when nothing is left to write; never rejects. */
  put(path: string, content: string | Uint8Array | null): Promise<void> {
    this.#pending.delete(path)
    this.#pending.set(path, content)
    this.#running ??= this.#run()
    return this.#running
  }

  /** Resolves when nothing is left to write. */
  async flush(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    for (const [path, content] of this.#pending) {
      this.#pending.delete(path)
      try {
        if (content === null) await rm(path, { force: true })
        else await replaceFile(path, content, this.#isDurable)
      } catch (cause) {
        this.#onError(path, cause)
      }
    }
    this.#running = undefined
  }
}
