/** Who is barred, on disk: one JSON file, replaced whole at every change. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, ParticipantId } from '../util/ids.ts'
import { makePrivateFolder, replaceFile } from './identity/private-file.ts'
import type { Barred } from './routing/router-port.ts'

/** Name of the file in the node's folder; mode 0600. */
export const BARRED_FILE = 'barred.json'

const id = <T extends string>() =>
  z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .transform((text) => text as T)
const schema = z.strictObject({ banned: z.array(id<ParticipantId>()), ignored: z.array(id<FriendId>()) })

/** Banned identities and ignored friends as they outlive the process. */
export class BarredStore {
  readonly #dir: string
  readonly #onError: (error: GatewayError) => void
  #barred: Barred
  #writing: Promise<void> = Promise.resolve()

  private constructor(dir: string, onError: (error: GatewayError) => void, barred: Barred) {
    this.#dir = dir
    this.#onError = onError
    this.#barred = barred
  }

  /** Reads the file, if there is one. Rejects with `BARRED_UNREADABLE`; nothing is overwritten then. */
  static async open(dir: string, onError: (error: GatewayError) => void): Promise<BarredStore> {
    const path = join(dir, BARRED_FILE)
    try {
      return new BarredStore(dir, onError, schema.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
        return new BarredStore(dir, onError, { banned: [], ignored: [] })
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError('BARRED_UNREADABLE', `${path}: expected who is barred: ${reason}`, { cause })
    }
  }

  get barred(): Barred {
    return this.#barred
  }

  /** Replaces the file; a failure is reported as `BARRED_NOT_WRITABLE`, and the next change tries again. */
  save(barred: Barred): void {
    this.#barred = barred
    const path = join(this.#dir, BARRED_FILE)
    this.#writing = this.#writing.then(async () => {
      // Changes that came while the one before was written are written together.
      if (barred !== this.#barred) return
      try {
        await makePrivateFolder(this.#dir)
        await replaceFile(path, `${JSON.stringify(barred, null, 1)}\n`, true)
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        this.#onError(new GatewayError('BARRED_NOT_WRITABLE', `${path}: ${reason}`, { cause }))
      }
    })
  }

  /** Resolves when everything is written. */
  flush(): Promise<void> {
    return this.#writing
  }
}
