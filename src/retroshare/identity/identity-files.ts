/** How identities look on disk: own ones as JSON with their private key, foreign ones as their record. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ByteReader, ByteWriter } from '../../util/bytes.ts'
import type { ParticipantId, SpeakerId } from '../../util/ids.ts'
import { decoding, type Result } from '../../util/result.ts'
import { type GxsIdentity, type RecordBytes, restoreGxsIdentity, verifyIdentity } from './gxs-identity.ts'
import type { ForeignIdentity } from './record-cache.ts'

/** A kept identity and whose it is. */
export interface KeptIdentity {
  readonly speaker: SpeakerId
  readonly identity: GxsIdentity
}

const hex = z.string().regex(/^([0-9a-f]{2})*$/)
const ownSchema = z.strictObject({ speaker: z.string(), privateKey: z.string(), data: hex, meta: hex })

/** Where the identity of a speaker is kept. */
export const ownFile = (folder: string, speaker: SpeakerId): string =>
  join(folder, `${createHash('sha256').update(speaker).digest('hex').slice(0, 32)}.json`)

/** Where a foreign record is kept. */
export const foreignFile = (folder: string, id: ParticipantId): string => join(folder, `${id}.gxs`)

export function ownContent({ speaker, identity }: KeptIdentity): string {
  const kept: z.infer<typeof ownSchema> = {
    speaker,
    privateKey: identity.privateKeyPem,
    data: Buffer.from(identity.data).toString('hex'),
    meta: Buffer.from(identity.meta).toString('hex'),
  }
  return `${JSON.stringify(kept, null, 2)}\n`
}

/** `u32 size of the data part | data part | metadata part`. */
export const foreignContent = ({ data, meta }: RecordBytes): Uint8Array =>
  new ByteWriter().u32(data.length).bytes(data).bytes(meta).finish()

/** Told of each file that is skipped, and why. */
export type OnCorrupt = (path: string, why: string) => void

/** The kept identities of a folder, one after another. Throws when the folder itself cannot be read. */
export async function* readOwnFiles(folder: string, onCorrupt: OnCorrupt): AsyncGenerator<KeptIdentity> {
  for await (const { path, bytes } of readFiles(folder, 'json', onCorrupt)) {
    const parsed = ownSchema.safeParse(jsonOrNone(bytes.toString('utf8')))
    if (!parsed.success || path !== ownFile(folder, parsed.data.speaker as SpeakerId)) {
      onCorrupt(path, 'not a kept identity')
      continue
    }
    const { speaker, privateKey, data, meta } = parsed.data
    const identity = restoreGxsIdentity(privateKey, { data: bytesOf(data), meta: bytesOf(meta) })
    if (identity.ok) yield { speaker: speaker as SpeakerId, identity: identity.value }
    else onCorrupt(path, identity.error.code)
  }
}

/** The foreign records of a folder, each verified again. Throws when the folder itself cannot be read. */
export async function* readForeignFiles(
  folder: string,
  onCorrupt: OnCorrupt,
): AsyncGenerator<ForeignIdentity> {
  for await (const { path, bytes } of readFiles(folder, 'gxs', onCorrupt)) {
    const record = parseForeign(new Uint8Array(bytes))
    const identity = record.ok ? verifyIdentity(record.value.data, record.value.meta) : record
    if (record.ok && identity.ok && path === foreignFile(folder, identity.value.id))
      yield { ...identity.value, ...record.value }
    else onCorrupt(path, identity.ok ? 'another identity' : identity.error.code)
  }
}

const parseForeign = (bytes: Uint8Array): Result<RecordBytes> =>
  decoding(() => {
    const reader = new ByteReader(bytes)
    return { data: reader.bytes(reader.u32()), meta: reader.bytes(reader.remaining) }
  })

async function* readFiles(
  folder: string,
  ext: string,
  onCorrupt: OnCorrupt,
): AsyncGenerator<{ readonly path: string; readonly bytes: Buffer }> {
  const pattern = new RegExp(`^[0-9a-f]{32}\\.${ext}$`)
  for (const name of await readdir(folder)) {
    if (!pattern.test(name)) continue
    const path = join(folder, name)
    try {
      yield { path, bytes: await readFile(path) }
    } catch (error) {
      onCorrupt(path, error instanceof Error ? error.message : String(error))
    }
  }
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

function jsonOrNone(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
