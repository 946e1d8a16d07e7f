/** The gateway's own secret: made at first start, kept in the database, the root of keys that must stay the same. */
import { createHmac, randomBytes } from 'node:crypto'
import type { MetaTable } from '../archive/store.ts'

const KEY = 'secret'
const BYTES = 32

export async function gatewaySecret(meta: MetaTable): Promise<Buffer> {
  const kept = await meta.get(KEY)
  if (kept !== undefined) return Buffer.from(kept, 'base64')
  const secret = randomBytes(BYTES)
  await meta.set(KEY, secret.toString('base64'))
  return secret
}

/** Key of a room's occupant-ids (XEP-0421): another in each room, the same after a restart. 32 bytes. */
export const occupantKey = (secret: Buffer, localpart: string): Uint8Array =>
  createHmac('sha256', secret).update(`occupant-id ${localpart}`).digest()
