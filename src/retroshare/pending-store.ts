/** What is still to be decided about lobbies, on disk: invitations, and lobbies to be joined once they are seen. */
import { join } from 'node:path'
import { z } from 'zod'
import type { GatewayError } from '../util/errors.ts'
import type { FriendId, LobbyId } from '../util/ids.ts'
import { JsonFile } from './json-file.ts'
import type { SavedInvitation } from './routing/router-port.ts'

/** Name of the file in the node's folder. */
export const PENDING_FILE = 'pending.json'

export interface Pending {
  readonly wanted: readonly LobbyId[]
  readonly invitations: readonly SavedInvitation[]
}

const hex = <T extends string>(digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`))
    .transform((text) => text as T)

/** Rejects with `PENDING_UNREADABLE`. */
export const openPending = (
  dir: string,
  onError: (error: GatewayError) => void,
): Promise<JsonFile<Pending>> =>
  JsonFile.open<Pending>(
    join(dir, PENDING_FILE),
    {
      schema: z.strictObject({
        wanted: z.array(hex<LobbyId>(16)),
        invitations: z.array(
          z.strictObject({
            id: hex<LobbyId>(16),
            name: z.string(),
            topic: z.string(),
            flags: z.int().min(0),
            friends: z.array(hex<FriendId>(32)),
          }),
        ),
      }),
      empty: { wanted: [], invitations: [] },
      content: 'invitations and lobbies to join',
      unreadable: 'PENDING_UNREADABLE',
      notWritable: 'PENDING_NOT_WRITABLE',
    },
    onError,
  )
