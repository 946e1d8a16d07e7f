/** Joined lobbies on disk: one JSON file, replaced whole at every change. */
import { join } from 'node:path'
import { z } from 'zod'
import type { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId } from '../util/ids.ts'
import { JsonFile } from './json-file.ts'
import type { SavedLobby } from './routing/router-port.ts'

/** Name of the file in the node's folder; mode 0600, since the ids of private lobbies are as good as keys. */
export const LOBBY_FILE = 'lobbies.json'

const hex = <T extends string>(digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`))
    .transform((id) => id as T)
const schema: z.ZodType<readonly SavedLobby[]> = z.array(
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

const KIND = {
  schema,
  empty: [],
  content: 'joined lobbies',
  unreadable: 'LOBBY_STORE_UNREADABLE',
  notWritable: 'LOBBY_STORE_NOT_WRITABLE',
}

/** What the store needs of the world. */
export interface LobbyStoreOptions {
  readonly dir: string
  /** A write failed; the next change tries again. */
  onError(error: GatewayError): void
}

/** The joined lobbies as they outlive the process. */
export class LobbyStore {
  readonly #file: JsonFile<readonly SavedLobby[]>
  readonly #lobbies: Map<LobbyId, SavedLobby>

  private constructor(file: JsonFile<readonly SavedLobby[]>) {
    this.#file = file
    this.#lobbies = new Map(file.value.map((lobby) => [lobby.id, lobby]))
  }

  /** Reads the file, if there is one. Rejects with `LOBBY_STORE_UNREADABLE`; nothing is overwritten then. */
  static async open({ dir, onError }: LobbyStoreOptions): Promise<LobbyStore> {
    return new LobbyStore(await JsonFile.open(join(dir, LOBBY_FILE), KIND, onError))
  }

  get lobbies(): readonly SavedLobby[] {
    return [...this.#lobbies.values()]
  }

  save(lobby: SavedLobby): void {
    this.#lobbies.set(lobby.id, lobby)
    this.#file.save(this.lobbies)
  }

  forget(lobby: LobbyId): void {
    if (this.#lobbies.delete(lobby)) this.#file.save(this.lobbies)
  }

  /** Resolves when everything is written. */
  flush(): Promise<void> {
    return this.#file.flush()
  }
}
