/** A small JSON file of the node, replaced whole at every change; mode 0600. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { GatewayError } from '../util/errors.ts'
import { refusalOf } from '../util/refusal.ts'
import { makePrivateFolder, replaceFile } from './identity/private-file.ts'

/** What distinguishes one file from another. */
export interface JsonFileKind<T> {
  readonly schema: z.ZodType<T>
  /** What it holds while there is no file. */
  readonly empty: T
  /** Words for what is expected in it. */
  readonly content: string
  /** Codes for a file that is not understood, and for one that cannot be written. */
  readonly unreadable: string
  readonly notWritable: string
}

/** A value as it outlives the process. */
export class JsonFile<T> {
  readonly #path: string
  readonly #kind: JsonFileKind<T>
  readonly #onError: (error: GatewayError) => void
  #value: T
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, kind: JsonFileKind<T>, onError: (error: GatewayError) => void, value: T) {
    this.#path = path
    this.#kind = kind
    this.#onError = onError
    this.#value = value
  }

  /** Reads the file, if there is one. Rejects with the code `unreadable`; nothing is overwritten then. */
  static async open<T>(
    path: string,
    kind: JsonFileKind<T>,
    onError: (error: GatewayError) => void,
  ): Promise<JsonFile<T>> {
    try {
      const value = kind.schema.parse(JSON.parse(await readFile(path, 'utf8')))
      return new JsonFile(path, kind, onError, value)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
        return new JsonFile(path, kind, onError, kind.empty)
      const text = `${path}: expected ${kind.content}: ${refusalOf(cause)}`
      throw new GatewayError(
        kind.unreadable,
        `${text}: restore it from a backup, or move it away to go on without`,
        { cause },
      )
    }
  }

  get value(): T {
    return this.#value
  }

  /** Replaces the file; a failure is reported with the code `notWritable`, and the next change tries again. */
  save(value: T): void {
    this.#value = value
    this.#writing = this.#writing.then(async () => {
      // Changes that came while the one before was written are written together.
      if (value !== this.#value) return
      try {
        await makePrivateFolder(dirname(this.#path))
        await replaceFile(this.#path, `${JSON.stringify(value, null, 1)}\n`, true)
      } catch (cause) {
        this.#onError(
          new GatewayError(this.#kind.notWritable, `${this.#path}: ${refusalOf(cause)}`, { cause }),
        )
      }
    })
  }

  /** Resolves when everything is written. */
  flush(): Promise<void> {
    return this.#writing
  }
}
