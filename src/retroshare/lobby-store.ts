/** Joined lobbies on disk: one JSON file, replaced whole, at once when one is joined or left. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId } from '../util/ids.ts'
import { makePrivateFolder, replaceFile } from './identity/private-file.ts'
import type { SavedLobby } from './routing/router-port.ts'

/** Name of the file in the node's folder; mode 0600, since the ids of private lobbies are as good as keys. */
export const LOBBY_FILE = 'lobbies.json'
/** Lesser changes, such as which friends take part, are written together after this time. */
const WRITE_DELAY_MS = 500

const hex = <T extends string>(digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`))
    .transform((id) => id as T)
const schema = z.array(
  z.strictObject({
    id: hex<LobbyId>(16),
    name: z.string(),
    topic: z.string(),
    flags: z.int().min(0),
    isOwn: z.boolean(),
    friends: z.array(hex<FriendId>(32)),
    formerFriends: z.array(hex<FriendId>(32)),
  }),
)

/** What the store needs of the world. */
export interface LobbyStoreOptions {
  readonly dir: string
  /** A write failed; the next change tries again. */
  onError(error: GatewayError): void
}

/** The joined lobbies as they outlive the process. */
export class LobbyStore {
  readonly #path: string
  readonly #dir: string
  readonly #onError: (error: GatewayError) => void
  readonly #lobbies: Map<LobbyId, SavedLobby>
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(options: LobbyStoreOptions, lobbies: readonly SavedLobby[]) {
    this.#dir = options.dir
    this.#path = join(options.dir, LOBBY_FILE)
    this.#onError = options.onError
    this.#lobbies = new Map(lobbies.map((lobby) => [lobby.id, lobby]))
  }

  /** Reads the file, if there is one. Rejects with `LOBBY_STORE_UNREADABLE`; nothing is overwritten then. */
  static async open(options: LobbyStoreOptions): Promise<LobbyStore> {
    const path = join(options.dir, LOBBY_FILE)
    try {
      return new LobbyStore(options, schema.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new LobbyStore(options, [])
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError('LOBBY_STORE_UNREADABLE', `${path}: expected joined lobbies: ${reason}`, {
        cause,
      })
    }
  }

  get lobbies(): readonly SavedLobby[] {
    return [...this.#lobbies.values()]
  }

  save(lobby: SavedLobby): void {
    const isNew = !this.#lobbies.has(lobby.id)
    this.#lobbies.set(lobby.id, lobby)
    if (isNew) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), WRITE_DELAY_MS)
  }

  forget(lobby: LobbyId): void {
    if (this.#lobbies.delete(lobby)) this.#write()
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    if (this.#timer) this.#write()
    await this.#writing
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(async () => {
      try {
        await makePrivateFolder(this.#dir)
        await replaceFile(this.#path, `${JSON.stringify(this.lobbies, null, 1)}\n`, true)
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        this.#onError(new GatewayError('LOBBY_STORE_NOT_WRITABLE', `${this.#path}: ${reason}`, { cause }))
      }
    })
  }
}
