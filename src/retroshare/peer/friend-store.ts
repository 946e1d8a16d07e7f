/** The friends on disk: one JSON file of mode 0600, replaced in one step. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { GatewayError } from '../../util/errors.ts'
import type { FriendId } from '../../util/ids.ts'
import { refusalOf } from '../../util/refusal.ts'
import { replaceFile } from '../identity/private-file.ts'
import type { Endpoint } from '../wire/invite.ts'

/** One location of a profile that this node accepted. */
export interface FriendRecord {
  readonly sslId: FriendId
  /** 16 upper-case hex digits: the end of `fingerprint`. */
  readonly pgpId: string
  /** 40 upper-case hex digits. */
  readonly fingerprint: string
  /** Of the profile. */
  readonly name: string
  /** Name of the location; empty while unknown. */
  readonly location: string
  /** Where it can be dialled, most useful first. */
  readonly addresses: readonly Endpoint[]
  /** Binary transferable public key; null while only a short invite is known. */
  readonly pgpKey: Uint8Array | null
  readonly addedAtMs: number
}

/** Keeps the list of friends; saves whole lists. */
export interface FriendStore {
  /** What messages call it: the path of the file. */
  readonly name: string
  /** Rejects with `FRIENDS_UNREADABLE`. */
  load(): Promise<FriendRecord[]>
  /** On the disk when it resolves. Rejects with `FRIENDS_NOT_WRITABLE`. */
  save(records: readonly FriendRecord[]): Promise<void>
}

const addressSchema = z.strictObject({ host: z.string().min(1).max(253), port: z.int().min(1).max(65_535) })
const recordSchema = z
  .strictObject({
    sslId: z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hex digits'),
    pgpId: z.string().regex(/^[0-9A-F]{16}$/, 'expected 16 upper-case hex digits'),
    fingerprint: z.string().regex(/^[0-9A-F]{40}$/, 'expected 40 upper-case hex digits'),
    name: z.string(),
    location: z.string(),
    addresses: z.array(addressSchema),
    pgpKey: z.base64().nullable(),
    addedAt: z.iso.datetime(),
  })
  .refine(({ fingerprint, pgpId }) => fingerprint.endsWith(pgpId), {
    path: ['pgpId'],
    message: 'expected the end of the fingerprint',
  })
const fileSchema = z.strictObject({ friends: z.array(recordSchema) })

/** Friends in the file at `path`, which need not exist yet. Saves that come during a save are done as one, after it. */
export function fileFriendStore(path: string): FriendStore {
  let wanted: string | undefined
  let writing: Promise<void> | undefined

  const writeWanted = async (): Promise<void> => {
    try {
      while (wanted !== undefined) {
        const text = wanted
        wanted = undefined
        await replaceFile(path, text, true)
      }
    } catch (cause) {
      throw new GatewayError('FRIENDS_NOT_WRITABLE', `${path}: ${refusalOf(cause)}`, { cause })
    } finally {
      writing = undefined
    }
  }

  return {
    name: path,
    load: async () => {
      try {
        return parse(path, await readFile(path, 'utf8'))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw cause instanceof GatewayError ? cause : unreadable(`${path}: ${refusalOf(cause)}`, cause)
      }
    },
    save: (records) => {
      wanted = `${JSON.stringify({ friends: records.map(toJson) }, null, 2)}\n`
      writing ??= writeWanted()
      return writing
    },
  }
}

function parse(path: string, text: string): FriendRecord[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw unreadable(`${path}: not JSON: ${message(cause)}`, cause)
  }
  const parsed = fileSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw unreadable(`${path}: ${placeOf(issue?.path ?? [])}: ${issue?.message}`, parsed.error)
  }
  return parsed.data.friends.map(({ sslId, pgpKey, addedAt, ...rest }) => ({
    ...rest,
    sslId: sslId as FriendId,
    pgpKey: pgpKey === null ? null : new Uint8Array(Buffer.from(pgpKey, 'base64')),
    addedAtMs: Date.parse(addedAt),
  }))
}

const toJson = ({ pgpKey, addedAtMs, ...rest }: FriendRecord): z.infer<typeof recordSchema> => ({
  ...rest,
  // Addresses from the wire have more to them than is kept.
  addresses: rest.addresses.map(({ host, port }) => ({ host, port })),
  pgpKey: pgpKey === null ? null : Buffer.from(pgpKey).toString('base64'),
  addedAt: new Date(addedAtMs).toISOString(),
})

/** As in JavaScript: `friends[2].sslId`. */
const placeOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (place, key) =>
      typeof key === 'number' ? `${place}[${key}]` : place === '' ? String(key) : `${place}.${String(key)}`,
    '',
  ) || 'top level'

const unreadable = (text: string, cause: unknown): GatewayError =>
  new GatewayError(
    'FRIENDS_UNREADABLE',
    `${text}: restore it from a backup, or move it away and add friends anew`,
    { cause },
  )

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))
