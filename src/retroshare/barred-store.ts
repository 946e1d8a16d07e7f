/** Who is barred, on disk. */
import { join } from 'node:path'
import { z } from 'zod'
import type { GatewayError } from '../util/errors.ts'
import type { FriendId, ParticipantId } from '../util/ids.ts'
import { JsonFile } from './json-file.ts'
import type { Barred } from './routing/router-port.ts'

/** Name of the file in the node's folder. */
export const BARRED_FILE = 'barred.json'

const id = <T extends string>() =>
  z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .transform((text) => text as T)

/** Banned identities and ignored friends as they outlive the process. Rejects with `BARRED_UNREADABLE`. */
export const openBarred = (dir: string, onError: (error: GatewayError) => void): Promise<JsonFile<Barred>> =>
  JsonFile.open<Barred>(
    join(dir, BARRED_FILE),
    {
      schema: z.strictObject({ banned: z.array(id<ParticipantId>()), ignored: z.array(id<FriendId>()) }),
      empty: { banned: [], ignored: [] },
      content: 'who is barred',
      unreadable: 'BARRED_UNREADABLE',
      notWritable: 'BARRED_NOT_WRITABLE',
    },
    onError,
  )
